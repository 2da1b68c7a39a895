"""What ``stress`` says: named windows, each about one key of the cell.

    population.GROUP.schedule.rate_per_s  how often its traders wake up; a star for GROUP: everybody
    population.GROUP.latency              all four legs of their links, or one: .submission ...
    population.GROUP.lots                 the share that they send of the lots they would
    latent.jump_rate_per_s                how often the news jumps
    environment.oracle.lag_ms             how long reports of the oracle are on their way
    costs.scale                           all rates of costs
    settlement.fork_probability           the chance that a block forks

A window is [from_s, to_s) and says a factor on the value there is, or another value.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from proteus.basics import units
from proteus.basics.schema import NonNegative, PositiveSeconds, Schema, Seconds, requirement

EVERYBODY = "*"
LEGS = ("submission", "acknowledgement", "fill_report", "market_data")  # in the order of latency
RATE, LATENCY, LOTS = "rate", "latency", "lots"
JUMPS, LAG, COSTS, FORKS = (
    "latent.jump_rate_per_s", "environment.oracle.lag_ms", "costs.scale",
    "settlement.fork_probability",
)  # fmt: skip
OF_MARKET = (JUMPS, LAG, COSTS, FORKS)
ONLY_FACTOR = (LATENCY, LOTS, COSTS)  # there is no one value to take the place of
_OF_GROUP = re.compile(
    rf"population\.(?P<group>\*|[a-z][a-z0-9_]*)\."
    rf"(?:(?P<rate>schedule\.rate_per_s)|(?P<lots>lots)|latency(?:\.(?P<leg>{'|'.join(LEGS)}))?)"
)


class Target(NamedTuple):
    """What a window is about."""

    what: str  # RATE, LATENCY, LOTS, or a key of OF_MARKET
    group: str = EVERYBODY
    legs: tuple[int, ...] = ()  # of LATENCY


class Window(Schema):
    """Say what is different in a stretch of time."""

    key: str
    from_s: Seconds
    to_s: PositiveSeconds
    factor: NonNegative | None = None
    value: NonNegative | None = None

    @property
    def target(self) -> Target | None:
        """Return what it is about; None where there is no such key."""
        if self.key in OF_MARKET:
            return Target(self.key)
        found = _OF_GROUP.fullmatch(self.key)
        if not found:
            return None
        if found["rate"] or found["lots"]:
            return Target(RATE if found["rate"] else LOTS, found["group"])
        legs = tuple(range(len(LEGS))) if found["leg"] is None else (LEGS.index(found["leg"]),)
        return Target(LATENCY, found["group"], legs)

    @property
    def begin_ns(self) -> int:
        """Return its first nanosecond."""
        return units.seconds_to_ns(self.from_s)

    @property
    def end_ns(self) -> int:
        """Return the first nanosecond after it."""
        return units.seconds_to_ns(self.to_s)

    @property
    def exact_factor(self) -> Fraction:
        """Return the factor by its written digits; the window has one."""
        return Fraction(str(self.factor))

    def factor_on(self, usual: float) -> float:
        """Return the factor on a value that is not zero."""
        return float(self.instead_of(usual)) / usual if self.factor is None else self.factor

    def instead_of(self, usual: float) -> Fraction:
        """Return what takes the place of a value, by written digits."""
        if self.value is not None:
            return Fraction(str(self.value))
        return self.exact_factor * Fraction(str(usual))

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.to_s <= self.from_s:
            raise requirement("to_s", f"must be more than from_s={self.from_s}")
        if (self.factor is None) == (self.value is None):
            raise requirement("factor", "exactly one of factor and value must be given")
        return self


class Stress(Schema):
    """Hold the windows by their names."""

    windows: dict[str, Window] = Field(default_factory=dict)

    @property
    def is_used(self) -> bool:
        """Tell whether there is any window."""
        return len(self.windows) > 0

    def about(self, what: str) -> list[Window]:
        """List the windows of a kind, by their begin."""
        found = [each for each in self.windows.values() if each.target and each.target.what == what]
        return sorted(found, key=lambda window: window.begin_ns)
