"""Entries that are no fills, booked into running lanes: every identity goes on to hold.

What they must change is counted by hand, from the same lanes without them.
"""

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pytest

from proteus.market.environment.news import value_at
from proteus.market.events.queue import NEVER_NS
from proteus.market.ledger.accounts import (
    AMOUNT_TOO_LARGE,
    ASSET_NOT_CONSERVED,
    BEFORE_FIRST,
    CASH,
    CONTRACT,
    INVENTORY_NOT_FILLS,
    ISSUER,
    LEDGER_OK,
    NETWORK,
    PNL_NOT_DECOMPOSED,
    POOL,
    PROPOSER,
    STAKES,
    VENUE,
    account_of,
    allocate_ledger,
    nano,
)
from proteus.market.ledger.audit import audit_entries
from proteus.market.ledger.codes import (
    CREDIT_CODES,
    ENDOW,
    FEE,
    FILL,
    FUND,
    GAS_BURNED,
    GAS_TIP,
    REWARD,
    SEIZE,
    STAKE,
    TERM_CLAIMS,
    TERM_FEES,
    TERM_FILLS,
    TERM_GAS,
    TERM_LIQUIDATION,
    TERM_NAMES,
    TERM_REWARDS,
)
from proteus.market.ledger.entries import drift_of, transfer, transfer_contracts, worth_of_term
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import Block, build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.trading.loop import advance_block
from proteus.market.trading.world import FAULT_NONE
from proteus.market.variables import measure
from tests.helpers.cells import MECHANISM_NAMES, ROOT, S, build, cell, differing, run_plain
from tests.helpers.twinning import engine_rows
from tests.reference.orders import Row

LANES = 2
WORDS = ("horizon_s=2", "metrics.tau_ms=500")
MAKER, OTHER_MAKER, TAKER = 0, 1, 2
FIRST_NS, THEN_NS = int(0.7 * S), int(1.3 * S)  # between barriers
FEE_NANO, GAS_NANO, TIP_NANO, REWARD_NANO = 123_456_789, 500_000, 70_001, 40_000_003
SEIZED = 3
EVERY_MECHANISM = pytest.mark.parametrize("mechanism", MECHANISM_NAMES)


def whole(mechanism: str) -> Block:
    """Lanes whose ledger carries all accounts and codes."""
    block = build(cell(f"mechanism={mechanism}", *WORDS), LANES)
    traders = len(block.world.traders.kind)
    tick_nano = block.world.settings.tick_nano
    ledger = allocate_ledger(LANES, traders, tick_nano, is_rich=True, codes=CREDIT_CODES)
    return block._replace(world=block.world._replace(ledger=ledger))


def book(block: Block, lane: int, code: int, giver: int, receiver: int, nanos: int) -> None:
    """Book cash after the last event."""
    cause = block.world.progress.events[lane] or BEFORE_FIRST
    done = transfer(block.world.ledger, lane, CASH, giver, receiver, nanos, code, cause)
    assert done == LEDGER_OK


def other(block: Block, which: int) -> int:
    return int(account_of(block.world.ledger, which))


def endow(block: Block) -> None:
    for lane in range(LANES):
        for trader in (MAKER, TAKER):
            book(block, lane, ENDOW, other(block, ISSUER), trader, 20 * S)
        book(block, lane, FUND, other(block, ISSUER), other(block, POOL), 5 * S)
        book(block, lane, STAKE, OTHER_MAKER, other(block, STAKES), 2 * S)


def charge(block: Block) -> None:
    for lane in range(LANES):
        book(block, lane, FEE, MAKER, other(block, VENUE), FEE_NANO)
        book(block, lane, GAS_BURNED, OTHER_MAKER, other(block, NETWORK), GAS_NANO)
        book(block, lane, GAS_TIP, TAKER, other(block, PROPOSER), TIP_NANO)


def seize(block: Block) -> list[int]:
    """Move contracts from a maker to a taker, and reward the maker; return v of then by lane."""
    world, values = block.world, []
    for lane in range(LANES):
        value = int(nano(value_at(world.news, world.news_parameters, lane, THEN_NS)))
        cause = world.progress.events[lane]
        done = transfer_contracts(world.ledger, lane, MAKER, TAKER, SEIZED, value, SEIZE, cause)
        assert done == LEDGER_OK
        book(block, lane, REWARD, other(block, POOL), MAKER, REWARD_NANO)
        values.append(value)
    return values


class Pair(NamedTuple):
    """The same lanes without and with entries, and v of when contracts moved, by lane."""

    before: Any
    after: Any
    values: list[int]


