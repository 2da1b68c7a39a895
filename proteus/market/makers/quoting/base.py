"""What quoting rules have in common, and what one of another package is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from proteus.basics.schema import NonNegative, PositiveCount, Schema

HalfSpread = Annotated[float, Field(ge=0, le=1)]  # currency, the range of all prices
Decay = Annotated[float, Field(gt=0, le=1e6)]  # k, per currency
Rate = Annotated[float, Field(gt=0, le=1e6)]  # A, per second
Aversion = Annotated[float, Field(ge=0, le=1e6)]  # g, per currency


class Quoting(Schema):
    """Say how quotes follow from an estimate.

    One of another package adds its key ``name``, others, and ``numbers``.
    """

    CODE: ClassVar[int]

    def numbers(self) -> tuple[float, ...]:
        """Return what ``QuotingKind.quote`` is given of the keys, as float64."""
        return ()


class EstimatingQuoting(Quoting):
    """Quote by a volatility and a fill rate that are given, or that the maker finds itself."""

    risk_aversion: Aversion
    volatility: Literal["fixed", "estimated"]
    volatility_per_root_s: NonNegative  # currency; before it is estimated as well
    volatility_decay: Annotated[float, Field(gt=0, le=1)]
    fills: Literal["given", "fitted"]
    fill_rate_per_s: Rate  # before it is fitted as well
    fill_decay: Decay
    distance_class: Annotated[float, Field(gt=0, le=1)]  # currency
    least_fills: PositiveCount


class QuotingKind(NamedTuple):
    """A row of the table of quoting rules: the class that reads its keys, and a part of a kernel.

    ``config`` is below ``Quoting``, or below ``EstimatingQuoting`` if the rule reckons with a
    volatility and a fill rate. ``quote``, (numbers, estimate, inventory, size, volatility,
    fill_rate, fill_decay, time_s), returns the reservation price and the half-spread, both in
    currency; an infinite half-spread quotes nothing, and what is no number neither. Inventory and
    the size of a quote are in lots, volatility in currency per root second, the fill rate per
    second and its decay per currency; time_s since the start. Of a class that is not below
    ``EstimatingQuoting`` volatility is 0, and the fill rate and its decay are 1.
    """

    config: type[Quoting]
    quote: Callable[..., Any]
