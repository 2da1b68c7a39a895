"""V1: one maker, orders of which a share mu knows the value, and Bayes' rule.

Source
    Glosten & Milgrom (1985) Journal of Financial Economics 14:71, with a binary value.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import expit, logit
from scipy.stats import binom

from proteus.basics.units import NANO
from proteus.errors import ConfigError
from proteus.market.book.codes import SELL
from proteus.market.cell import CellConfig
from proteus.market.trading.world import World
from proteus.recording.columns import BOOK, FILL, NEWS, ORDER, REPLACE
from proteus.validation.comparison import (
    Array,
    Comparison,
    between,
    mean_of,
    sampled,
    share_error,
    whole,
)
from proteus.validation.logs import LaneRows, is_row, rows
from proteus.validation.running import (
    ROOT,
    compose,
    jumps,
    market,
    ns,
    once,
    poisson,
    simulate,
    trader,
)

_TICK = 0.0001
_START_S = 1e-6  # when the maker posts its first quotes
_REVELATIONS_PER_S = 5.0  # jumps that show the value to those who are informed; one order a second
_ACCURACY = 1 - 1e-7
_UNQUOTED = 1e-3  # the largest chance that a lane may have of a price outside of 0 .. 1
_NAMES = (
    "first bid", "first ask", "P(first order buys)", "maker profit per trade",
    "log-odds towards the value, per trade", "mean square error of the belief",
)  # fmt: skip


def glosten_milgrom(
    prior: float = 0.5, informed_share: float = 0.3, trades: int = 10,
    *, lanes: int = 4_000, root: int = ROOT,
) -> Comparison:  # fmt: skip
    """Compare quotes, order flow, profit and learning of a Bayesian maker with their closed form.

    An informed order buys if the value is 1 and sells if it is 0, any other has a random side.
    Lanes in which the first order came before anyone was informed are left out.

    Parameters
        prior: p, 0.05 .. 0.95 in whole thousandths. informed_share: mu, 0.01 .. 0.9.
        trades: after which the belief is judged, 1 .. 50. lanes, root: as in ``identities``.

    Returns
        Comparison of six numbers: first bid and first ask (currency), P(the first order buys), the
        maker's profit per trade (currency), what a trade adds to the log-odds of the true value,
        and the mean square error of the belief after ``trades``.

    Raises
        ConfigError: a parameter that is not allowed, or so many trades that quotes reach 0 or 1.
    """
    p = between("prior", prior, 0.05, 0.95, ends=True)
    between("prior", p, round(p, 3) - 1e-9, round(p, 3) + 1e-9)
    mu = between("informed_share", informed_share, 0.01, 0.9, ends=True)
    n, (lanes, root) = whole("trades", trades, 1, 50), sampled(lanes, root)
    x, step = float(logit(p)), math.log1p(mu) - math.log1p(-mu)
    unquoted = _beyond_the_ticks(x, step, mu, n)
    if unquoted > _UNQUOTED:
        allowed = f"with informed_share={informed_share} quotes leave the ticks; it must be smaller"
        raise ConfigError(f"trades={trades} is not allowed: {allowed}")
    cell = sequential_market(p, mu, n)
    found = simulate(cell, lanes, root, lambda world: _read(world, n), recorded=True)
    found = found[np.isfinite(found[:, -1])]
    moved = (logit(found[:, 4]) - x) * np.where(found[:, 5] == 1, 1, -1) / n
    simulated = [
        *map(mean_of, found.T[:4]),
        mean_of(moved),
        mean_of((found[:, 5] - found[:, 4]) ** 2),
    ]
    buys = p * (1 + mu) / 2 + (1 - p) * (1 - mu) / 2
    errors = [0.0, 0.0, share_error(buys, len(found)), *(one.error for one in simulated[3:])]
    expected = [expit(x - step), expit(x + step), buys, 0.0, mu * step, _square_error(p, mu, n)]
    return Comparison(
        _NAMES, expected, [one.value for one in simulated], errors, lanes=lanes,
        tolerance=[_TICK, _TICK, 0, _TICK + unquoted, unquoted * step + _TICK, unquoted],
    )  # fmt: skip


def sequential_market(p: float, mu: float, n: int) -> CellConfig:
    """Compose the market of one Bayesian maker and orders of which a share knows the value.

    Parameters
        p: prior. mu: share informed. n: trades that there is time for, at one a second.
    """
    horizon_s = n + 5 * math.sqrt(n) + 5
    return compose([
        *market("clob", ns(horizon_s), tick=_TICK), *jumps(_REVELATIONS_PER_S, _ACCURACY),
        f"contract.initial_probability={round(p, 3)!r}",
        *trader("quoting", "glosten_milgrom", schedule={**once(_START_S), "on_fill": True},
                policy={"informed_share": mu}),
        *trader("knowing", "informed", schedule=poisson(mu), signal={},
                policy={"theta": 1.5 * _TICK, "latency_risk": 0, "lots_per_edge": 0,
                        "max_lots": 1}),
        *trader("guessing", "flow", schedule=poisson(1 - mu),
                policy={"limit": "exponential", "distance": 1000}),
    ])  # fmt: skip


def _beyond_the_ticks(x: float, step: float, mu: float, n: int) -> float:
    """Bound the chance that a quote leaves 1 .. n_ticks - 1 within n trades, whatever the value."""
    margin = (math.log(1 / (2 * _TICK)) - abs(x)) / step - 1  # net trades one way
    k = np.arange(1, n + 1)
    return float(np.sum(binom.sf(np.ceil((k + margin) / 2) - 1, k, (1 + mu) / 2)))


def _square_error(p: float, mu: float, n: int) -> float:
    """Return E (X - p_n)^2 = E p_n (1 - p_n), over the buys among n trades."""
    k = np.arange(n + 1)
    one = p * binom.pmf(k, n, (1 + mu) / 2)
    zero = (1 - p) * binom.pmf(k, n, (1 - mu) / 2)
    return float((one * zero / (one + zero)).sum())


def _read(world: World, n: int) -> Array:
    """Return first bid and ask, whether the first order bought, profit, belief and X: [L, 6].

    NaN where fewer than n orders traded, or the first did before anyone was informed.
    """
    by_kind = [rows(world, kind) for kind in (NEWS, FILL, ORDER, REPLACE)]
    two_sided = is_row(world, BOOK) & (world.log.low > 0) & (world.log.high > 0)
    found = np.full((len(world.news.payoff), 6), np.nan)
    for lane, (news, fills, orders, replaces) in enumerate(zip(*by_kind, strict=True)):
        if len(fills.time) < n or len(news.time) == 0 or news.time[0] > fills.time[0]:
            continue
        buys, payoff = fills.side[:n] == SELL, int(world.news.payoff[lane])
        gains = np.where(buys, 1, -1) * (fills.price[:n] / world.settings.n_ticks - payoff)
        first = two_sided[lane].argmax()
        quotes = world.log.low[lane, first], world.log.high[lane, first]
        belief = _belief_after(fills.time[n - 1], orders, replaces)
        found[lane] = [
            quotes[0] / world.settings.n_ticks, quotes[1] / world.settings.n_ticks, buys[0],
            gains.mean(), belief, payoff,
        ]  # fmt: skip
    return found


def _belief_after(time: int, *messages: LaneRows) -> float:
    """Return what the maker, trader 0, thinks when it quotes for the first time after a trade."""
    sent = []
    for message in messages:
        own = np.flatnonzero((message.trader == 0) & (message.time > time))
        sent += [(message.time[at], message.value[at]) for at in own[:1]]
    return float(min(sent)[1]) / NANO if sent else math.nan
