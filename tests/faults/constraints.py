"""Faults of constraints: what a chain lets by, what a trader remembers, what the venue tests."""

from tests.faults.fault import Fault

_CHAIN = "market/constraints/chain.py"
_FUNDS = "market/constraints/funds.py"
_RULE = "market/rules/constraints.py"

CONSTRAINTS = (
    Fault(
        "cash that is just enough buys one lot less", _FUNDS,
        "max(cash - if_zero, 0) // zero", "max(cash - if_zero - 1, 0) // zero",
    ),
    Fault(
        "a short locks its price and not the rest", _FUNDS,
        "    return NANO - counted(price, haircut) + reserve",
        "    return counted(price, haircut) + reserve",
    ),
    Fault(
        "contracts held pay for nothing", _FUNDS,
        "max(cash + position * NANO - if_one, 0)", "max(cash - if_one, 0)",
    ),
    Fault(
        "what drops sends what fits", _CHAIN,
        "            if table.drops[trader, place]:\n", "            if False:\n",
    ),
    Fault(
        "what follows the first cut is not asked", _CHAIN,
        "for at in range(place, table.kind.shape[1]):",
        "for at in range(place, place):",
    ),
    Fault(
        "a short position is a long one to its limit", _CHAIN,
        "held = known[1] if side == BUY else -known[1]", "held = known[1]",
    ),
    Fault(
        "a bucket lets one message too many through", _CHAIN,
        "early <= constraints.table.second[trader, place]",
        "early <= constraints.table.second[trader, place] + constraints.table.first[trader, place]",
    ),
    Fault(
        "a bucket fills beyond its brim", _CHAIN,
        "earned = max(constraints.earned_ns[lane, trader, place], time)",
        "earned = constraints.earned_ns[lane, trader, place]",
    ),
    Fault(
        "an acknowledged replace frees the new version", _CHAIN,
        "of = before & mask if replaces and before != 0 else at", "of = at",
    ),
    Fault(
        "a refused replace takes the old limit along", _CHAIN,
        "    if refuses and before != 0:\n", "    if False:\n",
    ),
    Fault(
        "reductions of a quote are limited", _CHAIN,
        "    elif becomes == AS_REDUCTION or becomes == AS_STANDING:\n",
        "    elif becomes == AS_STANDING:\n",
    ),
    Fault(
        "a trader knows of fills before it is told", _RULE,
        "cash = ledger.balance[lane, trader, CASH] - constraints.untold[lane, trader]",
        "cash = ledger.balance[lane, trader, CASH]",
    ),
    Fault(
        "a cancel takes of the rate", _RULE,
        "if kind != MESSAGE_CANCEL and kind != MESSAGE_DECLINE:",
        "if kind != MESSAGE_DECLINE:",
    ),
    Fault(
        "the venue counts an order beside its own change", _CHAIN,
        "if other != slot and is_at_venue(", "if is_at_venue(",
    ),
    Fault(
        "the venue counts what is still under way", _RULE,
        "        constraints.entered[lane, slot] = False\n",
        "        constraints.entered[lane, slot] = True\n",
    ),
    Fault(
        "nothing is kept for fees", "market/costs/reserve.py",
        "    if tables.kind.shape[0]:\n", "    if False:\n",
    ),
)  # fmt: skip
