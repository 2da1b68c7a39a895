"""V25 to V28: loans in a market in which nobody trades: who fails, what is lost, what is charged.

One trader buys lots at 0.5 from an order that rests there, as time begins, and borrows against them
what its loan to value allows. From then on nobody trades, so that the oracle, which reads v, is all
that moves.

Source
    Harrison (1985) Brownian Motion and Stochastic Flow Systems, 1.8, for the time to a bound;
    Broadie, Glasserman & Kou (1997) Mathematical Finance 7:325, for one that is watched at times.
    The curve is that of Aave v3 (docs/credit.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr
from scipy.stats import poisson as poisson_law

from proteus.basics.units import NANO
from proteus.market.cell import CellConfig
from proteus.market.lending.credit import Credit
from proteus.market.rules.state import Rules
from proteus.market.trading.world import World
from proteus.validation.comparison import (
    Array,
    Comparison,
    between,
    mean_of,
    sampled,
    share_error,
    whole,
)
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

_LOTS, _PRICE, _TICKS = 1000, 0.5, 500
_THRESHOLD, _BONUS, _LEAST = 0.65, 0.08, 0.02
_BARRIER = 0.5826  # -zeta(1/2) / sqrt(2 pi)
_WATCHED = 0.004  # of a chance: what is left of the correction for times at which one looks
_BASE, _SLOPE_1, _SLOPE_2, _KINK = 0.01, 0.04, 0.6, 0.8
_LENT = 10_000  # currency that lenders have where it does not matter


def _loan(ltv: float, lent: float, more: Sequence[str]) -> list[str]:
    """Return the words of the loan: who sells, who buys and borrows, who lends, who liquidates."""
    at, rests = "population.borrower", {"low_ticks": _TICKS, "high_ticks": _TICKS, "lots": _LOTS}
    buys = {**rests, "side": "buy", "limit": "uniform", "lifetime_ms": 0}
    return [
        *trader("seller", "flow", schedule=once(1e-6),
                policy={**rests, "side": "sell", "limit": "uniform", "lifetime_ms": None}),
        *trader("lender", "lender", schedule=once(1e-6), policy={"deposit": lent}),
        f"population.lender.capital={lent!r}",
        *trader("borrower", "flow", schedule={**once(2e-6), "on_fill": True}, policy=buys),
        f"{at}.capital={_LOTS * _PRICE!r}", f"{at}.target_leverage=100",
        f"risk@{at}.risk=[capital]",
        *trader("desk", "treasury", schedule=once(3e-6), policy={}),
        "credit=pool", "credit.keeper=auto", f"credit.ltv={ltv!r}",
        f"credit.threshold={_THRESHOLD}", f"credit.bonus={_BONUS}",
        f"credit.bonus_least={_LEAST}", "credit.reserve_factor=0", *more,
    ]  # fmt: skip


def _on_value(steps: int, horizon_s: float) -> list[str]:
    """Return the words of an oracle of v that is read, and of loans that are looked at, in steps.

    Its report of time 0 is what the loan is given by.
    """
    step_ms = 1000 * horizon_s / steps
    return [
        "environment=oracle_value", "environment.oracle.noise_sd=0",
        f"environment.oracle.check_ms={step_ms!r}", "environment.oracle.deviation=1e-9",
        "environment.oracle.heartbeat_s=null", "environment.oracle.lag_ms=0",
        "credit.price=oracle", f"credit.accrue_ms={step_ms!r}", "credit.curve=fixed",
        "credit.base=0",
    ]  # fmt: skip


def _credit(world: World) -> Credit:
    assert isinstance(world.rules, Rules)
    return world.rules.credit


# --- V25 ------------------------------------------------------------------------------------------


def hits(level: float, variance: float = 1.0, later: float = 0.0) -> float:
    """Return the chance that p, from 0.5, ever falls to a level while its log-odds vary so much.

    Given the payoff the log-odds are Brownian with drift +-1/2 a unit of variance.

    Parameters
        later: log-odds by which the level lies further away.
    """
    away, sd = math.log((1 - level) / level) + later, math.sqrt(variance)
    chances = []
    for drift in (0.5, -0.5):
        mean = drift * variance
        over = math.exp(-2 * drift * away) * ndtr((mean - away) / sd)
        chances.append(float(ndtr((-away - mean) / sd) + over))
    return sum(chances) / 2


def loan_liquidation(
    level: float = 0.4, steps: int = 500, *, lanes: int = 2_000, root: int = ROOT
) -> Comparison:
    """Compare how often an account is liquidated with how often the fair value falls to a level.

    News of total variance 1 without jumps; the debt is such that health is 1 at the level.

    Parameters
        level: 0.25 .. 0.47. steps: times at which accounts are looked at, 100 .. 5,000.
        lanes, root: as in ``identities``.

    Returns
        Comparison of one number: the share of lanes with a liquidation. The level counts as 0.5826
        standard deviations of a step further away.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    failing = between("level", level, 0.25, 0.47, ends=True)
    count, (lanes, root) = whole("steps", steps, 100, 5_000), sampled(lanes, root)
    horizon_s = count / 1000
    words = [
        *market("clob", ns(horizon_s)), *_loan(failing / _PRICE * _THRESHOLD, _LENT, []),
        *_on_value(count, horizon_s), "latent.total_variance=1", "latent.dt=1",
    ]  # fmt: skip
    found = simulate(compose(words), lanes, root, _was_liquidated)
    step = 1 / count
    expected = hits(failing, 1 - step, _BARRIER * math.sqrt(step))
    return Comparison(
        [f"share liquidated at {failing:g}"], [expected], [found.mean()],
        [share_error(expected, lanes)], lanes=lanes, tolerance=_WATCHED,
    )  # fmt: skip


