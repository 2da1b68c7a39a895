"""Latency laws of the four legs between a trader and the venue.

    constant             base
    uniform              base .. base + spread
    shifted_exponential  base + Exp(mean spread)
    lognormal            base + spread * exp(shape * z)

Other packages add laws. Every link takes at least 1 ns. A draw is addressed by the message's cause,
so the same cause has the same latencies under every mechanism.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

import numpy as np
from pydantic import model_validator

from proteus import plugins
from proteus.basics.schema import (
    Milliseconds,
    NonNegative,
    Schema,
    requirement,
)
from proteus.compiler.foreign import or_nothing
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


class Law(NamedTuple):
    """What another package adds: a latency of base plus spread times a number drawn."""

    draw: Callable[..., Any]  # part of a kernel: (shape, word) to a number that rises with the word
    mean: Callable[[float], float]  # shape to the mean of that number
    largest: Callable[[float], float]  # shape to the largest one


CONSTANT = 0
UNIFORM = 1
SHIFTED_EXPONENTIAL = 2
LOGNORMAL = 3
_OURS = {
    "constant": CONSTANT,
    "uniform": UNIFORM,
    "shifted_exponential": SHIFTED_EXPONENTIAL,
    "lognormal": LOGNORMAL,
}
ADDED_LAWS = plugins.rows(plugins.LATENCY, Law, _OURS)
LATENCY_CODES = {**_OURS, **{name: 16 + at for at, name in enumerate(ADDED_LAWS)}}
GIVEN = (1.0, np.uint32(1))  # what ``draw`` is called with, by type

if TYPE_CHECKING:
    LawName = str
else:
    LawName = Literal[tuple(LATENCY_CODES)]


class LatencyLaw(Schema):
    """Describe the law of one latency."""

    law: LawName
    base_ms: Milliseconds
    spread_ms: Milliseconds
    shape: NonNegative

    @model_validator(mode="after")
    def _check_law(self) -> Self:
        if self.law == "constant" and self.spread_ms:
            raise requirement("spread_ms", "must be 0 when law=constant")
        if self.law != "lognormal" and self.law not in ADDED_LAWS and self.shape:
            raise requirement("shape", f"must be 0 when law={self.law}")
        return self


class Latency(Schema):
    """Hold the four latencies of a trader group."""

    submission: LatencyLaw
    acknowledgement: LatencyLaw
    fill_report: LatencyLaw
    market_data: LatencyLaw


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
def _extra_of_ours(law, spread, shape, word):
    extra = 0.0
    if law == UNIFORM:
        extra = spread * uniform(word)
    elif law == SHIFTED_EXPONENTIAL:
        extra = spread * exponential(word)
    elif law == LOGNORMAL:
        extra = spread * math.exp(shape * normal(word))
    return extra


@inline_kernel
def _no_draw(shape, word):
    return 0.0


def _or_else(code: int, draw: Any, others: Any) -> Any:
    """Return the part of a kernel that knows one more law."""
    asked = or_nothing(draw, GIVEN, _no_draw)

    @inline_kernel
    def extra(law, spread, shape, word):
        if law == code:
            return spread * asked(shape, word)
        return others(law, spread, shape, word)

    return extra


_extra = _extra_of_ours
for _name, _law in ADDED_LAWS.items():
    _extra = _or_else(LATENCY_CODES[_name], _law.draw, _extra)


@inline_kernel
def draw_delay(law, base, spread, shape, word):
    """Turn a word into a delay of a law, in ns, at least 1.

    Parameters
        law: a code above. base, spread: ns. shape: standard deviation of the logarithm, of the
        lognormal law. word: uint32.
    """
    extra = _extra(law, spread, shape, word)
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
