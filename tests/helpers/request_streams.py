"""Random streams of requests, quotes, acceptances and cancels in which every outcome is common.

Times to live are a few nanoseconds, so that many messages come at a last moment or just after.
"""

from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.helpers.streams import ID_STEP, QUANTITIES, Row, some_price

LEAST_MESSAGES = 20  # shorter ones reach little
MAX_MESSAGES = 60
ACTIONS = ("request",) * 5 + ("quote",) * 10 + ("accept",) * 7 + ("cancel",) * 2
WAITS = (0, 0, 0, 1, 1, 2, 3, 5)
TTLS = (None, None, None, 0, 1, 2, 5, 13, 34, 55, 55, 55, 89, 89, 89, -1)
AGENTS = (None, None, None, 0, 1, 2)
REQUEST_TTLS = (None,) * 5 + (0, 5, 13, 55, 89, 144, 144, -1)
DEALERS = (None, None, 1, 2)
UNKNOWN = 77


@st.composite
def request_streams(draw: st.DrawFn) -> tuple[int, list[Row]]:
    """Draw the number of ticks and 20 to 60 messages."""
    n_ticks = draw(st.integers(5, 20))
    size = draw(st.integers(LEAST_MESSAGES, MAX_MESSAGES))
    seeds = draw(st.lists(st.integers(0, 2**32 - 1), min_size=size, max_size=size))
    rows: list[Row] = []
    requests: list[Row] = []
    quotes: list[Row] = []
    time_ns = 0
    for number, seed in enumerate(seeds):
        chooser = Random(f"{seed} {number}")  # equal seeds are frequent, and must not repeat
        time_ns += chooser.choice(WAITS)
        action = chooser.choice(ACTIONS) if requests else "request"
        row = {
            "request": _request, "quote": _quote, "accept": _accept, "cancel": _cancel,
        }[action](chooser, n_ticks, number, requests, quotes)  # fmt: skip
        row = {"time_ns": time_ns, "kind": action, **row}
        rows.append({column: cell for column, cell in row.items() if cell is not None})
    return n_ticks, rows


def _order_id(chooser: Random, number: int) -> int:
    """An id of its own, in no order; now and then one that may be used."""
    return ((chooser.randrange(number + 1) if chooser.random() < 0.04 else number) - 30) * ID_STEP


def _request(chooser: Random, n_ticks: int, number: int, requests: Any, quotes: Any) -> Row:
    named = chooser.choice(("order", "request", "both"))
    row = {
        "order_id": _order_id(chooser, number) if named != "request" else None,
        "request_id": chooser.choice((number, number, number, 0)) if named != "order" else None,
        "agent": chooser.choice(AGENTS),
        "side": chooser.choice(("buy", "sell")),
        "price_ticks": chooser.choice((None, *[some_price(chooser, n_ticks)] * 2)),
        "quantity": chooser.choice(QUANTITIES),
        "ttl_ns": chooser.choice(REQUEST_TTLS),
    }
    requests.append(row)
    return row


def _name_of(request: Row) -> int:
    name = request["request_id"]
    return int(request["order_id"] if name is None else name)


def _some_request(chooser: Random, requests: list[Row]) -> int:
    if chooser.random() < 0.03:
        return UNKNOWN
    return _name_of(chooser.choice(requests[-2:]))


def _quote(chooser: Random, n_ticks: int, number: int, requests: Any, quotes: Any) -> Row:
    row = {
        "order_id": _order_id(chooser, number),
        "request_id": _some_request(chooser, requests),
        "agent": chooser.choice(DEALERS),
        "side": chooser.choice((None, None, "buy", "sell")),
        "price_ticks": some_price(chooser, n_ticks),
        "quantity": chooser.choice(QUANTITIES),
        "ttl_ns": chooser.choice(TTLS),
    }
    quotes.append(row)
    return row


def _accept(chooser: Random, n_ticks: int, number: int, requests: Any, quotes: Any) -> Row:
    """Mostly a recent quote for its request, or the best one."""
    row: Row = {"agent": chooser.choice((None,) * 9 + (0, 1))}
    if quotes and chooser.random() < 0.7:
        quote = chooser.choice(quotes[-3:])
        row["order_id"] = quote["order_id"]
        row["request_id"] = chooser.choice((None, quote["request_id"], quote["request_id"]))
        if chooser.random() < 0.04:
            row["order_id"] = UNKNOWN
    else:
        row["request_id"] = _some_request(chooser, requests)
        own = [request["order_id"] for request in requests[-3:] if request["order_id"] is not None]
        if own and chooser.random() < 0.1:
            row["order_id"] = chooser.choice(own)
    if chooser.random() < 0.2:
        row["quantity"] = chooser.choice((0, 1, 2, 9))
    if chooser.random() < 0.3:
        row["price_ticks"] = some_price(chooser, n_ticks)
    return row


def _cancel(chooser: Random, n_ticks: int, number: int, requests: Any, quotes: Any) -> Row:
    row: Row = {"agent": chooser.choice((None,) * 5 + (0, 1))}
    if quotes and chooser.random() < 0.5:
        row["order_id"] = chooser.choice((*[q["order_id"] for q in quotes[-2:]], UNKNOWN))
    elif requests[-1]["order_id"] is not None and chooser.random() < 0.5:
        row["order_id"] = requests[-1]["order_id"]
    else:
        row["request_id"] = _some_request(chooser, requests)
    return row
