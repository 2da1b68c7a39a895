"""What tasks show and send, worked out again from what a session says."""

import numpy as np
import pytest

from proteus.envs import TASKS
from proteus.envs.page import page
from proteus.market.book.codes import BUY, SELL
from tests.unit.envs.helping import vector
from tests.unit.house.test_docs import DOCS

pytestmark = pytest.mark.nojit


def shown(envs, lane):
    """Return what one lane shows, by the names of the features, from its observation."""
    seen, ticks = envs.session.observe(), envs.session.cell.n_ticks
    scale, horizon = envs.task.given["scale_lots"], envs.session.cell.horizon_ns
    fills = slice(0, int(seen.fills.number[lane]))
    prints = seen.prints.price[lane, : seen.prints.number[lane]]
    side, lots = seen.fills.side[lane, fills], seen.fills.lots[lane, fills]
    reference = seen.reference_doubled[lane] / 2 / ticks
    found = {
        "time_left": seen.left_ns[lane] / horizon,
        "reference": reference,
        "sells_at": seen.executable[lane, BUY] / ticks,
        "buys_at": seen.executable[lane, SELL] / ticks,
        "has_signal": seen.has_signal[lane],
        "signal": seen.signal[lane],
        "position": seen.position[lane] / scale,
        "bought": lots[side == BUY].sum() / scale,
        "sold": lots[side == SELL].sum() / scale,
        "prints": len(prints),
        "print_mean": prints.mean() / ticks if len(prints) else reference,
        "overflow": seen.overflow[lane],
    }
    if envs.task.shows_quotes:
        for name, at, sign in (("bid", BUY, 1), ("ask", SELL, -1)):
            stands = seen.quote_lots[lane, at] > 0
            away = sign * (reference - seen.quote_price[lane, at] / ticks)
            found |= {
                f"{name}_stands": stands, f"{name}_distance": away if stands else 0.0,
                f"{name}_lots": seen.quote_lots[lane, at] / scale,
                f"{name}_exposure": seen.exposure[lane, at] / scale,
            }  # fmt: skip
    return found


@pytest.mark.parametrize("task", ["maker", "sniper"])
def test_features_are_what_the_session_says(task):
    envs = vector(task, horizon_s=0.6)
    seen, _ = envs.reset(seed=0)
    envs.action_space.seed(0)
    names, compared, filled = [each.name for each in TASKS[task].features], 0, 0.0
    while True:
        for lane in range(3):
            expected = shown(envs, lane)
            assert expected.keys() == {*names}
            for at, name in enumerate(names):
                assert seen[lane, at] == pytest.approx(float(expected[name]), abs=1e-6), name
            compared += 1
            filled += float(expected["bought"] + expected["sold"])
        seen, _, ended, cut, _ = envs.step(envs.action_space.sample())
        if (ended | cut).any():
            break
    assert compared >= 9
    assert filled > 0 or task == "sniper"


def decide(envs, actions):
    assert envs.task.take(actions)
    envs.task.decide()


def test_a_maker_quotes_at_its_offsets_rounded_outward():
    """Distances below 0 are across the reference; of numbers the signed squares count."""
    envs = vector("maker", lanes=1, options={"most_offset": 0.1, "most_lots": 20})
    envs.reset(seed=0)
    middle = envs.session.observe().reference_doubled[0] / 2
    decide(envs, np.array([[-0.5, 0.75, 1.0, -0.5, -0.25]], np.float32))
    intents = envs.session.world.intents
    assert intents.count[0] == 2
    assert intents.side[0, :2].tolist() == [BUY, SELL]
    assert intents.price[0, :2].tolist() == [np.floor(middle + 25), np.ceil(middle + 56.25)]
    assert intents.lots[0, :2].tolist() == [20, 5]
    assert intents.belief[0, :2] == pytest.approx([middle / 1000 - 0.00625] * 2, abs=1e-15)


def test_quotes_that_cross_each_other_earn_no_spread_penalty_back():
    envs = vector("maker", lanes=1, options={"spread_penalty": 1.0})
    envs.reset(seed=0)
    decide(envs, np.array([[-0.25, -0.25, 0.0, 0.0, 0.0]], np.float32))
    bid, ask = envs.session.world.intents.price[0, :2]
    assert bid - ask > 120
    assert envs.task.wanted.spread[0, 0] == 0.0


def test_a_side_beyond_the_prices_there_are_is_not_quoted():
    envs = vector("maker", lanes=1, options={"most_offset": 0.9})
    envs.reset(seed=0)
    decide(envs, np.ones((1, 5), np.float32))
    assert envs.session.world.intents.lots[0, :2].tolist() == [0, 0]


def test_a_sniper_orders_by_the_sign_beyond_the_price_at_which_it_could_trade():
    envs = vector("sniper", lanes=1, options={"most_offset": 0.01, "most_lots": 20})
    envs.reset(seed=0)
    met = envs.session.observe().executable[0]
    intents = envs.session.world.intents
    for share, side, price in ((0.5, BUY, met[SELL] + 5), (-0.5, SELL, met[BUY] - 5)):
        envs.session.world.policies.others.policy.waits[:] = 1
        decide(envs, np.array([[share, 0.5]], np.float32))
        assert (intents.side[0, 0], intents.price[0, 0], intents.lots[0, 0]) == (side, price, 10)
    envs.session.world.policies.others.policy.waits[:] = 1
    decide(envs, np.zeros((1, 2), np.float32))
    assert intents.count[0] == 0


def test_a_taker_fills_its_parent_order_and_no_more():
    envs = vector("taker", horizon_s=2, options={"parent_lots": 30, "side": "buy"}, step_ms=50)
    envs.reset(seed=0)
    ledger, trader = envs.session.world.ledger, int(envs.session.traders[0])
    while True:
        _, _, ended, _, _ = envs.step(np.full((3, 2), 1.0, np.float32))
        bought = ledger.bought[:, trader] - ledger.sold[:, trader]
        assert (bought >= 0).all()
        if ended.any():
            break
    assert (bought[ended] == 30).all()


def test_page_of_environments_is_up_to_date():
    assert (DOCS / "environments.md").read_text() == page(), "run make docs"
