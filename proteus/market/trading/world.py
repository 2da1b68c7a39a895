"""The whole state of a block of lanes, as the kernels see it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state, written_first
from proteus.market.agents.ordinary import Policies
from proteus.market.agents.others import WithOthers
from proteus.market.agents.traders import Intents, Private, Schedules, Traders, View
from proteus.market.book.codes import NO_ENVELOPE, NO_PRICE
from proteus.market.environment.news import News, NewsParameters
from proteus.market.events.envelopes import Messages
from proteus.market.events.log import Log
from proteus.market.events.queue import Queue
from proteus.market.information.history import MarketData
from proteus.market.ledger.accounts import Ledger
from proteus.market.mechanisms.interface import NEVER, Market
from proteus.market.metrics.sums import Sums, Totals
from proteus.market.rules.state import NoRules, Rules

# Faults beyond those of the ledger: a lane stops with one of these, or a ledger code.
FAULT_NONE = 0
FAULT_CAPACITY = 100  # a ring or pool was too small: the lane is run again with more room

# How far a lane is, beside the time that it has reached.
STAGE_NEW = 0
STAGE_TRADING = 1
STAGE_ENDED = 2  # settled, or stopped by a fault


@state
class Settings(NamedTuple):
    """Numbers of the cell."""

    horizon_ns: int  # T
    warmup_ns: int
    tau_ns: int
    lookahead_ns: int  # how far past an event the news must be known
    barrier_ns: int
    block_ns: int  # time between the blocks that messages wait for; 0: they wait for none
    tick_nano: int
    n_ticks: int
    initial_ticks: int
    depth_ticks: int  # depth counts as near the best price up to this far from it
    volatility_grid_ns: int
    audit_every_event: bool
    continues: bool  # positions go on after the end: they are marked at v, and nothing is paid
    horizons_ns: np.ndarray  # int64 [H] markout horizons
    elapsed_ns: np.ndarray  # int64 [E] times since the intent of the incidences


@state
class Origins(NamedTuple):
    """Where each order comes from. L lanes, C order slots."""

    belief: np.ndarray  # int64 [L, C] nano: the maker's belief when it sent this version; of noise
    # what a lot is worth to it beside that
    intent_ns: np.ndarray  # int64 [L, C] when the trader decided
    reference_doubled: np.ndarray  # int32 [L, C] twice the public reference then, ticks
    cause: np.ndarray  # int64 [L, C] cause, slot and wake-up of this version
    answer: np.ndarray  # uint32 [L, C] the random word of the latency of answers to it
    reports: np.ndarray  # int64 [L, C] fill reports so far
    is_filled: np.ndarray  # int8 [L, C] 1: has a first fill
    is_quote: np.ndarray  # int8 [L, C] 1: stands for a trader's quote of its side
    is_immediate: np.ndarray  # int8 [L, C] 1: its intent was to trade at once or not at all
    offer: np.ndarray  # int8 [L, C] OFFER_*: of a request, the best that it was offered
    lifetime: np.ndarray  # int32 [L, C] envelope of its running lifetime, or NO_ENVELOPE


written_first(*Origins._fields)(Origins)  # by the order that takes the slot


def allocate_origins(lanes: int, slots: int) -> Origins:
    """Allocate origins for ``slots`` orders per lane."""
    return allocate(Origins, L=lanes, C=slots, lifetime=NO_ENVELOPE)


@state
class Progress(NamedTuple):
    """How far each lane is. L lanes."""

    fault: np.ndarray  # int64 [L] FAULT_NONE, FAULT_CAPACITY or a ledger code
    fault_event: np.ndarray  # int64 [L] number of the event at which it was found
    stage: np.ndarray  # int8 [L] STAGE_*
    reached: np.ndarray  # int64 [L] every event before this time is processed, ns
    now: np.ndarray  # int64 [L] time of the last event, ns
    events: np.ndarray  # int64 [L] entries taken from the queue that did work
    messages: np.ndarray  # int64 [L] that reached the venue
    fills: np.ndarray  # int64 [L]
    last_id: np.ndarray  # int64 [L] client ids given out
    last_price: np.ndarray  # int64 [L] last public trade or clear, ticks, or NO_PRICE
    timer: np.ndarray  # int64 [L] when the timer of the venue ends, ns, or NEVER


def allocate_progress(lanes: int) -> Progress:
    """Allocate the progress of lanes that have not started."""
    return allocate(Progress, L=lanes, stage=STAGE_NEW, last_price=NO_PRICE, timer=NEVER)


@state
class World(NamedTuple):
    """Everything. L lanes."""

    settings: Settings
    progress: Progress
    queue: Queue
    messages: Messages
    market: Market
    origins: Origins
    news: News
    news_parameters: NewsParameters
    data: MarketData
    traders: Traders
    schedules: Schedules
    private: Private
    policies: Policies | WithOthers
    seen: View
    intents: Intents
    ledger: Ledger
    sums: Sums
    totals: Totals
    log: Log
    rules: NoRules | Rules


@inline_kernel
def stop_lane(progress, lane, code, event):
    """Stop a lane because of an event, by its number from 0; the first reason stays."""
    if progress.fault[lane] == FAULT_NONE:
        progress.fault[lane] = code
        progress.fault_event[lane] = event


@inline_kernel
def last_event(progress, lane):
    """Return the number of the last event of a lane, from 0."""
    return max(progress.events[lane] - 1, 0)
