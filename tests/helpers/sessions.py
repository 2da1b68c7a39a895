"""Sessions beside the lanes that run inside: the same cell, decided for here and there."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import numpy as np

import proteus
from proteus.compiler import held
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import Block, build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.setup.snapshots import arrays_of_lanes
from proteus.market.trading.world import World
from proteus.sessions import session as module
from proteus.sessions.actions import Quotes
from tests.helpers.cells import ROOT, run_plain


@contextmanager
def recorded() -> Any:
    """Let sessions keep the log of every lane."""
    with mock.patch.object(module, "set_up_cell", lambda cell: with_log(set_up_cell(cell))):
        yield


@contextmanager
def in_plain_python() -> Any:
    """Let sessions run in plain Python, as ``run_plain`` runs lanes."""
    names = ("step_block", "widen")
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(held, "JIT_DISABLED", True))  # binds what it is given
        for name in names:
            kernel = getattr(module, name)
            plain = getattr(kernel, "py_func", kernel)
            stack.enter_context(mock.patch.object(module, name, plain))
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


def play_together(session: proteus.Session, policies: list[Any]) -> None:
    """Play a session of several traders to its end, each by a policy of its own."""
    while session.waiting.any():
        seen = session.observe()
        assert not seen.overflow[seen.decides].any()
        quotes = [policy.act(seen) for policy in policies]
        chosen = [
            np.stack(each)[seen.trader, np.arange(session.lanes)]
            for each in zip(*quotes, strict=True)
        ]
        session.act(Quotes(*chosen))
        session.step()


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
