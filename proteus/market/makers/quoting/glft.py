"""Gueant-Lehalle-Fernandez-Tapia: the quotes of a maker who has long to live.

    c1 = ln(1 + g D / k) / (g D)
    c2 = sqrt( g / (2 A D k) (1 + g D / k)^(k / (g D) + 1) )
    bid distance = c1 + D sigma c2 / 2 + q sigma c2
    ask distance = c1 + D sigma c2 / 2 - q sigma c2

D is the size of a quote, q the inventory, both in lots; sigma is per root second, A per second.
As g goes to 0, c1 goes to 1 / k and c2 to 0; as k or A go to 0 the distances leave all bounds, and
nothing is quoted. It assumes a stationary world, and quotes of one size.

Source
    Gueant, Lehalle & Fernandez-Tapia (2013) Mathematics and Financial Economics 7:477; Gueant
    (2017) Applied Mathematical Finance 24:112 (arXiv 1605.01862), equations 4.6 and 4.7, xi = g.
"""

from __future__ import annotations

import math

from proteus.compiler.jit import inline_kernel
from proteus.market.arithmetic.elementary import portable_exp, portable_log1p
from proteus.market.makers.quoting.avellaneda_stoikov import log_ratio


@inline_kernel
def coefficients(risk_aversion, fill_rate, fill_decay, size):
    """Return c1 in currency and c2 in root seconds per lot; infinite ones where k or A is 0.

    Parameters
        risk_aversion: g, per currency. fill_rate: A, per second. fill_decay: k, per currency.
        size: D, lots.
    """
    if fill_decay <= 0.0 or fill_rate <= 0.0:
        return math.inf, math.inf
    x = risk_aversion * size / fill_decay
    power = portable_exp(log_ratio(x) + portable_log1p(x))  # (1 + x)^(1 / x + 1)
    scale = risk_aversion / (2.0 * fill_rate * size * fill_decay)
    return log_ratio(x) / fill_decay, math.sqrt(scale * power)


@inline_kernel
def quote(
    estimate, inventory, risk_aversion, volatility, fill_rate, fill_decay, size
):  # fmt: skip
    """Return reservation price and half-spread, currency; an infinite one quotes nothing."""
    first, second = coefficients(risk_aversion, fill_rate, fill_decay, size)
    if first == math.inf or second == math.inf:
        return estimate, math.inf
    skew = volatility * second
    return estimate - inventory * skew, first + 0.5 * size * skew
