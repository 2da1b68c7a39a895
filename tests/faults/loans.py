"""Faults of loans by rate, and of curves and liquidation rules that packages add."""

from tests.faults.fault import Fault

LOANS = (
    Fault(
        "interest goes beyond what a request has reserved",
        "market/loans/orders.py",
        "    interest = min(interest_for_term(terms, amount, rate), freed - amount)\n",
        "    interest = interest_for_term(terms, amount, rate)\n",
    ),
    Fault(
        "interest of a term is rounded down",
        "market/loans/health.py",
        "widen(terms.term), unit, CEIL))",
        "widen(terms.term), unit, 0))",
    ),
    Fault(
        "the threshold limits what a request may owe",
        "market/loans/health.py",
        "    return carries(lots, value, terms.collateral.ltv, owed)\n",
        "    return carries(lots, value, terms.collateral.threshold, owed)\n",
    ),
    Fault(
        "a fill frees the principal alone",
        "market/loans/orders.py",
        "    accounts.reserved[lane, borrower] -= freed\n",
        "    accounts.reserved[lane, borrower] -= amount\n",
    ),
    Fault(
        "the oldest request fails first",
        "market/loans/orders.py",
        "orders.arrival[lane, slot] > orders.arrival[lane, newest]\n",
        "orders.arrival[lane, slot] < orders.arrival[lane, newest]\n",
    ),
    Fault(
        "anybody may withdraw an order",
        "market/loans/orders.py",
        " or venue.market.orders.trader[lane, slot] != message.account:\n",
        ":\n",
    ),
    Fault(
        "an offer meets requests that their collateral no longer allows",
        "market/loans/orders.py",
        "    if is_continuous(mechanism):\n",
        "    if not is_continuous(mechanism):\n",
    ),
    Fault(
        "a batch prices requests that their collateral no longer allows",
        "market/loans/acting.py",
        "    cancel_failing(terms, mechanism, venue, lane)\n    clear(",
        "    clear(",
    ),
    Fault(
        "an order ends before its last time",
        "market/loans/acting.py",
        "        elif expires < now:\n",
        "        elif expires <= now:\n",
    ),
    Fault(
        "a batch clears before the loans of its time mature",
        "market/loans/acting.py",
        "matures <= now and matures <= closes and",
        "matures <= now and matures < closes and",
    ),
    Fault(
        "at maturity all is paid or nothing",
        "market/loans/repaying.py",
        "    amount = min(accounts.wallet[lane, borrower, 0], loans.owed[lane, loan])\n"
        "    if amount > 0:\n",
        "    amount = loans.owed[lane, loan]\n"
        "    if amount <= accounts.wallet[lane, borrower, 0]:\n",
    ),
    Fault(
        "what is paid of an overdue loan stays overdue",
        "market/loans/repaying.py",
        "    if loans.status[lane, loan] == OVERDUE:\n",
        "    if False:\n",
    ),
    Fault(
        "the treasury bears no loss of a loan",
        "market/loans/repaying.py",
        "            borne = min(lost, venue.treasury[lane])\n",
        "            borne = min(lost, 0)\n",
    ),
    Fault(
        "a healthy account with a loan overdue is left alone",
        "market/loans/liquidating.py",
        "    if is_carried and most == 0:\n",
        "    if is_carried:\n",
    ),
    Fault(
        "a liquidation leaves the orders of the account",
        "market/loans/liquidating.py",
        "    end_orders_of(terms, mechanism, venue, lane, borrower, LIQUIDATED)\n",
        "",
    ),
    Fault(
        "collateral of open requests is released",
        "market/loans/liquidating.py",
        "    if not (is_free or may_owe(terms, venue, lane, account, left, 0)):\n",
        "    if not (is_free or True):\n",
    ),
    Fault(
        "a batch finds no room for more loans than orders",
        "replaying/lending/rates.py",
        "        if rows - count > self.state.placed.used[0]:\n",
        "        if rows > count:\n",
    ),
    Fault(
        "a rule of another package lets repay more than is owed",
        "market/lending/liquidation.py",
        "        return min(max(most, np.int64(1)), debt)\n",
        "        return most\n",
    ),
    Fault(
        "a curve of another package pays borrowers",
        "market/lending/pool.py",
        "max(rate_added(terms.curve, terms.numbers, used), np.int64(0))",
        "rate_added(terms.curve, terms.numbers, used)",
    ),
)
