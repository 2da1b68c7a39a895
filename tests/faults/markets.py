"""Faults of the order of events, the venue, the ledger, the news and the measures."""

from tests.faults.fault import Fault

VENUE = (
    Fault(
        "clears come after the messages of their nanosecond", "market/events/queue.py",
        "PRIORITY_CLEAR = 6", "PRIORITY_CLEAR = 8",
    ),
    Fault(
        "wake-ups come before what is told at that time", "market/events/queue.py",
        "PRIORITY_WAKE = 9", "PRIORITY_WAKE = 1",
    ),
    Fault(
        "what was expected first comes last", "market/events/queue.py",
        "(other == time and queue.key[lane, at] < key)",
        "(other == time and queue.key[lane, at] > key)",
    ),
    Fault(
        "ties between messages go to the larger key", "market/events/queue.py",
        "return word < _tie_word(", "return word > _tie_word(",
    ),
    Fault(
        "answers overtake each other", "market/trading/reports.py",
        "arrives = max(arrives, world.private.acked_until[lane, trader])", "pass",
    ),
    Fault(
        "fill reports overtake each other", "market/trading/reports.py",
        "arrives = max(arrives, world.private.filled_until[lane, trader])", "pass",
    ),
    Fault(
        "every fill report of an order has the same draw", "market/trading/reports.py",
        "origins.reports[lane, slot] += 1", "pass",
    ),
    Fault(
        "the answer to a cancel is drawn like that to its order", "market/trading/booking.py",
        "word = answer_word if order == slot else world.origins.answer[lane, order]",
        "word = world.origins.answer[lane, order]",
    ),
    Fault(
        "an open batch is public", "market/trading/booking.py",
        "if not in_clear and not is_continuous(mechanism):", "if False:",
    ),
    Fault(
        "makers and takers are swapped", "market/trading/venue.py",
        "world.traders.role[orders.trader[lane, slot]] != CLASS_MAKER",
        "world.traders.role[orders.trader[lane, slot]] == CLASS_MAKER",
    ),
    Fault(
        "the refusal of a replace is not told", "market/trading/venue.py",
        "if messages.kind[lane, envelope] != MESSAGE_CANCEL:", "if False:",
    ),
    Fault(
        "a replaced quote keeps the old belief", "market/trading/venue.py",
        "        world.origins.belief[lane, slot] = messages.belief[lane, envelope]\n", "",
    ),
    Fault(
        "trades on the book leave the last price", "market/trading/booking.py",
        "    if not in_clear:\n        world.progress.last_price",
        "    if in_clear:\n        world.progress.last_price",
    ),
    Fault(
        "the price of two auctions is that of the second", "market/trading/venue.py",
        "low = high if high != NO_PRICE else market.book.last_price[lane, auction]",
        "low = market.book.last_price[lane, auction]",
    ),
    Fault(
        "cash is off by the last lot", "market/ledger/entries.py",
        "cash = price * ledger.tick_nano[0] * lots",
        "cash = price * ledger.tick_nano[0] * (lots - 1)",
    ),
    Fault(
        "cash is given without being taken", "market/ledger/entries.py",
        "    ledger.balance[lane, giver, asset] -= amount\n", "",
    ),
    Fault(
        "the giver of an entry has it under another code", "market/ledger/entries.py",
        "    ledger.total[lane, giver, place, asset] -= amount\n",
        "    ledger.total[lane, giver, place - 1, asset] -= amount\n",
    ),
    Fault(
        "contracts move without what they were worth", "market/ledger/entries.py",
        "    ledger.total[lane, giver, place, VALUE_THEN] -= lots * value\n"
        "    ledger.total[lane, receiver, place, VALUE_THEN] += lots * value\n", "",
    ),
    Fault(
        "capital is profit", "market/ledger/entries.py",
        " - worth_of_term(ledger, lane, account, TERM_CLAIMS)\n", "\n",
    ),
    Fault(
        "who is nobody has the last account", "market/ledger/entries.py",
        "min(giver, receiver) < 0 or ", "",
    ),
    Fault(
        "an entry may come before the one before it", "market/ledger/entries.py",
        "(cause < before or before == AFTER_LAST)", "before == AFTER_LAST",
    ),
    Fault(
        "entries by code are not balanced", "market/ledger/audit.py",
        "    return _audit_codes(total, lane)\n", "    return LEDGER_OK\n",
    ),
    Fault(
        "what takers paid may be anything", "market/metrics/sums.py",
        "if role != CLASS_MAKER and worth != -sums.execution.error[lane, role]:", "if False:",
    ),
    Fault(
        "fills beyond a limit are booked", "market/ledger/entries.py",
        "if orders.rank[lane, buy] < price or orders.rank[lane, sell] < n_ticks - price:",
        "if False:",
    ),
)  # fmt: skip

