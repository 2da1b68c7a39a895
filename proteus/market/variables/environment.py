"""What is measured of the environment: the oracle, blocks, and messages that wait for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from proteus.basics.units import NANO
from proteus.market.environment.channel_setup import Channels
from proteus.market.environment.trace import ENVIRONMENT_SCHEMA
from proteus.market.rules.state import Rules
from proteus.market.trading.world import World
from proteus.market.variables.base import (
    NS_PER_MS,
    TERM,
    Values,
    Variable,
    measured_ns,
    ratio,
)


def _of(channel: str, measure: Callable[[Any, World], Values]) -> Callable[[World], Values]:
    """Return what is measured of a channel, which is NaN in a cell that does not have it."""

    def compute(world: World) -> Values:
        lanes = len(world.progress.now)
        channels = world.rules.environment if isinstance(world.rules, Rules) else None
        state: Any = getattr(channels, channel, None)
        if state is None or len(state[0]) == 0:
            return np.full(lanes, np.nan)
        return np.asarray(measure(state, world), np.float64)

    assert channel in Channels._fields
    return compute


def _rmse(oracle: Any, world: World) -> Values:
    mean_square = oracle.square_error / (measured_ns(world) / NANO)
    return np.asarray(np.sqrt(np.maximum(mean_square, 0.0)))


def _fingerprint(trace: Any, world: World) -> Values:
    """Return 53 of the 64 bits, which a float64 holds exactly; NaN where nothing was folded."""
    words = trace.words.astype(np.float64)
    bits = words[:, 0] * 2.0**21 + np.floor(words[:, 1] / 2.0**11)
    return np.where(trace.rows > 0, bits, np.nan)


ENVIRONMENT_VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="oracle_error_rmse",
        unit="currency",
        long_name="root mean square error of the oracle",
        sign="positive",
        formula=(
            "sqrt(time average of (last report that has arrived - v)^2), after the warm-up; one "
            "arrives lag_ms after it is issued, and before the first there is p0"
        ),
        source="count",
        missing="no_oracle",
        needs=TERM,
        compute=_of("oracle", _rmse),
    ),
    Variable(
        name="oracle_reports",
        unit="1",
        long_name="reports of the oracle",
        formula="reports issued before T",
        source="count",
        missing="no_oracle",
        needs=TERM,
        compute=_of("oracle", lambda oracle, world: oracle.reports),
    ),
    Variable(
        name="blocks_made",
        unit="1",
        long_name="blocks made",
        formula="blocks before T; a missed slot is none",
        source="count",
        missing="no_blocks",
        needs=TERM,
        compute=_of("blocks", lambda blocks, world: blocks.made),
    ),
    Variable(
        name="block_wait",
        unit="ms",
        long_name="time that a message waits for its block",
        sign="positive",
        formula=(
            "mean over messages that a block took of the time of their own row - that of their "
            "environment_wait row, which has the same trader and cause"
        ),
        source="count",
        missing="no_message",
        needs=TERM,
        compute=_of("mempool", lambda pool, world: ratio(pool.waited_ns / NS_PER_MS, pool.taken)),
    ),
    Variable(
        name="messages_stuck",
        unit="1",
        long_name="messages that no block took",
        formula="messages that wait for a block at T, which are dropped",
        source="count",
        missing="no_message",
        needs=TERM,
        compute=_of("mempool", lambda pool, world: pool.waiting),
    ),
    Variable(
        name="reordered_share",
        unit="1",
        long_name="share of messages that overtook others",
        formula=(
            "messages that a block took before one that had come earlier (time, then tie) and was "
            "the next of its trader / messages that blocks took"
        ),
        source="count",
        missing="no_message",
        needs=TERM,
        compute=_of("mempool", lambda pool, world: ratio(pool.reordered, pool.taken)),
    ),
    Variable(
        name="environment_trace",
        unit="1",
        long_name="fingerprint of the exogenous channels",
        formula=(
            "53 bits of a hash over blocks, base fees of others' demand and reports of an oracle "
            f"that reads v, environment_schema={ENVIRONMENT_SCHEMA}; equal for equal traces. From "
            "words (0, 0) on each row of environment.parquet at time t makes them the first two "
            "words of Philox-4x32-10 with the words as key and the counter (2 c, t, t >> 32, 0), "
            "then (2 c + 1, x, x >> 32, 0): c = 0 and x the price of a report, nano; 1 and the "
            "number of a block; 2 and a base fee, nano. It is 2^21 w0 + floor(w1 / 2^11)"
        ),
        source="count",
        missing="no_exogenous_channel",
        needs=TERM,
        compute=_of("trace", _fingerprint),
    ),
)
