"""Quotes in log-odds: inventory moves the log-odds of the estimate, so r never leaves 0 .. 1.

    r = expit(logit(s) - a q),   h = h0 + b sigma

q is the inventory in lots, s the estimate, sigma its volatility in currency per root second. Near
certainty a lot moves r less, in currency, than at a half: r' = -a r (1 - r).

Source
    Made up after Avellaneda & Stoikov (2008); log-odds as of LMSR, Hanson (2003) Information
    Systems Frontiers 5:107, whose price moves with the shares sold in the same way.
"""

from __future__ import annotations

from typing import Annotated, Literal

from proteus.compiler.jit import inline_kernel
from proteus.market.makers.filters.kalman import log_odds, price_of
from proteus.market.makers.quoting.base import EstimatingQuoting, HalfSpread, QuotingKind
from pydantic import Field

LEAST = 1e-6  # of a price, currency


class LogOddsQuoting(EstimatingQuoting):
    """Lean in log-odds."""

    name: Literal["log_odds"]
    half_spread: HalfSpread
    skew: Annotated[float, Field(ge=0, le=10)]  # per lot
    volatility_weight: Annotated[float, Field(ge=0, le=1000)]  # root seconds

    def numbers(self) -> tuple[float, ...]:
        """Return half-spread, skew and weight."""
        return self.half_spread, self.skew, self.volatility_weight


@inline_kernel
def quote(numbers, estimate, inventory, size, volatility, fill_rate, fill_decay, time_s):
    """Return reservation price and half-spread, currency."""
    level = log_odds(estimate, LEAST) - numbers[1] * inventory
    return price_of(level, LEAST), numbers[0] + numbers[2] * volatility


LOG_ODDS = QuotingKind(LogOddsQuoting, quote)
