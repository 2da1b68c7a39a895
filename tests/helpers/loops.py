"""A lane in the plain loop and in the one with all hooks, and in which arrays they differ."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.market.events.queue import NEVER_NS
from proteus.market.ledger.accounts import PLAIN_ACCOUNTS, PLAIN_CODES, Ledger
from proteus.market.rng import replicate_keys
from proteus.market.rules.state import NoRules
from proteus.market.setup.block import Block, build_block
from proteus.market.setup.members import CellSetup
from proteus.market.setup.snapshots import arrays_of_lanes
from proteus.market.trading.loop import advance_block
from proteus.market.trading.world import FAULT_CAPACITY, World
from tests.helpers.cells import ROOT

LARGEST_GROWTH = 64


def differing(left: Any, right: Any) -> list[str]:
    """Name the arrays of lanes in which two blocks, or worlds, differ by a bit."""
    pairs = zip(arrays_of_lanes(left), arrays_of_lanes(right), strict=True)
    return [path for (path, a), (_, b) in pairs if a.tobytes() != b.tobytes()]


def without_rules(world: World) -> World:
    """Leave of a world in the rich loop what one in the plain loop has; nothing else was used."""
    return world._replace(rules=NoRules(), ledger=_plain_part(world.ledger))


def _plain_part(ledger: Ledger) -> Ledger:
    """Leave the accounts and codes that a plain ledger carries; in all others there is nothing."""
    accounts = ledger.bought.shape[1] + len(PLAIN_ACCOUNTS)
    places = ledger.place[list(PLAIN_CODES)]
    total = ledger.total[:, :accounts, places]
    assert np.count_nonzero(total) == np.count_nonzero(ledger.total)
    assert not ledger.balance[:, accounts:].any()
    return ledger._replace(balance=ledger.balance[:, :accounts], total=total)


def run_with_room(setup: CellSetup, replicates: NDArray[np.int64], growth: int = 1) -> Block:
    """Run lanes in as much room as they need."""
    block = build_block(setup, replicate_keys(ROOT, replicates), growth, audit=False)
    advance_block(*block, NEVER_NS)
    if (block.world.progress.fault == FAULT_CAPACITY).any():
        assert growth < LARGEST_GROWTH
        return run_with_room(setup, replicates, 2 * growth)
    return block
