"""What makes steps fast changes none: lanes in one piece of memory, and bound kernels."""

import itertools

import numba.core.event
import numpy as np
import pytest

from proteus.compiler.jit import JIT_DISABLED
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell
from proteus.market.setup.outside import with_outside
from proteus.market.setup.snapshots import arrays_of
from proteus.sessions.memory import multiplied
from tests.helpers.cells import MECHANISM_NAMES, TINY, cell
from tests.unit.envs.helping import same, vector

LANES = 5


@pytest.mark.plain
@pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
@pytest.mark.parametrize(
    "rules",
    [
        [],
        [
            "costs=kalshi",
            "environment=blocks",
            "environment.blocks.interval_ms=50",
            "settlement=blocks",
        ],
    ],
    ids=["plain", "rich"],
)
def test_lanes_in_one_piece_of_memory_are_those_of_a_block(mechanism, rules):
    setup = with_outside(
        set_up_cell(cell(f"mechanism={mechanism}", *TINY, *rules)), [0],
        log_rows=3, asks_each=False, step_ns=None,
    )  # fmt: skip
    keys = np.zeros((LANES, 2), np.uint32)
    whole = dict(arrays_of(build_block(setup, keys, 1, audit=False)))
    made = dict(arrays_of(multiplied(build_block(setup, keys[:1], 1, audit=False), LANES)))
    assert list(made) == list(whole)
    for path, array in made.items():
        assert array.flags.carray, path
        assert array.shape == whole[path].shape, path
        assert same(array, whole[path]), path
    spans = {(each.ctypes.data, each.ctypes.data + each.nbytes) for each in made.values()}
    spans = sorted(span for span in spans if span[0] < span[1])
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))


@pytest.mark.skipif(JIT_DISABLED, reason="nothing is compiled without the JIT")
@pytest.mark.parametrize("task", ["maker", "maker_grid", "taker", "sniper"])
def test_stepping_and_starting_over_compile_nothing(task):
    envs = vector(task)
    envs.reset(seed=0)
    envs.action_space.seed(0)
    with numba.core.event.install_recorder("numba:compile") as recorded:
        ended = 0
        for _ in range(40):
            *_, terminated, _, _ = envs.step(envs.action_space.sample())
            ended += int(terminated.sum())
        envs.reset(options={"reset_mask": np.array([True, False, False])})
    assert ended > 0
    assert not recorded.buffer