MEASURES = (
    Fault(
        "the payoff does not move the news", "market/environment/news.py",
        "drift = -parameters.drift if news.payoff[lane] == 0 else parameters.drift",
        "drift = parameters.drift",
    ),
    Fault(
        "a jump is not yet there at its own time", "market/environment/news.py",
        "and news.jump_ns[lane, number & jump_mask] <= time_ns:",
        "and news.jump_ns[lane, number & jump_mask] < time_ns:",
    ),
    Fault(
        "effective spreads are halved", "market/metrics/spreads.py",
        "spreads.effective[lane] += weight * (2 * price - before)",
        "spreads.effective[lane] += weight * (price - before / 2)",
    ),
    Fault(
        "price impact has the wrong sign", "market/metrics/spreads.py",
        "weight * (reference - spreads.before[lane, at])",
        "weight * (spreads.before[lane, at] - reference)",
    ),
    Fault(
        "of two makers who meet, one is not compared with later references",
        "market/metrics/sums.py",
        "            if quantity != 0:\n", "            if False:\n",
    ),
    Fault(
        "of two takers who meet in a clear, one is not compared with later references",
        "market/metrics/sums.py", "        if weight != 0.0:\n", "        if False:\n",
    ),
    Fault(
        "a fill is judged 1 ns early", "market/metrics/spreads.py",
        "            if due >= until:", "            if due > until:",
    ),
    Fault(
        "adverse selection counts the spread", "market/metrics/markouts.py",
        "adverse = quantity * (value - belief)",
        "adverse = quantity * (value - price * settings.tick_nano)",
    ),
    Fault(
        "drawdown is from zero", "market/metrics/risk.py",
        "risk.peak[lane] - equity)", "-equity)",
    ),
    Fault(
        "the spread counts while one side is empty", "market/metrics/quality.py",
        "    if bid != NO_PRICE and ask != NO_PRICE:\n        quality.spread",
        "    if True:\n        quality.spread",
    ),
    Fault(
        "an order that loses some of its lots has ended", "market/trading/booking.py",
        "if is_over or is_refused:", "if kind != EVENT_ACK:",
    ),
    Fault(
        "a quote of a noise trader is an intent that was filled", "market/metrics/execution.py",
        "if origins.is_quote[lane, slot]:", "if False:",
    ),
    Fault(
        "self-trade prevention prices an intent out", "market/metrics/execution.py",
        "            return END_SELF_TRADE\n", "            return END_PRICED_OUT\n",
    ),
    Fault(
        "what is left of a filled intent ends once more", "market/metrics/execution.py",
        "if origins.is_filled[lane, slot] or origins.is_quote[lane, slot] or role",
        "if origins.is_quote[lane, slot] or role",
    ),
    Fault(
        "an order that rests counts as marketable", "market/metrics/execution.py",
        "            if origins.is_immediate[lane, slot]:\n", "            if True:\n",
    ),
    Fault(
        "a wait is counted one bin too low", "market/metrics/execution.py",
        "<< _BIN_BITS) + part + 1", "<< _BIN_BITS) + part",
    ),
    Fault(
        "only fills in time make an intent filled", "market/metrics/execution.py",
        "    if not origins.is_quote[lane, slot]:\n        execution.ends",
        "    if _is_timed(settings, origins, lane, slot, 0):\n        execution.ends",
    ),
    Fault(
        "a request with quotes beyond its limit is not priced out", "market/metrics/execution.py",
        "OFFER_INSIDE if is_inside else OFFER_BEYOND", "OFFER_INSIDE",
    ),
    Fault(
        "a quote for the other side is an offer", "market/metrics/execution.py",
        "if orders.side[lane, quote] != orders.side[lane, request]:", "if True:",
    ),
)  # fmt: skip
