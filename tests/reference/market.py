"""What a continuous book and a batch auction have in common: open orders, and messages to them."""

from dataclasses import replace

from tests.reference.allocation import Rank, by_id
from tests.reference.orders import (
    SELF_TRADE_MODES,
    Message,
    Order,
    Replayed,
    Row,
    better_first,
)

LARGEST_QUANTITY = 2**62


class Market:
    """Open orders by id, and the rules for new, cancel and amend messages.

    A mechanism adds ``refusal`` (its own reasons to refuse an order) and ``enter`` (what happens
    to an order that is accepted).
    """

    def __init__(self, n_ticks: int, allocation: str, self_trade: str) -> None:
        assert self_trade in SELF_TRADE_MODES, self_trade
        self.n_ticks = n_ticks
        self.allocation = allocation
        self.self_trade = self_trade
        self.open: dict[int, Order] = {}
        self.used_ids: set[int] = set()
        self.arrivals = 0
        self.out = Replayed()
        self.rank: Rank = by_id  # decides between orders that are otherwise equal

    def refusal(self, order: Order) -> str | None:
        """The mechanism's reason to refuse an otherwise valid order, or None."""
        raise NotImplementedError

    def enter(self, order: Order, time_ns: int) -> None:
        """Let an accepted order into the market."""
        raise NotImplementedError

    def apply(self, message: Message) -> None:
        """Carry out one message, or reject it and change nothing."""
        self.out.time_ns, self.out.row = message.time_ns, message.row
        if message.kind == "cancel":
            reason = self.cancel(message)
        elif message.kind == "amend":
            reason = self.amend(message)
        else:
            reason = self.new(message)
        if reason is not None:
            self.out.add_reject(message.order_id, reason)

    def new(self, message: Message) -> str | None:
        """Accept a new order, or return the reason to reject it."""
        is_market = message.kind == "market"
        if not self.is_valid_quantity(message.quantity):
            return "invalid_quantity"
        if is_market and message.price_ticks is not None:
            return "invalid_price"
        if not is_market and not self.is_valid_price(message.price_ticks):
            return "invalid_price"
        if is_market and message.tif == "gtc":
            return "invalid_tif"
        if message.order_id in self.used_ids:
            return "duplicate_order_id"
        assert message.side is not None
        assert message.quantity is not None
        order = Order(
            order_id=message.order_id,
            agent=message.agent,
            side=message.side,
            price_ticks=None if is_market else message.price_ticks,
            quantity=message.quantity,
            immediate=is_market or message.tif in ("ioc", "fok"),
            fill_or_kill=message.tif == "fok",
            post_only=bool(message.post_only),
            role=message.role or "taker",
            tif=message.tif or ("ioc" if is_market else "gtc"),
        )
        reason = self.refusal(order)
        if reason is None:
            self.used_ids.add(order.order_id)
            self.out.add_ack(order.order_id, 0)
            self.accept(order, message.time_ns)
        return reason

    def not_its_order(self, message: Message) -> str | None:
        """Why a cancel or amend does not mean an open order of who sends it, or None."""
        if message.order_id not in self.open:
            return "unknown_order"
        order = self.open[message.order_id]
        if message.agent not in (None, order.agent):
            return "another_agent"
        for name in ("side", "tif", "post_only", "role"):
            if getattr(message, name) not in (None, getattr(order, name)):
                return "differs_from_order"
        return None

    def cancel(self, message: Message) -> str | None:
        """Take an open order out, or some of its lots, or return the reason to reject it."""
        reason = self.not_its_order(message)
        if reason:
            return reason
        order = self.open[message.order_id]
        if message.price_ticks not in (None, order.price_ticks):
            return "differs_from_order"
        if message.quantity is not None and not self.is_valid_quantity(message.quantity):
            return "invalid_quantity"
        lots = order.quantity if message.quantity is None else message.quantity
        self.reduce(order, min(lots, order.quantity), "requested")
        return None

    def amend(self, message: Message) -> str | None:
        """Give an open order a new price or open quantity, or return the reason to reject it.

        The same price and no more quantity keeps priority; anything else enters again.
        """
        reason = self.not_its_order(message)
        if reason:
            return reason
        if message.quantity is not None and not self.is_valid_quantity(message.quantity):
            return "invalid_quantity"
        if message.price_ticks is not None and not self.is_valid_price(message.price_ticks):
            return "invalid_price"
        order = self.open[message.order_id]
        price = order.price_ticks if message.price_ticks is None else message.price_ticks
        quantity = order.quantity if message.quantity is None else message.quantity
        if price == order.price_ticks and quantity <= order.quantity:
            self.out.add_ack(order.order_id, order.quantity)
            order.quantity = quantity
            return None
        changed = replace(order, price_ticks=price, quantity=quantity)
        reason = self.refusal(changed)
        if reason is None:
            self.out.add_ack(order.order_id, order.quantity)
            del self.open[order.order_id]
            self.accept(changed, message.time_ns)
        return reason

    def accept(self, order: Order, time_ns: int) -> None:
        """Number the arrival and let the order in."""
        order.arrival = self.arrivals
        self.arrivals += 1
        self.enter(order, time_ns)

    def is_valid_quantity(self, quantity: int | None) -> bool:
        """A quantity is a positive number of lots, at most 2^62."""
        return quantity is not None and 1 <= quantity <= LARGEST_QUANTITY

    def is_valid_price(self, price_ticks: int | None) -> bool:
        """A price is a tick strictly inside the contract's range."""
        return price_ticks is not None and 1 <= price_ticks <= self.n_ticks - 1

    def orders(self, side: str) -> list[Order]:
        """The open orders of one side."""
        return [order for order in self.open.values() if order.side == side]

    def queue(self, side: str) -> list[Order]:
        """The open orders of one side, best first."""
        return sorted(self.orders(side), key=better_first)

    def trade(self, time_ns: int, one: Order, other: Order, price_ticks: int, lots: int) -> None:
        """Trade lots between two orders; the earlier arrival is the maker."""
        maker, taker = sorted((one, other), key=lambda order: order.arrival)
        self.out.add_fill(time_ns, maker, taker, price_ticks, lots)
        for order in (one, other):
            self.take_out(order, lots)

    def reduce(self, order: Order, lots: int, reason: str) -> None:
        """Cancel lots of an order."""
        self.out.add_cancel(order, lots, reason)
        self.take_out(order, lots)

    def take_out(self, order: Order, lots: int) -> None:
        """Lower the open quantity; an order with nothing left is closed."""
        assert 0 < lots <= order.quantity
        order.quantity -= lots
        if order.quantity == 0:
            self.open.pop(order.order_id, None)

    def prevent_self_trade(self, one: Order, other: Order) -> None:
        """Cancel, as the mode says, instead of letting two orders of one agent trade."""
        oldest, newest = sorted((one, other), key=lambda order: order.arrival)
        if self.self_trade == "decrement":
            lots = min(oldest.quantity, newest.quantity)
            self.reduce(oldest, lots, "self_trade")
            self.reduce(newest, lots, "self_trade")
        if self.self_trade in ("cancel_oldest", "cancel_both"):
            self.reduce(oldest, oldest.quantity, "self_trade")
        if self.self_trade in ("cancel_newest", "cancel_both"):
            self.reduce(newest, newest.quantity, "self_trade")

    def book_rows(self) -> list[Row]:
        """What rests: bids best to worst, then asks best to worst, by arrival within a price."""
        columns = ("order_id", "side", "price_ticks", "quantity")
        orders = self.queue("buy") + self.queue("sell")
        return [{column: getattr(order, column) for column in columns} for order in orders]
