"""From the configuration of channels to their numbers and arrays."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.basics import units
from proteus.compiler.jit import state
from proteus.market.environment.blocks import LAWS, BlockParameters, Blocks, allocate_blocks
from proteus.market.environment.channels import (
    CongestionConfig,
    Environment,
    OracleConfig,
    Routing,
)
from proteus.market.environment.congestion import (
    Congestion,
    CongestionParameters,
    allocate_congestion,
)
from proteus.market.environment.mempool import (
    TIPS,
    UNLIMITED,
    Mempool,
    RouteParameters,
    allocate_mempool,
)
from proteus.market.environment.oracle import (
    DEVIATIONS,
    NO_DEVIATION,
    Oracle,
    OracleParameters,
    allocate_oracle,
)
from proteus.market.environment.sources import SOURCES
from proteus.market.environment.trace import Trace, allocate_trace
from proteus.market.events.queue import NEVER_NS


class Surroundings(NamedTuple):
    """What an environment needs to know of its market."""

    tick_nano: int
    initial_ticks: int
    horizon_ns: int
    warmup_ns: int
    shows_base_fee: bool  # to traders


@state
class ChannelParameters(NamedTuple):
    """The numbers of one cell's environment; always of the same types, so that none recompiles."""

    oracle: OracleParameters
    blocks: BlockParameters
    congestion: CongestionParameters
    route: RouteParameters
    horizon_ns: int  # nothing is expected at it or later
    warmup_ns: int  # from which the oracle's error counts
    initial_ticks: int  # the public reference price before there is one


@state
class Channels(NamedTuple):
    """The environment of a block of lanes; a channel that is not there has none."""

    oracle: Oracle
    blocks: Blocks
    congestion: Congestion
    mempool: Mempool
    trace: Trace


def channel_parameters(
    environment: Environment, routing: Routing, market: Surroundings
) -> ChannelParameters:
    """Derive the numbers of one cell's environment from parts of its configuration."""
    blocks = environment.blocks
    return ChannelParameters(
        oracle=_oracle(environment.oracle, market.tick_nano),
        blocks=BlockParameters(
            law=LAWS[blocks.law] if blocks else 0,
            interval_ns=blocks.interval_ns if blocks else 0,
            missed=float(blocks.missed) if blocks else 0.0,
        ),
        congestion=_congestion(environment.congestion),
        route=_route(environment, routing, market.shows_base_fee),
        horizon_ns=market.horizon_ns,
        warmup_ns=market.warmup_ns,
        initial_ticks=market.initial_ticks,
    )


def _oracle(oracle: OracleConfig | None, tick_nano: int) -> OracleParameters:
    if oracle is None:
        return OracleParameters(0, 0.0, 0, 0, 0, NO_DEVIATION, NEVER_NS, tick_nano)
    heartbeat_s, least = oracle.heartbeat_s, oracle.deviation
    return OracleParameters(
        source=SOURCES[oracle.source],
        noise_sd=float(oracle.noise_sd),
        check_ns=oracle.check_ns,
        lag_ns=oracle.lag_ns,
        deviation=DEVIATIONS[oracle.deviation_in],
        least=NO_DEVIATION if least is None else units.currency_to_nano(least),
        heartbeat_ns=NEVER_NS if heartbeat_s is None else units.seconds_to_ns(heartbeat_s),
        tick_nano=tick_nano,
    )


def _congestion(congestion: CongestionConfig | None) -> CongestionParameters:
    if congestion is None:
        return CongestionParameters(0, 0, 1, 1, 0, 0, 0, 0)
    target = congestion.gas_target
    mean, spread = _exact(congestion.demand_mean), _exact(congestion.demand_spread)
    return CongestionParameters(
        base_fee=units.currency_to_nano(congestion.base_fee),
        gas_limit=congestion.gas_limit,
        gas_target=target,
        denominator=congestion.denominator,
        demand_least=round(target * (mean - spread)),
        demand_most=round(target * (mean + spread)),
        highest_value=units.currency_to_nano(congestion.highest_value or 0),
        message_gas=congestion.message_gas,
    )


def _exact(number: float) -> Fraction:
    """Return a number as it was written."""
    return Fraction(Decimal(repr(number)))


def _route(environment: Environment, routing: Routing, shows_base_fee: bool) -> RouteParameters:
    mempool, fee = environment.mempool, routing.max_fee
    return RouteParameters(
        by_blocks=int(routing.route == "blocks"),
        capacity=UNLIMITED if routing.capacity is None else routing.capacity,
        tips=TIPS[routing.tips],
        tip=units.currency_to_nano(routing.tip),
        tip_share=units.currency_to_nano(routing.tip_share),
        max_fee=UNLIMITED if fee is None else units.currency_to_nano(fee),
        visible=float(mempool.visible) if mempool else 0.0,
        shows_base_fee=int(shows_base_fee),
    )


def allocate_channels(
    environment: Environment,
    routing: Routing,
    lanes: int,
    reads: NDArray[np.bool_],
    envelopes: int,
    initial_nano: int,
) -> Channels:
    """Allocate the channels of a block of lanes.

    Parameters
        lanes, envelopes: sizes of the block. reads: bool [A], which traders read the mempool.
            initial_nano: the initial probability.
    """
    oracle, congestion = environment.oracle, environment.congestion
    fee = units.currency_to_nano(congestion.base_fee) if congestion else 0
    waits = lanes if routing.route == "blocks" else 0
    return Channels(
        oracle=allocate_oracle(
            lanes if oracle else 0, initial_nano, oracle.readings if oracle else 1,
            oracle.lag_ns // oracle.check_ns if oracle else 0,
        ),
        blocks=allocate_blocks(lanes if environment.blocks else 0),
        congestion=allocate_congestion(lanes if congestion else 0, fee),
        mempool=allocate_mempool(waits, reads, envelopes),
        trace=allocate_trace(lanes),
    )  # fmt: skip