def _was_liquidated(world: World) -> Array:
    return (_credit(world).liquidations.count > 0).astype(np.float64)


# --- V26 ------------------------------------------------------------------------------------------


def falls(accuracy: float, mean: float, most: int = 60) -> float:
    """Return the chance that a walk of jumps ever is one below its start.

    Parameters
        accuracy: q, chance that a jump points to the payoff, which is either with chance 1/2.
        mean: of the Poisson number of jumps. most: of them that count.
    """
    chance = 0.0
    for down in (accuracy, 1 - accuracy):
        walk = np.zeros(2 * most + 3)  # of those that have not been below; index most + 1 is 0
        walk[most + 1], hit, by_count = 1.0, 0.0, [0.0]
        for _ in range(most):
            moved = np.zeros_like(walk)
            moved[:-1] += down * walk[1:]
            moved[1:] += (1 - down) * walk[:-1]
            hit += moved[most]
            moved[most] = 0.0
            walk = moved
            by_count.append(hit)
        chance += 0.5 * float(poisson_law.pmf(np.arange(most + 1), mean) @ by_count)
    return chance


def jump_loss(
    accuracy: float = 0.8, jumps_expected: float = 2.0, *, lanes: int = 4_000, root: int = ROOT
) -> Comparison:
    """Compare what lenders lose where a jump is larger than the buffer with its expectation.

    The news moves by jumps alone, from 0.5 to 1 - q at the first downwards. There a lot is worth
    less than the 0.25 that it owes, and brings what it is worth less the bonus; what is missing is
    lost, and all of it is told to be a jump's.

    Parameters
        accuracy: q, 0.76 .. 0.95. jumps_expected: their mean number, 0.1 .. 10. lanes, root: as in
            ``identities``.

    Returns
        Comparison of two numbers, currency: bad debt of a lane after a jump, and without one.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    q = between("accuracy", accuracy, 0.76, 0.95, ends=True)
    mean = between("jumps_expected", jumps_expected, 0.1, 10, ends=True)
    lanes, root = sampled(lanes, root)
    horizon_s, steps = 1.0, 1_000
    words = [
        *market("clob", ns(horizon_s)), *_loan(_PRICE, _LENT, []), *_on_value(steps, horizon_s),
        *jumps(mean / horizon_s, q),
    ]  # fmt: skip
    found = simulate(compose(words), lanes, root, _bad_debts) / NANO
    worth = 1 - q
    bonus = min(max(_BONUS * worth, _LEAST), worth * (1 / _THRESHOLD - 1))
    loss = _LOTS * (_PRICE * _PRICE - (worth - bonus))
    by_jump = mean_of(found[:, 0])
    return Comparison(
        ["bad debt after a jump", "bad debt without"], [loss * falls(q, mean), 0.0],
        [by_jump.value, np.abs(found[:, 1]).max()], [by_jump.error, 0.0], lanes=lanes,
        tolerance=[loss * mean**2 / steps, 1e-9],
    )  # fmt: skip


def _bad_debts(world: World) -> Array:
    """Return the bad debt after a jump beyond the buffer and the rest, nano: [L, 2]."""
    credit = _credit(world)
    by_jump = credit.liquidations.by_jump
    return np.stack([by_jump, credit.pool.bad_debt - by_jump], axis=1).astype(np.float64)


# --- V27 and V28 ----------------------------------------------------------------------------------


def curve(used: float) -> float:
    """Return the rate a year of the kinked curve at a utilisation."""
    if used <= _KINK:
        return _BASE + _SLOPE_1 * used / _KINK
    return _BASE + _SLOPE_1 + _SLOPE_2 * (used - _KINK) / (1 - _KINK)


def _pool(horizon_s: float, used: float, year_s: float, more: Sequence[str]) -> CellConfig:
    """Return a market with a loan of 250 out of what makes it such a part of the pool."""
    lent = round(_LOTS * _PRICE * _PRICE / used, 9)
    return compose([
        *market("clob", ns(horizon_s)), *_loan(_PRICE, lent, [
            "credit.curve=kinked", f"credit.base={_BASE}", f"credit.slope_1={_SLOPE_1}",
            f"credit.slope_2={_SLOPE_2}", f"credit.kink={_KINK}", "credit.accrue_ms=1",
            f"credit.year_s={year_s!r}",
        ]), *more,
    ])  # fmt: skip


def two_rates(
    rate_per_s: float = 2.0, used: float = 0.9, *, lanes: int = 2_000, root: int = ROOT
) -> Comparison:
    """Compare the interest of a loan whose pool is joined by a second lender at a random time.

    The second lender doubles the pool after a time that is exponential, so that the utilisation has
    two states, and the rate r_1 until then and r_2 afterwards; of a loan D over T it is D (r_2 T +
    (r_1 - r_2) (1 - e^(-l T)) / l) on average.

    Parameters
        rate_per_s: l, 0.1 .. 20. used: the first utilisation, 0.5 .. 0.99. lanes, root: as in
            ``identities``.

    Returns
        Comparison of one number: interest, currency.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    arrival = between("rate_per_s", rate_per_s, 0.1, 20, ends=True)
    first = between("used", used, 0.5, 0.99, ends=True)
    lanes, root = sampled(lanes, root)
    horizon_s, year_s = 1.0, 100.0
    debt = _LOTS * _PRICE * _PRICE
    lent = round(debt / first, 9)
    second = [
        *trader("second", "lender", schedule=poisson(arrival), policy={"deposit": lent}),
        f"population.second.capital={lent!r}",
    ]  # fmt: skip
    cell = _pool(horizon_s, first, year_s, second)
    found = mean_of(simulate(cell, lanes, root, _interest) / NANO)
    early, late = curve(first) / year_s, curve(first / 2) / year_s
    waits = (1 - math.exp(-arrival * horizon_s)) / arrival
    expected = debt * (late * horizon_s + (early - late) * waits)
    # Interest earns interest, raises the utilisation, and a step has the rate of its start: the
    # first that of an empty pool, and that in which the second lender comes the one before.
    step = debt * early / 1000
    grows = expected * early * horizon_s * (1 + _SLOPE_2 / (1 - _KINK) / curve(first))
    return Comparison(
        ["interest of a loan"], [expected], [found.value], [found.error], lanes=lanes,
        tolerance=step + grows,
    )  # fmt: skip


