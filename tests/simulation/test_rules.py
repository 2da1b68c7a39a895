"""The loop with all hooks: the bits of the plain one where nothing is added, and its moments."""

import inspect
import itertools
from typing import NamedTuple

import numpy as np
import pytest

from proteus.compiler.jit import state
from proteus.market import rng
from proteus.market.costs.state import Uncharged
from proteus.market.events.queue import (
    KIND_ACCRUAL,
    KIND_ENVIRONMENT,
    KIND_LIQUIDATION,
    NEVER_NS,
    push,
)
from proteus.market.ledger.accounts import (
    CASH,
    ENTRY_NOT_CARRIED,
    ISSUER,
    account_of,
)
from proteus.market.ledger.codes import ENDOW
from proteus.market.rules import posting
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.trading import credit, hooks, liquidating, protocol
from proteus.market.trading.loop import advance_block
from proteus.market.variables import measure
from tests.helpers.cells import MECHANISM_NAMES, ROOT, S, cell, run_plain
from tests.helpers.loops import differing, without_rules

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
LANES = 3
MAKER_CAPITAL, NOISE_CAPITAL = 20, 0.5
CAPITAL = (f"population.maker.capital={MAKER_CAPITAL}", f"population.noise.capital={NOISE_CAPITAL}")


def setup_of(mechanism, *words, is_rich=True):
    closes = ["mechanism.random_close=0.3"] if mechanism in ("fba", "dual_flow") else []
    config = cell(f"mechanism={mechanism}", "latent.jump_rate_per_s=2", *closes, *words)
    return with_log(set_up_cell(config, is_rich))


def new_block(setup, lanes=LANES):
    return build_block(setup, rng.replicate_keys(ROOT, np.arange(lanes)), 1, False)


def finished(setup, advance=lambda block: advance_block(*block, NEVER_NS)):
    block = new_block(setup)
    advance(block)
    assert not block.world.progress.fault.any()
    return block


@EVERY_MECHANISM
def test_the_rich_loop_has_the_bits_of_the_plain_one(mechanism):
    plain = finished(setup_of(mechanism, is_rich=False))
    full = finished(setup_of(mechanism))
    assert differing(plain, full._replace(world=without_rules(full.world))) == []


# --- the moments ----------------------------------------------------------------------------------


@state
class Counted(NamedTuple):
    """How often each hook was called. L lanes, K hooks."""

    calls: np.ndarray  # int64 [L, K] in the order of HOOKS
    costs: Uncharged = Uncharged()


def _counting(at, name):
    lane = list(inspect.signature(getattr(hooks, name)).parameters).index("lane")

    def count(*given):
        given[0].calls[given[lane], at] += 1
        if name == "constrain":
            return given[-1]  # all the lots that it is asked about
        return False  # nothing is held back

    return count


for _at, _name in enumerate(hooks.HOOKS):
    getattr(hooks, _name).implement(Counted)(_counting(_at, _name))


@pytest.mark.nojit
@EVERY_MECHANISM
def test_every_hook_is_called_as_often_as_what_it_is_about(mechanism):
    """Counts of hooks against counts that the engine keeps for another purpose."""
    block = new_block(setup_of(mechanism), 1)
    rules = Counted(np.zeros((1, len(hooks.HOOKS)), np.int64))
    block = block._replace(world=block.world._replace(rules=rules))
    run_plain(*block)
    world = block.world
    calls = dict(zip(hooks.HOOKS, world.rules.calls.T, strict=True))
    progress, private = world.progress, world.private
    wakes = sum(counted.sum(axis=1) for counted in (
        private.wakes, private.news_wakes, private.notified))  # fmt: skip
    assert np.array_equal(calls["at_decision"], wakes)
    assert np.array_equal(calls["at_fill"], progress.fills)
    assert np.array_equal(calls["at_door"], progress.messages)
    assert np.array_equal(calls["after_clear"], world.market.clears)
    assert (calls["before_sending"] >= progress.messages).all()  # some never arrive
    assert (calls["after_booking"] >= progress.messages).all()
    assert np.array_equal(calls["at_answer"], world.sums.requests.answered)
    assert (calls["at_sample"] > 0).all()
    assert (calls["at_start"] == 1).all()
    assert (calls["at_end"] == 1).all()
    assert (calls["check"] >= progress.events).all()
    assert (calls["at_environment"] == 0).all()
    assert (calls["hold_back"] == progress.messages).all()
    assert (calls["see_edge"] <= calls["before_sending"]).all()
    assert (calls["at_timer"] + calls["at_settlement"] == 0).all()  # nothing pushes entries


