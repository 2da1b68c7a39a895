"""What every cost model has, and what one of another package is."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Literal, NamedTuple, Self

from proteus.basics.schema import Schema
from proteus.market.costs.schedule import (
    AmountOrNullScheduled,
    AmountScheduled,
    NonNegativeScheduled,
    Schedule,
    constant,
)


class Bound(NamedTuple):
    """What a trader needs for a tier, all of it inclusive."""

    volume: Fraction  # currency traded in the window
    share_ppm: Fraction  # of everybody's volume, each fill counted once
    maker_share_ppm: Fraction  # of what all makers traded


NO_BOUND = Bound(Fraction(0), Fraction(0), Fraction(0))


class CostModel(Schema):
    """Hold the keys that all models have; a subclass says what a lot costs.

    A subclass adds its own keys and ``per_lot``. A key of type ``Scheduled`` may change over time;
    ``self.KEY.exact`` is its value at the time in question, as a fraction.
    """

    model: str
    scale: NonNegativeScheduled = constant(1)  # multiplies all rates
    rounding: Literal["floor", "ceil", "half_up", "half_even", "against_payer"] = "against_payer"
    round_to: AmountOrNullScheduled = constant(None)  # currency; null: nano-currency
    minimum: AmountScheduled = constant(0)  # currency, of an order, and of it in each clear

    def per_lot(self, role: int, side: int, price: Fraction, tier: int) -> Fraction:
        """Return what one lot costs, in currency; what is negative is a rebate.

        Parameters
            role: TAKER or MAKER of ``codes``. side: BUY or SELL. price: between 0 and 1.
            tier: number of the trader's tier, from 0; of most models there is one.
        """
        raise NotImplementedError

    def bounds(self) -> tuple[Bound, ...]:
        """Return what a trader needs for each tier; the first needs nothing."""
        return (NO_BOUND,)

    def times_ns(self) -> tuple[int, ...]:
        """Return when any of its numbers changes, from 0 on."""
        return tuple(sorted({0, *_times(self)}))

    def at(self, time_ns: int) -> Self:
        """Return the model as it is at a time."""
        made: Self = _at(self, time_ns)
        return made


class CostKind(NamedTuple):
    """A row of the table of models: the class that reads its keys and says what a lot costs."""

    config: type[CostModel]


def _times(value: Any) -> Iterator[int]:
    if isinstance(value, Schedule):
        yield from value.times_ns
    elif isinstance(value, Schema):
        for key in type(value).model_fields:
            yield from _times(getattr(value, key))
    elif isinstance(value, tuple):
        for each in value:
            yield from _times(each)


def _at(value: Any, time_ns: int) -> Any:
    if isinstance(value, Schedule):
        return value.at(time_ns)
    if isinstance(value, Schema):
        keys = type(value).model_fields
        return value.model_copy(update={key: _at(getattr(value, key), time_ns) for key in keys})
    if isinstance(value, tuple):
        return tuple(_at(each, time_ns) for each in value)
    return value