def pair(mechanism: str, advance: Any) -> Pair:
    clean, booked = build(cell(f"mechanism={mechanism}", *WORDS), LANES), whole(mechanism)
    advance(*clean, NEVER_NS)
    endow(booked)
    advance(*booked, FIRST_NS)
    charge(booked)
    advance(*booked, THEN_NS)
    values = seize(booked)
    advance(*booked, NEVER_NS)
    assert not booked.world.progress.fault.any()
    return Pair(clean.world, booked.world, values)


@pytest.fixture(scope="module", params=MECHANISM_NAMES)
def lanes(request):
    return pair(request.param, advance_block)


@pytest.mark.plain
@EVERY_MECHANISM
def test_plain_python_books_the_same(mechanism):
    plain = pair(mechanism, run_plain)
    changes_what_it_must(plain)
    decomposes(plain)


def test_entries_change_what_they_must_and_nothing_else(lanes):
    changes_what_it_must(lanes)


def changes_what_it_must(lanes: Pair) -> None:
    before, after, _ = lanes
    value, payoff = before.totals.final_value, before.totals.payoff
    marked = after.totals.marked - before.totals.marked
    assert marked[:, MAKER].tolist() == (-FEE_NANO + REWARD_NANO - SEIZED * value).tolist()
    assert marked[:, OTHER_MAKER].tolist() == [-GAS_NANO] * LANES
    assert marked[:, TAKER].tolist() == (SEIZED * value - TIP_NANO).tolist()
    assert not marked[:, TAKER + 1 :].any()
    settled = after.totals.settled - before.totals.settled
    assert (settled - marked)[:, MAKER].tolist() == (-SEIZED * (payoff - value)).tolist()
    assert (settled - marked)[:, TAKER].tolist() == (SEIZED * (payoff - value)).tolist()
    untouched = set(before.sums._fields) - {"risk"}  # which marks the makers on a grid
    for family in untouched:
        assert differing(getattr(before.sums, family), getattr(after.sums, family)) == []
    assert (after.ledger.bought == before.ledger.bought).all()
    assert before.ledger.bought.any(axis=1).all()
    equal = {"n_fills", "maker_spread_captured", "maker_adverse_selection", "quoted_spread"}
    old, new = measure(before), measure(after)
    assert all(old[name].tobytes() == new[name].tobytes() for name in equal)
    assert new["pnl_venue"].tolist() == pytest.approx([FEE_NANO / S] * LANES)


def test_every_identity_holds(lanes):
    decomposes(lanes)


def decomposes(lanes: Pair) -> None:
    _, after, values = lanes
    ledger, makers = after.ledger, (MAKER, OTHER_MAKER)
    assert not ledger.balance.sum(axis=1).any()
    assert not ledger.total.sum(axis=1).any()
    assert not ledger.balance[:, :, CONTRACT].any()  # redeemed
    assert (ledger.total.sum(axis=2)[:, :, : CONTRACT + 1] == ledger.balance).all()
    for lane in range(LANES):
        assert audit_entries(ledger, lane) == LEDGER_OK
        terms = {
            trader: {term: worth_of_term(ledger, lane, trader, term) for term in TERM_NAMES}
            for trader in range(len(after.traders.kind))
        }
        assert terms[MAKER][TERM_FEES] == -FEE_NANO
        assert terms[MAKER][TERM_REWARDS] == REWARD_NANO
        assert terms[MAKER][TERM_LIQUIDATION] == -SEIZED * values[lane]
        assert terms[TAKER][TERM_LIQUIDATION] == SEIZED * values[lane]
        assert terms[OTHER_MAKER][TERM_GAS] == -GAS_NANO
        assert terms[TAKER][TERM_GAS] == -TIP_NANO
        claims = [terms[trader][TERM_CLAIMS] for trader in (MAKER, OTHER_MAKER, TAKER)]
        assert claims == [20 * S, -2 * S, 20 * S]
        for trader, worth in terms.items():  # settled at X, so drift runs up to X
            drift = drift_of(ledger, lane, trader, 0)
            parts = sum(worth.values()) - worth[TERM_CLAIMS] + drift
            assert after.totals.settled[lane, trader] == parts
        markouts = after.sums.markouts
        fills = sum(terms[maker][TERM_FILLS] for maker in makers)
        assert fills == markouts.captured[lane] + markouts.adverse[lane, 0]


