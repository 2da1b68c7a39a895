"""V4 and V14: who is first at a stale quote, and the spread at which quoting pays as sniping does.

Source
    Budish, Cramton & Shim (2015) QJE 130:1547, section VI.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import expit, logit, ndtr

from proteus.basics.units import NANO
from proteus.errors import ConfigError
from proteus.market.agents.traders import CLASS_SNIPER
from proteus.market.trading.world import World
from proteus.validation.comparison import (
    Array,
    Comparison,
    between,
    mean_of,
    one_of,
    positive,
    ratio_of,
    sampled,
    share_error,
    whole,
)
from proteus.validation.running import (
    FROZEN_MAKER,
    NEWS_ONLY,
    ROOT,
    compose,
    jumps,
    market,
    ns,
    once,
    poisson,
    simulate,
    trader,
    unit_quotes,
)

_START_S = 1e-6  # when a maker posts its first quotes
_QUIET = 40  # mean latencies after which a race is over
_TICK = 0.0001
_LEAST_JUMP, _MOST_JUMP = 0.005, 0.2
_JUMPS_PER_LANE = 0.2
_LOOKS = 200  # of the maker, for each order or jump


def latency_race(
    snipers: int = 2, mean_latency_ms: float = 1, *, lanes: int = 8_000, root: int = ROOT
) -> Comparison:
    """Compare how often a maker cancels before N snipers arrive with 1 / (N + 1).

    All learn of a jump at once; their messages take exponential times of equal mean. Lanes with
    exactly one jump, away from both ends, count.

    Parameters
        snipers: N, 1 .. 50. mean_latency_ms: of every trader. lanes, root: as in ``identities``.

    Returns
        Comparison of one number: the share of races that the maker wins.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    count = whole("snipers", snipers, 1, 50)
    mean_ms = between("mean_latency_ms", mean_latency_ms, 1e-3, 1e6, ends=True)
    lanes, root = sampled(lanes, root)
    quiet_ns = ns(_QUIET * mean_ms / 1000)
    horizon_ns = 10 * quiet_ns
    latency = {"law": "shifted_exponential", "spread_ms": round(mean_ms, 6)}
    cell = compose([
        *market("clob", horizon_ns), *jumps(1e9 / horizon_ns, accuracy=0.7),
        *trader("quoting", "maker", schedule={**once(_START_S), "on_news": True}, signal={},
                policy={**FROZEN_MAKER, "half_spread": 0.01, "quote_lots": 1}, latency=latency),
        *trader("racing", "sniper", count=count, schedule=NEWS_ONLY, signal={},
                policy={"theta": 0, "latency_risk": 0, "lots": 1}, latency=latency),
    ])  # fmt: skip

    def read(world: World) -> Array:
        first = world.news.jump_ns[:, 0]
        counts = (world.news.n_jumps == 1) & (first > quiet_ns) & (first < horizon_ns - quiet_ns)
        return np.stack([counts, world.sums.execution.sniper_hits == 0], axis=1)

    counts, escaped = simulate(cell, lanes, root, read).astype(bool).T
    expected = 1 / (count + 1)
    error = share_error(expected, int(counts.sum()))
    share = escaped[counts].mean()
    return Comparison(["share of races the maker wins"], expected, share, error, lanes=lanes)


class _Jumps(NamedTuple):
    """The law of J, the move of v at a jump from p = 1/2."""

    law: str  # fixed or normal
    size: float  # |J|, or 1/4 of the standard deviation of the log-odds: that of J, but for size^3

    def words(self, rate_per_s: float) -> list[str]:
        """Return the words of the news that jumps so."""
        if self.law == "fixed":
            return jumps(rate_per_s, accuracy=0.5 + self.size)
        return [
            "latent=log_odds", "latent.sigma=null", "latent.total_variance=0",
            "latent.mean_reversion_per_s=0", f"latent.jump_rate_per_s={rate_per_s!r}",
            f"latent.jumps=[{{weight: 1, mean: 0, sd: {4 * self.size!r}}}]",
        ]  # fmt: skip

    def exceeds(self, half_spread: float) -> float:
        """Return P(|J| > h)."""
        if self.law == "fixed":
            return float(self.size > half_spread)
        return 2 * float(ndtr(-self._least(half_spread)))

    def _least(self, half_spread: float) -> float:
        """Return the size of a jump to 1/2 + h, in standard deviations of the log-odds."""
        return float(logit(0.5 + half_spread)) / (4 * self.size)

    def beyond(self, half_spread: float) -> float:
        """Return E (|J| - h)^+, currency."""
        if self.law == "fixed":
            return max(self.size - half_spread, 0.0)
        least = self._least(half_spread)

        def gain(z: float) -> float:
            density = math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
            return 2 * density * (float(expit(4 * self.size * z)) - 0.5 - half_spread)

        return float(quad(gain, least, least + 12, epsabs=1e-12)[0])


