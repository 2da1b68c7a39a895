"""The market maker of the twin: what it believes, and what it wants to stand (MODEL 12 to 14)."""

from dataclasses import dataclass
from math import ceil, floor

from proteus.market.agents.maker import MakerPolicy
from tests.reference.charging import Reckoning
from tests.reference.draws import ns
from tests.reference.public import View

ROUNDING = 1e-9  # of a tick: binary fractions do not move a price that is a whole tick


@dataclass
class Intent:
    """What a trader wants: a new order, or what should stand on a side (no lots: nothing)."""

    side: str
    price_ticks: int
    lots: int
    lifetime: str = "gtc"
    duration_ns: int = 0  # a resting order is cancelled after it; 0: never
    belief: float = 0.0
    is_quote: bool = False


@dataclass
class Quote:
    """What a maker knows of its quotes on one side."""

    order_id: int | None = None  # the version that stands as far as it knows
    price_ticks: int = 0
    lots: int = 0  # open, as far as reported
    exposure: int = 0  # lots of all versions that may still fill


@dataclass
class Mark:
    """An own fill that is judged later."""

    due_ns: int
    sign: int
    belief: float  # when the filled quote was sent


class Maker:
    """Learns from the tape, its fills and its signal; quotes both sides around its belief."""

    costs: Reckoning

    def __init__(self, policy: MakerPolicy, initial_probability: float, n_ticks: int) -> None:
        self.policy, self.n_ticks = policy, n_ticks
        self.belief = self.belief_before = initial_probability
        self.half_spread = policy.half_spread
        self.volatility = self.adverse = 0.0
        self.look: int | None = None
        self.marks: list[Mark] = []
        self.position = 0
        self.most_held: int | None = policy.inventory_limit_lots  # None: its chain says it
        self.rewarded = 0.0  # currency that an own lot earns under policies, as it thinks
        self.least_lots = 0  # smallest order that all of these count
        self.quotes = {"buy": Quote(), "sell": Quote()}

    def decide(self, view: View) -> list[Intent]:
        """Learn, then say what should stand on both sides."""
        policy = self.policy
        self.judge(view.time_ns)
        self.learn(view)
        self.half_spread = (
            policy.half_spread
            + policy.inventory_slope * abs(self.position)
            + policy.volatility_weight * self.volatility
            + policy.adverse_selection_weight * max(self.adverse, 0.0)
        )
        if policy.knows_rewards:
            fall = max(policy.reward_pass * self.rewarded, 0.0)
            self.half_spread = max(self.half_spread - fall, policy.half_spread)
        now = view.time_ns
        return [self.quote("buy", self.position, now), self.quote("sell", -self.position, now)]

    def learn(self, view: View) -> None:
        """Move to the prints of others and to a new look; what moved is volatility."""
        for price in view.prints:
            self.learn_price(price)
        if view.signal is not None and view.look != self.look:
            self.look = view.look
            self.belief += self.policy.belief_gain_signal * (view.signal - self.belief)
        change = abs(self.belief - self.belief_before)
        self.volatility += self.policy.volatility_decay * (change - self.volatility)
        self.belief_before = self.belief

    def learn_price(self, price_ticks: int) -> None:
        """Move to a price that the maker is told, as to a print of others."""
        gain = self.policy.belief_gain_trade
        self.belief += gain * (price_ticks / self.n_ticks - self.belief)

    def learn_fill(self, sign: int, quoted: float, filled_ns: int, now_ns: int) -> None:
        """Move against an own fill, and remember to judge it."""
        self.judge(now_ns)
        moved = self.belief - sign * (self.policy.belief_gain_fill * self.half_spread)
        self.belief = min(max(moved, 0.0), 1.0)
        horizon = ns(self.policy.adverse_selection_horizon_ms)
        self.marks.append(Mark(filled_ns + horizon, sign, quoted))

    def outward(self, side: str, reservation: float, half_spread: float) -> int:
        """The tick of a quote, rounded away from the other side."""
        if side == "buy":
            return floor((reservation - half_spread) * self.n_ticks + ROUNDING)
        return ceil((reservation + half_spread) * self.n_ticks - ROUNDING)

    def judge(self, now_ns: int) -> None:
        """Fold the fills whose time has come into the estimate of adverse selection."""
        while self.marks and self.marks[0].due_ns <= now_ns:
            mark = self.marks.pop(0)
            loss = -mark.sign * (self.belief - mark.belief)
            self.adverse += self.policy.adverse_selection_decay * (loss - self.adverse)

    def reservation(self) -> float:
        """The price that inventory leans to."""
        return self.belief - self.policy.skew * self.position

    def quote(self, side: str, inventory: int, now: int) -> Intent:
        """What should stand on a side; ``inventory`` is signed so that this side adds to it."""
        policy, limit = self.policy, self.policy.inventory_limit_lots
        half_spread = self.half_spread
        lots = policy.quote_lots * (limit - max(inventory, 0)) // limit
        widens = lots <= 0 and policy.at_limit == "widen"
        if policy.knows_rewards and policy.reward_pass > 0 and self.rewarded > 0:
            lots = max(lots, self.least_lots)
        if widens:
            lots = policy.quote_lots
            half_spread += policy.widen_by
        reservation = self.reservation()
        price = self.outward(side, reservation, half_spread)
        if lots > 0:
            half_spread = self.costs.half_spread(half_spread, side, price, lots, now)
            price = self.outward(side, reservation, half_spread)
        stands = self.quotes[side]
        is_kept = stands.order_id is not None and stands.price_ticks == price
        is_kept = is_kept and stands.lots <= lots
        if not widens and not is_kept and self.most_held is not None:
            lots = min(lots, self.most_held - inventory - stands.exposure)
        if not 1 <= price < self.n_ticks:
            lots = 0
        return Intent(side, price, max(lots, 0), belief=self.belief, is_quote=True)
