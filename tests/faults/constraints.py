"""Faults of constraints: what a chain lets by, what a trader remembers, what the venue tests."""

from tests.faults.fault import Fault

_CHAIN = "market/constraints/chain.py"
_FUNDS = "market/constraints/funds.py"
_VENUE = "market/constraints/venue.py"
_RULE = "market/rules/constraints.py"
_STOPPING = "market/trading/stopping.py"

CONSTRAINTS = (
    Fault(
        "cash that is just enough buys one lot less", _FUNDS,
        "max(cash - if_zero, 0), max(", "max(cash - if_zero - 1, 0), max(",
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
        "lots if early <= numbers[1] else", "lots if early <= numbers[1] + numbers[0] else",
    ),
    Fault(
        "a bucket fills beyond its brim", _CHAIN,
        "earned = max(constraints.earned_ns[lane, trader, place], time)",
        "earned = constraints.earned_ns[lane, trader, place]",
    ),
    Fault(
        "an acknowledged replace frees the new version", _CHAIN,
        "    of = old if replaces else at\n", "    of = at\n",
    ),
    Fault(
        "a refused replace takes the old limit along", _CHAIN,
        "    if refuses and versions.id[lane, old] == before:\n", "    if False:\n",
    ),
    Fault(
        "reductions of a quote are limited", _CHAIN,
        "    elif becomes == AS_REDUCTION or becomes == AS_STANDING:\n",
        "    elif becomes == AS_STANDING:\n",
    ),
    Fault(
        "a trader knows of fills before it is told", _RULE,
        "- constraints.untold[lane, trader]\n    gas = np", "\n    gas = np",
    ),
    Fault(
        "a cancel takes of the rate", _RULE,
        "if kind != MESSAGE_CANCEL and kind != MESSAGE_DECLINE:",
        "if kind != MESSAGE_DECLINE:",
    ),
    Fault(
        "the venue counts an order beside its own change", _VENUE,
        "missing[0] + promised[0] - counted[0],", "missing[0] + promised[0],",
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
    Fault(
        "what fills is counted on at the venue", _VENUE,
        "            count_order(constraints, orders, lane, np.int64(outbox.other[lane, i]))\n",
        "            pass\n",
    ),
    Fault(
        "an order that ends is counted on at the venue", _VENUE,
        "        constraints.counted[lane, slot, 0] = zero\n", "",
    ),
    Fault(
        "capital in use is what orders cost, whatever is held", _VENUE,
        "            cash + position * NANO - constraints.promised[lane, trader, 1]\n",
        "            cash - constraints.promised[lane, trader, 1]\n",
    ),
    Fault(
        "a loss that is just the limit stops nobody", _CHAIN,
        "wealth - 2 * endowment <= -2 * loss", "wealth - 2 * endowment < -2 * loss",
    ),
    Fault(
        "capital counts as a gain", _CHAIN,
        "wealth - 2 * endowment <= -2 * loss", "wealth <= -2 * loss",
    ),
    Fault(
        "a pause for losses never ends", _CHAIN,
        "time + pause if pause > 0 else NEVER_NS", "NEVER_NS",
    ),
    Fault(
        "a loss limit leaves quotes that stand", _CHAIN,
        "fits = lots if time >= constraints.stopped_ns[lane, trader] else np.int64(0)",
        "fits = lots if time >= constraints.stopped_ns[lane, trader] or becomes == AS_STANDING"
        " else np.int64(0)",
    ),
    Fault(
        "a loss limit leaves orders that rest", _STOPPING,
        "    while at >= 0:\n", "    while False:\n",
    ),
    Fault(
        "orders are taken back that were over", _CHAIN,
        "client_id <= after or versions.lots[lane, at] <= 0:", "client_id <= after:",
    ),
    Fault(
        "leverage counts cash and no position", _CHAIN,
        "wealth = 2 * known[0] + known[1] * reference * constraints.tick_nano[0]",
        "wealth = 2 * known[0]",
    ),
    Fault(
        "without wealth leverage is without limit", _CHAIN,
        "    if wealth <= 0:\n        return np.int64(0)\n",
        "    if wealth <= 0:\n        return np.int64(_MOST_LOTS)\n",
    ),
    Fault(
        "leverage forgets what may still fill", _CHAIN,
        "numbers[0]) - held - may_fill", "numbers[0]) - held",
    ),
    Fault(
        "a cut is recorded with what is sent", _RULE,
        "side, price, lots - fits, kind)", "side, price, fits, kind)",
    ),
)  # fmt: skip
