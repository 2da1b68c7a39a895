"""Postings and audits on hand-made states: what is right is written on both sides, the rest not."""

import numpy as np
import pytest

from proteus.market.agents.traders import CLASS_INFORMED, CLASS_MAKER, CLASS_NOISE, CLASS_SNIPER
from proteus.market.book.book import (
    allocate_book,
    allocate_orders,
    dequeue,
    enqueue,
    fill_in,
    ladder_of,
    rank_of,
    take_slot,
)
from proteus.market.book.codes import (
    BUY,
    EVENT_ACK,
    EVENT_CANCEL,
    EVENT_FILL,
    EVENT_REJECT,
    GTC,
    SELL,
)
from proteus.market.book.outbox import allocate_outbox, emit
from proteus.market.ledger import accounts
from proteus.market.ledger.accounts import (
    CASH,
    CONTRACT,
    ISSUER,
    LEDGER_OK,
    PLAIN_ACCOUNTS,
    VENUE,
    allocate_ledger,
)
from proteus.market.ledger.audit import audit, check_orders, check_roles, is_crossed
from proteus.market.ledger.entries import post_fill, settle

pytestmark = pytest.mark.plain

N_TICKS, TICK_NANO, NANO = 100, 10_000_000, 10**9
ALICE, BOB = 0, 1


class State:
    """One lane: a ledger of two traders, an order pool, a book, an outbox."""

    def __init__(self, auctions=1):
        self.ledger = allocate_ledger(1, 2, TICK_NANO, is_rich=False)
        self.orders = allocate_orders(1, 8)
        self.book = allocate_book(1, N_TICKS, 50, auctions)
        self.outbox = allocate_outbox(1, 8)

    def order(self, trader, side, price, lots, rest=True, is_taker=False):
        slot = take_slot(self.orders, 0)
        rank = rank_of(price, side, N_TICKS)
        fill_in(self.orders, 0, slot, slot + 1, trader, trader, side, rank, lots, GTC, 0)
        self.orders.ladder[0, slot] = ladder_of(self.book, side, is_taker)
        if rest:
            enqueue(self.book, self.orders, 0, slot, 0)
        return slot

    def post(self, buy, sell, price, lots):
        return post_fill(
            self.ledger, self.orders, self.book, 0, buy, sell, price, lots, NANO // 2, 0
        )

    def emit(self, kind, order, other=None, lots=1):
        emit(self.outbox, 0, kind, order, order if other is None else other, 50, lots, 0)

    def check(self):
        return check_orders(self.orders, self.outbox, 0)

    def audit(self, resting_may_cross=False):
        return audit(self.ledger, self.orders, self.book, 0, resting_may_cross)


@pytest.fixture
def state():
    return State()


@pytest.fixture
def crossing(state):
    """Alice buys 5 at up to 60, Bob sells 3 from 40; neither rests."""
    buy, sell = (
        state.order(ALICE, BUY, 60, 5, rest=False),
        state.order(BOB, SELL, 40, 3, rest=False),
    )
    return state, buy, sell


@pytest.mark.parametrize("price", [40, 50, 60])
def test_a_fill_is_two_transfers(crossing, price):
    state, buy, sell = crossing
    assert state.post(buy, sell, price, 3) == LEDGER_OK
    cash = 3 * price * TICK_NANO
    expected = [[-cash, 3], [cash, -3], [0, 0], [0, 0]]
    assert state.ledger.balance[0].tolist() == expected
    assert state.ledger.bought[0].tolist() == [3, 0]
    assert state.ledger.sold[0].tolist() == [0, 3]
    assert state.orders.filled[0, [buy, sell]].tolist() == [3, 3]


@pytest.mark.parametrize(
    ("price", "lots", "code"),
    [
        (50, 0, accounts.FILL_NOT_POSITIVE),
        (50, -1, accounts.FILL_NOT_POSITIVE),
        (0, 1, accounts.FILL_OFF_TICK),
        (-1, 1, accounts.FILL_OFF_TICK),
        (N_TICKS, 1, accounts.FILL_OFF_TICK),
        (61, 1, accounts.FILL_BEYOND_LIMIT),
        (39, 1, accounts.FILL_BEYOND_LIMIT),
    ],
)
def test_a_wrong_fill_is_refused_and_nothing_is_written(crossing, price, lots, code):
    state, buy, sell = crossing
    assert state.post(buy, sell, price, lots) == code
    assert not state.ledger.balance.any()
    assert not state.ledger.bought.any()
    assert not state.ledger.sold.any()
    assert not state.orders.filled.any()


