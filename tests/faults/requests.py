"""Faults of requests for quotes."""

from tests.faults.fault import Fault

REQUESTS = (
    Fault(
        "a quote outlives its request", "market/mechanisms/requests.py",
        "min(time + ttl_ns, alive.request_deadline[lane, request])", "time + ttl_ns",
    ),
    Fault(
        "a last moment is exclusive", "market/mechanisms/requests.py",
        "while next_deadline(alive, lane) <= time:",
        "while next_deadline(alive, lane) - 1 <= time:",
    ),
    Fault(
        "a request in last look takes quotes after its last moment",
        "market/mechanisms/requests.py",
        "if alive.request_deadline[lane, request] < time:\n        return RFQ_REQUEST_OVER",
        "if False:\n        return RFQ_REQUEST_OVER",
    ),
    Fault(
        "an accepted quote trades at the limit of the taker", "market/mechanisms/requests.py",
        "price = price_of(market.book, lane, side, orders.rank[lane, quote])",
        "price = price_of(market.book, lane, 1 - side, orders.rank[lane, request])",
    ),
    Fault(
        "a refused last look ends the request", "market/mechanisms/requests.py",
        "if alive.request_deadline[lane, request] < time:\n        close_request",
        "if True:\n        close_request",
    ),
    Fault(
        "a quote in last look dies at its last moment", "market/mechanisms/requests.py",
        "_move_deadline(alive, lane, quote, NEVER)", "pass",
    ),
    Fault(
        "the largest quote is tied like any other", "market/mechanisms/requests.py",
        "if rule == TIE_SIZE:", "if False:",
    ),
    Fault(
        "the same dealers are asked each time", "market/trading/rfq_venue.py",
        "traders.entity[trader], index, entity\n            )",
        "traders.entity[trader], 0, entity\n            )",
    ),
    Fault(
        "one dealer too many is asked", "market/trading/rfq_venue.py",
        "for _ in range(mechanism.terms.dealers):", "for _ in range(mechanism.terms.dealers + 1):",
    ),
    Fault(
        "every dealer answers", "market/trading/rfq_venue.py",
        "if uniform(words[3]) < terms.response_probability:", "if True:",
    ),
    Fault(
        "dealers do not think", "market/trading/rfq_venue.py",
        "told + thinks, TIMER_ANSWER", "told, TIMER_ANSWER",
    ),
    Fault(
        "the winner is told of its own trade", "market/trading/rfq_venue.py",
        "!= 0 and dealer != winner:", "!= 0:",
    ),
    Fault(
        "a told price ignores the delay of its table", "market/trading/rfq_venue.py",
        "later = time + rules.price_delay_ns", "later = time",
    ),
    Fault(
        "a last look takes no time", "market/trading/rfq_venue.py",
        "told + terms.hold_ns, TIMER_HOLD", "told, TIMER_HOLD",
    ),
    Fault(
        "private messages overtake each other", "market/trading/rfq_links.py",
        "told = max(told, mechanism.known.told_until[lane, trader])", "pass",
    ),
    Fault(
        "dealers quote both sides though they see one", "market/trading/rfq_desk.py",
        "if terms.shows_side and side == messages.side[lane, timer]:", "if False:",
    ),
    Fault(
        "live quotes do not count against the limit", "market/trading/rfq_desk.py",
        "world.private.exposure[lane, dealer, side] += orders.lots[lane, slot]", "pass",
    ),
    Fault(
        "every request is marketable, as it never rests", "market/trading/rfq_desk.py",
        "is_immediate = intents.lifetime[lane, 0] != GTC", "is_immediate = True",
    ),
    Fault(
        "a holder takes the first quote and not the best", "market/trading/rfq_desk.py",
        "or rank > known.quote_rank[lane, slot, best]", "or False",
    ),
    Fault(
        "a holder accepts at its first limit", "market/trading/rfq_desk.py",
        "limit = np.int64(rank_of(intents.price[lane, 0], side, world.settings.n_ticks))",
        "limit = known.limit[lane, slot]",
    ),
    Fault(
        "a last look refuses moves in favour of the quote", "market/trading/rfq_desk.py",
        "== SELL else -moved", "== BUY else -moved",
    ),
    Fault(
        "an exponential link is judged by its fastest hundredth", "market/events/latency.py",
        "_SLOW_OF_FALLING if falls else _SLOW)", "_SLOW)",
    ),
    Fault(
        "trades with quotes are not published", "market/trading/rfq_publishing.py",
        "if world.data.last[lane, newest(world.data, lane)] != last:", "if False:",
    ),
)  # fmt: skip
