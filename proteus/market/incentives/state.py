"""The state of incentives: the policies as numbers, and what the traders of a lane have earned.

Without policies every array has no rows, and nothing is done.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state, written_first
from proteus.market.events.queue import NEVER_NS


@state
class PolicyTable(NamedTuple):
    """The policies of a cell. P policies by name, A traders, E epochs, W steps of discounts.

    M is how many numbers a score of another package has, at most.
    """

    score: np.ndarray  # int64 [P] SCORE_* or MEASURE_*
    act: np.ndarray  # int64 [P] PAYS, FINES or SLASHES
    takes_part: np.ndarray  # bool [P, A]
    epoch_ns: np.ndarray  # int64 [P]
    epochs: np.ndarray  # int64 [P] that end at T or before
    amount: np.ndarray  # int64 [P, E] nano-currency, or nano-shares of a stake; ALL_OF_POOL
    most_per_lot: np.ndarray  # int64 [P] nano-currency, or NO_CAP
    fee_share: np.ndarray  # int64 [P] nano-shares of all fees that flow into the pool
    funded: np.ndarray  # int64 [P] nano-currency in the pool at 0
    staked: np.ndarray  # int64 [P] nano-currency of each trader at 0
    sample_ns: np.ndarray  # int64 [P] length of an interval; 0: no samples
    at_instant: np.ndarray  # bool [P] an addressed instant of each interval, and not its beginning
    entity: np.ndarray  # int64 [P] address of these draws
    spread: np.ndarray  # int64 [P] half ticks, largest distance that counts
    min_lots: np.ndarray  # int64 [P]
    divisor: np.ndarray  # int64 [P] of one side alone
    lowest: np.ndarray  # int64 [P] ticks; of a fill, or of the mid where one side alone scores
    highest: np.ndarray  # int64 [P] ticks
    counts_taker: np.ndarray  # bool [P]
    counts_maker: np.ndarray  # bool [P]
    target: np.ndarray  # int64 [P] lots
    step: np.ndarray  # int64 [P] ticks
    weight: np.ndarray  # int64 [P, W] nano, of a lot so many steps behind the best; 0 at last
    skip_from: np.ndarray  # int64 [P] ticks, as a side sees its own prices
    within_ns: np.ndarray  # int64 [P]
    required: np.ndarray  # int64 [P] nano-shares of the samples of an epoch
    most_per_fill: np.ndarray  # int64 [P] messages
    numbers: np.ndarray  # int64 [P, M] of a score of another package
    both_sides: np.ndarray  # bool [P] of such a score: the side with fewer points counts
    decay: np.ndarray  # float64 [A] weight of the newest epoch in what its lots earn; 0: unknown
    horizon_ns: np.ndarray  # int64 [1] T
    n_ticks: np.ndarray  # int64 [1]


@written_first("trader", "side", "price", "lots")
@state
class Standing(NamedTuple):
    """Orders that rest and are public, each side from its best price on. L lanes, K rows."""

    trader: np.ndarray  # int32 [L, K]
    side: np.ndarray  # int8 [L, K] BUY or SELL
    price: np.ndarray  # int32 [L, K] ticks
    lots: np.ndarray  # int32 [L, K] open
    count: np.ndarray  # int64 [L]


@written_first("points", "due")
@state
class Incentives(NamedTuple):
    """What policies hold and traders have earned. L lanes, P policies, A traders.

    The pools of a lane add up to the balance of that account, its stakes to that of the other.
    """

    table: PolicyTable
    standing: Standing
    points: np.ndarray  # int64 [L, A, 2] of one sample, by side
    due: np.ndarray  # int64 [L, A] nano-currency that the epoch that ends pays or charges
    pool: np.ndarray  # int64 [L, P] nano-currency
    carried: np.ndarray  # int64 [L, P] nano-currency of earlier epochs that the next one pays
    short: np.ndarray  # int64 [L, P] epochs that the pool could not pay in full
    stake: np.ndarray  # int64 [L, P, A] nano-currency
    put_aside: np.ndarray  # int64 [L, P, A] nano-currency that it begins, or has ended, with
    epoch: np.ndarray  # int64 [L, P] number of the open epoch
    samples: np.ndarray  # int64 [L, P] taken in it
    score: np.ndarray  # int64 [L, P, A] in it: shares, lots, samples, answers or messages
    lots: np.ndarray  # int64 [L, P, A] own lots filled in it
    fills: np.ndarray  # int64 [L, P, A] own fills in it
    interval: np.ndarray  # int64 [L, P] number of that of the next sample
    next_sample: np.ndarray  # int64 [L, P] ns, or NEVER_NS
    fees_seen: np.ndarray  # int64 [L, P] nano-currency of fees up to the last epoch
    worth: np.ndarray  # float64 [L, P, A] currency that an own lot earns, as the trader thinks
    waiting: np.ndarray  # int64 [L, P, A] nano-currency earned since lots were last filled
    unpaid: np.ndarray  # int64 [L, A] nano-currency of fines that there was no cash for
    shares: np.ndarray  # int64 [L, A] of all that was scored, summed over epochs, of SHARE_ONE
    scored: np.ndarray  # int64 [L, A] epochs with a score of anybody in which it took part
    met: np.ndarray  # int64 [L, A] samples at which it was there, of policies of presence
    could: np.ndarray  # int64 [L, A] samples of these policies


def allocate_incentives(table: PolicyTable, lanes: int, orders: int) -> Incentives:
    """Allocate the state of a block, before anything is funded.

    Parameters
        orders: most that can rest at once; where no policy reads them there is room for none.
    """
    policies, traders = table.takes_part.shape
    rows = orders if table.sample_ns.any() else 0
    return allocate(
        Incentives, L=lanes, P=policies, A=traders, next_sample=NEVER_NS,
        put_aside=np.broadcast_to(table.staked[:, None], (policies, traders)),
        table=table, standing=allocate(Standing, L=lanes, K=rows),
    )  # fmt: skip


@inline_kernel
def has_policies(incentives):
    """Tell whether there are any policies."""
    return incentives.table.score.shape[0] > 0
