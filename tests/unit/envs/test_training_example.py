"""What the example of training does without torch: its optimum, its games, and its rivals."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

import proteus
from proteus.market.makers.quoting.cartea_jaimungal import table
from proteus.policies import BaselineMaker

SHORT = {
    "horizon_s": 0.7, "delta": 100, "record": {"warmup_s": 0.1},
    "metrics": {"tau_ms": 200, "horizons_ms": [0, 100, 200]},
}  # fmt: skip


@pytest.fixture(scope="module")
def making():
    path = Path(__file__).parents[3] / "examples" / "making.py"
    spec = importlib.util.spec_from_file_location("making", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.plain
def test_the_optimal_value_is_that_of_the_engines_table_and_of_its_equation(making):
    """Uniformisation against the matrix exponential; and h' = lambda / (k e) sum - phi q^2."""
    game = making.Known
    value = game.optimum(12)
    ours = table(game.RATE, game.DECAY, game.RUNNING, game.FINAL, 12, game.HORIZON_S)[-1]
    assert value == pytest.approx(ours, abs=1e-12)
    later = type("Later", (game,), {"HORIZON_S": game.HORIZON_S + 1e-4}).optimum(12)
    moved = np.exp(game.DECAY * np.diff(value))
    gains = np.append(moved, 0) + np.insert(1 / moved, 0, 0)
    slope = game.RATE / game.DECAY / math.e * gains - game.RUNNING * np.arange(-12, 13) ** 2
    assert (later - value) / 1e-4 == pytest.approx(slope, abs=1e-5)


@pytest.mark.nojit
def test_saying_nothing_is_the_baseline_to_the_nano(making):
    game = making.Market(2, "fba", **SHORT)
    total = making.played(game, making.nothing(4), 5)
    session = proteus.Session({"mechanism": "fba", **SHORT}, 2, seed=5)
    maker = BaselineMaker(session)
    while session.waiting.any():
        with np.errstate(all="ignore"):
            session.act(maker.act(session.observe()))
        session.step()
    assert np.rint(total * 1e9).tolist() == session.equity_nano[:, 0].tolist()
    assert total.any()


@pytest.mark.nojit
def test_what_is_learned_from_is_the_pnl_less_what_v_does_to_what_is_held(making):
    """Nothing without a fill; and the rest is between a loss and a gain of all that is held."""
    game = making.Market(2, "clob", **SHORT)
    game.reset(5)
    made, fills, quiet = np.zeros(2), 0, 0
    for _ in range(20):
        before, cash = game._account()
        _, edge, over, info = game.step(np.zeros((2, 4)))
        if over.any():
            break
        after, paid = game._account()
        whole, made = info["episode_return"] - made, info["episode_return"]
        assert (np.abs(whole - edge) <= np.abs(before) + 1e-9).all()
        still = (after == before) & (paid == cash)
        assert (edge[still] == 0).all()
        fills, quiet = fills + int((~still).sum()), quiet + int(still.sum())
    assert fills > 0
    assert quiet > 0


@pytest.mark.nojit
def test_avellaneda_and_stoikov_quote_by_their_formulas_around_the_belief(making):
    """Worked out from what the session says, with the keys of the project's own yaml."""
    game = making.Market(2, "clob", **SHORT)
    seen = game.reset(5)
    for _ in range(6):
        seen = game.step(making.nothing(4)(seen))[0]
    actions = game.actions(making.avellaneda_stoikov(game)(seen)).astype(np.float64)
    offset = actions[:, :2] * np.abs(actions[:, :2])
    session = game.envs.session
    view = session.observe()
    belief = session.world.policies.maker.belief[:, session.traders[0]]
    reference = view.reference_doubled / 2 / session.cell.n_ticks
    lean = 0.002 * 0.09**2 * view.left_ns / 1e9
    half = lean / 2 + math.log1p(0.002 / 60) / 0.002
    price = belief - lean * view.position
    assert reference - offset[:, 0] == pytest.approx(price - half, abs=1e-6)
    assert reference + offset[:, 1] == pytest.approx(price + half, abs=1e-6)
