"""The constraint step: lots are cut or dropped wherever an intent becomes a message."""

from typing import NamedTuple

import numpy as np
import pytest

from proteus.compiler.jit import inline_kernel, state
from proteus.market.book.codes import (
    BUY,
    EVENT_FILL,
    EVENT_ORDER,
    EVENT_REPLACE,
    EVENT_RFQ_ACCEPT,
    EVENT_RFQ_QUOTE,
    EVENT_RFQ_REQUEST,
    SELL,
)
from proteus.market.costs.state import Uncharged
from proteus.market.events.envelopes import MESSAGE_CANCEL, MESSAGE_REPLACE
from proteus.market.events.log import MISSING
from proteus.market.events.queue import KIND_MESSAGE, NEVER_NS
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.trading import hooks
from proteus.market.trading.constraints import (
    AS_ACCEPTANCE,
    AS_LAST_LOOK,
    AS_ORDER,
    AS_QUOTE,
    AS_REDUCTION,
    AS_REPLACE,
    AS_REQUEST,
    AS_STANDING,
)
from proteus.market.trading.loop import advance_block
from tests.helpers.budget import is_proof
from tests.helpers.cells import MECHANISM_NAMES, MS, ROOT, cell, differing, run_plain
from tests.helpers.hand_market import CLOB, MAKER, NOISE, RFQ, HandMarket, S, pending

KINDS = 8
BY_ORDER = {AS_ORDER, AS_REPLACE, AS_STANDING}  # quotes of a lot are not reduced
BY_REQUEST = {AS_REQUEST, AS_QUOTE, AS_ACCEPTANCE, AS_LAST_LOOK}
UNCUT = 10**6
WANTED = (EVENT_ORDER, EVENT_REPLACE, EVENT_RFQ_REQUEST, EVENT_RFQ_QUOTE, EVENT_RFQ_ACCEPT)


@state
class Caps(NamedTuple):
    """At most so many lots in a message, by its kind. L lanes, A traders, K kinds."""

    most: np.ndarray  # int64 [A, K] lots
    asked: np.ndarray  # int64 [L, K] how often each place was reached
    cut: np.ndarray  # int64 [L, K] how often lots were cut
    costs: Uncharged = Uncharged()


def caps(world):
    lanes, traders = world.private.position.shape
    counts = (np.zeros((lanes, KINDS), np.int64) for _ in range(2))
    return Caps(np.full((traders, KINDS), UNCUT, np.int64), *counts)


@hooks.constrain.implement(Caps)
@inline_kernel
def _constrain(
    rules, ledger, log, private, view, lane, trader, time, event, becomes, side, price, lots
):
    allowed = min(lots, rules.most[trader, becomes])
    rules.asked[lane, becomes] += 1
    rules.cut[lane, becomes] += allowed < lots
    return allowed


for _name in hooks.HOOKS:
    if _name != "constrain":
        getattr(hooks, _name).empty_for(Caps)


# --- whole markets --------------------------------------------------------------------------------


def capped_block(mechanism, lots, dropped):
    """Two lanes with a log, audited after every event, in which one trader may send nothing."""
    closes = ["mechanism.last_look=true"] if mechanism == "rfq" else []
    setup = with_log(set_up_cell(cell(f"mechanism={mechanism}", *closes)))
    block = build_block(setup, replicate_keys(ROOT, np.arange(2)), 1, True)
    rules = caps(block.world)
    rules.most[:] = lots
    rules.most[dropped] = 0
    return block._replace(world=block.world._replace(rules=rules))


def rows_of(world, lane, kinds):
    count = world.log.count[lane]
    wanted = np.isin(world.log.kind[lane, :count], kinds)
    return world.log.trader[lane, :count][wanted], world.log.lots[lane, :count][wanted]


@pytest.mark.plain
@pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
@pytest.mark.parametrize("dropped", [MAKER, NOISE])
def test_no_message_asks_for_more_than_is_allowed(mechanism, dropped):
    """Of every mechanism each place is reached, and what it sends is in the log."""
    block = capped_block(mechanism, 1, dropped)
    run_plain(*block)
    world = block.world
    assert not world.progress.fault.any()
    reached = np.flatnonzero(world.rules.asked.sum(axis=0)).tolist()
    assert set(reached) == (BY_REQUEST if mechanism == "rfq" else BY_ORDER)
    assert world.rules.cut.sum() > 0
    for lane in range(2):
        traders, lots = rows_of(world, lane, WANTED)
        assert len(lots) > 20
        assert set(lots.tolist()) <= {1, MISSING}  # a confirmation says no lots
        assert dropped not in traders
        assert rows_of(world, lane, (EVENT_FILL,))[1].tolist()


@pytest.mark.plain
@pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
def test_without_a_cut_nothing_changes(mechanism):
    block = capped_block(mechanism, UNCUT, [])
    run_plain(*block)
    assert block.world.rules.cut.sum() == 0
    plain = block._replace(world=block.world._replace(rules=hooks.NoRules()))
    other = capped_block(mechanism, UNCUT, [])
    other = other._replace(world=other.world._replace(rules=hooks.NoRules()))
    run_plain(*other)
    assert differing(plain, other) == []


