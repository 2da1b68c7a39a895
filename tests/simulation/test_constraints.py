"""Chains of constraints in whole markets: what they leave alone, and what they may never let by."""

import numpy as np
import pytest

from proteus.basics.units import NANO
from proteus.market.book.codes import (
    EVENT_CANCEL,
    EVENT_CUT,
    EVENT_ORDER,
    EVENT_REJECT,
    EVENT_REPLACE,
    EVENT_RFQ_QUOTE,
    EVENT_RFQ_REJECT,
    REJECT_NO_FUNDS,
    RFQ_NO_FUNDS,
)
from proteus.market.constraints.added import CODES
from proteus.market.constraints.state import cuts_by_kind
from proteus.market.constraints.table import CAPITAL, NONE
from proteus.market.ledger.accounts import CASH, CONTRACT
from proteus.market.rng import replicate_keys
from proteus.market.rules.state import NoRules
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.variables import measure
from proteus.market.variables.base import GROUP, REASON, TERM, TRADER
from proteus.market.variables.constraints import REASONS
from tests.helpers.cells import MECHANISM_NAMES, MS, ROOT, S, cell, differing, run_plain

LIMIT = "population.maker.policy.inventory_limit_lots"
EVERY_MECHANISM = pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
pytestmark = pytest.mark.plain

RISK = "risk@population.{}.risk=[{}]"
NO_SIZE_BINDS = "population.maker.risk.order_size.lots=1000000"


def chained(mechanism, *words, lanes=2):
    setup = with_log(set_up_cell(cell(f"mechanism={mechanism}", *words), is_rich=True))
    return build_block(setup, replicate_keys(ROOT, np.arange(lanes)), 1, True)


def traded(mechanism, *words, lanes=2):
    block = chained(mechanism, *words, lanes=lanes)
    run_plain(*block)
    assert not block.world.progress.fault.any()
    return block


def without_cuts(log):
    """The log without the rows that say what a chain cuts, which the plain loop does not write."""
    kept = {name: np.zeros_like(of) for name, of in log._asdict().items()}
    for lane, count in enumerate(log.count):
        rows = log.kind[lane, :count] != EVENT_CUT
        kept["count"][lane] = rows.sum()
        for name, of in log._asdict().items():
            if name != "count":
                kept[name][lane, : rows.sum()] = of[lane, :count][rows]
    return type(log)(**kept)


def compared(block):
    """Leave out the rules, where the limit is kept, and prices that go with reports to a chain."""
    world = block.world
    maker = world.policies.maker
    most = np.zeros_like(maker.parameters.most_held)
    maker = maker._replace(parameters=maker.parameters._replace(most_held=most))
    messages = world.messages._replace(rank=np.zeros_like(world.messages.rank))
    policies = world.policies._replace(maker=maker)
    intents = world.intents._replace(lots=np.zeros_like(world.intents.lots))  # before or after it
    queue = world.queue._replace(  # with room for entries of rules, or without
        **{name: of[:, :0] for name, of in world.queue._asdict().items() if np.ndim(of) == 2}
    )
    world = world._replace(
        rules=NoRules(), messages=messages, policies=policies, intents=intents, queue=queue,
        log=without_cuts(world.log),
    )  # fmt: skip
    return block._replace(world=world)


# --- what changes nothing -------------------------------------------------------------------------


@EVERY_MECHANISM
@pytest.mark.parametrize("limit", [5, 12, 100])
def test_the_inventory_limit_in_a_chain_is_the_fit_of_the_plain_loop(mechanism, limit):
    """The same limit, once compiled into the maker and once a constraint: the same bits."""
    words = ["population.maker.policy.quote_lots=5", f"{LIMIT}={limit}"]
    plain = traded(mechanism, *words)
    chain = RISK.format("maker", "inventory_limit,order_size")
    rich = traded(mechanism, *words, chain, NO_SIZE_BINDS)
    cuts = cuts_by_kind(rich.world.rules.constraints)
    assert cuts["order_size"].sum() == 0
    if limit == 5:
        assert cuts["inventory_limit"].sum() > 0
    assert differing(compared(rich), compared(plain)) == []


