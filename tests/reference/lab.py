"""The laboratory maker of the twin: textbook filters and rules, by the functions of libraries."""

import math
from functools import cache

import numpy as np
from scipy.linalg import expm
from scipy.optimize import brentq
from scipy.special import expit, logit

from proteus.market.agents.lab_maker import LabMakerPolicy
from tests.reference.makers import Intent, Maker
from tests.reference.public import View

NANO = 10**9
CLASSES = 16  # of distance, of a fit
POINTS = 256  # of time left, between which Cartea-Jaimungal is linear


@cache
def values(rate: float, decay: float, running: float, final: float, levels: int, end: float):
    """h by time left and inventory: the logarithm of a matrix exponential."""
    q = np.arange(-levels, levels + 1.0)
    beside = np.full(2 * levels, rate / math.e)
    matrix = np.diag(-running * decay * q**2) + np.diag(beside, 1) + np.diag(beside, -1)
    times = [end * (i / POINTS) ** 2 for i in range(POINTS + 1)]
    start = np.exp(-final * decay * q**2)
    return times, [np.log(expm(matrix * t) @ start) / decay for t in times]


class LabMaker(Maker):
    """A filter says what the contract is worth, a rule what is quoted."""

    def __init__(self, policy: LabMakerPolicy, initial_probability: float, n_ticks: int) -> None:
        super().__init__(policy.as_maker(), initial_probability, n_ticks)
        self.lab, self.name = policy, policy.filter.name
        self.level, self.variance = float(logit(initial_probability)), 0.0
        if self.name == "kalman":
            self.variance = policy.filter.start_variance
        self.observed: list[float] = []
        self.is_shown = False  # what a filter of the book or of the oracle reads
        self.filtered_ns, self.middle = 0, initial_probability
        self.noted_ns, self.noted_level = 0, float(logit(initial_probability))
        self.sigma_squared: float | None = None
        self.rate = getattr(policy.quoting, "fill_rate_per_s", 0.0)
        self.decay = getattr(policy.quoting, "fill_decay", 0.0)
        self.standing: dict[str, int | None] = {"buy": None, "sell": None}
        self.exposure, self.hits = [0.0] * CLASSES, [0] * CLASSES

    def clip(self, price: float) -> float:
        """A price at least a tick from 0 and 1."""
        return min(max(price, 1 / self.n_ticks), 1 - 1 / self.n_ticks)

    def decide(self, view: View) -> list[Intent]:
        """Estimate, then say what should stand on both sides."""
        self.judge(view.time_ns)
        if self.name == "tape_only":
            view.signal = None
        if self.name in ("tape", "tape_only"):
            self.hear_all(view)
        elif self.name in ("ewma", "kalman"):
            self.filter(view)
        else:
            self.read(view)
        self.volatility += self.policy.volatility_decay * (
            abs(self.belief - self.belief_before) - self.volatility
        )
        self.belief_before = self.belief
        self.note(view.time_ns)
        middle, half, missing = self.wanted(view.time_ns)
        is_ready = self.name in ("tape", "tape_only") or bool(self.observed) or self.is_shown
        if not is_ready:
            widest = self.lab.max_half_spread if self.lab.not_ready == "widest" else math.inf
            middle, half, missing = self.belief, widest, ""
        if half < math.inf:
            self.half_spread = half
        intents = []
        for side, sign in (("buy", 1), ("sell", -1)):
            intent = Intent(side, 0, 0, belief=self.belief, is_quote=True)
            if half < math.inf and side != missing:
                self.middle = middle
                intent = self.quote(side, sign * self.position, view.time_ns)
            away = sign * (self.belief - intent.price_ticks / self.n_ticks)
            self.standing[side] = self.class_of(away) if intent.lots > 0 else None
            intents.append(intent)
        return intents

    def reservation(self) -> float:
        """The price that the rule leans to."""
        return self.middle

    def hear_all(self, view: View) -> None:
        """Move to prints and to a new look, as the ordinary maker."""
        for price in view.prints:
            super().learn_price(price)
        if view.signal is not None and view.look != self.look:
            self.look = view.look
            self.belief += self.policy.belief_gain_signal * (view.signal - self.belief)

    def filter(self, view: View) -> None:
        """Observe prints, then a new look."""
        if self.name == "kalman":
            elapsed = (view.time_ns - self.filtered_ns) / NANO
            self.variance += self.lab.filter.process_variance * elapsed
            self.filtered_ns = view.time_ns
        for price in view.prints:
            self.observe(price / self.n_ticks, "trade")
        if view.signal is not None and view.look != self.look:
            self.look = view.look
            self.observe(view.signal, "signal")
        if self.name == "kalman":
            self.belief = self.clip(float(expit(self.level)))
        else:
            self.belief = self.level if self.observed else self.belief

    def read(self, view: View) -> None:
        """Take the oracle, or the book, as it is shown."""
        bid, ask = view.best
        if self.name == "oracle":
            self.is_shown = view.report_nano is not None
            if view.report_nano is not None:
                self.belief = view.report_nano / NANO
            return
        self.is_shown = bid is not None and ask is not None
        if bid is None or ask is None:
            return
        (bid_ticks, bid_lots), (ask_ticks, ask_lots) = bid, ask
        prices = np.array([bid_ticks, ask_ticks]) / self.n_ticks
        if self.name == "microprice":
            self.belief = float(np.average(prices, weights=[ask_lots, bid_lots]))
        else:
            imbalance = (bid_lots - ask_lots) / (bid_lots + ask_lots)
            moved = prices.mean() + self.lab.filter.slope * imbalance
            self.belief = float(np.clip(moved, 0, 1))

    def observe(self, price: float, source: str) -> None:
        """One observation."""
        rule = self.lab.filter
        self.observed.append(price)
        if self.name == "ewma" and rule.convention == "recursive":
            first = len(self.observed) == 1
            self.level = price if first else self.level + rule.gain * (price - self.level)
        elif self.name == "ewma":
            weights = (1 - rule.gain) ** np.arange(len(self.observed))[::-1]
            self.level = float(weights @ self.observed / weights.sum())
        else:
            predicted = self.clip(float(expit(self.level)))
            sd = rule.trade_sd if source == "trade" else rule.signal_sd
            noise = (sd / (predicted * (1 - predicted))) ** 2
            precision = 1 / noise + (1 / self.variance if self.variance else math.inf)
            gain = 0.0 if precision == math.inf else 1 / precision / noise
            self.level += gain * (float(logit(self.clip(price))) - self.level)
            self.variance = 0.0 if precision == math.inf else 1 / precision

    def learn_price(self, price_ticks: int) -> None:
        """Hear a price that a dealer is told."""
        if self.name in ("tape", "tape_only"):
            super().learn_price(price_ticks)
        elif self.name in ("ewma", "kalman"):
            self.observe(price_ticks / self.n_ticks, "trade")

    def note(self, now_ns: int) -> None:
        """Count how long quotes stood, and learn the volatility."""
        elapsed = (now_ns - self.noted_ns) / NANO
        if elapsed <= 0:
            return
        for at in self.standing.values():
            if at is not None:
                self.exposure[at] += elapsed
        level = float(logit(self.clip(self.belief)))
        square = (level - self.noted_level) ** 2 / elapsed
        decay = getattr(self.lab.quoting, "volatility_decay", 0.0)
        if self.sigma_squared is None:
            self.sigma_squared = square
        else:
            self.sigma_squared += decay * (square - self.sigma_squared)
        self.noted_ns, self.noted_level = now_ns, level

    def class_of(self, distance: float) -> int:
        """The class of a distance."""
        width = getattr(self.lab.quoting, "distance_class", 1.0)
        return min(max(int(distance / width), 0), CLASSES - 1)

    def learn_fill(self, sign: int, quoted: float, filled_ns: int, now_ns: int) -> None:
        """Learn as the ordinary maker, and count for the fit."""
        super().learn_fill(sign, quoted, filled_ns, now_ns)
        rule, at = self.lab.quoting, self.standing["buy" if sign > 0 else "sell"]
        if getattr(rule, "fills", "given") == "given" or at is None:
            return
        self.hits[at] += 1
        exposed = [each > 0 for each in self.exposure]
        if sum(self.hits) < rule.least_fills or sum(exposed) < 2:
            return
        d = (np.arange(CLASSES) + 0.5) * rule.distance_class
        n, t = np.array(self.hits), np.array(self.exposure)

        def score(k: float) -> float:
            weights = t * np.exp(-k * (d - d[0]))
            return float(weights @ d / weights.sum() - n @ d / n.sum())

        low, high = rule.fill_decay / 10, rule.fill_decay * 10
        decay = low if score(low) <= 0 else high
        if score(low) > 0 > score(high):
            decay = brentq(score, low, high, xtol=1e-15, rtol=1e-15)
        weight = float(t @ np.exp(-decay * d))
        if weight > 0:
            self.decay, self.rate = decay, float(n.sum() / weight)

    def wanted(self, now_ns: int) -> tuple[float, float, str]:
        """Reservation price, half-spread, and the side that is not quoted."""
        rule, s, q = self.lab.quoting, self.belief, self.position
        least = self.lab.min_half_spread
        most = math.inf if self.lab.max_half_spread is None else self.lab.max_half_spread
        if rule.name == "linear":
            half = (
                rule.half_spread + rule.inventory_slope * abs(q)
                + rule.volatility_weight * self.volatility
                + rule.adverse_selection_weight * max(self.adverse, 0.0)
            )  # fmt: skip
            return s - rule.skew * q, min(max(half, least), most), ""
        if rule.name == "fixed":
            return s, min(max(rule.half_spread, least), most), ""
        left = max(getattr(rule, "closing_s", 0) - now_ns / NANO, 0.0)
        if rule.name == "cartea_jaimungal":
            middle, half, missing = self.by_penalty(rule, s, q, left)
            return middle, min(max(half, least), most), missing
        g, k, sigma = rule.risk_aversion, self.decay, rule.volatility_per_root_s
        if rule.volatility == "estimated" and self.sigma_squared is not None:
            sigma = math.sqrt(self.sigma_squared) * s * (1 - s)
        if rule.name == "avellaneda_stoikov":
            half = g * sigma**2 * left / 2 + (math.log1p(g / k) / g if g else 1 / k)
            return s - q * g * sigma**2 * left, min(max(half, least), most), ""
        size = self.policy.quote_lots
        c1 = math.log1p(g * size / k) / (g * size) if g else 1 / k
        c2 = 0.0
        if g:
            power = (1 + g * size / k) ** (k / (g * size) + 1)
            c2 = math.sqrt(g / (2 * self.rate * size * k) * power)
        half = c1 + size * sigma * c2 / 2
        return s - q * sigma * c2, min(max(half, least), most), ""

    def by_penalty(self, rule, s: float, q: int, left: float) -> tuple[float, float, str]:
        """Cartea and Jaimungal, with inventory in whole quotes."""
        top = rule.levels
        held = min(max(int(np.rint(q / self.policy.quote_lots)), -top), top)
        times, rows = values(
            rule.fill_rate_per_s, rule.fill_decay, rule.running_penalty, rule.final_penalty, top,
            rule.closing_s,
        )  # fmt: skip
        h = [np.interp(left, times, [row[i] for row in rows]) for i in range(2 * top + 1)]
        here, least = h[held + top], 1 / rule.fill_decay
        bid = None if held == top else least - h[held + top + 1] + here
        ask = None if held == -top else least - h[held + top - 1] + here
        if bid is None:
            return s, ask, "buy"
        if ask is None:
            return s, bid, "sell"
        return s + (ask - bid) / 2, (ask + bid) / 2, ""
