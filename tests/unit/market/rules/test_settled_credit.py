"""Credit where fills are final later: what counts as collateral, what is seized, who can pay."""

import numpy as np
import pytest

from proteus.market.ledger.accounts import CASH, CONTRACT
from proteus.market.lending.credit import DEBT
from proteus.market.rules import credit_books, settlement
from proteus.market.settlement.legs import NO_BLOCK, add_fill
from proteus.market.trading import credit as asking
from proteus.market.trading.hooks import at_settlement
from tests.helpers.crediting import AUTO, BORROWER, CALLER, CALLERS, DESK, LENDER, NANO, OTHER
from tests.helpers.crediting import ByHand as Immediate

pytestmark = pytest.mark.plain

HALF, MS = NANO // 2, 1_000_000
LATER = ("settlement=t_plus", "settlement.delay_ms=50", "settlement.retries=0")
BY_BLOCKS = (
    "settlement=blocks", "settlement.finality_blocks=2", "settlement.fork_depth=1",
    "environment=blocks", "environment.blocks.interval_ms=20",
)  # fmt: skip


class ByHand(Immediate):
    """A lane in which borrowers trade with each other, and fills wait."""

    def fill(self, buyer: int, seller: int, lots: int, price: int, block: int = NO_BLOCK) -> None:
        """A fill whose economic balances move at once."""
        self.event += 1
        cash, balance = lots * price, self.ledger.balance[0]
        balance[buyer] += (-cash, lots)
        balance[seller] += (cash, -lots)
        add_fill(self.rules.settlement, 0, buyer, seller, lots, cash, self.time, block)

    def settle(self, item: int = settlement.DUE, after: int = 50 * MS) -> None:
        """Let time pass, and settle what is due, or let a block be made."""
        self.time += after
        self.event += 1
        world = self.world
        at_settlement(
            self.rules, self.ledger, self.log, world.queue, world.market.keys, world.traders,
            world.private, world.news, world.news_parameters, world.data, world.sums.risk, 100, 0,
            -1, item, np.int64(self.time), self.event,
        )  # fmt: skip

    def check(self) -> None:
        """Hold pool, ledger and settlement against each other; fills by hand have no entries."""
        assert credit_books.is_whole(self.rules, self.ledger, 0)

    def debt(self, trader: int) -> int:
        return int(self.credit.booked[0, trader, DEBT])

    def pledged(self, trader: int) -> int:
        return int(self.pool.pledged[0, trader])


def holding(*words: str, lots: int = 10) -> ByHand:
    """The first borrower has final lots, bought at a half from the other."""
    lane = ByHand(*words)
    lane.supply(LENDER, 10 * NANO)
    lane.fill(BORROWER, OTHER, lots, HALF)
    lane.settle()
    lane.check()
    return lane


def test_lots_are_collateral_from_when_they_are_final():
    lane = ByHand(*LATER)
    lane.supply(LENDER, 10 * NANO)
    lane.fill(BORROWER, OTHER, 10, HALF)
    lane.check()
    assert lane.pledged(BORROWER) == lane.pledged(OTHER) == 0
    assert not lane.borrow(BORROWER, 1, HALF)
    lane.settle(after=50 * MS - 1)
    assert not lane.borrow(BORROWER, 1, HALF)
    lane.settle(after=1)
    lane.check()
    assert (lane.pledged(BORROWER), lane.pledged(OTHER)) == (10, 10)
    assert (lane.pool.is_short[0, BORROWER], lane.pool.is_short[0, OTHER]) == (False, True)
    assert lane.borrow(BORROWER, 5 * HALF, HALF)
    assert lane.borrow(OTHER, 5 * HALF, HALF)


def test_who_borrows_asks_for_nothing_until_its_lots_are_final(monkeypatch):
    """It has been told of 10 lots at a half; the pool lends 2.5 on them when they are final."""
    monkeypatch.setattr(asking, "price_seen", lambda *_: np.int64(HALF))
    lane = ByHand(*LATER)
    lane.fill(BORROWER, OTHER, 10, HALF)
    lane.world.private.position[0, BORROWER] = 10
    assert asking._lacking(lane.rules, lane.world, 0, BORROWER) == 0
    lane.settle()
    assert asking._lacking(lane.rules, lane.world, 0, BORROWER) == 5 * HALF


