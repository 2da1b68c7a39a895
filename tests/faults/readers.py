"""Faults of readers of recorded files, and of counterfactuals."""

from tests.faults.fault import Fault

FOLLOWING, SENDING = "readers/following.py", "readers/sending.py"

READERS = (
    Fault(
        "a partial cancel takes the whole order", FOLLOWING,
        "orders.lots[at] = 0 if kind == DELETE else max(left - gone, 0)",
        "orders.lots[at] = 0 if kind != EXECUTE else max(left - gone, 0)",
    ),
    Fault(
        "a fill and the cancellation that follows it are two events", FOLLOWING,
        "orders.told[at] += lots", "orders.told[at] += 0",
    ),
    Fault(
        "a replacement keeps its place in the queue", FOLLOWING,
        "found.is_back[row] = price == orders.price[at] and lots <= left",
        "found.is_back[row] = False",
    ),
    Fault(
        "the side of an execution is that of who came", SENDING,
        "side = BUY if found.side[row] == SELL else SELL",
        "side = SELL if found.side[row] == SELL else BUY",
    ),
    Fault(
        "an order that came pays the best of its prices at most", SENDING,
        "max(best, ticks) if orders.side[at] == BUY else min(best, ticks)",
        "ticks if orders.lots[at] == 0 else best",
    ),
    Fault(
        "an execution that is not printed is volume", SENDING,
        "if kind == EXECUTE and piece.is_printed[row]:", "if kind == EXECUTE:",
    ),
    Fault(
        "a time that is none is a time", "readers/dbn.py",
        "np.where(is_none, NO_TIME, values.astype(np.int64))",
        "np.where(is_none, -1, values.astype(np.int64))",
    ),
    Fault(
        "a trade that its fills tell again counts twice", "readers/dbn.py",
        "np.where(is_trade & _is_told(rows, kind), STATUS, kind)", "kind",
    ),
    Fault(
        "the levels of the first row are those before the first message", "readers/lobster.py",
        "lots[side, at[0]] -= change * first.lots[0]", "pass",
    ),
    Fault(
        "an offer of no stands at its own price", "readers/kalshi.py",
        "price if side == BUY else NANO - price", "price",
    ),
    Fault(
        "what is received apart from what happens changes the book", "readers/hftbacktest.py",
        'kept = (rows["ev"] & np.uint64(_AT_EXCHANGE)) != 0', 'kept = rows["ev"] > 0',
    ),
    Fault(
        "sellers gain by lower prices", "whatif/measures.py",
        "sign = np.where(group.side == BUY, 1.0, -1.0)",
        "sign = np.where(group.side == BUY, 1.0, 1.0)",
    ),
    Fault(
        "one file, and times of its records are put in order", "whatif/recording.py",
        "latest = np.maximum.accumulate(sent.time_ns)", "latest = np.sort(sent.time_ns)",
    ),
)  # fmt: skip
