"""Faults of the book and of the batches."""

from tests.faults.fault import Fault

BOOKS = (
    Fault(
        "the best price is not updated when its level empties", "market/book/book.py",
        "if book.best[lane, ladder] == rank:\n        book", "if False:\n        book",
    ),
    Fault(
        "a worse order becomes the best price", "market/book/book.py",
        "= max(book.best[lane, ladder], rank)", "= rank",
    ),
    Fault(
        "the last order of a queue leaves its tail behind", "market/book/book.py",
        "book.tail[lane, ladder, rank] = before", "pass",
    ),
    Fault(
        "an amendment to fewer lots loses its place", "market/book/book.py",
        "and lots <= orders.lots[lane, slot]", "and lots == orders.lots[lane, slot]",
    ),
    Fault(
        "an amendment to more lots keeps its place", "market/book/book.py",
        "return rank == orders.rank[lane, slot] and lots",
        "return rank == orders.rank[lane, slot] or lots",
    ),
    Fault(
        "orders at equal prices do not trade", "market/mechanisms/clob.py",
        "and book.best[lane, opposite] >= worst:", "and book.best[lane, opposite] > worst:",
    ),
    Fault(
        "post-only may lock the book", "market/mechanisms/interface.py",
        "opposite + rank >= market.book.n_ticks[lane]",
        "opposite + rank > market.book.n_ticks[lane]",
    ),
    Fault(
        "a fill takes all the incoming lots, whatever rests", "market/mechanisms/clob.py",
        "lots = min(orders.lots[lane, slot], orders.lots[lane, resting])",
        "lots = orders.lots[lane, slot]",
    ),
    Fault(
        "self-trades of the order book are missed", "market/mechanisms/clob.py",
        "mechanism.self_trade != self_trade.NONE", "mechanism.self_trade == self_trade.NONE",
    ),
    Fault(
        "orders that are nobody else's meet as if they had one owner", "market/mechanisms/clob.py",
        "        and orders.owner[lane, slot] != NO_OWNER\n", "",
    ),
    Fault(
        "fill-or-kill fills in part", "market/mechanisms/clob.py",
        "return missing <= 0", "return missing < orders.lots[lane, slot]",
    ),
    Fault(
        "cancel_oldest cancels the newer order", "market/mechanisms/self_trade.py",
        "cancel_open(market, lane, older, CANCEL_SELF_TRADE)",
        "cancel_open(market, lane, newer, CANCEL_SELF_TRADE)",
    ),
    Fault(
        "decrement reduces one of the two orders", "market/mechanisms/self_trade.py",
        "        _decrement(market, lane, newer, lots)\n", "",
    ),
    Fault(
        "lots that rounding left are lost", "market/mechanisms/allocation.py",
        "shares.lots[shares.ranked[i]] += 1", "pass",
    ),
    Fault(
        "dust goes by smallest remainder", "market/mechanisms/allocation.py",
        "return weight > other_weight", "return weight < other_weight",
    ),
    Fault(
        "equal remainders go to the higher key", "market/mechanisms/allocation.py",
        "return shares.tie[one] < shares.tie[other]",
        "return shares.tie[one] > shares.tie[other]",
    ),
    Fault(
        "older batches have no priority", "market/mechanisms/allocation.py",
        "while end != NO_ORDER and orders.batch[lane, end] == batch:", "while end != NO_ORDER:",
    ),
)  # fmt: skip

BATCHES = (
    Fault(
        "a batch closes 1 ns late: arrivals at k delta join batch k",
        "market/mechanisms/uniform_price.py",
        "close = number * batch.interval_ns", "close = number * batch.interval_ns + 1",
    ),
    Fault(
        "a random close comes late", "market/mechanisms/uniform_price.py",
        "close -= np.int64(share", "close += np.int64(share",
    ),
    Fault(
        "two batches count as one", "market/mechanisms/uniform_price.py",
        "    enqueue(market.book, orders, lane, slot, market.clears[lane])",
        "    enqueue(market.book, orders, lane, slot, market.clears[lane] // 2)",
    ),
    Fault(
        "immediate orders rest", "market/mechanisms/uniform_price.py",
        "if market.orders.lots[lane, slot] > 0 and is_immediate", "if False and is_immediate",
    ),
    Fault(
        "the later order of a fill is named maker", "market/mechanisms/uniform_price.py",
        "return orders.arrival[lane, bid] < orders.arrival[lane, ask]",
        "return orders.arrival[lane, bid] > orders.arrival[lane, ask]",
    ),
    Fault(
        "of two roles the taker is named maker", "market/mechanisms/uniform_price.py",
        "return bids < asks", "return bids > asks",
    ),
    Fault(
        "self-trades in a batch are missed", "market/mechanisms/uniform_price.py",
        "if batch.self_trade != self_trade.NONE:", "if batch.self_trade == self_trade.NONE:",
    ),
    Fault(
        "in a batch orders that are nobody else's have one owner",
        "market/mechanisms/uniform_price.py", "if owner != NO_OWNER:", "if True:",
    ),
    Fault(
        "a trader with one account is a stream of people", "market/setup/members.py",
        'if group.accounts == "per_intent"', 'if group.accounts == "one"',
    ),
    Fault(
        "older and newer are swapped in a batch", "market/mechanisms/uniform_price.py",
        "bid_is_older = orders.arrival[lane, bid] < orders.arrival[lane, ask]",
        "bid_is_older = orders.arrival[lane, bid] > orders.arrival[lane, ask]",
    ),
    Fault(
        "bids and asks at one price do not cross", "market/mechanisms/pricing.py",
        "while bid != NO_RANK and ask != NO_RANK and bid + ask >= n_ticks:",
        "while bid != NO_RANK and ask != NO_RANK and bid + ask > n_ticks:",
    ),
    Fault(
        "unfilled bids do not bound the price", "market/mechanisms/pricing.py",
        "low = max(n_ticks - filled_ask, open_bid if open_bid != NO_RANK else 0)",
        "low = n_ticks - filled_ask",
    ),
    Fault(
        "unfilled asks do not bound the price", "market/mechanisms/pricing.py",
        "high = min(filled_bid, n_ticks - open_ask if open_ask != NO_RANK else n_ticks)",
        "high = filled_bid",
    ),
    Fault(
        "an odd midpoint rounds away from the reference", "market/mechanisms/pricing.py",
        "and reference > middle else middle", "and reference <= middle else middle",
    ),
    Fault(
        "the lower price rule takes the upper end", "market/mechanisms/pricing.py",
        "if high == n_ticks or rule == LOWER:\n        return low",
        "if high == n_ticks or rule == LOWER:\n        return high",
    ),
    Fault(
        "the exchange ladder misses its lowest limit", "market/mechanisms/pricing.py",
        "floor = max(n_ticks - filled_ask, 1) - 1", "floor = max(n_ticks - filled_ask, 1)",
    ),
    Fault(
        "surplus has the wrong sign", "market/mechanisms/pricing.py",
        "return demand - _lots_at_or_better(book, lane, asks, book.n_ticks[lane] - level)",
        "return _lots_at_or_better(book, lane, asks, book.n_ticks[lane] - level) - demand",
    ),
)  # fmt: skip
