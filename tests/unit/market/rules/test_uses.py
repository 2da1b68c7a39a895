"""The word of the rules names what a cell uses, and nothing of a cell that adds nothing."""

import numpy as np
import pytest

from proteus.market.rng import replicate_keys
from proteus.market.rules import uses
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell
from tests.helpers.cells import ROOT, cell

CASES = {  # words of a cell: what it uses
    "": 0,
    "costs=notional": uses.FEES,
    "costs=dydx": uses.FEES | uses.TIERS,
    "costs=gas": uses.FEES | uses.GAS,
    "population.noise.policy.reservation_scale=0.05": uses.WORTH,
    "settlement=t_plus": uses.DELAYED,
    "incentives=polymarket incentives.policies.liquidity.epoch_s=1": uses.POLICIES,
    "environment=oracle": uses.ORACLE,
    "environment=blocks": 0,
    "environment=blocks execution.route=blocks": uses.BLOCKS,
    "environment=blocks execution.route=blocks execution.tips=edge_share": uses.BLOCKS | uses.EDGES,
    "population.maker.capital=20": uses.CAPITAL,
    "risk@population.maker.risk=order_size": uses.CHAINS,
    "costs=gas population.maker.capital=20 risk@population.maker.risk=capital": (
        uses.FEES | uses.GAS | uses.CAPITAL | uses.CHAINS | uses.KEPT_GAS
    ),
}


@pytest.mark.nojit
@pytest.mark.parametrize("words", CASES)
def test_the_word_names_what_a_cell_uses(words):
    config = cell("mechanism=clob", *words.split())
    setup = set_up_cell(config, is_rich=True)
    block = build_block(setup, replicate_keys(ROOT, np.arange(1)), 1, False)
    anything = uses.ANYTHING if words else 0
    assert block.world.rules.uses == CASES[words] | anything
