"""A lane with credit whose accounts act by hand: the kernels of rules, without a loop."""

from __future__ import annotations

import unittest.mock
from typing import Any

import numpy as np

from proteus.market.book.codes import NO_ORDER
from proteus.market.events.envelopes import MESSAGE_CREDIT, take_envelope
from proteus.market.events.log import MISSING
from proteus.market.ledger.accounts import CASH, CONTRACT, ISSUER, LEDGER_OK, account_of
from proteus.market.ledger.audit import audit_entries
from proteus.market.ledger.codes import CARRY
from proteus.market.lending.codes import BORROW, LIQUIDATE, SUPPLY
from proteus.market.rules import credit, credit_books, credit_end, posting
from proteus.market.trading import liquidating
from tests.helpers.cells import MS, TINY, build, cell

NANO = 10**9
MECHANISM = "mechanism=clob"
GROUPS = (
    "population.maker.count=0", "population.noise.count=0", "population.sniper.count=0",
    "population.informed.count=2", "population.informed.capital=5",
    "population.informed.target_leverage=3", "+risk@population.informed.risk=capital",
    "+trader@population.lender=lender", "population.lender.capital=30",
    "population.lender.count=2", "credit=pool",
)  # fmt: skip
BORROWER, OTHER, LENDER, SECOND, DESK = range(5)
AUTO = ("credit.keeper=auto", "+trader@population.treasury=treasury")  # with a DESK
CALLER, SECOND_CALLER = 4, 5
CALLERS = ("+trader@population.liquidator=liquidator", "population.liquidator.count=2")
KEEPERS = {"auto": AUTO, "traders": CALLERS}
LEVERAGED = (  # traders who borrow so much that some of them fail within half a second
    "credit=pool", "credit.accrue_ms=20", "credit.year_s=2", "credit.ltv=0.64",
    "credit.bonus_least=0.001", "population.informed.count=4", "population.informed.capital=4",
    "population.informed.target_leverage=4", "population.informed.schedule.rate_per_s=40",
    "+risk@population.informed.risk=capital", "+trader@population.lender=lender",
    "population.lender.capital=60", "population.lender.policy.deposit=20",
    "population.lender.schedule.rate_per_s=40", "latent.jump_rate_per_s=10", *TINY, "horizon_s=0.5",
)  # fmt: skip


class ByHand:
    """One lane; time goes on by steps of the accrual grid."""

    def __init__(self, *words: str, world: Any = None) -> None:
        """Start a lane, or go on with one that the loop has started: ``world``."""
        config = cell(MECHANISM, *GROUPS, *TINY, *words)
        block = build(config)
        self.mechanism = block.mechanism
        self.world: Any = block.world if world is None else world
        self.rules, self.ledger, self.log = self.world.rules, self.world.ledger, self.world.log
        self.credit, self.pool = self.rules.credit, self.rules.credit.pool
        self.time, self.event = 0, int(self.world.progress.events[0])
        if world is None:
            posting.endow(self.rules, self.ledger, self.log, 0)
            credit.start(self.rules, self.world.queue, 0)

    @property
    def _now(self) -> tuple[int, np.int64, int]:
        return 0, np.int64(self.time), self.event

    def step(self, steps: int = 1) -> None:
        for _ in range(steps):
            self.time += 100 * MS
            self.event += 1
            credit.charge_interest(self.rules, self.ledger, self.log, *self._now)

    def ask(self, action: int, trader: int, amount: int, price: int | None = None) -> bool:
        """Supply or borrow; tells whether it was done."""
        if price is not None:
            self.pool.price[0] = price
        self.event += 1
        before = self.credit.booked[0].sum()
        credit.do(self.rules, self.ledger, self.log, *self._now, trader, action, np.int64(amount))
        return bool(self.credit.booked[0].sum() != before)

    def supply(self, trader: int, amount: int) -> bool:
        return self.ask(SUPPLY, trader, amount)

    def borrow(self, trader: int, amount: int, price: int) -> bool:
        return self.ask(BORROW, trader, amount, price)

    def trade(self, trader: int, lots: int, price: int) -> None:
        """Buy (lots > 0) from nobody, or sell."""
        self.event += 1
        issuer, (_, time, event) = account_of(self.ledger, ISSUER), self._now
        giver, taker = (issuer, trader) if lots > 0 else (trader, issuer)
        args = self.rules, self.ledger, self.log, 0, time, event
        posting.move(*args, giver, taker, abs(lots), price, CARRY)
        posting.pay(*args, taker, giver, abs(lots) * price, CARRY)
        sign = 1 if lots > 0 else -1
        credit.change(*args[:4], trader, sign, price, abs(lots), time, event)

    def keep(self, price: int) -> int:
        """Let the treasury look at all accounts at a price; returns how many it liquidated."""
        self.pool.price[0] = price
        self.event += 1
        self.world.progress.events[0] = self.event
        before = int(self.credit.liquidations.count[0])
        liquidating.keep(self.rules, self.mechanism, self.world, 0, np.int64(self.time))
        return int(self.credit.liquidations.count[0]) - before

    def call(self, caller: int, borrower: int, lots: int, price: int) -> bool:
        """Let a liquidator's message arrive at a price; tells whether it gets any lots."""
        self.event += 1
        self.world.progress.events[0] = self.event
        messages = self.world.messages
        envelope = take_envelope(messages, 0, MESSAGE_CREDIT, caller, NO_ORDER, np.int64(MISSING))
        messages.belief[0, envelope] = borrower
        messages.new_id[0, envelope], messages.lots[0, envelope] = LIQUIDATE, lots
        before = int(self.credit.liquidations.count[0])
        with unittest.mock.patch.object(liquidating, "mark"):
            self.pool.price[0] = price
            args = self.rules, self.mechanism, self.world, 0, np.int64(self.time)
            liquidating.receive(*args, envelope)
        return bool(self.credit.liquidations.count[0] > before)

    def end(self, value: int, price: int | None = None) -> None:
        """Close the pool at v; the treasury looks at a price, or at that which was read last."""
        if price is not None:
            self.pool.price[0] = price
        world, time = self.world, np.int64(self.time)
        with unittest.mock.patch.object(credit_end, "mark"):
            credit_end.end(
                self.rules, self.ledger, self.log, world.data, world.sums.risk,
                world.settings.initial_ticks, 0, time, value,
            )  # fmt: skip

    def cash(self, trader: int) -> int:
        return int(self.ledger.balance[0, trader, CASH])

    def lots(self, trader: int) -> int:
        return int(self.ledger.balance[0, trader, CONTRACT])

    def check(self) -> None:
        """Hold pool and ledger against each other."""
        assert credit_books.is_whole(self.rules, self.ledger, 0)
        assert audit_entries(self.ledger, 0) == LEDGER_OK
        assert self.rules.refused[0] == LEDGER_OK
