"""What a trader who is decided for outside is shown when it decides.

Its view, what it knows of itself, the time left, and two logs of what it was told since its last
decision. Nothing here says what the contract is worth but its own signal, and no random word.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.market.agents.external import WAITS, External
from proteus.market.trading.world import World

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Fills(NamedTuple):
    """Own fills, in the order of their reports. N lanes, K rows; rows from ``number`` on old."""

    number: Integers  # [N] reports since the last decision, also those beyond K
    order: Integers  # [N, K] place among all that was told since then, fills and prices
    told_ns: Integers  # [N, K] when the report was read
    time_ns: Integers  # [N, K] when it was filled
    side: Integers  # [N, K] BUY or SELL
    price: Integers  # [N, K] ticks
    lots: Integers  # [N, K]
    belief: Floats  # [N, K] what the trader said when it sent that version, currency


class Prints(NamedTuple):
    """Prices of others' trades, and those told by name. N lanes, K rows, as in ``Fills``."""

    number: Integers  # [N]
    read: Integers  # [N] the last so many were read with this view, and not told before it
    order: Integers  # [N, K]
    price: Integers  # [N, K] ticks


class Observation(NamedTuple):
    """What the trader that decides sees in each lane. N lanes; sides are BUY and SELL."""

    decides: Flags  # [N] the lane waits for a decision; of others the rest means nothing
    trader: Integers  # [N] whose it is, by its number among those who are outside
    time_ns: Integers  # [N] now
    left_ns: Integers  # [N] until trading ends
    executable: Integers  # [N, 2] ticks at which it could sell (BUY), and buy (SELL)
    reference_doubled: Integers  # [N] twice the reference price, ticks
    has_signal: Flags  # [N]
    signal: Floats  # [N] of its own, a probability; 0 without one
    look: Integers  # [N] number of the look interval of the signal
    position: Integers  # [N] inventory as reported, lots
    quote_price: Integers  # [N, 2] of the quote that stands, ticks; 0 without one
    quote_lots: Integers  # [N, 2] open lots of it as reported; 0: none stands
    exposure: Integers  # [N, 2] lots that may still fill, at worst
    rewarded: Floats  # [N] what an own lot has earned of policies lately, currency
    least_lots: Integers  # [N] smallest order that counts for all policies
    fills: Fills
    prints: Prints
    overflow: Flags  # [N] more was told since the last decision than the logs have room for


def observe(world: World, external: External, traders: Integers, copy: bool) -> Observation:
    """Gather what the traders that decide see.

    Parameters
        traders: int64 [M], numbers in the population of those who are outside. copy: of one trader
            outside, the fields are else views of the state, and change with the next step.
    """
    at: Any
    of: Any
    if len(traders) == 1:
        of, at = (slice(None), int(traders[0])), (slice(None), 0)
    else:
        lanes = np.arange(len(external.trader))
        of, at = (lanes, external.trader), (lanes, external.number[external.trader])
    view, private = world.seen, world.private
    has_signal = world.traders.has_signal[external.trader]
    stands = private.quote_id[of] != 0
    room = external.fill_order.shape[2]
    fills, prints = external.fills[at], external.prints[at]
    seen = Observation(
        decides=external.waits == WAITS,
        trader=external.number[external.trader],
        time_ns=view.time,
        left_ns=world.settings.horizon_ns - view.time,
        executable=view.executable,
        reference_doubled=view.reference_doubled,
        has_signal=has_signal,
        signal=np.where(has_signal, view.signal, 0.0),
        look=view.look,
        position=private.position[of],
        quote_price=private.quote_price[of] * stands,
        quote_lots=private.quote_lots[of] * stands,
        exposure=private.exposure[of],
        rewarded=private.rewarded[of],
        least_lots=private.least_lots[of],
        fills=Fills(
            fills, external.fill_order[at], external.fill_told_ns[at], external.fill_ns[at],
            external.fill_side[at], external.fill_price[at], external.fill_lots[at],
            external.fill_belief[at],
        ),
        prints=Prints(
            prints, external.read[at], external.print_order[at], external.print_price[at]
        ),
        overflow=np.maximum(fills, prints) > room,
    )  # fmt: skip
    return copied(seen) if copy else seen


def copied(seen: Any) -> Any:
    """Copy an observation with its logs."""
    if isinstance(seen, np.ndarray):
        return seen.copy()
    return seen._make(copied(each) for each in seen)
