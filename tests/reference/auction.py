"""A frequent batch auction: sealed collection, one uniform price, by brute force over all ticks.

Market orders have no limit: they rank before all limits and never bound the price interval.
"""

from tests.reference.allocation import allocate
from tests.reference.market import Market
from tests.reference.orders import Order, crosses


class Auction(Market):
    """Batch k holds the arrivals in [(k-1) delta, k delta) and is cleared at k delta."""

    def __init__(
        self,
        n_ticks: int,
        reference_ticks: int,
        delta_ns: int,
        price_rule: str,
        allocation: str,
        self_trade: str,
    ) -> None:
        super().__init__(n_ticks, allocation, self_trade)
        self.reference = reference_ticks  # replaced by each clearing price
        self.delta_ns = delta_ns
        self.price_rule = price_rule
        self.batch = 1

    def refusal(self, order: Order) -> str | None:
        """Fill-or-kill and post-only orders have no meaning in a sealed batch."""
        return "not_in_batch" if order.fill_or_kill or order.post_only else None

    def enter(self, order: Order, time_ns: int) -> None:
        """Join the batch that is open now."""
        order.batch = self.batch
        self.open[order.order_id] = order

    def close_before(self, time_ns: int) -> None:
        """Clear the batch that ended by this time, if one did.

        The intervals in between have no arrivals: their clears would change nothing.
        """
        batch = time_ns // self.delta_ns + 1
        if batch > self.batch:
            self.clear(self.batch * self.delta_ns)
            self.batch = batch

    def clear(self, time_ns: int) -> None:
        """Clear the open batch; what was immediate and did not trade is cancelled."""
        self.out.time_ns, self.out.row = time_ns, None
        self.clear_auction(time_ns)
        for order in [order for order in self.open.values() if order.immediate]:
            self.reduce(order, order.quantity, "immediate_or_cancel")
        self.batch += 1

    def clear_auction(self, time_ns: int) -> None:
        """Trade the most lots there are at one price, and record it."""
        self.prevent_self_trades()
        volume = max(self.executable(price) for price in self.ticks())
        if volume > 0:
            low, high = self.interval(volume)
            price = self.price(volume, low, high)
            self.out.clears.append(
                {
                    "time_ns": time_ns,
                    "price_ticks": price,
                    "volume": volume,
                    "surplus": self.demand(price) - self.supply(price),
                    "low": 0 if low is None else low,
                    "high": self.n_ticks if high is None else high,
                }
            )
            self.fill(time_ns, price, volume)
            self.reference = price

    def prevent_self_trades(self) -> None:
        """Until no agent's best bid crosses its own best ask; the agent of the best bid first."""
        if self.self_trade == "none":
            return
        for agent in dict.fromkeys(order.agent for order in self.queue("buy")):
            while True:
                bids = [order for order in self.queue("buy") if order.agent == agent]
                asks = [order for order in self.queue("sell") if order.agent == agent]
                if not bids or not asks or not crosses(bids[0], asks[0]):
                    break
                self.prevent_self_trade(bids[0], asks[0])

    # Demand, supply and volume at a price.

    def ticks(self) -> range:
        """Every valid price."""
        return range(1, self.n_ticks)

    def demand(self, price: int) -> int:
        """Market buys and buys with a limit at or above the price."""
        bids = self.orders("buy")
        return sum(o.quantity for o in bids if o.price_ticks is None or o.price_ticks >= price)

    def supply(self, price: int) -> int:
        """Market sells and sells with a limit at or below the price."""
        asks = self.orders("sell")
        return sum(o.quantity for o in asks if o.price_ticks is None or o.price_ticks <= price)

    def executable(self, price: int) -> int:
        """Lots that can trade at the price."""
        return min(self.demand(price), self.supply(price))

    # The Walrasian interval and the point inside it.

    def levels(self, side: str) -> list[list[Order]]:
        """The orders of one side by limit, best first (market orders are the best level)."""
        levels: list[list[Order]] = []
        for order in self.queue(side):
            if levels and levels[-1][0].price_ticks == order.price_ticks:
                levels[-1].append(order)
            else:
                levels.append([order])
        return levels

    def filled_and_unfilled(self, side: str, volume: int) -> tuple[list[int], list[int]]:
        """Limits at which lots fill, and limits at which lots stay unfilled, best first.

        Better levels fill first; the level where the volume ends inside is in both lists.
        """
        filled, unfilled = [], []
        for level in self.levels(side):
            quantity = sum(order.quantity for order in level)
            limit = level[0].price_ticks
            if limit is not None and volume > 0:
                filled.append(limit)
            if limit is not None and volume < quantity:
                unfilled.append(limit)
            volume = max(0, volume - quantity)
        return filled, unfilled

    def interval(self, volume: int) -> tuple[int | None, int | None]:
        """W = [max(worst filled ask, best unfilled bid), min(worst filled bid, best unfilled ask)].

        An end that no limit bounds is None.
        """
        filled_bids, unfilled_bids = self.filled_and_unfilled("buy", volume)
        filled_asks, unfilled_asks = self.filled_and_unfilled("sell", volume)
        low = max(filled_asks + unfilled_bids[:1], default=None)
        high = min(filled_bids + unfilled_asks[:1], default=None)
        assert low is None or high is None or low <= high
        return low, high

    def price(self, volume: int, low: int | None, high: int | None) -> int:
        """The point of W that the price rule names; a finite end where the other is infinite."""
        if self.price_rule == "t7":
            return self.ladder_price(volume)
        if low is None:
            return self.reference if high is None else high
        if high is None:
            return low
        if self.price_rule == "lower":
            return low
        if self.price_rule == "upper":
            return high
        if self.price_rule == "reference":
            return min(max(self.reference, low), high)
        assert self.price_rule == "midpoint", self.price_rule
        return self.midpoint(low, high)

    def midpoint(self, low: int, high: int) -> int:
        """The middle; of two middle ticks the nearer to the reference, at equal distance down."""
        below, above = (low + high) // 2, (low + high + 1) // 2
        return min(below, above, key=lambda price: (abs(price - self.reference), price))

    def ladder_price(self, volume: int) -> int:
        """The exchange ladder over order limits: volume, surplus, pressure, reference.

        **Source**: Xetra/T7 Market Model, auction price determination.
        """
        orders = self.queue("buy") + self.queue("sell")
        limits = {o.price_ticks for o in orders if o.price_ticks is not None}
        surplus = {
            p: self.demand(p) - self.supply(p) for p in limits if self.executable(p) == volume
        }
        if not surplus:
            return self.reference
        # All survivors have the same |surplus|: none is zero, or all are.
        least = min(abs(lots) for lots in surplus.values())
        bid_heavy = [price for price, lots in surplus.items() if lots == least > 0]
        ask_heavy = [price for price, lots in surplus.items() if -lots == least > 0]
        if bid_heavy and not ask_heavy:
            return max(bid_heavy)
        if ask_heavy and not bid_heavy:
            return min(ask_heavy)
        if bid_heavy and ask_heavy:
            ends = (max(bid_heavy), min(ask_heavy))
        else:
            balanced = [price for price, lots in surplus.items() if lots == 0]
            ends = (min(balanced), max(balanced))
        return min(max(self.reference, ends[0]), ends[1])

    # Who trades.

    def filled_lots(self, side: str, volume: int) -> list[tuple[Order, int]]:
        """Each order's lots, in price then arrival order; the last level shares what is left."""
        result = []
        for level in self.levels(side):
            shares = allocate(self.allocation, volume, level, self.rank)
            result += [(order, lots) for order, lots in zip(level, shares, strict=True) if lots]
            volume -= sum(shares)
        return result

    def fill(self, time_ns: int, price: int, volume: int) -> None:
        """Pair the two sides' filled lots in order and trade them at the one price."""
        bids, asks = self.filled_lots("buy", volume), self.filled_lots("sell", volume)
        while bids and asks:
            (buy, buy_lots), (sell, sell_lots) = bids.pop(0), asks.pop(0)
            lots = min(buy_lots, sell_lots)
            self.trade(time_ns, buy, sell, price, lots)
            if buy_lots > lots:
                bids.insert(0, (buy, buy_lots - lots))
            if sell_lots > lots:
                asks.insert(0, (sell, sell_lots - lots))
        assert not bids
        assert not asks
