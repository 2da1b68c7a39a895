"""Sessions beside the lanes that run inside: the same cell, decided for here and there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np

import proteus
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import Block, build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.setup.snapshots import arrays_of_lanes
from proteus.market.trading.world import World
from proteus.sessions import session as module
from tests.helpers.cells import ROOT, run_plain


@contextmanager
def recorded() -> Any:
    """Let sessions keep the log of every lane."""
    with mock.patch.object(module, "set_up_cell", lambda cell: with_log(set_up_cell(cell))):
        yield


def inside(cell: Any, lanes: int, seed: int = 0) -> Block:
    """Run the lanes with everybody decided for inside, and their logs."""
    keys = replicate_keys(ROOT, np.arange(seed, seed + lanes))
    block = build_block(with_log(set_up_cell(cell)), keys, 4, False)
    run_plain(*block)
    return block


def play(session: proteus.Session, policy: Any) -> list[Any]:
    """Play a session to its end; returns what was wanted at each step."""
    wanted = []
    while session.waiting.any():
        seen = session.observe()
        assert not seen.overflow[seen.decides].any()
        wanted.append(policy.act(seen))
        session.act(wanted[-1])
        session.step()
    return wanted


def odd(left: World, right: World) -> list[str]:
    """Name the arrays of lanes in which two worlds differ by a bit.

    Left out are what the trader outside thinks, which is not in the world, the price that goes
    with its fill reports, and intents, in which lanes that have ended may find anything.
    """
    ours, theirs = (dict(arrays_of_lanes(world)) for world in (left, right))
    shared = [path for path in ours if path in theirs]
    shared = [path for path in shared if path.split(".")[0] not in ("policies", "intents")]
    shared.remove("messages.rank")
    assert len(shared) > 100
    return [path for path in shared if ours[path].tobytes() != theirs[path].tobytes()]