@pytest.mark.parametrize(("trader", "counted"), [(ALICE, "bought"), (BOB, "sold")])
@pytest.mark.parametrize(("more", "code"), [(0, LEDGER_OK), (1, accounts.AMOUNT_TOO_LARGE)])
def test_lots_that_could_take_cash_out_of_int64_are_refused(crossing, trader, counted, more, code):
    """Whatever they cost and pay, cash stays inside int64 until this one."""
    state, buy, sell = crossing
    most = (2**62 - 1) // NANO
    getattr(state.ledger, counted)[0, trader] = most - 3 + more
    assert state.post(buy, sell, 50, 3) == code
    assert state.ledger.balance.any() == (code == LEDGER_OK)
    assert most * NANO + accounts.MOST_CASH < 2**63


@pytest.mark.parametrize("swap", ["both", "buy twice", "sell twice"])
def test_a_fill_on_the_wrong_side_is_refused(crossing, swap):
    state, buy, sell = crossing
    pair = {"both": (sell, buy), "buy twice": (buy, buy), "sell twice": (sell, sell)}[swap]
    assert state.post(*pair, 50, 1) == accounts.FILL_WRONG_SIDE
    assert not state.ledger.balance.any()


def test_a_market_order_has_no_limit(state):
    buy, sell = (
        state.order(ALICE, BUY, 60, 1, rest=False),
        state.order(BOB, SELL, 40, 1, rest=False),
    )
    state.orders.rank[0, buy] = state.orders.rank[0, sell] = N_TICKS
    assert state.post(buy, sell, 1, 1) == LEDGER_OK
    assert state.post(buy, sell, N_TICKS - 1, 1) == LEDGER_OK


@pytest.mark.parametrize("kind", [EVENT_FILL, EVENT_CANCEL, EVENT_ACK])
@pytest.mark.parametrize("field", ["lots", "submitted", "filled", "cancelled"])
def test_an_order_must_add_up_when_it_is_named(state, kind, field):
    """submitted 5 = open 2 + filled 2 + cancelled 1."""
    slot = state.order(ALICE, BUY, 50, 2, rest=False)
    state.orders.submitted[0, slot] = 5
    state.orders.filled[0, slot] = 2
    state.orders.cancelled[0, slot] = 1
    state.emit(kind, slot)
    assert state.check() == LEDGER_OK
    getattr(state.orders, field)[0, slot] += 1
    assert state.check() == accounts.ORDER_NOT_CONSERVED


def test_both_orders_of_a_fill_are_checked(state):
    earlier, later = state.order(ALICE, BUY, 50, 2), state.order(BOB, SELL, 50, 2)
    state.emit(EVENT_FILL, earlier, later)
    assert state.check() == LEDGER_OK
    state.orders.filled[0, later] = 1
    assert state.check() == accounts.ORDER_NOT_CONSERVED


def test_negative_open_lots_are_found(state):
    slot = state.order(ALICE, BUY, 50, 2, rest=False)
    state.orders.lots[0, slot], state.orders.filled[0, slot] = -1, 3
    state.emit(EVENT_ACK, slot)
    assert state.check() == accounts.ORDER_NOT_CONSERVED


def test_a_rejected_order_has_nothing_to_add_up(state):
    slot = state.order(ALICE, BUY, 50, 2, rest=False)
    state.orders.submitted[0, slot] = 0
    state.emit(EVENT_REJECT, slot)
    assert state.check() == LEDGER_OK


@pytest.mark.parametrize("payoff", [0, NANO])
def test_settlement_redeems_every_contract(crossing, payoff):
    state, buy, sell = crossing
    state.post(buy, sell, 50, 3)
    settle(state.ledger, 0, payoff)
    balance = state.ledger.balance[0]
    assert not balance[:, CONTRACT].any()
    won = 3 * (payoff - 50 * TICK_NANO)
    assert balance[:, CASH].tolist() == [won, -won, 0, 0]
    assert balance[2 + VENUE, CASH] == balance[2 + ISSUER, CASH] == 0
    assert balance.shape[0] == 2 + len(PLAIN_ACCOUNTS)


def test_settlement_of_an_uneven_ledger_leaves_the_debt_with_the_issuer(state):
    """Contracts that nobody sold are a debt of the issuer, not a gift."""
    state.ledger.balance[0, ALICE, CONTRACT] = 2
    settle(state.ledger, 0, NANO)
    assert state.ledger.balance[0, :, CASH].tolist() == [2 * NANO, 0, 0, -2 * NANO]
    assert state.ledger.balance[0, 2 + ISSUER, CONTRACT] == 2


@pytest.fixture
def sound(state):
    """A book with three resting orders and one fill behind it."""
    state.order(ALICE, BUY, 40, 5)
    state.order(ALICE, BUY, 40, 2)
    state.order(BOB, SELL, 60, 4)
    buy, sell = (
        state.order(ALICE, BUY, 50, 1, rest=False),
        state.order(BOB, SELL, 50, 1, rest=False),
    )
    assert state.post(buy, sell, 50, 1) == LEDGER_OK
    state.orders.lots[0, [buy, sell]] = 0
    state.orders.client_id[0, [buy, sell]] = 0
    assert state.audit() == LEDGER_OK
    return state


