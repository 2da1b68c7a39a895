"""Configuration models of filters: a class, its code, and a yaml in ``conf/filter`` each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Union

from pydantic import Field

from proteus.basics.schema import NonNegative, Positive, Probability
from proteus.market.makers.filters.added import ADDED_FILTERS
from proteus.market.makers.filters.base import Filter
from proteus.market.makers.filters.codes import (
    EWMA,
    IMBALANCE,
    KALMAN,
    MICROPRICE,
    ORACLE,
    TAPE,
    TAPE_ONLY,
)

Gain = Annotated[float, Field(gt=0, le=1)]
LARGEST_VARIANCE = 1e6


class TapeOnlyFilter(Filter):
    """Learn from prints of others and from own fills, as the ordinary maker without a signal."""

    CODE: ClassVar[int] = TAPE_ONLY
    name: Literal["tape_only"]
    belief_gain_trade: Probability
    belief_gain_fill: Probability


class TapeFilter(Filter):
    """Learn as the ordinary maker does."""

    CODE: ClassVar[int] = TAPE
    name: Literal["tape"]
    belief_gain_trade: Probability
    belief_gain_fill: Probability
    belief_gain_signal: Probability


class EwmaFilter(Filter):
    """Average prints of others and looks at the signal."""

    CODE: ClassVar[int] = EWMA
    name: Literal["ewma"]
    gain: Gain
    convention: Literal["recursive", "corrected"]


class KalmanFilter(Filter):
    """Filter prints of others and looks at the signal in log-odds."""

    CODE: ClassVar[int] = KALMAN
    name: Literal["kalman"]
    process_variance: Annotated[float, Field(ge=0, le=LARGEST_VARIANCE)]  # per second
    start_variance: Annotated[float, Field(ge=0, le=LARGEST_VARIANCE)]
    trade_sd: Positive  # currency
    signal_sd: Positive  # currency


class OracleFilter(Filter):
    """Believe the environment's oracle."""

    CODE: ClassVar[int] = ORACLE
    reads_oracle: ClassVar[bool] = True
    name: Literal["oracle"]


class MicropriceFilter(Filter):
    """Believe the book, weighted by lots."""

    CODE: ClassVar[int] = MICROPRICE
    reads_sizes: ClassVar[bool] = True
    name: Literal["microprice"]


class ImbalanceFilter(Filter):
    """Believe the mid, moved by the imbalance of lots."""

    CODE: ClassVar[int] = IMBALANCE
    reads_sizes: ClassVar[bool] = True
    name: Literal["imbalance"]
    slope: NonNegative  # currency


_OURS = (
    TapeFilter, TapeOnlyFilter, EwmaFilter, KalmanFilter, OracleFilter, MicropriceFilter,
    ImbalanceFilter,
)  # fmt: skip
if TYPE_CHECKING:
    AnyFilter = (
        TapeFilter | TapeOnlyFilter | EwmaFilter | KalmanFilter | OracleFilter | MicropriceFilter
        | ImbalanceFilter
    )  # fmt: skip
else:
    _ADDED = [kind.config for kind in ADDED_FILTERS.values()]
    AnyFilter = Annotated[Union[(*_OURS, *_ADDED)], Field(discriminator="name")]
