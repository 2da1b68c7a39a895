"""Numbers of a configuration that may change while a market runs."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, partial
from typing import Annotated, Any, NamedTuple

from pydantic import PlainSerializer, PlainValidator
from pydantic_core import PydanticCustomError

from proteus.basics import units


@dataclass(frozen=True)
class Schedule:
    """A number, or what it is from each of several times on; a time belongs to its new value."""

    steps: tuple[tuple[float, Any], ...]  # (from_s, value); the first from 0, then increasing

    @property
    def times_ns(self) -> tuple[int, ...]:
        """Return when each value begins, in nanoseconds."""
        return tuple(units.seconds_to_ns(time) for time, _ in self.steps)

    @property
    def values(self) -> tuple[Any, ...]:
        """Return the values as they were written."""
        return tuple(value for _, value in self.steps)

    def at(self, time_ns: int) -> Schedule:
        """Return the number as it is at a time, which does not change any more."""
        begun = sum(start <= time_ns for start in self.times_ns)
        return Schedule(((0, self.values[begun - 1]),))

    @cached_property
    def exact(self) -> Fraction:
        """Return the first value by its written digits: 0.07 is seven hundredths."""
        return Fraction(str(self.values[0]))


class _Allowed(NamedTuple):
    """What a number must be, and how that is said."""

    words: str
    least: float | None = None
    above: float | None = None
    null: bool = False
    is_amount: bool = False  # of currency, so a whole number of nano

    def check(self, value: Any) -> Any:
        """Return a number as it was written."""
        if value is None and self.null:
            return value
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        fits = is_number and Decimal(str(value)).is_finite()
        fits = fits and (self.least is None or value >= self.least)
        if not fits or (self.above is not None and value <= self.above):
            raise _refused(f"must be {self.words}")
        try:
            units.currency_to_nano(value if self.is_amount else 0)
        except units.UnitError as error:
            raise _refused(error.allowed) from None
        return value


def _read(value: Any, allowed: _Allowed) -> Schedule:
    """Read a number, or a list of [from_s, value]."""
    if isinstance(value, Schedule):
        return value
    if not isinstance(value, (list, tuple)):
        return Schedule(((0, allowed.check(value)),))
    pairs = [tuple(pair) if isinstance(pair, (list, tuple)) else () for pair in value]
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise _refused("a list must hold pairs [from_s, value], as [[0,500],[10,0]]")
    try:
        times = [units.seconds_to_ns(time) for time, _ in pairs]
    except units.UnitError as error:
        raise _refused(f"of from_s: {error.allowed}") from None
    if times[0] != 0 or any(early >= late for early, late in itertools.pairwise(times)):
        raise _refused("the times of [from_s, value] must start with 0 and increase")
    return Schedule(tuple((time, allowed.check(each)) for time, each in pairs))


def _written(number: Schedule) -> Any:
    """Write it as a person does."""
    is_constant = len(number.steps) == 1
    return number.values[0] if is_constant else [list(step) for step in number.steps]


def _refused(allowed: str) -> PydanticCustomError:
    return PydanticCustomError("requirement", "{allowed}", {"allowed": allowed})


def _reader(*allowed: Any, **more: Any) -> Any:
    return PlainValidator(partial(_read, allowed=_Allowed(*allowed, **more)))


_ZERO, _MORE = "a number of at least 0", "a number of more than 0, or null"
_WRITER = PlainSerializer(_written)

# Types of keys: a number, or a list of [from_s, value].
Scheduled = Annotated[Schedule, _reader("a number"), _WRITER]
NonNegativeScheduled = Annotated[Schedule, _reader(_ZERO, least=0), _WRITER]
AmountScheduled = Annotated[Schedule, _reader(_ZERO, least=0, is_amount=True), _WRITER]
AmountOrNullScheduled = Annotated[
    Schedule, _reader(_MORE, above=0, null=True, is_amount=True), _WRITER
]


def constant(value: Any) -> Schedule:
    """Return a number that does not change."""
    return Schedule(((0, value),))
