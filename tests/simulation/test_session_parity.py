"""The baseline maker outside: what it does, its fills and its PnL are those of the one inside."""

import numpy as np
import pytest

import proteus
from proteus.market.variables import measure
from tests.helpers.cells import MECHANISM_NAMES, ROOT, TINY, cell, same_values
from tests.helpers.sessions import inside, odd, play, recorded

CELLS = {
    "as configured": (),
    "two makers, last look": ("population.maker.count=2",),
    "little room": (
        "population.maker.policy.inventory_limit_lots=12",
        "population.noise.schedule.rate_per_s=60",
    ),
    "widens": (
        "population.maker.policy.inventory_limit_lots=8", "population.maker.policy.quote_lots=8",
        "population.maker.policy.at_limit=widen", "population.noise.schedule.rate_per_s=60",
    ),
    "on news alone": (
        "population.maker.schedule.law=none", "population.maker.schedule.rate_per_s=0",
        "population.maker.schedule.jitter=0", "population.maker.schedule.on_news=true",
        "latent.jump_rate_per_s=20",
    ),
    "judged soon": (
        "population.maker.policy.adverse_selection_horizon_ms=20",
        "population.maker.policy.adverse_selection_weight=2",
    ),
}  # fmt: skip


def words_of(mechanism, name):
    words = [f"mechanism={mechanism}", *TINY, *CELLS[name]]
    if mechanism == "rfq" and name == "two makers, last look":
        words += ["mechanism.last_look=true", "mechanism.hold_ms=5"]
    return words


@pytest.mark.nojit
@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
def test_the_maker_outside_does_what_the_maker_inside_does(mechanism, name):
    """To the bit: every array that a lane has, its log row by row, and all that is measured."""
    config = cell(*words_of(mechanism, name))
    decisions = "requests" if mechanism == "rfq" else "schedule"
    with recorded():
        session = proteus.Session(
            config, 2, control="maker", decisions=decisions, root=ROOT, growth=4
        )
    play(session, proteus.policies.BaselineMaker(session))
    block = inside(config, 2)
    assert not session.stopped.any()
    assert odd(session.world, block.world) == []
    assert same_values(measure(session.world), measure(block.world))
    assert session.equity_nano[:, 0].tolist() == block.world.totals.marked[:, 0].tolist()
    assert int(block.world.log.count.sum()) > 50


@pytest.mark.nojit
def test_the_maker_outside_does_not_reckon_with_what_lay_in_memory(monkeypatch):
    """A lane without a fill to judge is computed along, and its numbers warned a reader."""
    session = proteus.Session(cell(*words_of("clob", "judged soon")), 3, control="maker", root=ROOT)
    with monkeypatch.context() as patch:
        patch.setattr(
            np, "empty", lambda shape, of=float: np.full(shape, -1e308 if of is float else -1, of)
        )
        maker = proteus.policies.BaselineMaker(session)
    with np.errstate(over="raise", invalid="raise"):
        play(session, maker)
    assert maker._judged.min() != maker._judged.max()
