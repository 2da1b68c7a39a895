"""From the configuration of settlement to its numbers and arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proteus.basics import units
from proteus.compiler.arrays import allocate
from proteus.market.settlement.added import OF_OURS, RULES
from proteus.market.settlement.base import DatedSettlement, Settlement
from proteus.market.settlement.legs import (
    MODE_BLOCKS,
    MODE_DELAYED,
    MODE_IMMEDIATE,
    Held,
    Legs,
    Parties,
    Payments,
    SettlementState,
    Sharing,
    Terms,
)
from proteus.market.settlement.models import BlockSettlement, DelayedSettlement
from proteus.market.settlement.sums import SettlementSums

_WORDS = 2**32  # random words there are


def terms_of(config: Settlement, end_ns: int) -> Terms:
    """Return the numbers of a configuration; ``end_ns``: the end of trading."""
    none = np.zeros(0, np.int64)
    immediate = Terms(MODE_IMMEDIATE, end_ns, 0, 0, OF_OURS, none, False, 0, 0, 0, 0, 0)
    if isinstance(config, DatedSettlement):
        terms = immediate._replace(
            mode=MODE_DELAYED,
            rule=RULES.get(config.mode, OF_OURS),
            numbers=np.array(config.numbers(), np.int64),
            nets=config.netting == "net",
            retries=config.retries,
            fail_penalty_ppm=config.fail_penalty_ppm,
        )
        if not isinstance(config, DelayedSettlement):
            return terms
        return terms._replace(
            delay_ns=units.milliseconds_to_ns(config.delay_ms or 0),
            cycle_ns=units.milliseconds_to_ns(config.cycle_ms or 0),
        )
    if isinstance(config, BlockSettlement):
        return immediate._replace(
            mode=MODE_BLOCKS,
            finality_blocks=config.finality_blocks,
            fork_word=round(config.fork_probability * _WORDS),
            fork_depth=config.fork_depth,
        )
    return immediate


def allocate_settlement(
    config: Settlement,
    end_ns: int,
    lanes: int,
    legs: int,
    uids: NDArray[np.int64],
    is_limited: NDArray[np.bool_],
) -> SettlementState:
    """Allocate settlement with nothing pending.

    Parameters
        config: of any mode. end_ns: the end of trading. lanes: L. legs: fills that may be pending
            at once; where settlement is immediate there is room for none.
        uids: int64 [A], agent_uid of each trader. is_limited: bool [A], who has capital.
    """
    terms = terms_of(config, end_ns)
    if terms.mode == MODE_IMMEDIATE:
        legs, uids, is_limited = 0, uids[:0], is_limited[:0]
    traders = len(uids)
    by_uid = np.argsort(uids, kind="stable")
    return SettlementState(
        terms=terms,
        parties=allocate(Parties, A=traders, by_uid=by_uid, is_limited=is_limited),
        legs=allocate(Legs, L=lanes, C=legs),
        held=allocate(Held, L=lanes, A=traders),
        sharing=allocate(Sharing, A=traders),
        payments=allocate(Payments, L=lanes, P=(legs + 1) // 2),
        sums=allocate(SettlementSums, L=lanes, A=traders),
    )