@pytest.mark.nojit
def test_a_message_at_the_door_is_its_sender_s_whoever_has_the_slot_by_then(monkeypatch):
    """A cost of messages is for who sent it, as the envelope says, also when its order is gone."""
    block = new_block(setup_of("clob"), 1)
    receive, told, came = protocol.receive, [], []

    def note(rules, ledger, log, orders, lane, trader, envelope, kind, slot, order, time, event):
        told.append((int(trader), int(kind), int(time), int(event)))

    def note_message(mechanism, world, lane, time, item):
        messages = world.messages
        owner = world.market.orders.trader[lane, messages.order[lane, item]]
        sender = int(messages.trader[lane, item])
        event = int(world.progress.events[lane])
        came.append(((sender, int(messages.kind[lane, item]), int(time), event), owner == sender))
        return receive(mechanism, world, lane, time, item)

    monkeypatch.setattr(hooks, "watch_door", lambda rules: True)
    monkeypatch.setattr(hooks, "at_door", note)
    monkeypatch.setattr(protocol, "receive", note_message)
    run_plain(*block)
    assert told == [message for message, _ in came]
    assert not all(is_owner for _, is_owner in came)


@pytest.mark.nojit
def test_entries_of_rules_reach_their_hook_in_the_order_of_their_priorities(monkeypatch):
    block = new_block(setup_of("clob"), 1)
    kinds, seen = list(range(KIND_ENVIRONMENT, KIND_LIQUIDATION + 1)), []
    monkeypatch.setattr(
        hooks, "at_environment",
        lambda *given: seen.append((KIND_ENVIRONMENT, int(given[-3]), int(given[-2]))),
    )  # fmt: skip
    run_plain(*block, 1)
    for kind in itertools.chain(reversed(kinds)):
        push(block.world.queue, 0, 777, kind, 10 + kind)
    monkeypatch.setattr(
        hooks, "at_settlement",
        lambda *given: seen.append((int(given[-4]), int(given[-3]), int(given[-2]))),
    )  # fmt: skip
    monkeypatch.setattr(
        hooks, "at_timer",
        lambda rules, ledger, log, queue, orders, private, keys, lane, kind, item, public_before,
        time, event: seen.append((int(kind), int(item), int(time))),
    )  # fmt: skip
    monkeypatch.setattr(  # an accrual has no item
        credit, "accrue",
        lambda *given: seen.append((KIND_ACCRUAL, 10 + KIND_ACCRUAL, int(given[-2]))),
    )  # fmt: skip
    monkeypatch.setattr(  # nor has a look at accounts that fail
        liquidating, "keep",
        lambda *given: seen.append((KIND_LIQUIDATION, 10 + KIND_LIQUIDATION, int(given[-1]))),
    )  # fmt: skip
    run_plain(*block, 1000)
    assert seen == [(kind, 10 + kind, 777) for kind in kinds]


@pytest.mark.nojit
def test_an_entry_that_is_refused_stops_its_lane_at_its_event(monkeypatch):
    """A rule that pays from an account that is not there; the other lane goes on."""
    block = new_block(setup_of("clob", *CAPITAL), 2)
    nobody, at = -1, 7

    def pay_wrongly(
        rules, ledger, log, orders, lane, trader, envelope, kind, slot, order, time, event
    ):
        if lane == 1 and event >= at:
            posting.pay(rules, ledger, log, lane, time, event, nobody, trader, 5, ENDOW)
            stopped.append(int(event))

    stopped: list[int] = []
    monkeypatch.setattr(hooks, "watch_door", lambda rules: True)
    monkeypatch.setattr(hooks, "at_door", pay_wrongly)
    run_plain(*block)
    progress = block.world.progress
    assert progress.fault.tolist() == [0, ENTRY_NOT_CARRIED]
    assert progress.fault_event.tolist() == [0, stopped[0]]
    assert len(stopped) == 1


# --- capital --------------------------------------------------------------------------------------


@EVERY_MECHANISM
def test_capital_is_endowed_and_moves_no_measure(mechanism):
    """Endowments are claims: with them every PnL, sum and fill has the bits it has without."""
    without = finished(setup_of(mechanism)).world
    world = finished(setup_of(mechanism, *CAPITAL)).world
    ledger, ordinary = world.ledger, without.ledger
    makers, noise = (world.traders.role == role for role in (0, 2))
    given = np.where(makers, MAKER_CAPITAL * S, np.where(noise, int(NOISE_CAPITAL * S), 0))
    endowed = ledger.total[:, : len(given), ledger.place[ENDOW], CASH]
    assert np.array_equal(endowed, [given] * LANES)
    cash = ledger.balance[:, : len(given), CASH] - ordinary.balance[:, : len(given), CASH]
    assert np.array_equal(cash, [given] * LANES)
    issuer = account_of(ledger, ISSUER)
    assert np.array_equal(ledger.balance[:, issuer, CASH], -ledger.balance[:, :issuer, CASH].sum(1))
    ours, theirs = measure(world), measure(without)
    assert {name for name in ours if ours[name].tobytes() != theirs[name].tobytes()} == set()


@pytest.mark.nojit
def test_plain_python_endows_the_same():
    compiled = finished(setup_of("clob", *CAPITAL))
    plain = new_block(setup_of("clob", *CAPITAL))
    run_plain(*plain)
    assert differing(compiled, plain) == []