@EVERY_MECHANISM
def test_limits_that_never_bind_change_nothing(mechanism):
    plain = traded(mechanism)
    names = "inventory_limit,order_size,message_rate,exposure_per_side,capital"
    rich = traded(
        mechanism, RISK.format("maker", names), "population.maker.capital=1000000", NO_SIZE_BINDS,
        "population.maker.risk.message_rate.per_s=1000000",
        "population.maker.risk.message_rate.burst=1000",
        "population.maker.risk.exposure_per_side.lots=1000000",
    )  # fmt: skip
    constraints = rich.world.rules.constraints
    assert constraints.cuts.sum() == constraints.no_funds.sum() == 0
    for name in ("bought", "sold"):
        assert np.array_equal(getattr(plain.world.ledger, name), getattr(rich.world.ledger, name))
    assert np.array_equal(plain.world.progress.events, rich.world.progress.events)


# --- capital --------------------------------------------------------------------------------------


def worst_wealth(ledger, traders):
    """Cash, and cash with the position at 1: what is left at either payoff, nano."""
    cash = ledger.balance[:, :traders, CASH]
    return np.minimum(cash, cash + ledger.balance[:, :traders, CONTRACT] * NANO)


GROUPS = ("maker", "informed", "noise", "sniper")
EVERYBODY = [RISK.format(name, "inventory_limit,capital") for name in GROUPS]


@EVERY_MECHANISM
@pytest.mark.parametrize("costs", ["none", "kalshi"])
@pytest.mark.parametrize("capital", [3, 12])
def test_nobody_with_capital_can_be_worth_less_than_nothing(mechanism, costs, capital):
    words = [f"population.{name}.capital={capital}" for name in GROUPS]
    block = chained(mechanism, *EVERYBODY, *words, f"costs={costs}")
    world, traders = block.world, block.world.ledger.bought.shape[1]
    for until in range(100 * MS, 2 * S, 100 * MS):
        run_plain(*block, until)
        assert worst_wealth(world.ledger, traders).min() >= 0
    run_plain(*block)
    assert world.ledger.balance[:, :traders, CASH].min() >= 0  # contracts are paid
    assert not world.progress.fault.any()
    assert world.progress.fills.min() > 0
    assert cuts_by_kind(world.rules.constraints)["capital"].sum() > 0


@EVERY_MECHANISM
@pytest.mark.parametrize("costs", ["none", "kalshi"])
def test_the_venue_alone_refuses_what_cannot_be_paid(mechanism, costs):
    """Traders who do not reckon at all: the venue does, and nobody falls below nothing."""
    words = [f"population.{name}.capital=8" for name in GROUPS]
    block = chained(mechanism, *EVERYBODY, *words, f"costs={costs}", "horizon_s=4")
    world, traders = block.world, block.world.ledger.bought.shape[1]
    kinds = world.rules.constraints.table.kind
    kinds[kinds == CAPITAL] = NONE
    for until in range(250 * MS, 4 * S, 250 * MS):
        run_plain(*block, until)
        assert worst_wealth(world.ledger, traders).min() >= 0
    run_plain(*block)
    assert not world.progress.fault.any()
    assert world.rules.constraints.no_funds.sum() > 0
    assert world.progress.fills.sum() > 0


@EVERY_MECHANISM
def test_what_a_trader_thinks_is_open_is_nothing_when_all_is_told(mechanism):
    """Sums that only grow and shrink by messages end where they began, to the nano."""
    words = [f"population.{name}.capital=1000" for name in GROUPS]
    world = traded(mechanism, *EVERYBODY, *words).world
    constraints, orders = world.rules.constraints, world.market.orders
    for lane in range(2):
        # What is under way at the end is all that may be left of a side.
        left = constraints.open_lots[lane]
        assert (left >= 0).all()
        for trader in range(left.shape[0]):
            alive = (orders.trader[lane] == trader) & (orders.client_id[lane] != 0)
            assert left[trader].sum() >= orders.lots[lane][alive].sum()
            assert (constraints.if_zero[lane, trader] >= 0).all()
    makers = constraints.open_lots[:, :2]
    if mechanism != "rfq":
        assert np.array_equal(makers, world.private.exposure[:, :2])


