"""Configuration models of filters: a class, its code, and a yaml in ``conf/filter`` each."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from proteus.basics.schema import NonNegative, Positive, Probability, Schema

Gain = Annotated[float, Field(gt=0, le=1)]
LARGEST_VARIANCE = 1e6

TAPE = 0
TAPE_ONLY = 1
EWMA = 2
KALMAN = 3
ORACLE = 4
MICROPRICE = 5
IMBALANCE = 6


class Filter(Schema):
    """Say how an estimate is made, and what of the surroundings it reads."""

    CODE: ClassVar[int]
    reads_sizes: ClassVar[bool] = False  # lots at the best prices
    reads_oracle: ClassVar[bool] = False


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


AnyFilter = Annotated[
    TapeFilter | TapeOnlyFilter | EwmaFilter | KalmanFilter | OracleFilter | MicropriceFilter
    | ImbalanceFilter,
    Field(discriminator="name"),
]  # fmt: skip
