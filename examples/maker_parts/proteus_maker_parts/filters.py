"""A mean that ages with the clock, and not with the number of observations.

    m <- m + (1 - w 2^(-dt / h)) (x - m)

x is an observed price, dt the time since the last one, h the half-life; w is what the newest of
several observations at one time leaves of those before. After a quiet time the mean is the newest
observation. It is ready after the first.

Source
    Eckner (2019), Algorithms for Unevenly Spaced Time Series: the last-point exponential average.
"""

from __future__ import annotations

from typing import Annotated, Literal

from proteus.compiler.jit import inline_kernel
from proteus.market.arithmetic.elementary import portable_exp
from proteus.market.makers.filters.base import Filter, FilterKind
from pydantic import Field

LOG_2 = 0.6931471805599453


class TimedFilter(Filter):
    """Average prints of others and looks at the signal by their age."""

    name: Literal["timed"]
    half_life_s: Annotated[float, Field(gt=0, le=1e6)]
    kept: Annotated[float, Field(ge=0, lt=1)]

    def numbers(self) -> tuple[float, ...]:
        """Return the half-life and what is kept."""
        return self.half_life_s, self.kept


def init(numbers: tuple[float, ...], probability: float) -> tuple[float, ...]:
    """Remember that nothing was observed."""
    return (0.0,)


@inline_kernel
def update(numbers, memory, estimate, observed, is_signal, elapsed_s):
    """Return the mean with one more observation."""
    if memory[0] == 0.0:
        memory[0] = 1.0
        return observed
    kept = numbers[1] * portable_exp(-LOG_2 * elapsed_s / numbers[0])
    return observed + kept * (estimate - observed)


@inline_kernel
def ready(numbers, memory):
    """Tell whether anything was observed."""
    return memory[0] > 0.0


TIMED = FilterKind(TimedFilter, init, update, ready)
