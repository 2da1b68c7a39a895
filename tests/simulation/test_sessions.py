"""Sessions: lanes that know nothing of each other, rewards that add up, and what is refused."""

import numpy as np
import pytest

import proteus
from proteus.errors import ActionError, ConfigError, SessionError
from proteus.market.book.codes import BUY, SELL
from proteus.market.environment.news import value_at
from proteus.market.ledger.accounts import CASH
from proteus.market.rng import episode_key, replicate_key
from proteus.policies import BaselineMaker
from proteus.sessions.actions import Orders, Quotes
from tests.helpers.cells import ROOT, TINY, cell, differing
from tests.helpers.sessions import in_plain_python, play

LANES = 3


def session_of(*words, lanes=LANES, mechanism="clob", **options):
    config = cell(f"mechanism={mechanism}", *TINY, *words)
    return proteus.Session(config, lanes, **{"root": ROOT, **options})


def drawn(random, lanes):
    """Quotes around the middle, with nothing on some sides."""
    price = np.stack((random.integers(440, 500, lanes), random.integers(500, 560, lanes)), axis=1)
    return Quotes(price, random.integers(0, 9, (lanes, 2)), random.random(lanes))


def flat(seen):
    """Return every array of an observation, with rows of logs that are old left out."""
    logs = []
    for log in (seen.fills, seen.prints):
        rows = np.arange(log.order.shape[1]) < log.number[:, None]
        logs += [np.where(rows, each, 0) if each.ndim == 2 else each for each in log]
    return [*(each for each in seen if isinstance(each, np.ndarray)), *logs]


@pytest.mark.nojit
def test_each_lane_is_the_lane_alone():
    """Observations, rewards and ends, step by step, whatever the others do."""
    together = session_of(seed=5)
    alone = [session_of(lanes=1, seed=5 + lane) for lane in range(LANES)]
    randoms = [np.random.default_rng(lane) for lane in range(LANES)]
    while together.waiting.any():
        seen, waited = together.observe(), together.waiting
        wanted = [drawn(random, 1) for random in randoms]
        together.act(Quotes(*(np.concatenate(each) for each in zip(*wanted, strict=True))))
        reward, ended = together.step()
        for lane in np.flatnonzero(waited):
            one = alone[lane]
            mine = zip(flat(one.observe()), flat(seen), strict=True)
            assert all(ours[0].tobytes() == theirs[lane].tobytes() for ours, theirs in mine)
            one.act(wanted[lane])
            assert one.step()[0][0] == reward[lane]
            assert one.ended[0] == ended[lane]
    assert together.ended.all()
    assert all(one.ended.all() for one in alone)


@pytest.mark.nojit
def test_a_log_of_actions_gives_the_same_lanes_again():
    first = session_of()
    wanted = play(first, BaselineMaker(first))
    again, rewards = session_of(), []
    for each in wanted:
        again.act(each)
        rewards.append(again.step()[0])
    assert again.ended.all()
    assert differing(again.world.ledger, first.world.ledger) == []
    assert differing(again.world.sums, first.world.sums) == []


@pytest.mark.nojit
@pytest.mark.parametrize("end", ["marked", "payoff"])
def test_rewards_add_up_to_what_the_trader_has_made(end):
    """In whole nano-currency, which is what the dataset calls marked or settled PnL."""
    session, total = session_of(end=end), np.zeros(LANES)
    maker = BaselineMaker(session)
    while session.waiting.any():
        session.act(maker.act(session.observe()))
        total += session.step()[0]
    made = session.world.totals
    made = (made.marked if end == "marked" else made.settled)[:, 0]
    assert session.equity_nano[:, 0].tolist() == made.tolist()
    assert np.abs(total - made / 1e9).max() < 1e-12
    assert np.abs(made).min() > 0


