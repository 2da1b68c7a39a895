"""Faults of gas that nobody can pay, of fines, and of what is refused or measured beside them."""

from tests.faults.fault import Fault

_CHAIN = "market/constraints/chain.py"
_RULE = "market/rules/constraints.py"
_FILTERS, _QUOTING = "market/makers/filters", "market/makers/quoting"

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
        "gas is kept after it was charged", "market/trading/ruling.py",
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
    Fault(
        "the venue counts what is not final", "market/constraints/venue.py",
        "return missing[0] + promised[0] - counted[0], missing[1] + promised[1] - counted[1]",
        "return promised[0] - counted[0] + 0 * missing[0], promised[1] - counted[1]",
    ),
    Fault(
        "a maker's price is observed by every filter of a package", f"{_FILTERS}/added.py",
        "    if filters.parameters.code[trader] == chain.code:\n", "    if True:\n",
    ),
    Fault(
        "an estimate of a package may be no number", f"{_FILTERS}/added.py",
        "        elif found > 0.0:  # and no NaN\n", "        else:\n",
    ),
    Fault(
        "a filter of a package is always ready", f"{_FILTERS}/added.py",
        "return bool(_ready(chain.mark, chain.numbers[trader], chain.memory[lane, trader]))",
        "return True",
    ),
    Fault(
        "a rule of a package quotes a half-spread that is no number", f"{_QUOTING}/added.py",
        "    if half_spread >= -math.inf:  # no NaN\n", "    if True:\n",
    ),
    Fault(
        "makers share the numbers of a package's rule", f"{_QUOTING}/added.py",
        "chain.mark, chain.numbers[trader], estimate,", "chain.mark, chain.numbers[0], estimate,",
    ),
    Fault(
        "a study of one part of makers compares only what is alike elsewhere", "plans/parity.py",
        "    if plan.settings.lab.vary:\n        yield", "    if False:\n        yield",
    ),
    Fault(
        "a part that is the same everywhere is varied", "plans/parity.py",
        "for cell in plan.cells}) == 1:", "for cell in plan.cells}) == 0:",
    ),
    Fault(
        "capital that nobody counts is swept", "market/cell.py",
        'return is_asked or self.episodes.are_used or self.credit.is_used',
        "return True",
    ),
)  # fmt: skip
