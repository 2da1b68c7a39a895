"""The traders of a cell: what is the same in every lane, and what each trader knows of itself."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state, written_first
from proteus.market.book.codes import NO_ORDER, NO_PRICE

# Classes that PnL and welfare are split by; the roles of dual-flow follow from them.
CLASS_MAKER = 0
CLASS_INFORMED = 1
CLASS_NOISE = 2
CLASS_SNIPER = 3
CLASS_NAMES = ("maker", "informed", "noise", "sniper")  # those of every market
CLASSES = len(CLASS_NAMES)
CLASS_SPOOFER = 4  # takes; one of the classes where a population has it
CLASS_LENDER = 5  # never trades, so that nothing is measured of its orders and fills
ROLE_NAMES = (*CLASS_NAMES, "spoofer", "lender")  # by the number of a trader's class


def classes_among(roles: Collection[int]) -> int:
    """Return how many classes are measured where traders have these roles (CLASS_*)."""
    return CLASS_SPOOFER + 1 if CLASS_SPOOFER in roles else CLASSES


NO_GROUP = -1


@state
class Traders(NamedTuple):
    """Fixed numbers of each trader. A traders; legs in the order of ``latency``."""

    kind: np.ndarray  # int64 [A] number of the policy in the table of traders
    role: np.ndarray  # int64 [A] CLASS_*
    group: np.ndarray  # int64 [A] number of its group, of those that have traders; or NO_GROUP
    owner: np.ndarray  # int32 [A] of its orders: itself, or NO_OWNER where each has its own
    needs_words: np.ndarray  # bool [A] its decisions take random words of their own
    entity: np.ndarray  # int64 [A] address of its random draws
    latency_law: np.ndarray  # int8 [A, 4]
    latency_base: np.ndarray  # int64 [A, 4] ns
    latency_spread: np.ndarray  # float64 [A, 4] ns
    latency_shape: np.ndarray  # float64 [A, 4]
    has_signal: np.ndarray  # bool [A]
    signal_delay: np.ndarray  # int64 [A] ns
    signal_noise: np.ndarray  # float64 [A] currency
    signal_look: np.ndarray  # int64 [A] ns


@state
class Schedules(NamedTuple):
    """When each trader wakes up. A traders."""

    law: np.ndarray  # int8 [A] schedule.*
    gap_ns: np.ndarray  # float64 [A] period, mean gap, or length of a slot
    lead_ns: np.ndarray  # int64 [A] from a wake-up before the end of a slot to that
    jitter_ns: np.ndarray  # float64 [A] largest shift of a periodic wake-up
    cluster_probability: np.ndarray  # float64 [A]
    cluster_gap_ns: np.ndarray  # float64 [A] mean gap inside a cluster
    on_news: np.ndarray  # bool [A]
    on_fill: np.ndarray  # bool [A]


@state
class Private(NamedTuple):
    """What each trader knows of itself and its links. L lanes, A traders, sides BUY and SELL."""

    wakes: np.ndarray  # int64 [L, A] scheduled wake-ups so far
    news_wakes: np.ndarray  # int64 [L, A] wake-ups by news so far: the jumps it has seen
    notified: np.ndarray  # int64 [L, A] wake-ups by notification so far
    anchor: np.ndarray  # int64 [L, A] time of the last wake-up before jitter, ns
    view_time: np.ndarray  # int64 [L, A] time of the last view; never goes back
    prints_seen: np.ndarray  # int64 [L, A] prints read so far
    own_price: np.ndarray  # int64 [L, A] price of the last of them that was its own, or NO_PRICE
    sent_until: np.ndarray  # int64 [L, A] last arrival on the submission link, ns
    sent_tie: np.ndarray  # int64 [L, A] tie of the message that arrives then
    acked_until: np.ndarray  # int64 [L, A] last arrival on the acknowledgement link, ns
    filled_until: np.ndarray  # int64 [L, A] last arrival on the fill report link, ns
    position: np.ndarray  # int64 [L, A] inventory as reported, lots
    quote_order: np.ndarray  # int64 [L, A, 2] slot of the quote last sent, or NO_ORDER
    quote_id: np.ndarray  # int64 [L, A, 2] its version
    quote_price: np.ndarray  # int64 [L, A, 2] ticks
    quote_lots: np.ndarray  # int64 [L, A, 2] open lots as far as reported
    exposure: np.ndarray  # int64 [L, A, 2] lots of its quotes that may still fill, at worst
    rewarded: np.ndarray  # float64 [L, A] currency that an own lot has earned of policies lately
    least_lots: np.ndarray  # int64 [L, A] smallest order that counts for all policies it is in


def allocate_private(lanes: int, traders: int) -> Private:
    """Allocate the state of traders who have done nothing yet."""
    return allocate(Private, L=lanes, A=traders, own_price=NO_PRICE, quote_order=NO_ORDER)


@written_first("print_price")
@state
class View(NamedTuple):
    """What a trader sees when it decides: what it is shown, and its own signal. L lanes."""

    time: np.ndarray  # int64 [L] ns, of the decision
    executable: np.ndarray  # int64 [L, 2] ticks at which it could sell (BUY side), buy (SELL side)
    reference_doubled: np.ndarray  # int64 [L] twice the reference price, ticks
    signal: np.ndarray  # float64 [L] probability
    look: np.ndarray  # int64 [L] number of the look interval of the signal
    print_price: np.ndarray  # int32 [L, N] prices of new prints of others, ticks
    n_prints: np.ndarray  # int64 [L]
    words: np.ndarray  # uint32 [L, 6] the trader's own random words for this wake-up
    masks: np.ndarray  # uint32 [L, 4] what a design of seeds changes of the first four; 0: nothing


def allocate_view(lanes: int, prints: int) -> View:
    """Allocate an empty view."""
    return allocate(View, L=lanes, N=prints)


# Kinds of intents.
INTENT_ORDER = 0  # a new order
INTENT_QUOTE = 1  # what the trader wants to stand on this side; 0 lots: nothing


@state
class Intents(NamedTuple):
    """What a trader decided: an intent is (side, limit, size, lifetime). L lanes, 4 slots."""

    kind: np.ndarray  # int64 [L, 4]
    side: np.ndarray  # int64 [L, 4]
    price: np.ndarray  # int64 [L, 4] limit, ticks
    lots: np.ndarray  # int64 [L, 4]
    lifetime: np.ndarray  # int64 [L, 4] GTC or IOC
    duration: np.ndarray  # int64 [L, 4] ns after which a resting order is cancelled; 0: never
    belief: np.ndarray  # float64 [L, 4] what the trader thinks the contract is worth; of noise what
    # a lot is worth to it beside that
    count: np.ndarray  # int64 [L]


def allocate_intents(lanes: int) -> Intents:
    """Allocate an empty list of intents."""
    return allocate(Intents, L=lanes)


@inline_kernel
def intend(intents, lane, kind, side, price, lots, lifetime, duration, belief):
    """Append an intent; one more than there is room for is counted, and stops the lane.

    Parameters
        intents: written. kind: INTENT_*. side: BUY or SELL. price: limit, ticks. lots: size.
        lifetime: GTC or IOC. duration: ns after which what rests is cancelled; 0: never.
        belief: what the trader thinks the contract is worth, currency; of noise what a lot is worth
            to it beside that.
    """
    at = intents.count[lane]
    intents.count[lane] = at + 1
    if at >= intents.kind.shape[1]:
        return
    intents.kind[lane, at] = kind
    intents.side[lane, at] = side
    intents.price[lane, at] = price
    intents.lots[lane, at] = lots
    intents.lifetime[lane, at] = lifetime
    intents.duration[lane, at] = duration
    intents.belief[lane, at] = belief