def sniping_equilibrium(
    investor_rate: float = 9, jump_rate: float = 1, jump: float = 0.05, firms: int = 4,
    law: str = "fixed", *, lanes: int = 8_000, root: int = ROOT,
) -> Comparison:  # fmt: skip
    """Compare the continuous market of equal firms with its zero-profit condition.

    One of N firms quotes one lot at the half-spread h that solves L_inv h = L_jump E(|J| - h)^+,
    the others snipe; messages of a jump arrive at once and are served in random order. Then
    quoting and sniping pay the same, a quote staler than h is hit with probability (N - 1) / N,
    and snipers take L_jump (N - 1) / N E(|J| - h)^+ per second.

    Parameters
        investor_rate, jump_rate: L_inv and L_jump, per second. firms: N, 2 .. 20.
        law: fixed, or normal: then the log-odds jump by a normal of four times ``jump``.
        jump: |J|, or the standard deviation of J to third order, 0.005 .. 0.2 currency.
        lanes, root: as in ``identities``.

    Returns
        Comparison of three numbers: what the quoting firm earns above one that snipes (currency
        per s), the share of jumps sniped, and what all snipers take (currency per s).

    Raises
        ConfigError: a parameter that is not allowed.
    """
    investors, news = positive("investor_rate", investor_rate), positive("jump_rate", jump_rate)
    between("jump_rate", news, 1e-3, 1e3, ends=True)
    between("jump", jump, _LEAST_JUMP, _MOST_JUMP, ends=True)
    moves_of = _Jumps(one_of("law", law, ("fixed", "normal")), float(jump))
    count, (lanes, root) = whole("firms", firms, 2, 20), sampled(lanes, root)

    def profit(h: float) -> float:
        return investors * h - news * moves_of.beyond(h)

    half_spread = round(float(brentq(profit, 0.0, 0.49)) / _TICK) * _TICK
    if half_spread < 5 * _TICK:
        allowed = f"with jump_rate={jump_rate} and jump={jump} it leaves no half-spread of 5 ticks"
        raise ConfigError(f"investor_rate={investor_rate} is not allowed: {allowed}")
    cell = compose(_continuous_market(investors, moves_of.words(news), news, count, half_spread))
    seconds = cell.horizon_ns / 1e9
    moves, hits, maker, snipers = simulate(cell, lanes, root, _profits).T
    difference = mean_of((maker - snipers / (count - 1)) / seconds)
    share, pot = ratio_of(hits, moves), mean_of(snipers / seconds)
    losing = (count - 1) / count
    sniped = losing * moves_of.exceeds(half_spread)
    sniping = news * losing * moves_of.beyond(half_spread)
    bent = _JUMPS_PER_LANE * 4 * float(jump) ** 2 * sniping  # later jumps start away from p = 1/2
    off_tick = _TICK * (investors + news) * _JUMPS_PER_LANE
    # Share of time that a side is empty: before the first look, and after it was sniped.
    unquoted = (0.5 / _JUMPS_PER_LANE + 1) / _LOOKS * news / (investors + news)
    return Comparison(
        ["maker - sniper profit per s", "share of jumps sniped", "sniping per s"],
        [profit(half_spread), sniped, sniping],
        [difference.value, share.value, pot.value],
        [difference.error, share_error(sniped, int(moves.sum())), pot.error],
        lanes=lanes,
        tolerance=[bent + off_tick + unquoted * investors * half_spread, unquoted,
                   bent + unquoted * sniping],
    )  # fmt: skip


def _continuous_market(
    investors: float, news_words: list[str], news: float, firms: int, half_spread: float
) -> list[str]:
    taking = {"marketable_probability": 1, "size_mean_lots": 1, "max_lots": 1}
    looking = {"law": "periodic", "rate_per_s": _LOOKS * (investors + news)}
    return [
        *market("clob", ns(_JUMPS_PER_LANE / news), tick=_TICK), *news_words,
        "execution.protection_ticks=5000",
        *trader("quoting", "avellaneda_stoikov", signal={}, policy=unit_quotes(half_spread),
                schedule={**looking, "on_news": True, "on_fill": True}),
        *trader("racing", "sniper", count=firms - 1, schedule=NEWS_ONLY, signal={},
                policy={"theta": 0, "latency_risk": 0, "lots": 1}),
        *trader("investing", "noise", schedule=poisson(investors), policy=taking),
    ]  # fmt: skip


def _profits(world: World) -> Array:
    """Return jumps, sniper hits and the profits at the trade of maker and snipers, [L, 4]."""
    sums = world.sums
    maker = sums.markouts.captured + sums.markouts.adverse[:, 0]
    snipers = -sums.execution.error[:, CLASS_SNIPER]
    hits = sums.execution.sniper_hits
    return np.stack([world.news.n_jumps, hits, maker / NANO, snipers / NANO], axis=1)
