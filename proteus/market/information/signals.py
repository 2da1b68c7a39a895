"""Private signals: what a trader learns about the fair value, late and with noise."""

from __future__ import annotations

from proteus.basics.schema import (
    Milliseconds,
    NonNegative,
    PositiveMilliseconds,
    Schema,
)
from proteus.compiler.jit import inline_kernel
from proteus.errors import ConfigError as ConfigError
from proteus.market.environment.news import value_at
from proteus.market.rng import STREAM_SIGNAL, normal, philox


class Signal(Schema):
    """Describe what a trader sees of the fair value."""

    delay_ms: Milliseconds
    noise_sd: NonNegative  # currency
    look_ms: PositiveMilliseconds


@inline_kernel
def signal(news, parameters, key0, key1, lane, entity, time_ns, delay_ns, noise_sd, look_ns):
    """Return s = clip(v(t - delay) + noise_sd * z, 0, 1).

    Parameters
        news, parameters: News and NewsParameters; t - delay must lie inside the window.
        key0, key1: uint32, replicate key. lane: row. entity: the trader.
        time_ns: t. delay_ns: exact delay. noise_sd: standard deviation of the noise.
        look_ns: z is addressed by (trader, floor(t / look_ns)), so looking more often than
            every look_ns shows the same noise again.

    Returns
        The signal, a probability.
    """
    v = value_at(news, parameters, lane, time_ns - delay_ns)
    z = normal(philox(key0, key1, STREAM_SIGNAL, entity, time_ns // look_ns, 0)[0])
    return min(max(v + noise_sd * z, 0.0), 1.0)
