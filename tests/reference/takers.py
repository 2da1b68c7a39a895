"""The takers of the twin: informed traders, snipers, noise, spoofers (MODEL 7, 10; MODEL2 I5)."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp, floor, log, log1p

from proteus.market.agents.group import Group
from proteus.market.agents.informed import InformedPolicy
from proteus.market.agents.noise import NoisePolicy
from proteus.market.agents.sniper import SniperPolicy
from proteus.market.agents.spoofer import SpooferPolicy
from proteus.market.events.latency import LatencyLaw
from proteus.market.rng import below, exponential, uniform
from tests.reference.charging import Reckoning
from tests.reference.draws import ns
from tests.reference.makers import ROUNDING, Intent, Quote
from tests.reference.public import View


def mean_s(law: LatencyLaw) -> float:
    """The mean of a latency law, seconds."""
    factor = {
        "constant": 0.0,
        "uniform": 0.5,
        "shifted_exponential": 1.0,
        "lognormal": exp(law.shape**2 / 2),
    }[law.law]
    return (law.base_ms + law.spread_ms * factor) / 1000


class Informed:
    """Takes what is mispriced by more than its threshold; snipers do so with a fixed size."""

    costs: Reckoning

    def __init__(self, group: Group, n_ticks: int) -> None:
        policy = group.policy
        assert isinstance(policy, InformedPolicy | SniperPolicy)
        wait = mean_s(group.latency.submission) + mean_s(group.latency.market_data)
        self.threshold = policy.theta + policy.latency_risk * wait**0.5
        self.policy, self.n_ticks = policy, n_ticks

    def lots(self, excess: float) -> int:
        """The size of an order, by the edge beyond the threshold."""
        if isinstance(self.policy, SniperPolicy):
            return self.policy.lots
        return min(self.policy.max_lots, 1 + int(self.policy.lots_per_edge * excess))

    def decide(self, view: View) -> list[Intent]:
        """One immediate order whose limit keeps the threshold, or none."""
        signal, theta = view.signal, self.threshold
        assert signal is not None
        ask, bid = view.ask_ticks / self.n_ticks, view.bid_ticks / self.n_ticks
        buying = self.after_costs("buy", view.ask_ticks, signal - ask - theta, view)
        selling = self.after_costs("sell", view.bid_ticks, bid - signal - theta, view)
        if buying > 0:
            side, excess, worth, met = "buy", buying, signal - theta, view.ask_ticks
            limit = floor(worth * self.n_ticks + ROUNDING)
        elif selling > 0:
            side, excess, worth, met = "sell", selling, signal + theta, view.bid_ticks
            limit = ceil(worth * self.n_ticks - ROUNDING)
        else:
            return []
        if not 1 <= limit < self.n_ticks:
            return []
        lots = self.lots(excess)
        price = self.costs.limit(side, limit, worth, lots, view.reference_doubled, view.time_ns)
        reaches = price >= met if side == "buy" else price <= met
        if price != limit and not reaches:
            return []
        return [Intent(side, price, lots, "ioc", belief=signal)]

    def after_costs(self, side: str, price: int, edge: float, view: View) -> float:
        """What costs leave of an edge, for the size that it would have without them."""
        lots = self.lots(max(edge, 0.0))
        return self.costs.edge(edge, side, price, lots, view.reference_doubled, view.time_ns)


class Noise:
    """Sends one order at each arrival, all of it drawn, unless it costs too much."""

    costs: Reckoning

    def __init__(self, policy: NoisePolicy, protection_ticks: int, n_ticks: int) -> None:
        self.policy, self.protection_ticks, self.n_ticks = policy, protection_ticks, n_ticks

    def decide(self, view: View) -> list[Intent]:
        """A marketable order with a protective limit, or a limit order with a lifetime."""
        side_word, type_word, size_word, offset_word, life_word, worth_word = view.words
        mean, now = self.policy.reservation_scale, view.time_ns
        side = ("buy", "sell")[int(below(side_word, 2))]
        if uniform(type_word) < self.policy.marketable_probability:
            better = "sell" if side == "buy" else "buy"
            price = self.behind(view.reference_doubled, better, self.protection_ticks)
            met = view.ask_ticks if side == "buy" else view.bid_ticks
            about = side, met, self.size(size_word), view.reference_doubled, mean, worth_word, now
            is_worth = self.costs.accepts("taker", *about)
            wanted = Intent(side, price, self.size(size_word), "ioc", belief=self.worth(worth_word))
            return [wanted] if is_worth else []
        low, high = self.policy.offset_low_ticks, self.policy.offset_high_ticks
        offset = low + int(below(offset_word, high - low + 1))
        price = self.behind(view.reference_doubled, side, offset)
        life_ns = int(exponential(life_word) * ns(self.policy.lifetime_ms)) + 1
        lots = self.size(size_word)
        if not self.costs.accepts("maker", side, price, lots, 2 * price, mean, worth_word, now):
            return []
        return [Intent(side, price, lots, "gtc", life_ns, self.worth(worth_word))]

    def worth(self, word: int) -> float:
        """What a lot is worth to it by itself; 0: nothing is said."""
        mean = self.policy.reservation_scale
        return 0.0 if mean is None else float(exponential(word) * mean)

    def size(self, word: int) -> int:
        """A geometric size, capped."""
        mean = self.policy.size_mean_lots
        more = 0 if mean == 1 else int(log(uniform(word)) * (1 / log1p(-1 / mean)))
        return min(1 + more, self.policy.max_lots)

    def behind(self, reference_doubled: int, side: str, ticks: int) -> int:
        """A price at least that many ticks worse than the reference, inside the range."""
        if side == "buy":
            price = reference_doubled // 2 - ticks
        else:
            price = (reference_doubled + 1) // 2 + ticks
        return min(max(price, 1), self.n_ticks - 1)


class Spoofer:
    """Shows a large order, trades on the other side once the price has followed, and cancels it."""

    costs: Reckoning

    def __init__(self, policy: SpooferPolicy, n_ticks: int) -> None:
        self.policy, self.n_ticks = policy, n_ticks
        self.quotes = {"buy": Quote(), "sell": Quote()}
        self.position = 0
        self.attempt: Attempt | None = None
        self.rests_until_ns = 0

    def decide(self, view: View) -> list[Intent]:
        """Go on with what is shown, or show something."""
        attempt, now = self.attempt, view.time_ns
        if self.policy.large_lots == 0:
            return []
        if attempt is not None and now < attempt.ends_ns:
            intents = []
            if self.pays(attempt, view):
                price = view.bid_ticks if attempt.trades == "sell" else view.ask_ticks
                intents.append(self.intent(attempt.trades, price, self.policy.trade_lots, "ioc"))
            if intents or attempt.is_hit:
                intents.append(self.intent(attempt.shows, attempt.shown_ticks, 0, is_quote=True))
                self.attempt, self.rests_until_ns = None, now + attempt.rest_ns
            return intents
        if attempt is not None:
            self.attempt, self.rests_until_ns = None, attempt.ends_ns + attempt.rest_ns
        standing = any(quote.order_id is not None for quote in self.quotes.values())
        return [] if standing or now < self.rests_until_ns else self.begin(view)

    def pays(self, attempt: Attempt, view: View) -> bool:
        """Whether others stand at a price that has moved far enough, after costs."""
        if attempt.trades == "sell":
            price, sign = view.bid_ticks, 1
        else:
            price, sign = view.ask_ticks, -1
        gain = sign * (price - attempt.start_ticks) - self.policy.target_ticks
        edge = self.costs.edge(
            gain / self.n_ticks, attempt.trades, price, self.policy.trade_lots,
            view.reference_doubled, view.time_ns,
        )  # fmt: skip
        return sign * price > sign * attempt.shown_ticks and edge >= 0

    def begin(self, view: View) -> list[Intent]:
        """Show a large order behind the best price of its side."""
        policy, bid, ask = self.policy, view.bid_ticks, view.ask_ticks
        side_word, rest_word = view.words[:2]
        trades = ("buy", "sell")[int(below(side_word, 2))]
        if self.position:
            trades = "sell" if self.position > 0 else "buy"
        shows = "buy" if trades == "sell" else "sell"
        price = bid - policy.distance_ticks if shows == "buy" else ask + policy.distance_ticks
        would_trade = price >= ask if shows == "buy" else price <= bid
        if bid >= ask or would_trade or not 1 <= price <= self.n_ticks - 1:
            return []
        life_ns = ns(policy.patience_ms)
        self.attempt = Attempt(
            trades, shows, bid if trades == "sell" else ask, price, view.time_ns + life_ns,
            int(exponential(rest_word) * ns(policy.pause_ms)),
        )  # fmt: skip
        return [self.intent(shows, price, policy.large_lots, "gtc", life_ns, is_quote=True)]

    def intent(
        self, side: str, price: int, lots: int, lifetime: str = "gtc", life_ns: int = 0,
        is_quote: bool = False,
    ) -> Intent:  # fmt: skip
        """It has no opinion of the value: what it believes is the price."""
        belief = price / self.n_ticks
        return Intent(side, price, lots, lifetime, life_ns, belief, is_quote)

    def learn_fill(self, sign: int, quoted: float, filled_ns: int, now_ns: int) -> None:
        """Notice that the large order is hit, if it is that of now."""
        if self.attempt is not None and self.attempt.shows == ("buy" if sign > 0 else "sell"):
            self.attempt.is_hit = True


@dataclass
class Attempt:
    """What a spoofer does now."""

    trades: str  # the side that it means to trade
    shows: str  # that of the large order
    start_ticks: int  # what it could trade at when it began
    shown_ticks: int  # price of the large order
    ends_ns: int
    rest_ns: int  # it rests so long after it
    is_hit: bool = False  # it knows that the large order has filled in part