# --- sizes and rates ------------------------------------------------------------------------------


def rows_of(world, lane, kinds, trader):
    count = world.log.count[lane]
    wanted = np.isin(world.log.kind[lane, :count], kinds) & (
        world.log.trader[lane, :count] == trader
    )
    return world.log.time[lane, :count][wanted], world.log.lots[lane, :count][wanted]


@EVERY_MECHANISM
@pytest.mark.parametrize("on_limit", ["clip", "drop"])
def test_no_message_has_more_lots_than_its_chain_lets_by(mechanism, on_limit):
    words = [RISK.format("maker", "order_size"), "population.maker.risk.order_size.lots=4",
             f"population.maker.risk.order_size.on_limit={on_limit}"]  # fmt: skip
    world = traded(mechanism, *words).world
    sizes = rows_of(world, 0, (EVENT_ORDER, EVENT_REPLACE, EVENT_RFQ_QUOTE), 0)[1]
    assert sizes.max(initial=0) <= 4
    assert (len(sizes) > 0) == (on_limit == "clip" or mechanism == "rfq")
    assert cuts_by_kind(world.rules.constraints)["order_size"].sum() > 0


CONSTANT = [f"population.maker.latency.submission.{key}" for key in ("law=constant", "spread_ms=0")]


@pytest.mark.parametrize("mechanism", ["clob", "fba"])
@pytest.mark.parametrize(("per_s", "burst"), [(4, 1), (10, 3)])
def test_messages_keep_to_their_rate_in_every_window(mechanism, per_s, burst):
    """The bound of a token bucket: burst + rate x length, for every pair of messages."""
    words = [RISK.format("maker", "message_rate"), *CONSTANT,
             f"population.maker.risk.message_rate.per_s={per_s}",
             f"population.maker.risk.message_rate.burst={burst}"]  # fmt: skip
    world = traded(mechanism, *words).world
    times = rows_of(world, 0, (EVENT_ORDER, EVENT_REPLACE), 0)[0]
    assert len(times) > 3
    for first in range(len(times)):
        counted = np.arange(1, len(times) - first + 1)
        most = burst + (times[first:] - times[first]) * per_s / 1e9
        assert (counted <= most + 1e-6).all()
    assert len(rows_of(world, 0, (EVENT_CANCEL,), 0)[0]) > 0  # a dropped replace is one


# --- losses and leverage --------------------------------------------------------------------------

LOSS = "population.{}.risk.loss_limit.loss=0.05"
SLOWEST = 60 * MS  # of a submission, in these lanes
STOPPING = [
    word
    for name in GROUPS
    for word in (RISK.format(name, "loss_limit,inventory_limit"), LOSS.format(name),
                 f"population.{name}.latency.submission.law=uniform",
                 f"population.{name}.latency.submission.base_ms=10",
                 f"population.{name}.latency.submission.spread_ms=50")
]  # fmt: skip


@pytest.mark.parametrize("mechanism", ["clob", "fba", "dual_flow"])
def test_who_has_lost_too_much_has_nothing_left_after_its_latency(mechanism):
    """Property of D1: cancelled by the wake-up that sees the loss, plus a submission and a link."""
    block = chained(mechanism, *STOPPING, lanes=3)
    world, orders = block.world, block.world.market.orders
    constraints = world.rules.constraints
    seen = np.full(constraints.stopped_ns.shape, -1)  # when a trader was first seen to have stopped
    times = range(50 * MS, 4 * S, 50 * MS)
    for until in times:
        run_plain(*block, until)
        stopped = constraints.stopped_ns > 0
        seen = np.where(stopped & (seen < 0), until, seen)
        late = (seen >= 0) & (until >= seen + SLOWEST)
        for lane, trader in np.argwhere(late):
            mine = (orders.trader[lane] == trader) & (orders.client_id[lane] != 0)
            assert not mine.any(), (lane, trader, until)
    run_plain(*block)
    roles = {
        int(world.traders.role[trader]) for trader in np.argwhere((seen >= 0).any(axis=0))[:, 0]
    }
    assert len(roles) > 1  # makers, whose quotes stand, and takers, whose orders rest
    assert cuts_by_kind(constraints)["loss_limit"].sum() > 0


