"""V12 and V13: what a dealer pays for winning a request, and for keeping a quote firm.

Source
    Order statistics of a normal sample, for the winner's curse. Copeland & Galai (1983) Journal of
    Finance 38:1457, for the quote as an option; Bachelier's formula for its value.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.integrate import quad
from scipy.special import expit, logit, ndtr

from proteus.basics.units import NANO
from proteus.market.agents.traders import CLASS_INFORMED
from proteus.market.trading.world import World
from proteus.validation.comparison import (
    Array,
    Comparison,
    between,
    mean_of,
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

_TICK = 0.0001
_START_S = 1e-6
_REQUESTS_PER_S = 50.0
_STEPS = 10  # of the news while a firm quote lives
_STEP_MS = 10
_AT_ONCE = "{law: constant, base_ms: 0, spread_ms: 0, shape: 0}"


def winners_curse(
    dealers: int = 3, signal_sd: float = 0.02, half_spread: float = 0.02,
    *, lanes: int = 200, root: int = ROOT,
) -> Comparison:  # fmt: skip
    """Compare what the winning dealer earns with h - sd E max of n standard normals.

    Each of n dealers quotes its own noisy signal of the value, h away; the taker picks the best.

    Parameters
        dealers: n, 1 .. 20. signal_sd: standard deviation of a signal, 0.001 .. 0.05 currency.
        half_spread: h, 0 .. 0.2 currency. lanes, root: as in ``identities``.

    Returns
        Comparison of one number: the mean margin of the winning dealer, currency per lot.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    n, (lanes, root) = whole("dealers", dealers, 1, 20), sampled(lanes, root)
    sd = between("signal_sd", signal_sd, 0.001, 0.05, ends=True)
    h = between("half_spread", half_spread, 0, 0.2, ends=True)
    taking = {"marketable_probability": 1, "size_mean_lots": 1, "max_lots": 1}
    cell = compose([
        *_market(1.0, n, request_ms=1, quote_ms=1),
        *trader("dealing", "maker", count=n, schedule=once(_START_S), signal={"noise_sd": sd},
                policy={**FROZEN_MAKER, "half_spread": h, "quote_lots": 1000}),
        *trader("asking", "noise", schedule=poisson(_REQUESTS_PER_S), policy=taking),
    ])  # fmt: skip
    earned, lots = simulate(cell, lanes, root, _earned).T
    margin = ratio_of(earned, lots)
    return Comparison(
        ["margin of the winner"], h - sd * _mean_maximum(n), margin.value, margin.error,
        lanes=lanes, tolerance=_TICK,
    )  # fmt: skip


def _mean_maximum(n: int) -> float:
    """Return the mean of the largest of n standard normals."""

    def integrand(z: float) -> float:
        density = math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
        return n * z * density * float(ndtr(z)) ** (n - 1)

    return float(quad(integrand, -12, 12, epsabs=1e-12)[0])


def _earned(world: World) -> Array:
    """Return what dealers earned against the value at the trade, and their lots: [L, 2]."""
    markouts = world.sums.markouts
    return np.stack([(markouts.captured + markouts.adverse[:, 0]) / NANO, markouts.lots], axis=1)


def firm_quote(
    move_sd: float = 0.01, half_spread: float = 0.005, *, lanes: int = 8_000, root: int = ROOT
) -> Comparison:
    """Compare the worth of a firm quote to who holds it with that of an option.

    A taker asks, waits until the last moment of the quote, and accepts if the value has passed
    its price: E (move - h)^+ = S phi(h / S) - h Phi(-h / S), and it accepts with Phi(-h / S).

    Parameters
        move_sd: S, standard deviation of the move of v in the life of the quote, 0.001 .. 0.03.
        half_spread: h, 0 .. 0.1 currency. lanes, root: as in ``identities``.

    Returns
        Comparison of two numbers: the worth of the option (currency per lot), and the share of
        quotes accepted.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    s = between("move_sd", move_sd, 0.001, 0.03, ends=True)
    h = between("half_spread", half_spread, 0, 0.1, ends=True)
    lanes, root = sampled(lanes, root)
    life_ms = _STEPS * _STEP_MS
    cell = compose([
        *_market((_STEPS + 3) * _STEP_MS / 1000, 1, request_ms=2 * life_ms, quote_ms=life_ms),
        "latent.total_variance=null", f"latent.dt={_STEP_MS}",
        f"latent.sigma={4 * s / math.sqrt(life_ms / 1000)!r}",
        *trader("dealing", "maker", schedule=once(_START_S), signal={},
                policy={**FROZEN_MAKER, "half_spread": h, "quote_lots": 1000}),
        *trader("asking", "informed", schedule=once(1.5 * _STEP_MS / 1000), signal={},
                policy={"theta": 0, "latency_risk": 0, "lots_per_edge": 0, "max_lots": 1}),
    ])  # fmt: skip
    gain, accepted = simulate(cell, lanes, root, _taken).T
    value, share = mean_of(gain), float(ndtr(-h / s))
    density = math.exp(-0.5 * (h / s) ** 2) / math.sqrt(2 * math.pi)
    worth = s * density - h * share
    bent_worth, bent_share = _logistic_option(s, h)
    # The quote is a tick off at most; its life starts a step of the news after v = 1/2.
    bent = (1 + 1 / _STEPS) * np.abs([bent_worth - worth, bent_share - share])
    return Comparison(
        ["worth of the option", "P(accepted)"], [worth, share], [value.value, accepted.mean()],
        [value.error, share_error(max(share, bent_share), lanes)], lanes=lanes,
        tolerance=bent + np.array([share, density / s]) * _TICK,
    )  # fmt: skip


def _logistic_option(s: float, h: float) -> tuple[float, float]:
    """Return worth and P(accepted) where not v but its log-odds move by 4 S normals.

    Given the payoff they drift towards it by half their variance, so that v is a martingale.
    """
    sd, least = 4 * s, float(logit(0.5 + h))
    middles = (0.5 * sd * sd, -0.5 * sd * sd)

    def gain(x: float) -> float:
        density = sum(math.exp(-0.5 * ((x - middle) / sd) ** 2) for middle in middles)
        return (float(expit(x)) - 0.5 - h) * density / (2 * sd * math.sqrt(2 * math.pi))

    worth = quad(gain, least, max(least, 0.0) + 12 * sd, epsabs=1e-14)[0]
    share = sum(float(ndtr((middle - least) / sd)) for middle in middles) / 2
    return float(worth), share


def _market(horizon_s: float, dealers: int, *, request_ms: float, quote_ms: float) -> list[str]:
    return [
        *market("rfq", ns(horizon_s), tick=_TICK), "execution.protection_ticks=5000",
        f"mechanism.dealers={dealers}", f"mechanism.request_ttl_ms={request_ms}",
        f"mechanism.quote_ttl_ms={quote_ms}", "mechanism.decision_ms=0",
        f"mechanism.response={_AT_ONCE}",
    ]  # fmt: skip


def _taken(world: World) -> Array:
    """Return what the taker won at the trade, and whether it traded: [L, 2]."""
    execution = world.sums.execution
    gain = -execution.error[:, CLASS_INFORMED] / NANO
    return np.stack([gain, execution.lots[:, CLASS_INFORMED] > 0], axis=1)
