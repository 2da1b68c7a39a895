"""A paper, what it claims, what we found, and whether the two agree.

A published number agrees unless chance is a poor excuse: the gap beyond what rounding can do is put
over the standard errors of both sides, all numbers of a paper are one family, and Holm's adjusted p
value decides at ``LEVEL``. Where ours is exact, the gap itself decides. A direction ("above 0")
agrees only if the whole 95 % interval lies there, and differs only if none of it does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.special import ndtr

from proteus.analysis.statistics.multiplicity import HOLM, adjusted
from proteus.validation.comparison import Estimate

LEVEL = 0.01  # the chance of any false "differs" on a page
_ROUNDING = 1e-12  # of float64 sums over lanes
REACH = 1.959963984540054  # standard errors in half of a 95 % interval
AGREES, DIFFERS, UNDECIDED = "agrees", "differs", "undecided"
Kind = Literal["number", "direction"]


class Claim(NamedTuple):
    """A published number or direction, and ours."""

    number: str
    published: str  # as the paper has it
    where: str  # in the paper
    low: float  # what is published lies in low .. high, mostly one number
    high: float
    ours: float
    error: float  # standard error of ours; 0: exact
    lanes: int  # simulated for it
    slack: float  # what rounding can do: digits of the paper, ticks of ours
    paper_error: float  # standard error of the published number, if it is an estimate
    kind: Kind
    why: str  # it differs, where something explains it

    @property
    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of ours."""
        return self.ours - REACH * self.error, self.ours + REACH * self.error

    @property
    def p(self) -> float:
        """Return the p value of the gap; NaN where nothing is tested."""
        error = math.hypot(self.error, self.paper_error)
        if self.kind == "direction" or error == 0.0:
            return math.nan
        return float(2 * ndtr(-self._gap / error))

    @property
    def _gap(self) -> float:
        return max(self.low - self.ours, self.ours - self.high, 0.0, self.slack) - self.slack

    def untested(self) -> str:
        """Return the verdict where nothing is tested."""
        if self.kind == "number":
            return AGREES if self._gap == 0.0 else DIFFERS
        first, last = self.interval
        if self.low < first and last < self.high:
            return AGREES
        return DIFFERS if last <= self.low or self.high <= first else UNDECIDED


class Paper(NamedTuple):
    """A row of ``proteus.papers.table``."""

    name: str  # of the command and of the page
    title: str
    citation: str
    checked: str  # where its numbers were read
    says: str
    given: str  # parameters of the paper
    chosen: str  # parameters that it does not give, or that are ours
    left_out: str  # of the paper
    run: Callable[[float, int], list[Claim]]  # share of the standard lanes, root seed


def number(
    name: str, value: float, where: str, ours: Estimate, lanes: int, *, published: str = "",
    high: float | None = None, slack: float = 0.0, paper_error: float = 0.0, why: str = "",
) -> Claim:  # fmt: skip
    """Return the claim of a number, or of a range ``value .. high``.

    Parameters
        ours: value and standard error. published: as written; by default six digits.
        slack: what rounding can do. paper_error: standard error of the paper's. why: it may differ.
    """
    last, error = value if high is None else high, float(ours.error)
    if error <= _ROUNDING * max(abs(float(ours.value)), 1.0):  # of lanes that are all the same
        error = 0.0
    return Claim(
        name, published or f"{value:.6g}", where, value, last, float(ours.value), error, lanes,
        max(slack, _ROUNDING), paper_error, "number", why,
    )  # fmt: skip


def direction(
    name: str, sign: Literal["above 0", "below 0"], where: str, ours: Estimate, lanes: int,
    why: str = "",
) -> Claim:  # fmt: skip
    """Return the claim that something has a sign."""
    low, high = (0.0, math.inf) if sign == "above 0" else (-math.inf, 0.0)
    return Claim(
        name, sign, where, low, high, float(ours.value), float(ours.error), lanes, 0.0, 0.0,
        "direction", why,
    )  # fmt: skip


def verdicts(claims: Sequence[Claim]) -> list[str]:
    """Return the verdict of each claim of one paper."""
    return list(_verdicts(tuple(claims)))


@cache  # a page asks for them more than once, and statsmodels collects garbage at each adjustment
def _verdicts(claims: tuple[Claim, ...]) -> tuple[str, ...]:
    holm = adjusted(np.array([claim.p for claim in claims]), HOLM)
    return tuple(
        claim.untested() if math.isnan(value) else AGREES if value > LEVEL else DIFFERS
        for claim, value in zip(claims, holm, strict=True)
    )


def of_comparison(found: Any, place: int) -> Estimate:
    """Return a number of a ``validation.Comparison`` as simulated, with its standard error."""
    return Estimate(float(found.simulated[place]), float(found.standard_error[place]))


def lanes_of(standard: int, share: float) -> int:
    """Return a share of the standard number of lanes, at least 4."""
    return max(4, round(standard * share))
