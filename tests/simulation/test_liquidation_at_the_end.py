"""MODEL2 A7 in whole lanes: who fails at T by what the log says is liquidated there, and no other.

The accounts over time that figures show are made of rows alone (``recording.credit_traces``), so
they say of each account what its health is just before T.
"""

import numpy as np
import pytest

from proteus.market.ledger.accounts import AFTER_LAST
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.trading.world import FAULT_NONE
from proteus.market.variables import measure
from proteus.market.variables.dimensions import optional_of
from proteus.recording.columns import CREDIT_SEIZED, is_kind, rows_of
from proteus.recording.credit_traces import accounts
from proteus.replaying.rerun import Rerun
from tests.helpers.cells import ROOT, cell, run_plain
from tests.helpers.crediting import AUTO, LEVERAGED

pytestmark = pytest.mark.plain

MANY = ("population.informed.count=8", "latent.jump_rate_per_s=25")
MARKETS = {  # and a seed in which somebody fails at 0.5 s and was healthy at 0.3 s
    "clob": (MANY, 3), "fba": ((*MANY, "settlement=t_plus", "settlement.delay_ms=20"), 9),
    "rfq": (("credit.accrue_ms=150",), 3),
}  # fmt: skip


@pytest.mark.parametrize("mechanism", MARKETS)
def test_who_fails_at_the_end_is_liquidated_there_and_nobody_else(mechanism):
    words, seed = MARKETS[mechanism]
    setup = with_log(
        set_up_cell(
            cell(f"mechanism={mechanism}", *LEVERAGED, *AUTO, "credit.accrue_ms=300", *words)
        )
    )
    block = build_block(setup, replicate_keys(ROOT, np.array([seed])), 2, audit=True)
    run_plain(*block)
    assert block.world.progress.fault[0] == FAULT_NONE
    rows = rows_of(block.world.log, 0)
    horizon = np.array([setup.cell.horizon_ns])
    before = {
        name: of[0] for name, of in accounts(rows, setup.cell, horizon, len(setup.members)).items()
    }
    fails = np.flatnonzero((before["health_factor"] < 1) & (before["collateral"] != 0))

    at_end = is_kind(rows, CREDIT_SEIZED) & (rows["event"] == AFTER_LAST)
    seized = rows["trader"][at_end]
    assert sorted(seized.tolist()) == fails.tolist() != []
    assert (rows["time_ns"][at_end] == horizon[0]).all()
    assert (np.diff(before["health_factor"][seized]) > -1e-12).all()  # the least first
    values = measure(block.world, optional_of(setup.cell))
    assert values["liquidations"][0] == is_kind(rows, CREDIT_SEIZED).sum()
    pnl = sum(
        each[0] for name, each in values.items()
        if name.startswith("pnl_") and each.ndim == 1 and not name.endswith("settled")
    )  # fmt: skip
    assert abs(pnl) < 1e-9
    Rerun(setup, ROOT, seed, rows, len(rows["kind"]), 2).run()
