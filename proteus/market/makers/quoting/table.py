"""The quoting rules there are: the switch between them, and what they find out by themselves."""

from __future__ import annotations

from proteus.basics import units
from proteus.compiler.jit import inline_kernel
from proteus.market.makers import intensity, volatility
from proteus.market.makers.quoting import avellaneda_stoikov, cartea_jaimungal, fixed, glft
from proteus.market.makers.quoting.added import quote_added
from proteus.market.makers.quoting.cartea_jaimungal import BOTH
from proteus.market.makers.quoting.codes import (
    AVELLANEDA_STOIKOV,
    CARTEA_JAIMUNGAL,
    FIRST_ADDED,
    FIXED,
)
from proteus.market.makers.quoting.state import NO_CLASS

_SECONDS = 1e-9
_DECAYS = 10.0  # a fit of k may be so many times larger or smaller than the k that was given


@inline_kernel
def quote(quoting, lane, trader, estimate, inventory, size, time):
    """Return reservation price, half-spread, and which sides are quoted, by the rule of a trader.

    Parameters
        quoting: read. estimate: currency. inventory, size: lots held, and of a quote. time: ns.
    """
    parameters = quoting.parameters
    code, k = parameters.code[trader], quoting.decay[lane, trader]
    remaining_s = max(parameters.closing_ns[trader] - time, 0) / units.NANO
    if code == FIXED:
        reservation, half_spread = fixed.quote(estimate, parameters.half_spread[trader])
        return reservation, half_spread, BOTH
    if code == CARTEA_JAIMUNGAL:
        horizon_s = parameters.closing_ns[trader] / units.NANO
        return cartea_jaimungal.quote(
            parameters.tables, parameters.number[trader], parameters.levels[trader], horizon_s, k,
            estimate, inventory, size, remaining_s,
        )  # fmt: skip
    g, sigma = parameters.risk_aversion[trader], sigma_of(quoting, lane, trader, estimate)
    if code >= FIRST_ADDED:
        reservation, half_spread = quote_added(
            quoting.added, code, trader, estimate, inventory, size, sigma,
            quoting.rate[lane, trader], k, time / units.NANO,
        )  # fmt: skip
    elif code == AVELLANEDA_STOIKOV:
        reservation, half_spread = avellaneda_stoikov.quote(
            estimate, inventory, g, sigma, k, remaining_s
        )
    else:
        rate = quoting.rate[lane, trader]
        reservation, half_spread = glft.quote(estimate, inventory, g, sigma, rate, k, size)
    return reservation, half_spread, BOTH


@inline_kernel
def sigma_of(quoting, lane, trader, estimate):
    """Return the volatility that a rule reckons with, currency per root second."""
    parameters = quoting.parameters
    if parameters.estimates_volatility[trader] and quoting.changes[lane, trader] > 0:
        return volatility.in_currency(quoting.variance[lane, trader], estimate)
    return parameters.volatility[trader]


@inline_kernel
def learns(quoting, trader):
    """Tell whether a rule finds out anything by itself: for others logarithms would be wasted."""
    return quoting.parameters.estimates_volatility[trader] or quoting.parameters.fits[trader]


@inline_kernel
def note_estimate(quoting, lane, trader, level, time):
    """Learn from the time since the last requote: how long quotes stood, and the volatility.

    Parameters
        level: log-odds of the estimate now. time: ns.
    """
    elapsed_s = (time - quoting.updated_ns[lane, trader]) * _SECONDS
    if elapsed_s <= 0.0:
        return
    maker = quoting.maker[trader]
    for side in range(2):
        at = quoting.quoted[lane, trader, side]
        if at != NO_CLASS:
            quoting.exposure[lane, maker, at] += elapsed_s
    quoting.variance[lane, trader] = volatility.update(
        quoting.variance[lane, trader], quoting.changes[lane, trader] == 0,
        level - quoting.level[lane, trader], elapsed_s,
        quoting.parameters.volatility_decay[trader],
    )  # fmt: skip
    quoting.changes[lane, trader] += 1
    quoting.level[lane, trader] = level
    quoting.updated_ns[lane, trader] = time


@inline_kernel
def note_quote(quoting, lane, trader, side, is_quoted, distance):
    """Remember how far from the estimate a side is quoted now, in currency."""
    width = quoting.parameters.distance_class[trader]
    at = intensity.class_of(distance, width) if is_quoted else NO_CLASS
    quoting.quoted[lane, trader, side] = at


@inline_kernel
def note_fill(quoting, lane, trader, side):
    """Count a fill of the quote of a side, and fit the fill rate again once there are enough."""
    at = quoting.quoted[lane, trader, side]
    if not quoting.parameters.fits[trader] or at == NO_CLASS:
        return
    maker, parameters = quoting.maker[trader], quoting.parameters
    quoting.fills[lane, maker, at] += 1.0
    if intensity.count_of(quoting.fills, lane, maker) < parameters.least_fills[trader]:
        return
    given = parameters.fill_decay[trader]
    rate, decay, is_fit = intensity.fit(
        quoting.exposure, quoting.fills, lane, maker, parameters.distance_class[trader],
        given / _DECAYS, given * _DECAYS,
    )  # fmt: skip
    if is_fit:
        quoting.rate[lane, trader], quoting.decay[lane, trader] = rate, decay
