"""Faults of what other packages add, and of what is refused or noted about policies."""

from tests.faults.fault import Fault

ADDED = (
    Fault(
        "a fill is due when a package says, even before it happens",
        "market/settlement/added.py",
        "np.int64(max(asked(numbers, time), time + 1))",
        "np.int64(asked(numbers, time))",
    ),
    Fault(
        "points of a package are below zero",
        "market/incentives/added.py",
        "np.int64(min(max(points, 0), MOST_POINTS))",
        "np.int64(min(points, MOST_POINTS))",
    ),
    Fault(
        "both sides count where the thinner should",
        "market/incentives/scores.py",
        "min(bids, asks) if table.both_sides[policy] else bids + asks",
        "bids + asks",
    ),
    Fault(
        "a measure of a package charges nothing",
        "market/incentives/payments.py",
        "    if table.score[policy] >= FIRST_ADDED:\n        return score\n",
        "    if table.score[policy] >= FIRST_ADDED:\n        return 0\n",
    ),
    Fault(
        "a share of fees that nobody pays",
        "market/incentives/checks.py",
        "isinstance(policy.pool, FeePool) and not market.has_fees",
        "False",
    ),
    Fault(
        "a stake that is given back is one that is lost",
        "recording/ledger.py",
        "(np.append(code[1:], UNSTAKE) == SLASH)",
        "True",
    ),
)
