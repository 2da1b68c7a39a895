"""Latency laws of the four legs between a trader and the venue.

    constant             base
    uniform              base .. base + spread
    shifted_exponential  base + Exp(mean spread)
    lognormal            base + spread * exp(shape * z)

Every link takes at least 1 ns. A draw is addressed by the message's cause, so the same cause has
the same latencies under every mechanism.
"""

from __future__ import annotations

import math
from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from proteus.basics.schema import (
    Milliseconds,
    NonNegative,
    Schema,
    requirement,
)
from proteus.compiler.jit import inline_kernel
from proteus.errors import ConfigError as ConfigError
from proteus.market.events.envelopes import cause_of, slot_of, wake_of
from proteus.market.rng import (
    STREAM_FILL_REPORT,
    STREAM_LATENCY,
    exponential,
    normal,
    uniform,
    words_at,
)


class LatencyLaw(Schema):
    """Describe the law of one latency."""

    law: Literal["constant", "uniform", "shifted_exponential", "lognormal"]
    base_ms: Milliseconds
    spread_ms: Milliseconds
    shape: NonNegative

    @model_validator(mode="after")
    def _check_law(self) -> Self:
        if self.law == "constant" and self.spread_ms:
            raise requirement("spread_ms", "must be 0 when law=constant")
        if self.law != "lognormal" and self.shape:
            raise requirement("shape", f"must be 0 when law={self.law}")
        return self


class Latency(Schema):
    """Hold the four latencies of a trader group."""

    submission: LatencyLaw
    acknowledgement: LatencyLaw
    fill_report: LatencyLaw
    market_data: LatencyLaw


CONSTANT = 0
UNIFORM = 1
SHIFTED_EXPONENTIAL = 2
LOGNORMAL = 3
LATENCY_CODES = {
    "constant": CONSTANT,
    "uniform": UNIFORM,
    "shifted_exponential": SHIFTED_EXPONENTIAL,
    "lognormal": LOGNORMAL,
}

# Legs: the word of a block that each one uses.
SUBMISSION = 0
ACKNOWLEDGEMENT = 1
FILL_REPORT = 2
MARKET_DATA = 3

# The words of the slowest hundredth of a law: one that rises with its word, or falls.
_SLOW = np.uint32(0.99 * 2**32)
_SLOW_OF_FALLING = np.uint32(0.01 * 2**32)


@inline_kernel
def delay(traders, trader, leg, word):
    """Turn a word into the latency of one leg of a trader, in ns, at least 1.

    Parameters
        traders: Traders. trader: its number. leg: SUBMISSION, ... word: uint32.
    """
    return draw_delay(
        traders.latency_law[trader, leg], traders.latency_base[trader, leg],
        traders.latency_spread[trader, leg], traders.latency_shape[trader, leg], word,
    )  # fmt: skip


@inline_kernel
def slow_delay(traders, trader, leg):
    """Return the latency of one leg of a trader that a hundredth of the draws exceed, in ns."""
    falls = traders.latency_law[trader, leg] == SHIFTED_EXPONENTIAL  # -log of a uniform
    return delay(traders, trader, leg, _SLOW_OF_FALLING if falls else _SLOW)


@inline_kernel
def draw_delay(law, base, spread, shape, word):
    """Turn a word into a delay of a law, in ns, at least 1.

    Parameters
        law: a code above. base, spread: ns. shape: standard deviation of the logarithm, of the
        lognormal law. word: uint32.
    """
    extra = 0.0
    if law == UNIFORM:
        extra = spread * uniform(word)
    elif law == SHIFTED_EXPONENTIAL:
        extra = spread * exponential(word)
    elif law == LOGNORMAL:
        extra = spread * math.exp(shape * normal(word))
    return max(base + np.int64(extra), 1)


@inline_kernel
def latency_words(traders, keys, lane, trader, address):
    """Return the four words, uint32, one per leg, of a message.

    Parameters
        keys: uint32 [L, 2]. address: cause, wake-up and slot (``envelopes.pack_address``).
    """
    stream = STREAM_LATENCY + cause_of(address)
    entity = traders.entity[trader]
    return words_at(keys, lane, stream, entity, wake_of(address), slot_of(address))


@inline_kernel
def fill_report_word(traders, keys, lane, trader, address, number):
    """Return the word, uint32, of the n-th fill report of an order.

    Parameters
        keys: uint32 [L, 2]. address: of the order, as in ``latency_words``. number: n.
    """
    block = number << 16 | cause_of(address) << 8 | slot_of(address)
    entity = traders.entity[trader]
    return words_at(keys, lane, STREAM_FILL_REPORT, entity, wake_of(address), block)[0]