@EVERY_MECHANISM
def test_capital_is_no_profit(mechanism):
    """Endowments, funds and stakes move no measure, not even equity on its grid, by a bit."""
    clean, booked = build(cell(f"mechanism={mechanism}", *WORDS), LANES), whole(mechanism)
    advance_block(*clean, NEVER_NS)
    endow(booked)
    advance_block(*booked, NEVER_NS)
    assert differing(clean.world.sums, booked.world.sums) == []
    assert differing(clean.world.totals, booked.world.totals) == []
    assert not booked.world.progress.fault.any()


# --- entries that are wrong -----------------------------------------------------------------------


def one_side(world, place):
    world.ledger.balance[1, MAKER, CASH] -= 5
    world.ledger.total[1, MAKER, place, CASH] -= 5


def under_another_code(world, place):
    world.ledger.total[1, MAKER, [place, place + 1], CASH] += [5, -5]


def no_cash_moves(world, place):
    world.ledger.total[1, [MAKER, TAKER], place, CASH] += [5, -5]


def no_contract_moves(world, place):
    world.ledger.total[1, [MAKER, TAKER], place, CONTRACT] += [5, -5]


WRONG = {
    one_side: ASSET_NOT_CONSERVED,
    under_another_code: ASSET_NOT_CONSERVED,
    no_cash_moves: PNL_NOT_DECOMPOSED,
    no_contract_moves: INVENTORY_NOT_FILLS,
}


@pytest.mark.parametrize("change", WRONG, ids=lambda change: change.__name__)
@EVERY_MECHANISM
def test_a_wrong_entry_stops_its_lane(mechanism, change):
    block = whole(mechanism)
    advance_block(*block, FIRST_NS)
    change(block.world, block.world.ledger.place[FEE])
    advance_block(*block, NEVER_NS)
    assert block.world.progress.fault.tolist() == [0, WRONG[change]]


def test_a_fill_that_is_measured_otherwise_than_it_is_booked_stops_its_lane():
    """What is captured and adverse is summed apart from the ledger."""
    block = whole("clob")
    advance_block(*block, FIRST_NS)
    block.world.sums.markouts.captured[1] += 1
    advance_block(*block, NEVER_NS)
    assert np.array_equal(block.world.progress.fault, [0, PNL_NOT_DECOMPOSED])


@pytest.mark.plain
@EVERY_MECHANISM
@pytest.mark.parametrize("payer", [MAKER, TAKER])
def test_a_fee_under_the_code_of_fills_stops_its_lane(mechanism, payer):
    """Cash, lots and codes all balance; what was measured of the fills says that it is none."""
    block = whole(mechanism)
    run_plain(*block, FIRST_NS)
    book(block, 1, FILL, payer, other(block, VENUE), FEE_NANO)
    run_plain(*block)
    assert block.world.progress.fault.tolist() == [0, PNL_NOT_DECOMPOSED]


# --- more lots than int64 has cash for ------------------------------------------------------------

ROOM = 3  # lots that a trader may still buy, and still sell


def overfilled(rows: list[Row]) -> int:
    """Find the event of the fill that is beyond the room of a trader, in the log of a lane."""
    owner: dict[int, int] = {}
    traded: Counter[tuple[int, str]] = Counter()
    for row in rows:
        if row["kind"] == "fill":
            opposite = "sell" if row["side"] == "buy" else "buy"
            sides = (row["trader"], row["side"]), (owner[row["other_id"]], opposite)
            for side in sides:
                traded[side] += row["lots"]
            if max(traded[side] for side in sides) > ROOM:
                return int(row["event"])
        elif row["source"] == "trader":
            changes = row["kind"] == "replace"
            owner[row["other_id"] if changes else row["order_id"]] = row["trader"]
    raise AssertionError("there are not so many fills")


@EVERY_MECHANISM
def test_a_lane_stops_at_the_fill_for_which_cash_may_have_no_room(mechanism):
    setup = with_log(set_up_cell(cell(f"mechanism={mechanism}", *WORDS)))
    keys = replicate_keys(ROOT, np.arange(1))
    clean, full = build_block(setup, keys, 1, False), build_block(setup, keys, 1, False)
    for counted in (full.world.ledger.bought, full.world.ledger.sold):
        counted[:] = (2**62 - 1) // S - ROOM  # a contract costs at most a unit, 10**9 nano
    for block in (clean, full):
        advance_block(*block, NEVER_NS)
    assert clean.world.progress.fault[0] == FAULT_NONE
    assert full.world.progress.fault[0] == AMOUNT_TOO_LARGE
    assert full.world.progress.fault_event[0] == overfilled(engine_rows(clean.world))
