"""The state of every filter but the tape, which is the belief of ``agents.maker`` itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import state
from proteus.market.makers.filters.added import make_added
from proteus.market.makers.filters.base import Filter
from proteus.market.makers.filters.kalman import log_odds
from proteus.market.makers.filters.models import EwmaFilter, ImbalanceFilter, KalmanFilter
from proteus.market.makers.filters.oracle import NO_REPORT


@state
class Seen(NamedTuple):
    """What is shown to filters beside a trader's view, at one wake-up. L lanes."""

    has_bid: np.ndarray  # bool [L] a best bid is shown
    has_ask: np.ndarray  # bool [L]
    bid: np.ndarray  # int64 [L] ticks
    ask: np.ndarray  # int64 [L] ticks
    bid_lots: np.ndarray  # int64 [L] at the best bid; 0: they are not shown
    ask_lots: np.ndarray  # int64 [L]
    report: np.ndarray  # int64 [L] of the oracle that everybody has, nano, or NO_REPORT


@state
class FilterParameters(NamedTuple):
    """Fixed numbers. A traders."""

    code: np.ndarray  # int64 [A] of the filter
    gain: np.ndarray  # float64 [A] of ewma
    is_corrected: np.ndarray  # bool [A] of ewma
    process: np.ndarray  # float64 [A] of kalman, variance of the log-odds per second
    trade_variance: np.ndarray  # float64 [A] of kalman, currency^2
    signal_variance: np.ndarray  # float64 [A] of kalman, currency^2
    slope: np.ndarray  # float64 [A] of imbalance, currency
    n_ticks: np.ndarray  # int64 [1]


@state
class Filters(NamedTuple):
    """What filters think. L lanes, A traders."""

    parameters: FilterParameters
    estimate: np.ndarray  # float64 [L, A] currency
    is_ready: np.ndarray  # bool [L, A]
    weight: np.ndarray  # float64 [L, A] of ewma, or observations of kalman
    level: np.ndarray  # float64 [L, A] of kalman, log-odds
    variance: np.ndarray  # float64 [L, A] of it
    updated_ns: np.ndarray  # int64 [L, A] when that was so, ns
    look: np.ndarray  # int64 [L, A] last look interval of the signal that was used
    added: Any  # chain of filters of other packages


def make_filters(
    configured: Sequence[tuple[int, Filter]],
    lanes: int,
    traders: int,
    n_ticks: int,
    initial_probability: float,
) -> Filters:
    """Build the filters of makers.

    Parameters
        configured: (number of the trader, its filter). traders: of all kinds.
        initial_probability: p0, where every estimate starts.
    """
    parameters = allocate(
        FilterParameters, A=traders, n_ticks=n_ticks, trade_variance=1.0, signal_variance=1.0
    )
    variance: NDArray[np.float64] = np.zeros(traders)
    for trader, each in configured:
        parameters.code[trader] = each.CODE
        if isinstance(each, EwmaFilter):
            parameters.gain[trader] = each.gain
            parameters.is_corrected[trader] = each.convention == "corrected"
        elif isinstance(each, KalmanFilter):
            parameters.process[trader] = each.process_variance
            parameters.trade_variance[trader] = each.trade_sd**2
            parameters.signal_variance[trader] = each.signal_sd**2
            variance[trader] = each.start_variance
        elif isinstance(each, ImbalanceFilter):
            parameters.slope[trader] = each.slope
    return allocate(
        Filters, L=lanes, A=traders, parameters=parameters, estimate=initial_probability,
        level=log_odds(initial_probability, 1.0 / n_ticks), variance=variance, look=-1,
        added=make_added(configured, lanes, traders, initial_probability),
    )  # fmt: skip


def allocate_seen(lanes: int) -> Seen:
    """Allocate what is shown; nothing is yet."""
    return allocate(Seen, L=lanes, report=NO_REPORT)
