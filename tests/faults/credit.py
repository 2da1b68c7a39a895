"""Faults of credit in the market's lanes: its books, collateral, the end, and what is asked."""

from tests.faults.fault import Fault

CREDIT = (
    Fault(
        "interest that a debt grew by is not borrowed",
        "market/rules/credit_books.py",
        " grown, postings.BORROW)",
        " 0, postings.BORROW)",
    ),
    Fault(
        "a loan is posted and not booked",
        "market/rules/credit.py",
        "        rules.credit.booked[lane, trader, DEBT] += amount\n",
        "",
    ),
    Fault(
        "a lot that a short gives back brings its price",
        "market/rules/credit.py",
        "        brings = given * (price if sign < 0 else payoff - price)\n",
        "        brings = given * price\n",
    ),
    Fault(
        "cash that a short locks repays its debt",
        "market/rules/credit.py",
        " + min(after, 0) * payoff",
        "",
    ),
    Fault(
        "lots that a fill brings are not pledged",
        "market/rules/credit.py",
        "    pool.pledged[lane, trader], pool.is_short[lane, trader] = abs(after), after < 0\n",
        "    pool.is_short[lane, trader] = after < 0\n",
    ),
    Fault(
        "lots are no means at the end",
        "market/rules/credit_end.py",
        "    means = ledger.balance[lane, trader, CASH] + lots_worth\n",
        "    means = ledger.balance[lane, trader, CASH]\n",
    ),
    Fault(
        "lenders bear what the treasury could",
        "market/rules/credit_end.py",
        "    credit.lost[lane] += lost - borne\n",
        "    credit.lost[lane] += lost\n",
    ),
    Fault(
        "an accrual does not wait for the next",
        "market/rules/credit.py",
        "    watch_health(rules.credit, lane)\n    _expect(rules.credit, queue, lane)\n",
        "    watch_health(rules.credit, lane)\n",
    ),
    Fault(
        "a message to the pool reaches the mechanism",
        "market/trading/credit.py",
        "    if not lends(rules.credit) or messages.kind[lane, envelope] != MESSAGE_CREDIT:\n",
        "    if messages.kind[lane, envelope] != MESSAGE_CREDIT or lends(rules.credit):\n",
    ),
)
