"""V23 and V24: what capital is for: demand that is lost while it is locked, and ruin without it.

Source
    Erlang (1917) The Post Office Electrical Engineers' Journal 10:189, for the share of Poisson
    demand that finds c servers busy; Sevastyanov (1957) Theory of Probability and its Applications
    2:104: it depends on the mean of the time that a server is busy alone. Siegmund (1985)
    Sequential Analysis, chapter 10, for the 0.5826 standard deviations by which a walk in steps
    passes a bound later than Brownian motion; Harrison (1985) Brownian Motion and Stochastic Flow
    Systems, 1.8, for the time to a bound.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr

from proteus.market.agents.traders import CLASS_NOISE
from proteus.market.cell import CellConfig
from proteus.market.ledger.accounts import CASH
from proteus.market.trading.world import World
from proteus.validation.comparison import (
    Array,
    Comparison,
    between,
    positive,
    ratio_of,
    sampled,
    share_error,
    whole,
)
from proteus.validation.running import (
    FROZEN_MAKER,
    ROOT,
    compose,
    market,
    ns,
    once,
    poisson,
    simulate,
    trader,
)

_HALF_SPREAD = 0.1  # it sells at 0.6, so that a lot locks 0.4
_START_S = 1e-6
_DELAYS = 40  # in a lane, of which less than one goes by before as much is lost as ever after
_AT_ONCE = "{law: constant, base_ms: 0, spread_ms: 0, shape: 0}"


def erlang_b(servers: int, offered: float) -> float:
    """Return the share of Poisson demand that finds all servers busy (Erlang B).

    Parameters
        servers: c. offered: rate of demand times the mean time that one is busy.
    """
    lost = 1.0
    for number in range(1, servers + 1):
        lost = offered * lost / (number + offered * lost)
    return lost


def locked_capital(
    lots: int = 10, offered: float = 10, delay_ms: float = 200, *, lanes: int = 200,
    root: int = ROOT,
) -> Comparison:  # fmt: skip
    """Compare the share of demand that a dealer with capital for c lots leaves, with Erlang B.

    Requests to buy one lot come at Poisson times; the dealer quotes while it can pay. A lot that it
    has sold locks 1 - price for the delay D. Then it is taken back at its price: the buyers have no
    cash, so their fills fail at D, and are closed out without another try.

    Parameters
        lots: c, 1 .. 50. offered: rate times D. delay_ms: D, 1 .. 1000 ms. lanes, root: as in
            ``identities``.

    Returns
        Comparison of one number: the share of requests that do not trade.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    c, (lanes, root) = whole("lots", lots, 1, 50), sampled(lanes, root)
    delay = between("delay_ms", delay_ms, 1, 1000, ends=True)
    load = between("offered", positive("offered", offered), 0, 100)
    lost, asked = simulate(_market(c, load, delay), lanes, root, _left).T
    share, expected = ratio_of(lost, asked), erlang_b(c, load)
    return Comparison(
        ["share of demand lost"], [expected], [share.value], [share.error], lanes=lanes,
        tolerance=expected / _DELAYS,
    )  # fmt: skip


def _market(lots: int, offered: float, delay_ms: float) -> CellConfig:
    buys = {"side": "buy", "low_ticks": 90, "high_ticks": 90, "lots": 1, "lifetime_ms": 0}
    dealing, asking = "population.dealing", "population.asking"
    return compose([
        *market("rfq", ns(_DELAYS * delay_ms / 1000), tick=0.01), "mechanism.dealers=1",
        "mechanism.request_ttl_ms=1", "mechanism.quote_ttl_ms=1", "mechanism.decision_ms=0",
        f"mechanism.response={_AT_ONCE}", "execution.protection_ticks=50",
        *trader("dealing", "maker", schedule=once(_START_S),
                policy={**FROZEN_MAKER, "half_spread": _HALF_SPREAD, "quote_lots": 1000}),
        f"{dealing}.capital={round(lots * (0.5 - _HALF_SPREAD), 9)!r}",
        f"risk@{dealing}.risk=[capital]",
        *trader("asking", "flow", schedule=poisson(1000 * offered / delay_ms), policy=buys),
        f"{asking}.capital=1e-9",
        "settlement=t_plus", f"settlement.delay_ms={delay_ms!r}", "settlement.retries=0",
        "settlement.fail_penalty_ppm=0",
    ])  # fmt: skip


def _left(world: World) -> Array:
    """Return requests that did not trade, and all of them: [L, 2]."""
    sent = world.sums.execution.sent[:, CLASS_NOISE]
    return np.stack([sent - world.progress.fills, sent], axis=1).astype(np.float64)


_CAPITALS = (10, 20, 60)  # currency: that which binds often, that of the baseline, one that rarely
_MANY = 400  # days, after which hardly anybody is ruined who was not before
_WALKS = 20_000
_FAT_TAILS = 0.03  # days are not normal: an excess kurtosis of 2 moves shares by about 0.02
_LATE = 0.5826  # standard deviations of a day, by which a bound is passed later
_NANO = 1e-9


def ruined(capital: float, mean: float, sd: float, days: float = math.inf) -> float:
    """Return the chance that daily gains ever cost a capital within so many days.

    Parameters
        mean, sd: of a day, currency; a mean above 0 where days are infinite.
    """
    bound = capital + _LATE * sd
    ever = math.exp(-2 * mean * bound / sd**2)
    if math.isinf(days):
        return ever
    drift, spread = days * mean, sd * math.sqrt(days)
    return float(ndtr((-bound - drift) / spread) + ever * ndtr((-bound + drift) / spread))


def ruin(days: int = 20, *, lanes: int = 8_000, root: int = ROOT) -> Comparison:
    """Compare how often a maker that nobody limits loses 10, 20 or 60 with the law of ruin.

    A lane of the baseline on clob is a day of its first maker. Within n days: lanes one after the
    other. Over many days: 400 that are drawn from the lanes. Mean and sd are those of the lanes.

    Parameters
        days: n, 2 .. 100. lanes, root: as in ``identities``, at least 10 n lanes.

    Returns
        Comparison of six numbers: for each capital, the share of makers ruined within n days, and
        of those ruined within 400 days against those who ever are.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    n, (lanes, root) = whole("days", days, 2, 100), sampled(lanes, root)
    lanes = whole("lanes", lanes, 10 * n, 10_000_000)
    gains = simulate(compose(["mechanism=clob"]), lanes, root, _gain_of_first_maker)
    mean, sd = float(gains.mean()), float(gains.std())
    walks = gains[: lanes // n * n].reshape(-1, n)
    drawn = np.random.default_rng(root).choice(gains, (_WALKS, _MANY))
    names, expected, found, errors = [], [], [], []
    for capital in _CAPITALS:
        for within, steps in ((n, walks), (math.inf, drawn)):
            names.append(f"ruined at {capital}" + ("" if math.isinf(within) else f", {n} days"))
            expected.append(ruined(capital, mean, sd, within))
            found.append(float((steps.cumsum(axis=1).min(axis=1) <= -capital).mean()))
            errors.append(share_error(expected[-1], len(steps)))
    return Comparison(names, expected, found, errors, lanes=lanes, tolerance=_FAT_TAILS)


def _gain_of_first_maker(world: World) -> Array:
    """Return what the first maker of each lane has won after the payoff, currency: [L]."""
    return np.asarray(world.ledger.balance[:, 0, CASH] * _NANO)