@pytest.mark.nojit
def test_a_lane_that_starts_over_plays_its_next_episode_and_moves_no_other():
    session, other = session_of(), session_of(lanes=1, seed=1)
    maker, alone = BaselineMaker(session), BaselineMaker(other)
    for step in range(8):
        session.act(maker.act(session.observe()))
        session.step()
        other.act(alone.act(other.observe()))
        other.step()
        if step == 3:
            first = np.array([True, False, False])
            session.reset(lanes=first)
            maker.reset(first)
    assert session.episodes.tolist() == [1, 0, 0]
    assert session.replicates.tolist() == [0, 1, 2]
    assert other.equity_nano[0] == session.equity_nano[1]
    fresh = session_of(lanes=1)
    fresh.reset()
    assert fresh.episodes.tolist() == [1]
    newest = BaselineMaker(fresh)
    for _ in range(4):
        fresh.act(newest.act(fresh.observe()))
        fresh.step()
    mine = zip(flat(fresh.observe()), flat(session.observe()), strict=True)
    assert all(ours[0].tobytes() == theirs[0].tobytes() for ours, theirs in mine)


@pytest.mark.nojit
def test_rewards_of_a_lane_that_started_over_are_those_of_its_episode_alone():
    session, total = session_of(lanes=1), 0.0
    maker = BaselineMaker(session)
    for step in range(100):
        if step == 12:
            assert session.equity_nano[0, 0] != 0
            session.reset()
            maker.reset()
            total = 0.0
        session.act(maker.act(session.observe()))
        total += session.step()[0][0]
        if session.ended.all():
            break
    made = int(session.world.totals.marked[0, 0])
    assert made != 0
    assert total == pytest.approx(made / 1e9, abs=1e-12)


@pytest.mark.nojit
def test_episodes_have_the_keys_that_the_generator_gives_them():
    session = session_of()
    session.replay(np.arange(3), np.array([4, 4, 9]), np.array([0, 3, 1]))
    keys = [episode_key(replicate_key(ROOT, r), e) for r, e in ((4, 0), (4, 3), (9, 1))]
    assert session.world.market.keys.tolist() == [[int(word) for word in key] for key in keys]


@pytest.mark.nojit
def test_equity_between_decisions_is_cash_and_lots_at_what_the_contract_is_worth():
    session, held = session_of(lanes=1), 0
    maker, world = BaselineMaker(session), session.world
    while session.waiting.any():
        session.act(maker.act(session.observe()))
        session.step()
        if session.waiting.any():
            value = value_at(world.news, world.news_parameters, 0, world.progress.now[0])
            lots = int(world.ledger.bought[0, 0] - world.ledger.sold[0, 0])
            cash = int(world.ledger.balance[0, 0, CASH])
            assert session.equity_nano[0, 0] == cash + lots * round(value * 1e9)
            held += abs(lots)
    assert held > 0


@pytest.mark.nojit
def test_a_trader_outside_is_held_to_the_inventory_limit_of_its_group():
    """However much it quotes: all that may fill at worst is cut, as inside."""
    words = (
        "population.maker.policy.inventory_limit_lots=12", "population.maker.count=1",
        "population.noise.schedule.rate_per_s=60",
    )  # fmt: skip
    session, most = session_of(*words), 0
    while session.waiting.any():
        middle = session.observe().reference_doubled // 2
        price = np.clip(np.stack((middle - 1, middle + 1), axis=1), 1, 999)
        session.act(Quotes(price, np.full((LANES, 2), 50)))
        session.step()
        ledger = session.world.ledger
        held = np.abs(ledger.bought[:, 0] - ledger.sold[:, 0])
        assert (held <= 12).all()
        most = max(most, int(held.max()))
    assert most > 6


@pytest.mark.nojit
def test_a_side_without_a_quote_shows_no_price():
    session, gone = session_of(), 0
    price = np.full((LANES, 2), (490, 510))
    for step in range(12):
        seen = session.observe()
        assert ((seen.quote_price > 0) == (seen.quote_lots > 0)).all()
        gone += int(step > 0 and (seen.quote_lots == 0).all())
        session.act(Quotes(price, np.full((LANES, 2), 5 * (step % 2))))
        session.step()
    assert gone > 0


