"""Leverage and liquidation compiled: every identity holds, and the bits are those of plain Python.

One loop serves both keepers. Here one mechanism is compiled, in ``make proof`` all of them.
"""

import numpy as np
import pytest

from proteus.market.events.queue import NEVER_NS
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.trading.loop import advance_block
from proteus.market.variables import measure
from proteus.market.variables.dimensions import optional_of
from tests.helpers.budget import is_proof
from tests.helpers.cells import MECHANISM_NAMES, ROOT, cell, differing, run_plain
from tests.helpers.crediting import KEEPERS, LEVERAGED

SETTLED = ("settlement=t_plus", "settlement.delay_ms=20")
LANES = 60
COMPARED = 2  # of the lanes in which somebody is liquidated


def block_of(setup, lanes):
    return build_block(setup, replicate_keys(ROOT, lanes), 2, audit=True)


@pytest.mark.parametrize("mechanism", MECHANISM_NAMES if is_proof() else ["clob"])
@pytest.mark.parametrize("keeper", [*KEEPERS, "traders_later"])
def test_lanes_with_liquidations_keep_every_identity_and_the_bits_of_plain_python(
    mechanism, keeper
):
    who, _, later = keeper.partition("_")
    words = SETTLED if later else ()
    config = cell(f"mechanism={mechanism}", *LEVERAGED, *KEEPERS[who], *words)
    block = block_of(set_up_cell(config), np.arange(LANES))
    advance_block(*block, NEVER_NS)
    assert not block.world.progress.fault.any()
    values = measure(block.world, optional_of(config))
    assert values["interest_paid"].sum() > 0
    split = values["bad_debt_jump"] + values["bad_debt_rest"] - values["bad_debt"]
    assert np.abs(split).max() < 1e-9
    zero = sum(
        each for name, each in values.items()
        if name.startswith("pnl_") and each.ndim == 1 and not name.endswith("settled")
    )  # fmt: skip
    assert np.abs(zero).max() < 1e-9

    liquidated = np.flatnonzero(values["liquidations"])[:COMPARED]
    assert len(liquidated) == COMPARED
    compiled, plain = (block_of(with_log(set_up_cell(config)), liquidated) for _ in range(2))
    advance_block(*compiled, NEVER_NS)
    run_plain(*plain)
    assert not compiled.world.progress.fault.any()
    assert differing(compiled, plain) == []