def add(field, place):
    def change(state):
        array = state
        for name in field.split("."):
            array = getattr(array, name)
        array[place] += 1

    return change


def unlink(state):
    dequeue(state.book, state.orders, 0, 1)
    state.orders.previous[0, 1] = 0


AUDITS = {
    "cash": (add("ledger.balance", (0, ALICE, CASH)), accounts.ASSET_NOT_CONSERVED),
    "contract": (add("ledger.balance", (0, BOB, CONTRACT)), accounts.ASSET_NOT_CONSERVED),
    "venue": (add("ledger.balance", (0, 2 + VENUE, CASH)), accounts.ASSET_NOT_CONSERVED),
    "bought": (add("ledger.bought", (0, ALICE)), accounts.INVENTORY_NOT_FILLS),
    "sold": (add("ledger.sold", (0, BOB)), accounts.INVENTORY_NOT_FILLS),
    "open lots": (add("orders.lots", (0, 1)), accounts.ORDER_NOT_CONSERVED),
    "lots of a level": (add("book.lots", (0, SELL, 40)), accounts.BOOK_NOT_ORDERS),
    "limit of an order": (add("orders.rank", (0, 0)), accounts.BOOK_NOT_ORDERS),
    "an order outside the book": (unlink, accounts.BOOK_NOT_ORDERS),
}


@pytest.mark.parametrize("fault", AUDITS)
def test_an_audit_finds_what_is_wrong(sound, fault):
    change, code = AUDITS[fault]
    change(sound)
    assert sound.audit() == code


@pytest.mark.parametrize(("ask", "crosses"), [(41, False), (40, True), (39, True)])
def test_a_crossed_book_is_found_unless_it_is_an_open_batch(state, ask, crosses):
    state.order(ALICE, BUY, 40, 1)
    state.order(BOB, SELL, ask, 1)
    assert state.audit() == (accounts.BOOK_CROSSED if crosses else LEDGER_OK)
    assert state.audit(resting_may_cross=True) == LEDGER_OK


@pytest.mark.parametrize(
    ("bid", "ask", "crosses"),
    [("maker", "taker", True), ("taker", "maker", True),
     ("maker", "maker", False), ("taker", "taker", False)],
)  # fmt: skip
def test_where_roles_are_apart_only_maker_and_taker_cross(bid, ask, crosses):
    apart, together = State(auctions=2), State()
    for state in (apart, together):
        state.order(ALICE, BUY, 60, 1, is_taker=bid == "taker")
        state.order(BOB, SELL, 40, 1, is_taker=ask == "taker")
        assert state.audit(resting_may_cross=True) == LEDGER_OK
    assert is_crossed(apart.book, 0) == crosses
    assert apart.audit() == (accounts.BOOK_CROSSED if crosses else LEDGER_OK)
    assert is_crossed(together.book, 0)


CLASSES = (CLASS_MAKER, CLASS_INFORMED, CLASS_NOISE, CLASS_SNIPER)


@pytest.mark.parametrize("buyer", CLASSES)
@pytest.mark.parametrize("seller", CLASSES)
def test_a_fill_within_one_role_is_refused_where_roles_are_apart(buyer, seller):
    for auctions in (1, 2):
        state = State(auctions)
        buy, sell = state.order(ALICE, BUY, 60, 1), state.order(BOB, SELL, 40, 1)
        code = check_roles(state.orders, state.book, np.array([buyer, seller]), 0, buy, sell)
        within = (buyer == CLASS_MAKER) == (seller == CLASS_MAKER)
        refused = within and auctions == 2
        assert code == (accounts.FILL_SAME_ROLE if refused else LEDGER_OK)


def test_an_audit_finds_an_order_on_the_ladder_of_the_other_role():
    state = State(auctions=2)
    slot = state.order(ALICE, BUY, 40, 5)
    assert state.audit() == LEDGER_OK
    state.orders.ladder[0, slot] = 2 + BUY
    assert state.audit() == accounts.BOOK_NOT_ORDERS


def test_every_code_has_a_name():
    codes = {
        value
        for name, value in vars(accounts).items()
        if isinstance(value, int)
        and name.startswith(
            (
                "AMOUNT_",
                "FILL_",
                "ORDER_",
                "ASSET_",
                "AMOUNT_",
                "INTENT",
                "INVENTORY_",
                "BOOK_",
                "PNL_",
                "ENTRY_",
                "CLEAR_",
                "TIMER_",
                "SETTLED_",
                "FUNDS_",
                "CREDIT_",
            )
        )
        and name not in ("ASSET_NAMES", "CREDIT_CODES")
    }
    assert codes == set(accounts.LEDGER_CODES)
    assert len(set(accounts.LEDGER_CODES.values())) == len(codes)
    assert np.int64(LEDGER_OK) not in codes
