"""Faults of the traders, their links, their schedules and what they see."""

from tests.faults.fault import Fault

TRADERS = (
    Fault(
        "market data have no delay", "market/trading/desk.py",
        "seen = max(world.private.view_time[lane, trader], time - data_delay)", "seen = time",
    ),
    Fault(
        "views go back in time", "market/trading/desk.py",
        "seen = max(world.private.view_time[lane, trader], time - data_delay)",
        "seen = max(0, time - data_delay)",
    ),
    Fault(
        "makers learn from their own prints", "market/trading/desk.py",
        "if not took_part(data, lane, at, trader):", "if True:",
    ),
    Fault(
        "the bid always goes first", "market/trading/desk.py",
        "first = 1 if count == 2 and _moves_up(world, lane, trader) else 0", "first = 0",
    ),
    Fault(
        "submission takes no time", "market/trading/desk.py",
        "sent = time + stressing.delayed(world.rules, trader, SUBMISSION, time, takes)",
        "sent = time + 1",
    ),
    Fault(
        "the two messages of a wake-up share a draw", "market/trading/desk.py",
        "drawn = words if slot == 0 else latency_words(traders, market.keys, lane, trader, "
        "address)",
        "drawn = words",
    ),
    Fault(
        "messages overtake each other", "market/trading/desk.py",
        "        sent = private.sent_until[lane, trader]\n        tie", "        tie",
    ),
    Fault(
        "a message that waits keeps its own tie", "market/trading/desk.py",
        "        tie = private.sent_tie[lane, trader]\n", "",
    ),
    Fault(
        "smaller quotes are not sent", "market/trading/desk.py",
        "or lots < private.quote_lots[lane, trader, side]", "or False",
    ),
    Fault(
        "quotes on their way do not count against the risk limit", "market/trading/desk.py",
        "    private.exposure[lane, trader, side] += lots\n", "",
    ),
    Fault(
        "cancels at the end of a lifetime ignore their cause", "market/trading/desk.py",
        "CAUSE_EXPIRY, cause_of(address), wake_of(address)", "CAUSE_EXPIRY, 0, wake_of(address)",
    ),
    Fault(
        "jumps wake traders before they reach their signal", "market/trading/loop.py",
        "reached = time + world.traders.signal_delay[trader]", "reached = time",
    ),
    Fault(
        "filled orders are cancelled when their lifetime ends", "market/trading/notices.py",
        "        messages.open_lots[lane, lifetime] -= lots\n", "        pass\n",
    ),
    Fault(
        "inventory has the wrong sign", "market/trading/notices.py",
        "world.private.position[lane, trader] += sign * lots",
        "world.private.position[lane, trader] -= sign * lots",
    ),
    Fault(
        "a link may take no time", "market/events/latency.py",
        "return max(base + np.int64(extra), 1)", "return max(base + np.int64(extra), 0)",
    ),
    Fault(
        "all causes share one stream of latencies", "market/events/latency.py",
        "stream = STREAM_LATENCY + cause_of(address)", "stream = STREAM_LATENCY",
    ),
    Fault(
        "jitter only delays", "market/events/schedule.py",
        "(2.0 * uniform(words[0]) - 1.0)", "uniform(words[0])",
    ),
    Fault(
        "clusters are chosen by the word of their gap", "market/events/schedule.py",
        "if uniform(words[1]) < clustered:", "if uniform(words[0]) < clustered:",
    ),
    Fault(
        "clusters raise the rate", "market/events/schedule.py",
        "mean = (mean - clustered * short) / (1.0 - clustered)", "mean = mean - clustered * short",
    ),
    Fault(
        "a state is seen 1 ns late", "market/information/history.py",
        "while number > oldest and data.time[lane, number & mask] > time:",
        "while number > oldest and data.time[lane, number & mask] >= time:",
    ),
    Fault(
        "the reference is the bid", "market/information/history.py",
        "return np.int64(bid) + ask", "return 2 * np.int64(bid)",
    ),
    Fault(
        "signals have no delay", "market/information/signals.py",
        "v = value_at(news, parameters, lane, time_ns - delay_ns)",
        "v = value_at(news, parameters, lane, time_ns)",
    ),
    Fault(
        "every look at a signal has noise of its own", "market/information/signals.py",
        "entity, time_ns // look_ns, 0)", "entity, time_ns, 0)",
    ),
    Fault(
        "bids round towards the middle", "market/agents/maker.py",
        "return floor_ticks((reservation - half_spread) * n_ticks)",
        "return ceil_ticks((reservation - half_spread) * n_ticks)",
    ),
    Fault(
        "inventory moves quotes the wrong way", "market/agents/maker.py",
        "reservation = belief - parameters.skew[trader] * inventory",
        "reservation = belief + parameters.skew[trader] * inventory",
    ),
    Fault(
        "a maker moves its belief with its own fills", "market/agents/maker.py",
        "maker.belief[lane, trader] - sign * step", "maker.belief[lane, trader] + sign * step",
    ),
    Fault(
        "adverse selection has the wrong sign", "market/agents/maker.py",
        "loss = -maker.mark_sign[lane, number, at] * moved",
        "loss = maker.mark_sign[lane, number, at] * moved",
    ),
    Fault(
        "adverse selection that is a gain narrows the spread", "market/agents/maker.py",
        "max(maker.adverse[lane, trader], 0.0)", "maker.adverse[lane, trader]",
    ),
    Fault(
        "the limit of a buy gives the edge away", "market/agents/edge.py",
        "side, excess, worth = BUY, buying, signal - threshold",
        "side, excess, worth = BUY, buying, signal + threshold",
    ),
    Fault(
        "sell limits of noise round inward", "market/agents/noise.py",
        "return -(-reference_doubled // 2) + ticks", "return reference_doubled // 2 + ticks",
    ),
    Fault(
        "offsets share the word of the side", "market/agents/noise.py",
        "below(view.words[lane, 3], noise.offset_width[trader])",
        "below(view.words[lane, 0], noise.offset_width[trader])",
    ),
    Fault(
        "the tape ignores the delay of its table", "market/trading/desk.py",
        "_read_tape(world, lane, trader, seen - data.disclosure.price_delay_ns)",
        "_read_tape(world, lane, trader, seen)",
    ),
    Fault(
        "the book ignores the delay of its table", "market/trading/desk.py",
        "at = state_at(data, lane, max(seen - data.disclosure.book_delay_ns, 0))",
        "at = state_at(data, lane, seen)",
    ),
    Fault(
        "a price that only its parties know is known to all", "market/trading/desk.py",
        "            if took_part(data, lane, at, trader):", "            if True:",
    ),
    Fault(
        "a hidden best price is shown", "market/information/history.py",
        "if not data.disclosure.shows_best[side]:", "if False:",
    ),
)  # fmt: skip
