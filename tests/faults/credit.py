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
        "market/rules/credit_books.py",
        " - cash + locked\n",
        " - cash\n",
    ),
    Fault(
        "lots that a fill brings are not pledged",
        "market/rules/credit.py",
        "    pool.pledged[lane, trader], pool.is_short[lane, trader] = abs(after), after < 0\n",
        "    pool.is_short[lane, trader] = after < 0\n",
    ),
    Fault(
        "a lender supplies below its reservation rate",
        "market/trading/credit.py",
        "credit.pool.rate[lane] >= credit.reservation[trader]",
        "credit.pool.rate[lane] >= 0",
    ),
    Fault(
        "who owes more than it has goes on",
        "market/rules/credit_end.py",
        "    return means < credit.booked[lane, trader, DEBT]\n",
        "    return False\n",
    ),
    Fault(
        "a loan that goes on is lent again",
        "market/rules/credit_end.py",
        "        credit.opened[lane] += debt\n",
        "",
    ),
    Fault(
        "lots are no means at the end",
        "market/rules/credit_end.py",
        "    means = ledger.balance[lane, trader, CASH] + lots_worth\n",
        "    means = ledger.balance[lane, trader, CASH]\n",
    ),
    Fault(
        "lenders bear what the treasury could",
        "market/rules/credit_books.py",
        "    bear_by_claims(rules, ledger, log, lane, time, event, lost - borne)\n",
        "    bear_by_claims(rules, ledger, log, lane, time, event, lost)\n",
    ),
    Fault(
        "an accrual does not wait for the next",
        "market/rules/credit.py",
        "    _expect(rules.credit, queue, lane)\n\n\n@cold_kernel\ndef watch_health",
        "\n\n@cold_kernel\ndef watch_health",
    ),
    Fault(
        "a message to the pool reaches the mechanism",
        "market/trading/credit.py",
        "    if not uses(rules, CREDIT) or messages.kind[lane, envelope] != MESSAGE_CREDIT:\n",
        "    if messages.kind[lane, envelope] != MESSAGE_CREDIT or uses(rules, CREDIT):\n",
    ),
)

LIQUIDATIONS = (
    Fault(
        "an account at a health of one is liquidated",
        "market/rules/credit_liquidation.py",
        "    worst, least = np.int64(NO_TRADER), np.int64(NANO)\n",
        "    worst, least = np.int64(NO_TRADER), np.int64(NANO + 1)\n",
    ),
    Fault(
        "a short lot is seized without its payoff",
        "market/rules/credit_liquidation.py",
        "        payoff = lots * rules.credit.terms.collateral.payoff\n",
        "        payoff = np.int64(0)\n",
    ),
    Fault(
        "the owner of seized lots keeps what is paid for them",
        "market/rules/credit_liquidation.py",
        "    credit.booked[lane, borrower, DEBT] -= repaid\n",
        "    repaid = np.int64(0)\n",
    ),
    Fault(
        "bad debt is booked as interest given back",
        "market/rules/credit_liquidation.py",
        "    if lost > 0:\n",
        "    if lost > 0 and liquidator != credit.liquidations.desk:\n",
    ),
    Fault(
        "orders of who fails go on",
        "market/trading/liquidating.py",
        "        withdraw(mechanism, world.market, lane, slot)\n",
        "",
    ),
    Fault(
        "of those who fail alike the larger uid comes first",
        "market/rules/credit_liquidation.py",
        "held.uid[trader] < held.uid[worst]",
        "held.uid[trader] > held.uid[worst]",
    ),
    Fault(
        "a part of the bonus goes nowhere",
        "market/rules/credit_liquidation.py",
        "    credit.reserves[lane] += fee\n",
        "",
    ),
    Fault(
        "nobody is told of lots that have changed hands",
        "market/rules/credit_liquidation.py",
        "count[lane], -taken if is_short else taken\n",
        "count[lane], np.int64(0)\n",
    ),
    Fault(
        "a liquidation a second later is of another cascade",
        "market/rules/credit_liquidation.py",
        "time - held.last[lane] <= CASCADE_NS\n",
        "time - held.last[lane] < CASCADE_NS\n",
    ),
    Fault(
        "a liquidator reckons with no slope",
        "market/trading/calling.py",
        " / NANO - known.slope[lane, trader] * lots\n",
        " / NANO - known.slope[lane, trader]\n",
    ),
    Fault(
        "the loss of the desk is nobody's",
        "market/rules/credit_end.py",
        "    _settle_desk(rules, ledger, log, lane, time, value)\n",
        "",
    ),
)

