"""A request-for-quote venue in plain Python: requests, firm quotes, and who trades with whom.

Everything has a last moment, at which it is still there. Before a message is carried out, all whose
last moment is earlier than the message has ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.reference.orders import Order, Replayed, Row, better_first, opposite

LARGEST = 2**62
NEVER = 2**63 - 1
NS_PER_MS = 1_000_000


@dataclass
class Quote(Order):
    """A firm quote; it ends with its request, or at its own last moment."""

    last_ns: int = 0
    number: int = 0


@dataclass
class Request(Quote):
    """A request and the quotes for it that are there, in order of arrival."""

    over_ns: int = 0  # its last moment, whether a quote is in last look or not
    quotes: list[Quote] = field(default_factory=list)
    held: Quote | None = None  # the quote in last look


class Venue:
    """Requests by their request id, and orders of both kinds by their order id."""

    def __init__(
        self, n_ticks: int, ttl_ns: tuple[int, int], tie: str, least_share: float,
        last_look: bool = False,
    ) -> None:  # fmt: skip
        self.n_ticks = n_ticks
        self.request_ttl_ns, self.quote_ttl_ns = ttl_ns
        self.tie = tie
        self.least_share = least_share
        self.last_look = last_look  # the dealer of an accepted quote may still refuse
        self.requests: dict[int, Request] = {}
        self.owner: dict[int, Request] = {}  # order id to the request it is, or is a quote for
        self.orders: dict[int, Quote] = {}  # by order id
        self.arrivals = 0
        self.out = Replayed()

    def apply(self, row: Row) -> None:
        """Carry out one message, or reject it and change nothing."""
        self.end_before(row["time_ns"])
        self.out.time_ns, self.out.row = row["time_ns"], row["row"]
        reason = getattr(self, row["kind"])(row)
        if reason:
            shown = row["request_id"] if row["order_id"] is None else row["order_id"]
            self.out.add_reject(shown, reason)

    # --- what ends by itself ----------------------------------------------------------------------

    def alive(self) -> list[Quote]:
        """Everything that is there."""
        requests = [request for request in self.requests.values() if request.quantity]
        return [*requests, *(quote for request in requests for quote in request.quotes)]

    def end_before(self, time_ns: int) -> None:
        """End all whose last moment has passed, in order."""
        while True:
            due = [order for order in self.alive() if order.last_ns < time_ns]
            if not due:
                return
            first = min(due, key=lambda order: (order.last_ns, order.number))
            self.out.time_ns, self.out.row = first.last_ns, None
            if isinstance(first, Request):
                self.close(first, "request_ttl")
            else:
                self.remove(first, "quote_ttl")

    def remove(self, quote: Quote, reason: str) -> None:
        """Take a quote away; what it still offers is cancelled."""
        self.owner[quote.order_id].quotes.remove(quote)
        if quote.quantity:
            self.out.add_cancel(quote, quote.quantity, reason)
        quote.quantity = 0

    def close(self, request: Request, reason: str) -> None:
        """End a request and all its quotes."""
        if request.quantity:
            self.out.add_cancel(request, request.quantity, reason)
        request.quantity = 0
        for quote in list(request.quotes):
            self.remove(quote, "request_closed")

    # --- messages ---------------------------------------------------------------------------------

    def wrong(self, row: Row) -> str | None:
        """Why a new request or quote is wrong by itself."""
        price, quantity = row["price_ticks"], row["quantity"]
        if quantity is None or not 1 <= quantity <= LARGEST:
            return "invalid_quantity"
        free = row["kind"] == "request" and price is None
        if not free and not (price is not None and 1 <= price < self.n_ticks):
            return "invalid_price"
        if row["ttl_ns"] is not None and row["ttl_ns"] < 0:
            return "invalid_ttl"
        return "duplicate_order_id" if row["order_id"] in self.owner else None

    def numbers(self, row: Row, ttl_ns: int) -> dict[str, Any]:
        """What every new request or quote has."""
        ttl = ttl_ns if row["ttl_ns"] is None else row["ttl_ns"]
        self.arrivals += 1
        return {
            "order_id": row["order_id"], "agent": row["agent"], "price_ticks": row["price_ticks"],
            "quantity": row["quantity"], "immediate": False, "fill_or_kill": False,
            "post_only": False, "last_ns": row["time_ns"] + ttl, "number": self.arrivals,
            "arrival": self.arrivals,
        }  # fmt: skip

    def request(self, row: Row) -> str | None:
        """Open a request."""
        reason = self.wrong(row)
        if reason is None and row["request_id"] in self.requests:
            reason = "duplicate_order_id"
        if reason is None:
            request = Request(side=row["side"], **self.numbers(row, self.request_ttl_ns))
            request.over_ns = request.last_ns
            self.requests[row["request_id"]] = request
            self.owner[request.order_id] = request
            self.orders[request.order_id] = request
            self.out.add_ack(request.order_id, 0)
        return reason

    def quote(self, row: Row) -> str | None:
        """Let a dealer answer a request."""
        reason = self.wrong(row)
        if reason:
            return reason
        request = self.requests.get(row["request_id"])
        if request is None:
            return "unknown_request"
        side = row["side"] or opposite(request.side)
        if not request.quantity or request.over_ns < row["time_ns"]:
            return "request_over"
        if request.agent == row["agent"]:
            return "own_request"
        if any(quote.agent == row["agent"] and quote.side == side for quote in request.quotes):
            return "already_quoted"
        quote = Quote(side=side, **self.numbers(row, self.quote_ttl_ns))
        quote.last_ns = min(quote.last_ns, request.over_ns)
        request.quotes.append(quote)
        self.owner[quote.order_id] = request
        self.orders[quote.order_id] = quote
        self.out.add_ack(quote.order_id, 0)
        return None

    def accept(self, row: Row) -> str | None:
        """Trade with the quote that is named, or with the best one."""
        named = row["order_id"]
        if named is not None and named not in self.owner:
            return "unknown_order"
        by_id = row["request_id"]
        request = self.owner[named] if by_id is None else self.requests.get(by_id)
        if request is None:
            return "unknown_request"
        if row["agent"] not in (None, request.agent):
            return "not_yours"
        if row["quantity"] is not None and not 1 <= row["quantity"] <= LARGEST:
            return "invalid_quantity"
        if row["price_ticks"] is not None and not 1 <= row["price_ticks"] < self.n_ticks:
            return "invalid_price"
        if not request.quantity:
            return "request_over"
        if request.held is not None:
            return "in_last_look"
        limit = request.price_ticks if row["price_ticks"] is None else row["price_ticks"]
        if named is None or isinstance(self.orders[named], Request):
            quotes = [quote for quote in request.quotes if not self.refusal(request, quote, limit)]
            if not quotes:
                return "no_quote"
            chosen = min(quotes, key=lambda quote: self.preference(request, quote))
        else:
            chosen = self.orders[named]
            if chosen not in request.quotes:
                return "quote_over"
            reason = self.refusal(request, chosen, limit)
            if reason:
                return reason
        if self.last_look:
            self.hold(request, chosen)
        else:
            self.trade(row["time_ns"], request, chosen, row["quantity"] or LARGEST)
        return None

    def refusal(self, request: Request, quote: Quote, limit: int | None) -> str | None:
        """Why a quote that is there cannot be accepted."""
        assert quote.price_ticks is not None
        if quote.side == request.side:
            return "wrong_side"
        if limit is not None:
            beyond = quote.price_ticks - limit
            if beyond * (1 if request.side == "buy" else -1) > 0:
                return "beyond_limit"
        too_small = quote.quantity < self.least_share * request.quantity
        return "part_too_small" if too_small else None

    def preference(self, request: Request, quote: Quote) -> tuple[int, int, int]:
        """Sort key of the quotes for a request, the best first."""
        assert quote.price_ticks is not None
        price = quote.price_ticks if request.side == "buy" else -quote.price_ticks
        return price, -quote.quantity if self.tie == "size" else 0, quote.number

    def trade(self, time_ns: int, request: Request, quote: Quote, most: int) -> None:
        """Trade at the price of the quote, and close the request."""
        assert quote.price_ticks is not None
        lots = min(request.quantity, quote.quantity, most)
        self.out.add_fill(time_ns, quote, request, quote.price_ticks, lots)
        quote.quantity -= lots
        request.quantity -= lots
        self.remove(quote, "rest_unfilled")
        self.close(request, "rest_unfilled")

    def hold(self, request: Request, quote: Quote) -> None:
        """Let a quote and its request outlive their last moments while the dealer looks again."""
        request.held = quote
        request.last_ns = quote.last_ns = NEVER

    def end_last_look(self, quote: Quote, confirms: bool, time_ns: int) -> None:
        """Trade the quote in last look, or end it and let its request go on if it still may."""
        request = self.owner[quote.order_id]
        if confirms:
            self.trade(time_ns, request, quote, LARGEST)
            return
        self.remove(quote, "last_look")
        request.held, request.last_ns = None, request.over_ns
        if request.over_ns < time_ns:
            self.close(request, "request_ttl")

    def cancel(self, row: Row) -> str | None:
        """Withdraw a request; a quote is firm."""
        named = row["order_id"]
        if named is not None:
            order = self.orders.get(named)
            if order is None or not order.quantity:
                return "unknown_order"
            if not isinstance(order, Request):
                return "firm_quote"
            request: Request | None = order
        else:
            request = self.requests.get(row["request_id"])
        if request is None:
            return "unknown_request"
        if row["agent"] not in (None, request.agent):
            return "not_yours"
        if not request.quantity:
            return "request_over"
        self.close(request, "withdrawn")
        return None

    def book_rows(self) -> list[Row]:
        """The quotes that are there: bids best to worst, then asks, by arrival within a price."""
        columns = ("order_id", "side", "price_ticks", "quantity")
        quotes = self.queue("buy") + self.queue("sell")
        return [{column: getattr(quote, column) for column in columns} for quote in quotes]

    def queue(self, side: str) -> list[Quote]:
        """The quotes of one side that are there, best first, by arrival within a price."""
        quotes = [order for order in self.alive() if not isinstance(order, Request)]
        return sorted((quote for quote in quotes if quote.side == side), key=better_first)


_COLUMNS = (
    "time_ns", "kind", "order_id", "request_id", "agent", "side", "price_ticks", "quantity",
    "ttl_ns",
)  # fmt: skip


def replay_rfq(
    messages: Iterable[Row],
    n_ticks: int = 1000,
    request_ttl_ms: int = 400,
    quote_ttl_ms: int = 200,
    tie: str = "time",
    least_share: float = 0.0,
) -> Replayed:
    """Replay through a request-for-quote venue."""
    ttl_ns = request_ttl_ms * NS_PER_MS, quote_ttl_ms * NS_PER_MS
    venue = Venue(n_ticks, ttl_ns, tie, least_share)
    rows = [_read(row, number) for number, row in enumerate(messages)]
    for row in sorted(rows, key=lambda row: row["time_ns"]):
        venue.apply(row)
    venue.out.book = venue.book_rows()
    return venue.out


def _read(given: Row, number: int) -> Row:
    """Fill in the defaults of a row."""
    row = {column: given.get(column) for column in _COLUMNS}
    row["row"] = number
    row["time_ns"] = row["time_ns"] or 0
    if row["kind"] == "request":
        if row["order_id"] is None:
            row["order_id"] = row["request_id"]
        if row["request_id"] is None:
            row["request_id"] = row["order_id"]
    if row["kind"] in ("request", "quote") and row["agent"] is None:
        row["agent"] = -1 - row["order_id"]
    return row
