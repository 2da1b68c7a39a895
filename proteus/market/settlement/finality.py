"""Settlement by blocks: a fill is final when enough blocks are made upon the one that carries it.

Rules
    A fill is carried by the block that carried the later message, or by the first block that is
    made strictly after it. It is final when ``finality_blocks`` more have been *made*: slots that
    are missed do not count. With ``fork_probability`` a new block belongs to another branch, which
    drops the fills of the last 1 .. ``fork_depth`` blocks before it, each depth as likely. It
    drops first; what is left and old enough is then final. Blocks that a branch replaces stay
    counted, as the other branch has as many.

What is not realistic
    A fork drops fills and no orders: the book stays as it is, and dropped messages do not come
    back in a later block. On a chain the depth of forks falls off faster than uniformly.

Source
    MODEL of the project, C1 and C2; ethereum.org, Gasper (a slot without a block is missed).
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.rng import ENTITY_MARKET, STREAM_FORK, below, words_at
from proteus.market.settlement.legs import (
    LEG_PENDING,
    LEG_REVERTED,
    LEG_TRADED,
    drop_leg,
    settle_leg,
)
from proteus.market.settlement.sums import count_final, extend_value, locked_changed

NO_FORK = 0


@deferred_kernel(int)
def make_block(settlement, keys, lane, number, time, fork_word):
    """Let a block be made: a fork may drop fills, others become final, waiting ones are carried.

    Parameters
        keys: uint32 [L, 2], replicate keys. number: of the block, one more than the last one made.
        fork_word: below this random word it forks.

    Returns
        How many blocks before it are dropped, or NO_FORK.

    Afterwards the statuses of the legs say what is to be posted.
    """
    terms, legs = settlement.terms, settlement.legs
    dropped = fork_depth(terms, keys, lane, number, fork_word)
    for at in range(legs.count[lane]):
        upon = number - legs.block[lane, at]  # blocks made upon the one that carries it
        if legs.status[lane, at] == LEG_TRADED:
            if legs.traded_ns[lane, at] < time:
                legs.block[lane, at] = number
                legs.status[lane, at] = LEG_PENDING
        elif upon <= dropped:
            settlement.sums.lots_reverted[lane] += legs.lots[lane, at]
            drop_leg(settlement, lane, at, LEG_REVERTED, time)
        elif upon >= terms.finality_blocks:
            count_final(settlement.sums, lane, time - legs.traded_ns[lane, at])
            settle_leg(settlement, lane, at, time)
    return dropped


@inline_kernel
def fork_depth(terms, keys, lane, number, fork_word):
    """Draw how many blocks a block drops."""
    words = words_at(keys, lane, STREAM_FORK, ENTITY_MARKET, number, 0)
    if np.int64(words[0]) >= fork_word:
        return np.int64(NO_FORK)
    return 1 + below(words[1], terms.fork_depth)


@cold_kernel
def settle_all(settlement, lane, time):
    """Make everything final that is pending: at the end of trading, and not counted as a wait."""
    legs, sums = settlement.legs, settlement.sums
    sums.value_at_end[lane] = sums.value[lane]
    for at in range(legs.count[lane]):
        if legs.status[lane, at] == LEG_TRADED or legs.status[lane, at] == LEG_PENDING:
            settle_leg(settlement, lane, at, time)
    extend_value(sums, lane, time)
    for trader in range(settlement.held.owed.shape[1]):
        locked_changed(sums, lane, trader, np.int64(0), time)