LOOKS = (
    Fault(
        "who holds nothing any more still stands among those who may fail",
        "market/rules/credit_order.py",
        "    if place != NOWHERE and (not is_there or place % 2 != side):\n",
        "    if place != NOWHERE and place % 2 != side:\n",
    ),
    Fault(
        "an account that got healthier keeps its place",
        "market/rules/credit_order.py",
        "    while at < last and",
        "    while at < 0 and",
    ),
    Fault(
        "lots that change hands count from the next accrual on",
        "market/rules/credit.py",
        "after < 0\n    put_in_order(credit, lane, trader)\n",
        "after < 0\n",
    ),
    Fault(
        "what others did to an account's claims is not booked",
        "market/rules/credit_books.py",
        "    rules.credit.is_stale[lane] = True\n",
        "",
    ),
    Fault(
        "an immediate order that was withdrawn keeps its place in the batch",
        "market/mechanisms/uniform_price.py",
        "        _unlist(mechanism.batch, lane, slot)\n",
        "        pass\n",
    ),
    Fault(
        "where prices are late the pool is asked by the price of the start",
        "market/trading/calling.py",
        "        last = last_shown(world, lane, trader, world.private.view_time[lane, trader])\n",
        "        last = np.int64(NO_PRICE)\n",
    ),
)

SETTLED_CREDIT = (
    Fault(
        "lots are pledged when they are bought and again when they are final",
        "market/trading/ruling.py",
        "    if uses(rules, CREDIT) and not uses(rules, DELAYED):\n",
        "    if uses(rules, CREDIT):\n",
    ),
    Fault(
        "nothing is pledged where fills are final later",
        "market/trading/ruling.py",
        "            credit.at_final(rules, ledger, log, lane, time, event)\n",
        "            pass\n",
    ),
    Fault(
        "a fill that goes back is pledged",
        "market/rules/credit.py",
        "        if legs.status[lane, at] == LEG_SETTLED:\n",
        "        if legs.status[lane, at] >= LEG_SETTLED:\n",
    ),
    Fault(
        "cash that has not come repays, and buys what is seized",
        "market/rules/credit_books.py",
        "    return ledger.balance[lane, trader, CASH] - cash + locked\n",
        "    return ledger.balance[lane, trader, CASH] + locked\n",
    ),
    Fault(
        "lots that are sold are seized",
        "market/rules/credit_liquidation.py",
        "    lots -= going_out(rules.settlement.legs, lane, trader, is_short)\n",
        "",
    ),
    Fault(
        "of shorts those that are sold are not seized, and those bought back are",
        "market/rules/credit_liquidation.py",
        "going_out(rules.settlement.legs, lane, trader, is_short)",
        "going_out(rules.settlement.legs, lane, trader, False)",
    ),
    Fault(
        "lots that are seized are never final",
        "market/rules/credit_liquidation.py",
        "        settled[lane, receiver, CONTRACT] += lots\n",
        "",
    ),
    Fault(
        "what a sale repays at a step of the grid pays its interest first",
        "market/rules/credit_books.py",
        "pool, lane, pool.accrued_to[lane], action,",
        "pool, lane, pool.accrued_to[lane] + rules.credit.terms.grid, action,",
    ),
    Fault(
        "who borrows reckons with lots that are not final",
        "market/trading/credit.py",
        "        lots = rules.settlement.held.settled[lane, trader, CONTRACT]\n",
        "        pass\n",
    ),
    Fault(
        "a call offers what it gains of one lot",
        "market/trading/credit.py",
        "np.int64(gain * NANO) * amount",
        "np.int64(gain * NANO)",
    ),
    Fault(
        "a liquidator has no share of its own to offer",
        "market/trading/credit.py",
        "credit.liquidators.tip_share[trader],\n",
        "np.int64(-1),\n",
    ),
)

SWEEP = (
    Fault(
        "at the end the treasury liquidates nobody",
        "market/rules/credit_end.py",
        "        _seize_all(rules, ledger, log, risk, lane, time, value)\n",
        "",
    ),
    Fault(
        "at the end the treasury looks at the price of the last accrual",
        "market/rules/credit_end.py",
        "        mark(rules, ledger, data, initial_ticks, lane)\n",
        "",
    ),
    Fault(
        "what is owed at the end is looked at before its interest",
        "market/rules/credit_end.py",
        "    charge_interest(rules, ledger, log, lane, time, AFTER_LAST)\n"
        "    book_all(rules, ledger, log, lane, time, AFTER_LAST)\n"
        "    if credit.liquidations.is_auto:\n"
        "        mark(rules, ledger, data, initial_ticks, lane)\n"
        "        _seize_all(rules, ledger, log, risk, lane, time, value)\n",
        "    if credit.liquidations.is_auto:\n"
        "        mark(rules, ledger, data, initial_ticks, lane)\n"
        "        _seize_all(rules, ledger, log, risk, lane, time, value)\n"
        "    charge_interest(rules, ledger, log, lane, time, AFTER_LAST)\n"
        "    book_all(rules, ledger, log, lane, time, AFTER_LAST)\n",
    ),
)
