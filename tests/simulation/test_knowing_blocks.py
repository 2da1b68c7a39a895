"""What traders make of blocks: looks before their slots, and a base fee that is shown."""

import pytest

from proteus.market.agents.traders import CLASS_MAKER
from proteus.market.events.envelopes import CAUSE_SCHEDULE
from proteus.market.trading import desk
from tests.helpers.surrounded import BY_BLOCKS, differing, measured, run

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