@pytest.mark.plain
def test_costs_are_reckoned_with_at_the_price_of_each_side():
    """A share of the notional: of a lot at P that is the share of P, whatever the size."""
    config = cell("mechanism=clob", *TINY, "costs=notional", "costs.maker_ppm=20000")
    with in_plain_python():
        session = proteus.Session(config, 1)
        wider = session.with_costs(
            np.array([[0.01, 0.0]]), np.array([[400, 700]]), np.array([[5, 2]])
        )
        none = session.with_costs(
            np.array([[0.01, 0.0]]), np.array([[400, 700]]), np.array([[0, 0]])
        )
    assert wider[0] == pytest.approx([0.01 + 0.02 * 0.4, 0.02 * 0.7], abs=1e-9)
    assert none[0].tolist() == [0.01, 0.0]


@pytest.mark.nojit
def test_on_a_grid_decisions_are_one_period_apart_from_a_phase_of_each_lane():
    session, times = session_of(decisions="step_ms", step_ms=15), []
    nothing = Quotes(np.full((LANES, 2), 500), np.zeros((LANES, 2), np.int64))
    while session.waiting.all():
        times.append(session.observe().time_ns)
        session.act(nothing)
        session.step()
    gaps = np.diff(np.array(times), axis=0)
    assert (gaps == 15_000_000).all()
    assert len(gaps) > 20
    assert (times[0] < 15_000_000).all()
    assert len(set(times[0].tolist())) == LANES


@pytest.mark.nojit
def test_a_dealer_stands_by_what_it_wanted_last():
    """Between its wake-ups it answers requests at those prices, cut by its limit, and no others."""
    words = ("population.maker.count=1", "population.noise.schedule.rate_per_s=40")
    session = session_of(*words, lanes=1, mechanism="rfq")
    assert session.setup.members[0].group_name == "maker"
    prices = []
    while session.waiting.any():
        seen = session.observe()
        prices += seen.fills.price[0, : seen.fills.number[0]].tolist()
        session.act(Quotes(np.array([[460, 540]]), np.array([[3, 4]])))
        session.step()
    assert {*prices} <= {460, 540}
    assert len(prices) > 2


@pytest.mark.nojit
def test_logs_say_when_they_had_no_room():
    session = session_of(log_rows=1, decisions="step_ms", step_ms=100)
    seen_over = 0
    while session.waiting.any():
        seen = session.observe()
        over = np.maximum(seen.fills.number, seen.prints.number) > 1
        assert (seen.overflow == over).all()
        seen_over += int(over.sum())
        session.act(Quotes(np.full((LANES, 2), (490, 510)), np.full((LANES, 2), 5)))
        session.step()
    assert seen_over > 0


@pytest.mark.nojit
def test_fills_are_told_at_their_price_and_size():
    """Position by the logs is that of the ledger, but for what is not told at the end."""
    session, held, cash = session_of(lanes=1), 0, 0
    maker = BaselineMaker(session)
    while session.waiting.any():
        seen = session.observe()
        rows = slice(0, int(seen.fills.number[0]))
        sign = np.where(seen.fills.side[0, rows] == BUY, 1, -1)
        held += int((sign * seen.fills.lots[0, rows]).sum())
        cash -= int((sign * seen.fills.lots[0, rows] * seen.fills.price[0, rows]).sum())
        assert held == seen.position[0]
        told = held, cash
        session.act(maker.act(seen))
        session.step()
    balance = session.world.ledger
    bought, sold = int(balance.bought[0, 0]), int(balance.sold[0, 0])
    assert bought + sold > 10
    assert abs(bought - sold - told[0]) <= 20
    assert told[1] != 0


@pytest.mark.nojit
def test_several_traders_decide_each_for_itself():
    session = session_of("population.maker.count=2", control=["maker.0", "maker.1"])
    deciding = set()
    while session.waiting.any():
        seen = session.observe()
        deciding |= {*seen.trader[seen.decides].tolist()}
        session.act(Quotes(np.full((LANES, 2), (490, 510)), np.full((LANES, 2), 5)))
        reward, _ = session.step()
        assert reward.shape == (LANES, 2)
    assert deciding == {0, 1}
    assert session.equity_nano.tolist() == session.world.totals.marked[:, :2].tolist()