@pytest.mark.parametrize("mechanism", ["clob", "fba"])
def test_a_pause_ends_and_a_stop_does_not(mechanism):
    words = [
        RISK.format("maker", "loss_limit,inventory_limit"),
        LOSS.format("maker"),
        "horizon_s=6",
    ]
    for pause in ("null", "0.3"):
        world = traded(mechanism, *words, f"population.maker.risk.loss_limit.pause_s={pause}").world
        cut = rows_of(world, 0, (EVENT_CUT,), 0)[0]
        sent = rows_of(world, 0, (EVENT_ORDER, EVENT_REPLACE), 0)[0]
        assert len(cut) > 0
        assert (sent > cut[0] + 100 * MS).any() == (pause != "null")


@EVERY_MECHANISM
@pytest.mark.parametrize("most", [0.25, 1])
def test_the_position_is_worth_no_more_than_its_leverage_when_it_grows(mechanism, most):
    """Where it has grown, at the most wealth and the lowest price that its owner has decided by."""
    words = ["population.maker.capital=4", RISK.format("maker", "inventory_limit,leverage"),
             f"population.maker.risk.leverage.most={most}"]  # fmt: skip
    block = chained(mechanism, *words)
    world, before = block.world, np.zeros((2, 2), np.int64)
    constraints, wealth = world.rules.constraints, np.zeros((2, 2), np.int64)
    cheapest = np.full((2, 2), 2 * NANO)
    for until in range(MS, 3 * S, 5 * MS):
        run_plain(*block, until)
        position = world.ledger.bought[:, :2] - world.ledger.sold[:, :2]
        wealth = np.maximum(wealth, constraints.wealth[:, :2])
        price = constraints.reference[:, :2] * constraints.tick_nano[0]
        cheapest = np.where(price > 0, np.minimum(cheapest, price), cheapest)
        grows = np.abs(position) > np.abs(before)
        assert (np.abs(position) * cheapest <= most * wealth)[grows].all()
        before = position
    run_plain(*block)
    assert cuts_by_kind(world.rules.constraints)["leverage"].sum() > 0
    assert world.progress.fills.min() > 0


# --- counts ---------------------------------------------------------------------------------------


@EVERY_MECHANISM
def test_every_cut_and_refusal_is_counted_once_with_its_reason(mechanism):
    """The dataset, the counters and the rows of the log say the same, by class, group, trader."""
    words = [f"population.{name}.capital=5" for name in GROUPS]
    block = traded(mechanism, *EVERYBODY, *words, "horizon_s=4")
    world, log = block.world, block.world.log
    measured = measure(world, (GROUP, TRADER, TERM, REASON))
    for lane in range(2):
        rows = slice(log.count[lane])
        kinds, codes, traders = (each[lane, rows] for each in (log.kind, log.code, log.trader))
        for trader in range(world.traders.role.shape[0]):
            own = traders == trader
            for name, code in CODES.items():
                count = (own & (kinds == EVENT_CUT) & (codes == code)).sum()
                at = REASONS.index(name)
                assert measured["constraint_cuts_by_trader"][lane, trader, at] == count
            refused = (kinds == EVENT_REJECT) & (codes == REJECT_NO_FUNDS)
            refused |= (kinds == EVENT_RFQ_REJECT) & (codes == RFQ_NO_FUNDS)
            found = measured["constraint_cuts_by_trader"][lane, trader, -1]
            assert found == (own & refused).sum()
    for name in ("constraint_cuts", "capital_used_most"):
        whole = measured[name].sum(axis=1)
        for of in ("group", "trader"):
            assert np.allclose(measured[f"{name}_by_{of}"].sum(axis=1), whole, atol=1e-9)
    assert measured["constraint_cuts"][:, :, REASONS.index("capital")].sum() > 0
    used = measured["capital_used_most_by_trader"]
    assert used.max() > 0
    gains = world.totals.marked / NANO
    assert (used <= 5 + np.maximum(gains.max(), 5)).all()
