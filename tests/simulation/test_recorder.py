"""The rows of a lane against what hooks around the engine saw, and the engine with a log on."""

import collections

import numpy as np
import pytest

from proteus.market.agents.traders import CLASS_NAMES
from proteus.market.book.codes import BUY, SELL
from proteus.market.events.log import MISSING
from proteus.market.events.queue import NEVER_NS
from proteus.market.mechanisms.table import MECHANISMS
from proteus.market.rng import replicate_keys
from proteus.market.setup import capacities
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.trading import loop
from proteus.recording.columns import (
    ACCEPT,
    ACK,
    BOOK,
    CANCEL,
    CANCELLED,
    CLEAR,
    DECLINE,
    END,
    EXPIRED,
    FILL,
    INTENT,
    KINDS,
    NEW_AT_VENUE,
    NEWS,
    REFUSED,
    REJECT,
    REPLACE,
    is_kind,
)
from tests.helpers.cells import MECHANISM_NAMES, ROOT, cell, differing, run_plain, same_values
from tests.helpers.measuring import record
from tests.helpers.recorded import near_barriers as near_barriers
from tests.helpers.recorded import plain_engine as plain_engine
from tests.helpers.recorded import record_cell, same_rows

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
LIVELY = ("latent.jump_rate_per_s=3", "population.noise.count=5")
OWN_ORDERS = "mechanism.self_trade=decrement"


@pytest.fixture(scope="module", params=MECHANISM_NAMES)
def lane(request, plain_engine):
    """One lane: its rows, and what hooks saw of the same lane without a log."""
    own = [OWN_ORDERS] if "self_trade" in MECHANISMS[request.param].config.model_fields else []
    config = cell(*LIVELY, *own, f"mechanism={request.param}")
    _, (log,) = record_cell(config, [0], [0])
    seen, world = record(config)
    return log.rows, seen, world, config


def of_kind(rows, kind, *names):
    chosen = is_kind(rows, kind)
    return list(zip(*(rows[name][chosen].tolist() for name in names), strict=True))


def test_every_fill_is_there_with_its_orders(lane):
    rows, seen, *_ = lane
    names = ("order_id", "side", "trader", "value_nano", "intent_ns", "reference_half_ticks")
    orders = {
        order: about for kind in NEW_AT_VENUE for order, *about in of_kind(rows, kind, *names)
    }
    replaced = of_kind(rows, REPLACE, "order_id", "other_id", "value_nano")
    found = []
    for time, price, lots, *ids in of_kind(
        rows, FILL, "time_ns", "price_ticks", "lots", "order_id", "other_id"
    ):
        sides = []
        for number in ids:
            beliefs, origin = {}, number
            while origin not in orders:  # back through the replaces of a quote
                ((origin, belief),) = [(old, b) for old, new, b in replaced if new == origin]
                beliefs.setdefault(number, belief)
            side, trader, belief, intent, reference = orders[origin]
            belief = beliefs.get(number, belief)
            sides.append((trader, side, belief / 1e9, reference / 2, intent))
        found.append((time, price, lots, *sides))
    expected = [
        (
            fill.time, fill.price, fill.lots,
            *(
                (side.trader, BUY if side.sign > 0 else SELL, side.belief, side.reference,
                 side.intent)
                for side in fill.sides
            ),
        )
        for fill in seen.fills
    ]  # fmt: skip
    assert found == expected
    assert len(found) > 20


def test_every_public_state_is_there(lane):
    rows, seen, _, config = lane
    names = ("bid_ticks", "ask_ticks", "bid_lots", "ask_lots", "price_ticks")
    newest = {time: state for time, *state in of_kind(rows, BOOK, "time_ns", *names)}
    expected = {
        state.time: [
            MISSING if state.bid is None else state.bid,
            MISSING if state.ask is None else state.ask, *state.lots, state.last,
        ]
        for state in seen.states
    }  # fmt: skip
    for state in newest.values():
        state[-1] = config.initial_ticks if state[-1] == MISSING else state[-1]
    assert newest == expected
    assert len(newest) > 10


def test_every_intent_jump_and_end_of_an_order_is_there(lane):
    rows, seen, world, _ = lane
    roles = [CLASS_NAMES[role] for role in world.traders.role]
    intents = of_kind(rows, INTENT, "trader", "time_ns")
    assert [(roles[trader], time) for trader, time in intents] == seen.intents
    jumps = of_kind(rows, NEWS, "time_ns", "value_nano")
    assert jumps == [(time, round(after * 1e9)) for time, _, after in seen.jumps]
    ends = [
        (time, trader)
        for kind in (CANCELLED, REJECT, EXPIRED)
        for time, trader, lots in of_kind(rows, kind, "time_ns", "trader", "lots")
        if roles[trader] == "noise" and lots > 0
    ]
    lost = [
        (time, order[0]) for order, time, lots in seen.lost if lots and roles[order[0]] == "noise"
    ]
    assert sorted(ends) == sorted(lost)
    assert len(jumps) > 2
    assert len(ends) > 5


