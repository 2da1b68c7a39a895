"""Avellaneda-Stoikov: exponential utility until T, takers at exponential distances.

    r = s - q g sigma^2 (T - t)
    ask - bid = g sigma^2 (T - t) + (2 / g) ln(1 + g / k)

As g goes to 0 the spread goes to 2 / k and inventory is ignored; as k goes to 0 it leaves all
bounds, and nothing is quoted. sigma is per root second in currency, g per currency, k per currency,
q in lots. It assumes a mid that is a Brownian motion without bounds and a known end.

Source
    Avellaneda & Stoikov (2008) Quantitative Finance 8:217, equations 29 and 30.
"""

from __future__ import annotations

import math

from proteus.compiler.jit import inline_kernel
from proteus.market.arithmetic.elementary import portable_log1p


@inline_kernel
def log_ratio(x):
    """Return log(1 + x) / x for x >= 0, which is 1 at 0."""
    return 1.0 if x == 0.0 else portable_log1p(x) / x


@inline_kernel
def quote(estimate, inventory, risk_aversion, volatility, fill_decay, remaining_s):
    """Return reservation price and half-spread, currency; an infinite one quotes nothing.

    Parameters
        estimate: s, currency. inventory: q, lots. risk_aversion: g, per currency, at least 0.
        volatility: sigma, currency per root second. fill_decay: k, per currency. remaining_s:
        T - t, seconds, at least 0.
    """
    if fill_decay <= 0.0:
        return estimate, math.inf
    risk = risk_aversion * volatility * volatility * remaining_s
    least = log_ratio(risk_aversion / fill_decay) / fill_decay
    return estimate - inventory * risk, 0.5 * risk + least
