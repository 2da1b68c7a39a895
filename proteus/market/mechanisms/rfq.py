"""Request for quote: a taker asks dealers, who answer with firm quotes that live for a while.

Rules
    A taker's order is a request to ``dealers`` of the market makers. A dealer who answers thinks
    for a random time and then quotes as it would quote anywhere else: one side if it is shown the
    side, else both. A quote lives from its arrival at the venue for its TTL, or to the end of the
    request, and cannot be taken back. Noise traders accept the best quote inside their limit a
    while after answers can be there; informed traders and snipers hold their quotes to the last
    moment and then decide. An acceptance trades at the price of the quote and closes the request.
    With ``last_look`` the dealer then looks again, and may refuse.

What is not realistic
    No choice of dealers by the taker, no negotiation, no aggregation of quotes.

Source
    docs/mechanisms.md states each rule, and the practice of venues.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field

from proteus.basics import units
from proteus.basics.schema import Milliseconds, PositiveCount, PositiveMilliseconds, Probability
from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state, written_first
from proteus.market.book.codes import NO_ORDER, NO_PRICE
from proteus.market.events.latency import LATENCY_CODES, LatencyLaw
from proteus.market.information.leakage import RequestTable, Table
from proteus.market.mechanisms.base import MechanismConfig, Sizes
from proteus.market.mechanisms.interface import is_continuous
from proteus.market.mechanisms.requests import TIE_CODES, LiveRequests, allocate_live_requests


class RfqConfig(MechanismConfig):
    """Keys of ``conf/mechanism/rfq.yaml``."""

    uses_delta: ClassVar[bool] = False
    has_requests: ClassVar[bool] = True
    table: ClassVar[type[Table]] = RequestTable
    name: Literal["rfq"]
    dealers: PositiveCount
    request_ttl_ms: PositiveMilliseconds
    quote_ttl_ms: PositiveMilliseconds
    decision_ms: Milliseconds
    response: LatencyLaw
    response_probability: Probability
    shows_side: bool
    shows_size: bool
    tie: Literal["time", "size", "random"]
    least_share: Probability
    last_look: bool
    hold_ms: Milliseconds
    tolerance: Annotated[float, Field(ge=0, le=1)]  # currency; a price is at most 1

    def places(self, orders_per_s: float) -> float:
        """Return how many requests and quotes are alive at once, or would be but for a trade."""
        quotes = self.dealers * (1 if self.shows_side else 2)
        return orders_per_s * self.request_ttl_ms / 1000 * (1 + quotes)


@state
class Terms(NamedTuple):
    """Parameters of a request-for-quote market."""

    dealers: int  # asked per request, at most
    request_ttl_ns: int
    quote_ttl_ns: int
    decision_ns: int
    response_law: int  # latency.*
    response_base: int  # ns
    response_spread: float  # ns
    response_shape: float
    response_probability: float
    shows_side: bool
    shows_size: bool
    tie: int  # requests.TIE_*
    least_share: float
    last_look: bool
    hold_ns: int
    tolerance_nano: int


@state
class Known(NamedTuple):
    """What takers know of their requests and quotes. L lanes, A traders, C slots, M dealers."""

    request: np.ndarray  # int64 [L, A] slot of the request that a holder waits for, or NO_ORDER
    request_id: np.ndarray  # int64 [L, A] its client id
    last_price: np.ndarray  # int64 [L, A, 2] last quote seen of each side, ticks, or NO_PRICE
    last_ns: np.ndarray  # int64 [L, A, 2] when
    told_until: np.ndarray  # int64 [L, A] last arrival on the market data link, ns
    id: np.ndarray  # int64 [L, C] client id of the request in the slot
    side: np.ndarray  # int8 [L, C] its side
    limit: np.ndarray  # int32 [L, C] its limit as a rank
    lots: np.ndarray  # int64 [L, C] its size
    accepting: np.ndarray  # int8 [L, C] 1: an acceptance is on its way
    heard: np.ndarray  # int32 [L, C] quotes that arrived at the taker
    quote: np.ndarray  # int32 [L, C, M] their slots
    quote_id: np.ndarray  # int64 [L, C, M] their client ids
    quote_rank: np.ndarray  # int32 [L, C, M] their prices as ranks
    quote_lots: np.ndarray  # int64 [L, C, M] their sizes
    quote_deadline: np.ndarray  # int64 [L, C, M] their last moments at the venue, ns
    quote_tie: np.ndarray  # int64 [L, C, M] what breaks ties of price, larger first


@written_first("other_order", "other_id", "deadline_ns", "tie")
@state
class Enclosures(NamedTuple):
    """What an envelope about requests holds besides. L lanes, M envelopes."""

    other_order: np.ndarray  # int32 [L, M] slot of the other one: of an acceptance, the quote; of a
    # quote that is told, the request
    other_id: np.ndarray  # int64 [L, M] its client id
    deadline_ns: np.ndarray  # int64 [L, M] of a quote that is told: its last moment at the venue
    tie: np.ndarray  # int64 [L, M] of a quote that is told: breaks ties of price, larger first


@state
class Rfq(NamedTuple):
    """Parameters and state of the request-for-quote market. L lanes, A traders."""

    terms: Terms
    alive: LiveRequests
    known: Known
    enclosures: Enclosures
    draw: np.ndarray  # int64 [L, A] scratch: words that choose the dealers
    measured_ns: np.ndarray  # int64 [L] time up to which live quotes have been measured


def make(config: RfqConfig, sizes: Sizes) -> Rfq:
    """Build the mechanism for a block of lanes."""
    response = config.response
    return allocate(
        Rfq,
        L=sizes.lanes,
        A=sizes.traders,
        terms=Terms(
            dealers=config.dealers,
            request_ttl_ns=_ns(config.request_ttl_ms),
            quote_ttl_ns=_ns(config.quote_ttl_ms),
            decision_ns=_ns(config.decision_ms),
            response_law=LATENCY_CODES[response.law],
            response_base=_ns(response.base_ms),
            response_spread=float(_ns(response.spread_ms)),
            response_shape=float(response.shape),
            response_probability=float(config.response_probability),
            shows_side=config.shows_side,
            shows_size=config.shows_size,
            tie=TIE_CODES[config.tie],
            least_share=float(config.least_share),
            last_look=config.last_look,
            hold_ns=_ns(config.hold_ms),
            tolerance_nano=round(config.tolerance * units.NANO),
        ),
        alive=allocate_live_requests(sizes.lanes, sizes.slots, sizes.traders),
        known=_allocate_known(sizes, config.dealers),
        enclosures=_allocate_enclosures(sizes),
    )


def _ns(milliseconds: float) -> int:
    return units.milliseconds_to_ns(milliseconds)


def _allocate_known(sizes: Sizes, dealers: int) -> Known:
    """Allocate what takers know; the message door has no takers."""
    slots = sizes.slots if sizes.keyed else 1
    return allocate(
        Known, L=sizes.lanes, A=sizes.traders, C=slots, M=min(dealers, sizes.traders),
        request=NO_ORDER, last_price=NO_PRICE,
    )  # fmt: skip


def _allocate_enclosures(sizes: Sizes) -> Enclosures:
    """Allocate room for as many envelopes as slots; the message door has none."""
    return allocate(Enclosures, L=sizes.lanes, M=sizes.slots if sizes.keyed else 1)


@is_continuous.implement(Rfq)
@inline_kernel
def _is_continuous(mechanism):
    return False  # live quotes are seen by their requester alone, and may cross