def test_counts_are_those_of_the_engine(lane):
    rows, _, world, config = lane
    counts = {kind: int(is_kind(rows, kind).sum()) for kind in KINDS}
    messages = (*NEW_AT_VENUE, REPLACE, CANCEL, ACCEPT, DECLINE)
    assert sum(counts[kind] for kind in messages) == world.progress.messages[0]
    assert counts[FILL] == world.progress.fills[0]
    closes = (config.horizon_ns - 1) // config.delta_ns if config.delta_ns else 0
    assert counts[CLEAR] == closes * config.mechanism.auctions
    assert counts[END] == 1
    assert counts[ACK] > 10
    assert sum(counts.values()) == len(rows["kind"])  # and no other kind
    assert rows["event"][-1] == world.progress.events[0]
    assert (np.diff(rows["time_ns"]) >= 0).all()
    assert (np.diff(rows["event"]) >= 0).all()
    end = is_kind(rows, END)
    assert rows["value_nano"][end] == world.totals.final_value[0]
    assert rows["price_ticks"][end] * world.settings.tick_nano == world.totals.payoff[0]


def test_lots_of_every_order_are_conserved(lane):
    """By order: submitted = filled + cancelled + what a replace took off or left + open."""
    rows, _, world, config = lane
    left = collections.Counter()
    events = zip(
        *(rows[name].tolist() for name in ("source", "kind", "order_id", "other_id", "lots")),
        strict=True,
    )
    waiting = None
    for source, kind, order, other, lots in events:
        if (source, kind) in NEW_AT_VENUE:
            left[order] = lots
        elif (source, kind) == REPLACE:
            waiting = order, other, lots
        elif (source, kind) == ACK and lots > 0:
            old, new, wanted = waiting
            assert left.pop(old) == lots
            assert order == new
            left[new] = wanted
        elif (source, kind) == FILL:
            left[order] -= lots
            left[other] -= lots
        elif (source, kind) in (CANCELLED, EXPIRED, REJECT, REFUSED) and lots > 0:
            left[order] -= lots
    orders = world.market.orders
    rests = orders.previous[0] != np.arange(orders.previous.shape[1])
    alive = rests & (orders.client_id[0] != 0)
    if config.mechanism.name == "rfq":  # requests never rest
        alive = orders.client_id[0] != 0
        alive &= np.isin(orders.client_id[0], [*left])  # arrived at the venue
    expected = dict(
        zip(orders.client_id[0, alive].tolist(), orders.lots[0, alive].tolist(), strict=True)
    )
    assert {order: lots for order, lots in left.items() if lots} == expected
    assert expected


@EVERY_MECHANISM
def test_recording_changes_no_bit_and_no_arrangement_changes_a_log(near_barriers, mechanism):
    config, seeds = cell(f"mechanism={mechanism}", "horizon_s=1.5"), [3, 4, 5, 6, 7]
    expected, none = record_cell(config, seeds, [])
    assert none == []
    outcome, logs = record_cell(config, seeds, [4, 5, 7])
    assert same_values(outcome.values, expected.values)
    assert [log.replicate for log in logs] == [4, 5, 7]
    other, again = record_cell(config, seeds, seeds, workers=2, block_lanes=1)
    assert same_values(other.values, expected.values)
    by_seed = {log.replicate: log.rows for log in again}
    assert list(by_seed) == seeds
    assert all(same_rows(log.rows, by_seed[log.replicate]) for log in logs)


@EVERY_MECHANISM
def test_a_log_that_outgrows_its_room_is_made_again_whole(near_barriers, monkeypatch, mechanism):
    config = cell(f"mechanism={mechanism}", "horizon_s=1.5")
    expected, (whole,) = record_cell(config, [1], [1])
    monkeypatch.setattr(capacities, "expected_rows", lambda setup: 50)
    outcome, (log,) = record_cell(config, [1], [1])
    assert len(whole.rows["kind"]) > 200
    assert same_rows(log.rows, whole.rows)
    assert same_values(outcome.values, expected.values)
    assert outcome.violations == []


@EVERY_MECHANISM
def test_the_last_row_may_be_the_one_without_room(near_barriers, monkeypatch, mechanism):
    config = cell(f"mechanism={mechanism}", "horizon_s=1.5")
    _, (whole,) = record_cell(config, [1], [1])
    for room in (-1, 0):
        rows = len(whole.rows["kind"]) + room
        monkeypatch.setattr(capacities, "expected_rows", lambda setup, rows=rows: rows)
        _, (log,) = record_cell(config, [1], [1])
        assert same_rows(log.rows, whole.rows)


@EVERY_MECHANISM
def test_a_block_that_is_used_again_forgets_the_rows_of_before(near_barriers, mechanism):
    """Nine lanes are three blocks on one worker; the pool gives out the first again."""
    config = cell(f"mechanism={mechanism}", "horizon_s=1.5")
    seeds = list(range(9))
    _, logs = record_cell(config, seeds, seeds)
    for log in logs[4:6]:
        _, (alone,) = record_cell(config, [log.replicate], [log.replicate])
        assert same_rows(log.rows, alone.rows)


@pytest.mark.boundscheck
@EVERY_MECHANISM
def test_compiled_code_writes_the_same_rows(mechanism):
    config = cell(f"mechanism={mechanism}", "horizon_s=1.5")
    setup, keys = with_log(set_up_cell(config)), replicate_keys(ROOT, np.arange(2))
    fast, slow = (build_block(setup, keys, growth=1, audit=False) for _ in range(2))
    loop.advance_block(*fast, NEVER_NS)
    run_plain(*slow)
    assert differing(fast.world, slow.world) == []
    assert (fast.world.log.count > 200).all()
