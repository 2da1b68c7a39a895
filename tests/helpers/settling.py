"""The kernels of settlement with a caller: balances, what is posted, and when what is called."""

from typing import Any

import numpy as np

from proteus.market import rng
from proteus.market.book.codes import NO_PRICE
from proteus.market.events.queue import NEVER_NS
from proteus.market.settlement import due, failing, finality, legs
from proteus.market.settlement.models import SETTLEMENT_MODELS
from proteus.market.settlement.setup import allocate_settlement

DELAYED = {
    "mode": "delayed", "delay_ms": None, "cycle_ms": 1, "netting": "gross", "retries": 1,
    "fail_penalty_ppm": 0,
}  # fmt: skip
BLOCKS = {"mode": "blocks", "finality_blocks": 2, "fork_probability": 0.0, "fork_depth": 1}
NS_PER_MS = 1_000_000
LANE = 1  # of two: the first must stay empty
KEYS = np.array([[1, 2], [3, 4]], np.uint32)
STATUS = {
    legs.LEG_SETTLED: "final",
    legs.LEG_FAILED: "failed",
    legs.LEG_CLOSED_OUT: "closed_out",
    legs.LEG_REVERTED: "reverted",
}
PAYMENTS = {
    failing.PAY_PENALTY: "penalty",
    failing.PAY_DEFAULT: "default",
    failing.PAY_DIFFERENCE: "difference",
}


def words_of(number: int) -> tuple[int, int]:
    """The two words of a block's fork."""
    found = rng.draw(*KEYS[LANE], rng.STREAM_FORK, rng.ENTITY_MARKET, number, 0)
    return int(found[0]), int(found[1])


class Market:
    """One lane: fills go in, statuses and payments come out and are posted at once."""

    def __init__(
        self,
        config: dict[str, Any],
        uids: list[int],
        capital: list[int | None],
        room: int = 256,
    ) -> None:
        """``capital`` in nano-currency, None without a limit."""
        model = SETTLEMENT_MODELS[config["mode"]](**config)
        self.state = allocate_settlement(
            model,
            NEVER_NS,
            2,
            room,
            np.array(uids),
            np.array([amount is not None for amount in capital]),
        )
        self.traders = len(uids)
        self.balance = np.zeros((2, self.traders, 2), np.int64)
        self.balance[LANE, :, 0] = [amount or 0 for amount in capital]
        self.log: list[tuple[Any, ...]] = []
        self.queued: list[int] = []

    def fill(self, buyer: int, seller: int, lots: int, cash: int, time: int) -> None:
        self._both_ways(buyer, seller, lots, cash)
        self._queue(legs.add_fill(self.state, LANE, buyer, seller, lots, cash, time, legs.NO_BLOCK))

    def due(self, time: int, price: int | None) -> None:
        self._queue(
            due.settle_due(
                self.state, self.balance, LANE, time, NO_PRICE if price is None else price
            )
        )
        self._post(time)

    def block(self, number: int, time: int) -> int:
        word = self.state.terms.fork_word
        dropped = finality.make_block(self.state, KEYS, LANE, number, time, word)
        self._post(time)
        return int(dropped)

    def end(self, time: int) -> int:
        finality.settle_all(self.state, LANE, time)
        self._post(time)
        return int(self.state.sums.value_at_end[LANE])

    def pending(self, asset: int) -> list[int]:
        return self.state.held.pending[LANE, :, asset].tolist()

    def settled(self, asset: int) -> list[int]:
        """Economic less pending: what the kernels take for settled."""
        return (self.balance[LANE, :, asset] - self.state.held.pending[LANE, :, asset]).tolist()

    def _queue(self, time: int) -> None:
        if time != NEVER_NS:
            self.queued.append(int(time))

    def _both_ways(self, buyer: int, seller: int, lots: int, cash: int) -> None:
        self.balance[LANE, buyer] += (-cash, lots)
        self.balance[LANE, seller] += (cash, -lots)

    def _post(self, time: int) -> None:
        """Post as ``market.rules.settlement`` does."""
        book, payments = self.state.legs, self.state.payments
        assert not book.overflow[LANE]
        for at in range(book.count[LANE]):
            what = STATUS.get(int(book.status[LANE, at]))
            failed = book.failing[LANE, at] != legs.NEITHER_FAILED
            fill = int(book.fill[LANE, at])
            if failed:
                self.log.append(("failed", time, fill))
            if what and what != "failed":
                self.log.append((what, time, fill))
            if what in ("closed_out", "reverted"):
                self._both_ways(
                    book.seller[LANE, at], book.buyer[LANE, at],
                    int(book.lots[LANE, at]), int(book.cash[LANE, at]),
                )  # fmt: skip
        for i in range(payments.count[LANE]):
            giver, receiver = int(payments.giver[LANE, i]), int(payments.receiver[LANE, i])
            amount = int(payments.amount[LANE, i])
            self.balance[LANE, giver, 0] -= amount
            self.balance[LANE, receiver, 0] += amount
            self.log.append((PAYMENTS[int(payments.what[LANE, i])], giver, receiver, amount))
        legs.release(self.state, LANE)
        assert not any(array.any() for array in (book.count[0:1], self.state.held.pending[0]))
