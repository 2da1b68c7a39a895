"""A dual-flow batch auction: makers and takers meet each other, and never their own kind."""

from tests.reference.auction import Auction
from tests.reference.orders import Order

BUYERS = {"bid": "maker", "ask": "taker"}  # by auction: who buys in it; the others sell


class DualFlow(Auction):
    """Two auctions a batch: in the bid auction makers buy from takers, in the ask auction sell.

    Each looks only at its own orders and has its own reference: its last price.
    """

    def __init__(
        self,
        n_ticks: int,
        reference_ticks: int,
        delta_ns: int,
        price_rule: str,
        allocation: str,
        self_trade: str,
    ) -> None:
        super().__init__(n_ticks, reference_ticks, delta_ns, price_rule, allocation, self_trade)
        self.references = dict.fromkeys(BUYERS, reference_ticks)
        self.auction: str | None = None  # the one being cleared

    def orders(self, side: str) -> list[Order]:
        """The orders of one side of the auction that is being cleared; of all between clears."""
        orders = super().orders(side)
        if self.auction is None:
            return orders
        buys = side == "buy"
        return [order for order in orders if (order.role == BUYERS[self.auction]) == buys]

    def clear_auction(self, time_ns: int) -> None:
        """Clear the bid auction, then the ask auction."""
        for auction in BUYERS:
            self.auction, self.reference = auction, self.references[auction]
            n_clears = len(self.out.clears)
            super().clear_auction(time_ns)
            self.references[auction] = self.reference
            for row in self.out.clears[n_clears:]:
                row["auction"] = auction
        self.auction = None

    def price(self, volume: int, low: int | None, high: int | None) -> int:
        """The price rule, or the end of W that is better for those who take."""
        if self.price_rule == "takers" and low is not None and high is not None:
            return high if self.auction == "bid" else low
        return super().price(volume, low, high)

    def trade(self, time_ns: int, one: Order, other: Order, price_ticks: int, lots: int) -> None:
        """Trade lots between a maker and a taker."""
        maker, taker = (one, other) if one.role == "maker" else (other, one)
        assert (maker.role, taker.role) == ("maker", "taker")
        self.out.add_fill(time_ns, maker, taker, price_ticks, lots)
        for order in (one, other):
            self.take_out(order, lots)
