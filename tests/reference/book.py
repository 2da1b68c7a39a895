"""A continuous limit order book, by the rules of MODEL and DESIGN 4, with no thought of speed."""

from tests.reference.allocation import allocate
from tests.reference.market import Market
from tests.reference.orders import Order, crosses, opposite


class Book(Market):
    """Price-time (or price-pro-rata) priority; every trade is at the resting price."""

    def refusal(self, order: Order) -> str | None:
        """Post-only orders must not cross, fill-or-kill orders must fill in full."""
        if order.post_only and self.marketable(order):
            return "post_only_would_cross"
        if order.fill_or_kill and self.available(order) < order.quantity:
            return "fok_not_filled"
        return None

    def enter(self, order: Order, time_ns: int) -> None:
        """Trade what can be traded; rest or cancel what is left."""
        while order.quantity > 0 and self.marketable(order):
            self.meet(self.counterparties(order)[0], order, time_ns)
        if order.quantity > 0 and order.immediate:
            self.reduce(order, order.quantity, "immediate_or_cancel")
        elif order.quantity > 0:
            self.open[order.order_id] = order

    def marketable(self, order: Order) -> bool:
        """Some resting order of the other side, whoever owns it, can trade with this one."""
        return any(crosses(order, resting) for resting in self.queue(opposite(order.side)))

    def counterparties(self, order: Order) -> list[list[Order]]:
        """Resting orders inside the limit, best first, in groups that are served together.

        By time each order is served alone; otherwise all orders of a price are.
        """
        inside = [o for o in self.queue(opposite(order.side)) if crosses(order, o)]
        if self.allocation == "time":
            return [[resting] for resting in inside]
        prices = sorted({o.price_ticks for o in inside if o.price_ticks is not None})
        best_first = prices if order.side == "buy" else prices[::-1]
        return [[o for o in inside if o.price_ticks == price] for price in best_first]

    def own(self, order: Order, group: list[Order]) -> list[Order]:
        """The orders of the group that self-trade prevention keeps from trading with this one."""
        if self.self_trade == "none":
            return []
        return [resting for resting in group if resting.agent == order.agent]

    def meet(self, group: list[Order], order: Order, time_ns: int) -> None:
        """Treat the first own order of the group or, if it has none, trade with the group."""
        own = self.own(order, group)
        if own:
            self.prevent_self_trade(own[0], order)
            return
        shares = allocate(self.allocation, order.quantity, group, self.rank)
        for resting, lots in zip(group, shares, strict=True):
            if lots > 0:
                assert resting.price_ticks is not None
                self.trade(time_ns, resting, order, resting.price_ticks, lots)

    def available(self, order: Order) -> int:
        """Lots that a fill-or-kill order is sure to get."""
        total = 0
        for group in self.counterparties(order):
            own = self.own(order, group)
            if own and self.self_trade != "cancel_oldest":
                break
            total += sum(resting.quantity for resting in group)
            total -= sum(resting.quantity for resting in own)
        return total
