"""Faults of capital under settlement: what counts too early, and accounts that are short."""

from tests.faults.fault import Fault

_FUNDS = "market/constraints/funds.py"
_RULE = "market/rules/constraints.py"
_LEGS = "market/settlement/legs.py"
_VENUE = "market/constraints/venue.py"

SETTLED_CAPITAL = (
    Fault(
        "contracts that have not come pay for what is sold", _FUNDS,
        "return missing, missing + lots * (NANO // WHOLE_PPM) * haircut",
        "return missing, missing",
    ),
    Fault(
        "what has not come is rounded in favour of its owner", _FUNDS,
        "missing = multiply_divide(cash, haircut, WHOLE_PPM, CEIL)",
        "missing = cash * haircut // WHOLE_PPM",
    ),
    Fault(
        "an order to buy brings its contracts at once", _FUNDS,
        "return max(price + reserve - counted(NANO, haircut), 0)",
        "return max(price + reserve - NANO, 0)",
    ),
    Fault(
        "what has gone out is counted, not what comes in", _LEGS,
        "if legs.seller[lane, at] == trader:", "if legs.buyer[lane, at] == trader:",
    ),
    Fault(
        "a trader knows what pends before it is told", _RULE,
        "rules.settlement.legs, lane, trader, constraints.told[lane, trader])",
        "rules.settlement.legs, lane, trader, rules.settlement.legs.fills[lane])",
    ),
    Fault(
        "the oldest order is cancelled first", _VENUE,
        "client_id > orders.client_id[lane, newest]", "client_id < orders.client_id[lane, newest]",
    ),
    Fault(
        "orders are cancelled that cost nothing where the account is short", _VENUE,
        "helps = (short_zero > 0 and zero > 0) or (short_one > 0 and one > 0)",
        "helps = short_zero > 0 or short_one > 0",
    ),
    Fault(
        "who is short pays the venue", _RULE,
        "posting.pay(rules, ledger, log, lane, time, event, payer, trader, amount, DEFAULT)",
        "posting.pay(rules, ledger, log, lane, time, event, trader, payer, amount, DEFAULT)",
    ),
    Fault(
        "nobody looks who is short after a fork", "market/rules/settlement.py",
        "shaken[lane] = uses(rules, CHAINS)", "shaken[lane] = 0",
    ),
)  # fmt: skip
