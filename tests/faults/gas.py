"""Faults of gas that nobody can pay, of fines, and of what is refused or measured beside them."""

from tests.faults.fault import Fault

_CHAIN = "market/constraints/chain.py"
_RULE = "market/rules/constraints.py"

GAS = (
    Fault(
        "gas that is just there pays no message", _CHAIN,
        "return gas == AMOUNT_OVERFLOW or free < gas",
        "return gas == AMOUNT_OVERFLOW or free <= gas",
    ),
    Fault(
        "cash that orders reserve pays for messages", _CHAIN,
        "    free = min(known[0] - zero, known[0] + known[1] * NANO - one)\n",
        "    free = min(known[0], known[0] + known[1] * NANO)\n",
    ),
    Fault(
        "lots are paid of the cash that gas takes", _CHAIN,
        "known[0] - known[2], known[1],", "known[0], known[1],",
    ),
    Fault(
        "who cannot pay gas is cut by capital", _CHAIN,
        "            if kind == CAPITAL and lacks_gas(constraints, lane, trader, known):\n",
        "            if False:\n",
    ),
    Fault(
        "the gas of messages under way is not kept", _RULE,
        "        constraints.gas[lane, trader] += kept\n",
        "        constraints.gas_of[lane, envelope] = 0\n",
    ),
    Fault(
        "gas is kept after it was charged", "market/trading/hooks.py",
        "        constraints.release_gas(rules.constraints, lane, trader, envelope)\n",
        "        pass\n",
    ),
    Fault(
        "fines take what orders reserve", _RULE,
        "    _leave_out(constraints, legs, lane, trader, legs.fills[lane])\n"
        "    zero, one = _lacking(constraints, ledger, lane, trader)\n"
        "    zero += constraints.uncounted",
        "    zero, one = _lacking(constraints, ledger, lane, trader)\n"
        "    zero -= constraints.promised[lane, trader, 0]\n"
        "    one -= constraints.promised[lane, trader, 1]\n"
        "    zero += constraints.uncounted",
    ),
)  # fmt: skip