@pytest.mark.skipif(not is_proof(), reason="compiles a loop of its own: make proof")
def test_compiled_caps_have_the_bits_of_plain_python():
    compiled, plain = (capped_block("clob", 1, [NOISE]) for _ in range(2))
    advance_block(*compiled, NEVER_NS)
    run_plain(*plain)
    assert compiled.world.rules.cut.sum() > 0
    assert differing(compiled, plain) == []


# --- each place by hand ---------------------------------------------------------------------------


def capped(*words):
    market = HandMarket(*words)
    market.world = market.world._replace(rules=caps(market.world))
    return market, market.world.rules


def sent(world):
    return [world.messages.kind[0, item] for _, kind, item in pending(world)
            if kind == KIND_MESSAGE]  # fmt: skip


@pytest.mark.plain
@pytest.mark.parametrize(
    ("bid", "most", "expected"),
    [
        # wanted (price, lots); lots that constraints leave; message, and what stands of 490 x 10
        ((490, 10), UNCUT, ([], (490, 10))),
        ((490, 10), 4, ([MESSAGE_REPLACE], (490, 4))),
        ((490, 10), 0, ([MESSAGE_CANCEL], None)),
        ((490, 7), 4, ([MESSAGE_REPLACE], (490, 4))),
        ((490, 7), 7, ([MESSAGE_REPLACE], (490, 7))),
        ((490, 7), 0, ([MESSAGE_CANCEL], None)),
        ((488, 10), 4, ([MESSAGE_REPLACE], (488, 4))),
        ((488, 10), 0, ([MESSAGE_CANCEL], None)),
        ((490, 0), 4, ([MESSAGE_CANCEL], None)),
    ],
)
def test_a_standing_quote_that_is_cut_shrinks_and_one_cut_to_nothing_is_cancelled(
    bid, most, expected
):
    market, rules = capped(CLOB)
    market.quote(1000 * MS, MAKER, (490, 10), (510, 10), 0.5)
    market.run(1100 * MS)
    rules.most[MAKER] = most
    rules.asked[:] = 0
    market.quote(1100 * MS, MAKER, bid, (510, 0), 0.5)
    asked = AS_REPLACE if bid[0] != 490 else AS_REDUCTION if bid[1] < 10 else AS_STANDING
    assert np.flatnonzero(rules.asked[0]).tolist() == ([asked] if bid[1] else [])
    messages, standing = expected
    assert sent(market.world) == [MESSAGE_CANCEL, *messages] or sent(market.world) == [
        *messages, MESSAGE_CANCEL,
    ]  # fmt: skip
    market.run(1200 * MS)
    assert market.book() == ([(MAKER, BUY, *standing)] if standing else [])


@pytest.mark.plain
@pytest.mark.parametrize("most", [0, 3, UNCUT])
def test_a_new_order_is_cut_or_not_sent(most):
    market, rules = capped(CLOB)
    rules.most[NOISE, AS_ORDER] = most
    market.order(1000 * MS, NOISE, SELL, 505, 8)
    market.run(1100 * MS)
    lots = min(most, 8)
    assert market.book() == ([(NOISE, SELL, 505, lots)] if lots else [])
    assert market.world.sums.execution.intents.sum() == (lots > 0)


def request(most, place, *words):
    """A request for 4 lots, answered by two makers, and the lots that it trades."""
    market, rules = capped(*RFQ, *words)
    rules.most[:, place] = most
    market.request(1 * S, NOISE, BUY, 600, 4)
    market.run(3 * S)
    return market, int(market.world.ledger.bought[0, NOISE])


@pytest.mark.plain
@pytest.mark.parametrize("last_look", [False, True])
@pytest.mark.parametrize("place", [AS_REQUEST, AS_QUOTE, AS_ACCEPTANCE])
@pytest.mark.parametrize("most", [0, 3, UNCUT])
def test_requests_quotes_and_acceptances_are_cut_or_not_sent(most, place, last_look):
    market, traded = request(most, place, f"mechanism.last_look={str(last_look).lower()}")
    assert traded == min(most, 4)
    progress, counted = market.world.progress, market.world.rules.asked[0]
    assert progress.fills[0] == (most > 0)
    assert market.world.market.orders.n_free[0] == market.world.market.orders.lots.shape[1]
    following = {AS_REQUEST: AS_QUOTE, AS_QUOTE: AS_ACCEPTANCE, AS_ACCEPTANCE: AS_LAST_LOOK}[place]
    if most == 0:
        assert counted[following] == 0


@pytest.mark.plain
@pytest.mark.parametrize(("most", "traded"), [(0, 0), (3, 0), (4, 4), (UNCUT, 4)])
def test_a_last_look_that_is_cut_is_a_refusal(most, traded):
    market, found = request(most, AS_LAST_LOOK, "mechanism.last_look=true")
    assert market.world.rules.asked[0, AS_LAST_LOOK] == 1
    assert found == traded
    assert market.world.sums.requests.refusals[0] == (traded == 0)
