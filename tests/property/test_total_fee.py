"""Where the tick is fine and traders know costs, only the total fee matters, not who pays it.

A fee that moves from takers to the maker moves the quotes by as much, so that everyone trades the
same lots at the same times and net prices. A coarse tick does not let the quotes follow.

Source
    Colliard & Foucault (2012) Review of Financial Studies 25:3389; Foucault, Kadan & Kandel (2013)
    Journal of Finance 68:299, for the tick.
"""

import numpy as np
import pytest

from proteus.market.ledger.accounts import CASH
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.recording.columns import FILL, is_kind, rows_of
from tests.helpers.cells import ROOT, cell, run_plain

pytestmark = pytest.mark.plain
TOTAL = 0.006
SPLITS = [(0.006, 0), (0.003, 0.003), (0, 0.006), (0.009, -0.003), (-0.002, 0.008)]  # taker, maker
MAKER = (  # quotes its belief plus and minus what it needs, which is fixed
    "population.maker.count=1", "population.maker.policy.inventory_slope=0",
    "population.maker.policy.skew=0", "population.maker.policy.volatility_weight=0",
    "population.maker.policy.adverse_selection_weight=0",
    "population.maker.policy.belief_gain_trade=0", "population.maker.policy.belief_gain_fill=0",
    "population.maker.policy.inventory_limit_lots=100000",
    # It never runs out of lots, nor of ticks near 0 or 1: the last price, which then stands for a
    # quote, tells who paid.
    "population.maker.policy.quote_lots=1000",
    "population.noise.policy.marketable_probability=1",
)  # fmt: skip


def traded(tick, taker, maker, *words):
    """Who traded how much when, and what everyone has in the end, net of all fees."""
    config = cell(
        "mechanism=clob", "costs=notional", f"costs.taker_per_lot={taker}",
        f"costs.maker_per_lot={maker}", f"contract.tick={tick}", "latent.jump_rate_per_s=3",
        "latent.jump_accuracy=0.6", f"execution.protection_ticks={round(0.5 / tick)}",
        "mechanism.self_trade=none", *MAKER, *words,
    )  # fmt: skip
    keys = replicate_keys(ROOT, np.arange(2))
    block = build_block(with_log(set_up_cell(config)), keys, 1, audit=False)
    run_plain(*block)
    world = block.world
    assert not world.progress.fault.any()
    fills = []
    for lane in range(2):
        rows = rows_of(world.log, lane)
        there = is_kind(rows, FILL)
        columns = [rows[name][there] for name in ("time_ns", "trader", "side", "lots")]
        fills.append(np.column_stack(columns).tolist())
    traders = world.ledger.bought.shape[1]
    return fills, world.ledger.balance[:, :traders, CASH].tolist()


def test_only_the_total_fee_matters_at_a_fine_tick():
    base = traded(0.001, *SPLITS[0])
    assert sum(map(len, base[0])) > 40
    for split in SPLITS[1:]:
        assert traded(0.001, *split) == base, split


def test_who_pays_matters_at_a_coarse_tick():
    outcomes = [traded(0.01, *split) for split in SPLITS[:3]]
    assert outcomes[0] != outcomes[1] != outcomes[2]


def test_a_larger_total_fee_trades_less():
    """Noise trades whatever it costs; those who know their edge trade less."""
    lots = [
        sum(row[3] for fills in traded(0.001, fee, 0, "population.noise.count=0")[0]
            for row in fills)
        for fee in (0, 0.006, 0.05)
    ]  # fmt: skip
    assert lots[0] > lots[1] > lots[2]


def test_traders_who_do_not_know_costs_trade_as_if_there_were_none():
    names = [*cell().population]
    blind = [f"population.{name}.knows_costs=false" for name in names]
    free, charged = (traded(0.001, *fees, *blind) for fees in ((0, 0), (0.006, -0.002)))
    assert free[0] == charged[0]
    assert free[1] != charged[1]