def test_sold_lots_stay_collateral_until_their_cash_repays():
    lane = holding(*LATER)
    assert lane.borrow(BORROWER, 5 * HALF, HALF)
    lane.fill(OTHER, BORROWER, 4, 6 * NANO // 10)
    lane.check()
    assert (lane.pledged(BORROWER), lane.debt(BORROWER)) == (10, 5 * HALF)
    cash = lane.cash(BORROWER)
    lane.settle()
    lane.check()
    assert (lane.pledged(BORROWER), lane.debt(BORROWER)) == (6, 5 * HALF - 24 * NANO // 10)
    assert lane.cash(BORROWER) == cash - 24 * NANO // 10
    assert lane.pledged(OTHER) == 6  # a short that is bought back, released with 0.4 a lot


def test_cash_that_another_purchase_will_take_repays_nothing():
    """5 of capital buy 10 lots; a loan of 2.5; 4 lots bring 2.4, and 8 more will cost 4.8."""
    lane = holding(*LATER)
    assert lane.borrow(BORROWER, 5 * HALF, HALF)
    lane.fill(OTHER, BORROWER, 4, 6 * NANO // 10)
    lane.settle(after=10 * MS)
    lane.fill(BORROWER, OTHER, 8, 6 * NANO // 10)
    lane.settle(after=40 * MS)
    lane.check()
    assert lane.debt(BORROWER) == 5 * HALF - (5 * HALF + 24 * NANO // 10 - 48 * NANO // 10)
    lane.settle()
    lane.check()
    assert lane.pledged(BORROWER) == 14
    assert lane.cash(BORROWER) == 0


def test_a_sale_that_a_fork_drops_has_repaid_nothing():
    lane = ByHand(*BY_BLOCKS, "settlement.fork_probability=0")
    lane.supply(LENDER, 10 * NANO)
    lane.fill(BORROWER, OTHER, 10, HALF, block=0)
    lane.settle(1)
    assert lane.pledged(BORROWER) == 0
    lane.settle(2)
    assert lane.pledged(BORROWER) == 10
    assert lane.borrow(BORROWER, 5 * HALF, HALF)
    lane.fill(OTHER, BORROWER, 10, HALF, block=2)
    terms = lane.rules.settlement.terms._replace(fork_word=1 << 32)
    dropping = lane.rules.settlement._replace(terms=terms)
    lane.rules = lane.rules._replace(settlement=dropping)
    lane.settle(3)
    lane.check()
    assert lane.lots(BORROWER) == lane.pledged(BORROWER) == 10
    assert lane.debt(BORROWER) == 5 * HALF
    assert lane.rules.settlement.sums.lots_reverted[0] == 10


def test_lots_that_are_sold_or_have_not_come_are_not_seized():
    """Of 10 final lots 7 are sold; 20 more have been bought. A seizure takes 3, which are final."""
    lane = holding(*LATER, *AUTO)
    assert lane.borrow(BORROWER, 5 * HALF, HALF)
    lane.fill(OTHER, BORROWER, 7, HALF)
    lane.fill(BORROWER, OTHER, 20, 1)
    assert lane.keep(NANO // 4) == 1
    lane.check()
    assert (lane.lots(DESK), lane.pledged(BORROWER)) == (3, 7)
    lane.settle()
    lane.check()
    assert lane.pledged(BORROWER) == 20
    assert lane.rules.settlement.held.settled[0, DESK, CONTRACT] == 3


def test_a_short_that_is_bought_back_is_not_seized():
    """The mirror image: of 10 short lots 7 are bought back."""
    lane = holding(*LATER, *AUTO)
    assert lane.borrow(OTHER, 5 * HALF, HALF)
    lane.fill(OTHER, BORROWER, 7, HALF)
    assert lane.keep(NANO - NANO // 4) == 1
    lane.check()
    assert (lane.lots(DESK), lane.pledged(OTHER)) == (-3, 7)


def test_a_liquidator_pays_with_cash_that_is_there():
    """Its 1 of capital has bought 2 lots; what it sells them for pays once it has come."""
    lane = holding(*LATER, *CALLERS, "population.liquidator.capital=1")
    assert lane.borrow(BORROWER, 5 * HALF, HALF)
    lane.fill(CALLER, OTHER, 2, HALF)
    lane.settle()
    lane.fill(OTHER, CALLER, 2, HALF)
    price = 384 * NANO // 1000
    assert not lane.call(CALLER, BORROWER, 1, price)
    lane.settle()
    assert lane.call(CALLER, BORROWER, 2, price)  # 2 x 0.35328
    assert lane.cash(CALLER) == NANO - 2 * 353_280_000
    lane.check()


def test_what_is_final_at_the_end_repays_first():
    """Everything pending is final at T: a sale then repays before the pool closes."""
    lane = holding(*LATER)
    assert lane.borrow(BORROWER, 5 * HALF, HALF)
    lane.fill(OTHER, BORROWER, 10, HALF)
    lane.settle()
    assert lane.debt(BORROWER) == 0
    lane.end(HALF)
    assert lane.cash(LENDER) == 30 * NANO
    assert lane.ledger.balance[0, :, CASH].sum() == 0