@pytest.mark.nojit
def test_a_taker_sends_orders():
    session = session_of(control="noise.1", decisions="step_ms", step_ms=50)
    while session.waiting.any():
        seen = session.observe()
        price = seen.executable[:, SELL]
        session.act(
            Orders(np.full(LANES, BUY), price, np.full(LANES, 2), np.zeros(LANES, np.int64))
        )
        session.step()
    assert not session.stopped.any()
    assert (session.world.ledger.bought[:, session.traders[0]] > 4).all()
    assert (session.world.ledger.sold[:, session.traders[0]] == 0).all()


REFUSED = [
    ({"control": "makers"}, "control=makers is not allowed; did you mean maker?"),
    ({"control": "maker.9"}, "control=maker.9 is not allowed: maker has traders 0 .. 1"),
    ({"control": []}, "control=[] is not allowed: must be different traders"),
    ({"decisions": "step"}, "decisions='step' is not allowed; did you mean step_ms?"),
    ({"decisions": "requests"}, "decisions=requests is not allowed: it needs mechanism=rfq"),
    ({"step_ms": 5}, "step_ms=5 is not allowed: it goes with decisions=step_ms"),
    (
        {"decisions": "step_ms", "step_ms": 0},
        "step_ms=0 is not allowed: must be greater than 0",
    ),
    ({"lanes": 0}, "lanes=0 is not allowed: must be a whole number of at least 1"),
    ({"lanes": 10**9}, "lanes=1000000000 is not allowed: it takes"),
    ({"seed": -1}, "seed=-1 is not allowed: must be a whole number of at least 0"),
    ({"root": 1.5}, "root=1.5 is not allowed: must be a whole number of at least 0"),
    ({"growth": 0}, "growth=0 is not allowed: must be a whole number of at least 1"),
    ({"control": None}, "control=None is not allowed; allowed: "),
    ({"end": "mark"}, "end='mark' is not allowed; did you mean marked?"),
]  # fmt: skip


@pytest.mark.nojit
@pytest.mark.parametrize(("options", "sentence"), REFUSED, ids=lambda each: str(each)[:40])
def test_what_cannot_be_meant_is_refused_in_a_sentence(options, sentence):
    with pytest.raises(ConfigError) as refused:
        session_of(**options)
    assert str(refused.value).startswith(sentence)


LANES_WRONG = [[True, False], [0, 1, 2], np.ones((LANES, 1), bool)]


@pytest.mark.nojit
@pytest.mark.parametrize("lanes", LANES_WRONG, ids=str)
def test_only_a_mask_of_all_lanes_says_which_start_over(lanes):
    with pytest.raises(ConfigError, match=r"lanes of .* are not allowed: must be bool \[3\]"):
        session_of().reset(lanes=lanes)


ONE = np.full((LANES, 2), 500), np.ones((LANES, 2), np.int64)
WRONG = [
    (Quotes(ONE[0][:2], ONE[1]), "actions.price of int64 [2, 2] is not allowed: must be integers"),
    (Quotes(ONE[0] * 1.0, ONE[1]), "actions.price of float64 [3, 2] is not allowed: must be int"),
    (Quotes(ONE[0] * 2, ONE[1]), "actions.price=1000 of lane 0 is not allowed: must be 1 .. 999"),
    (Quotes(ONE[0], -ONE[1]), "actions.lots=-1 of lane 0 is not allowed: must be 0 .. "),
    (
        Quotes(*ONE, np.array([0.5, np.nan, 0.5])),
        "actions.belief=nan of lane 1 is not allowed: must be 0 .. 1",
    ),
    ((ONE[0], ONE[1]), "actions of tuple are not allowed: must be Quotes or Orders"),
    (
        Orders(ONE[1][:, 0] * 2, ONE[0][:, 0], ONE[1][:, 0], ONE[1][:, 0]),
        "actions.side=2 of lane 0 is not allowed: must be 0 or 1",
    ),
]  # fmt: skip


@pytest.mark.nojit
@pytest.mark.parametrize(("actions", "sentence"), WRONG, ids=[text[:30] for _, text in WRONG])
def test_a_wrong_action_is_refused_in_a_sentence_and_changes_nothing(actions, sentence):
    session = session_of()
    with pytest.raises(ActionError) as refused:
        session.act(actions)
    assert str(refused.value).startswith(sentence)
    assert session.waiting.all()
    with pytest.raises(SessionError, match="act must be called first"):
        session.step()
