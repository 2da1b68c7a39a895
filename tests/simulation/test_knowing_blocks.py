"""What traders make of blocks: looks before their slots, and a base fee that is shown."""

import numpy as np
import pytest

from proteus.market.agents.traders import CLASS_MAKER
from proteus.market.costs.charging import OF_THE_MODEL
from proteus.market.events.envelopes import CAUSE_SCHEDULE
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.trading import desk
from proteus.recording.columns import CHAIN_BLOCK, is_kind, rows_of
from tests.helpers.cells import ROOT, cell, run_plain
from tests.helpers.surrounded import BY_BLOCKS, differing, measured, run, words_of

pytestmark = pytest.mark.nojit

BEFORE_SLOTS = [
    f"population.maker.schedule.{key}"
    for key in ("law=before_slots", "rate_per_s=0", "jitter=0", "lead_ms=20")
]


def test_who_looks_before_a_slot_does_so_whether_a_block_is_made_or_not(monkeypatch):
    """At k x 100 ms less 20 ms, k = 1, 2, ..., and at no other time but when it hears of fills."""
    times, wake = [], desk.wake

    def note(world, lane, trader, time, cause, number):
        if cause == CAUSE_SCHEDULE and world.traders.role[trader] == CLASS_MAKER:
            times.append((int(number), int(time)))
        wake(world, lane, trader, time, cause, number)

    monkeypatch.setattr(desk, "wake", note)
    words = ["environment=blocks", *BY_BLOCKS, "environment.blocks.missed=0.5", *BEFORE_SLOTS]
    world = run("fba", *words)
    assert 0 < world.rules.environment.blocks.made[0] < 19
    assert sorted(set(times)) == [(k, (k * 100 + 80) * 10**6) for k in range(20)]


GAS_TO_PAY = ["environment=congestion", *BY_BLOCKS, "costs=gas"]
SHOWN = "execution.leakage.clob.block.base_fee=public"


@pytest.mark.parametrize("is_shown", [True, False])
def test_who_is_shown_the_base_fee_knows_what_the_next_block_will_charge(monkeypatch, is_shown):
    """At every decision: that of the block which is made next, as the log has it."""
    known, wake = [], desk.wake

    def note(world, *arguments):
        made = world.rules.environment.blocks.made[0]
        known.append((int(made), int(world.rules.costs.known_fee[0])))
        wake(world, *arguments)

    monkeypatch.setattr(desk, "wake", note)
    words = words_of("clob", *GAS_TO_PAY, *([SHOWN] if is_shown else []))
    setup = with_log(set_up_cell(cell(*words)))
    block = build_block(setup, replicate_keys(ROOT, np.arange(1)), 8, False)
    run_plain(*block)
    rows = rows_of(block.world.log, 0)
    at = is_kind(rows, CHAIN_BLOCK)
    fees = dict(zip(rows["version"][at].tolist(), rows["value_nano"][at].tolist(), strict=True))
    assert len(set(fees.values())) > 10
    found = {(fees[made], fee) for made, fee in known if made in fees}
    assert len(found) > 10
    assert found == {(fee, fee if is_shown else OF_THE_MODEL) for fee, _ in found}


def test_a_base_fee_that_is_shown_is_reckoned_with():
    """One that stays what the schedule says changes nothing; one that rises, what is sent."""
    same = ["environment.congestion.demand_spread=0.0"]
    rises = ["environment.congestion.demand_mean=1.9", "environment.congestion.demand_spread=0.1"]
    one, two = (run("clob", *GAS_TO_PAY, *same, *more) for more in ([], [SHOWN]))
    assert measured(one)["gas_paid"].sum() > 0
    assert differing(one, two) == set()
    one, two = (run("clob", *GAS_TO_PAY, *rises, *more) for more in ([], [SHOWN]))
    assert {"quoted_spread", "gas_paid"} <= differing(one, two)
    assert measured(two)["quoted_spread"][0] > measured(one)["quoted_spread"][0]