def _interest(world: World) -> Array:
    return _credit(world).pool.interest.astype(np.float64)


def pool_rate(used: float = 0.5, *, lanes: int = 2, root: int = ROOT) -> Comparison:
    """Compare the rate of a pool in which nothing happens with its curve.

    The first step has the rate of the empty pool in which it began, all others that of the curve.

    Parameters
        used: utilisation, 0.05 .. 1. lanes, root: as in ``identities``.

    Returns
        Comparison of two numbers, exact but for the interest of 0.2 s in a year of a million
        seconds: mean utilisation, and mean rate a year over 200 steps.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    part = between("used", used, 0.05, 1, ends=True)
    lanes, root = sampled(lanes, root)
    horizon_s, year_s = 0.2, 1e6
    found = simulate(_pool(horizon_s, part, year_s, []), lanes, root, _means)
    rate = curve(part) + (_BASE - curve(part)) / (1000 * horizon_s)
    return Comparison(
        ["utilisation", "rate a year"], [part, rate], found.mean(axis=0), 0.0, lanes=lanes,
        tolerance=1e-6,
    )  # fmt: skip


def _means(world: World) -> Array:
    """Return the mean utilisation and the mean rate of all steps: [L, 2]."""
    credit = _credit(world)
    areas = np.stack([credit.used_area, credit.rate_area], axis=1)
    return np.asarray(areas / credit.steps[:, None] / NANO)
