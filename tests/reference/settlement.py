"""When fills are final, in plain Python: MODEL2 C and the docstrings of ``market/settlement``.

A trade is an object in a list, and nobody's pending amount is stored: it is added up when asked.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Move = tuple[str, int, int, int, int]  # what, giver and receiver of the cash, cash, lots back


@dataclass
class Trade:
    """A fill that is not final."""

    number: int
    buyer: int
    seller: int
    lots: int
    cash: int
    time: int
    due: int | None
    block: int | None
    fails: int = 0

    def other(self, trader: int) -> int:
        """The other side."""
        return self.seller if trader == self.buyer else self.buyer


class Settlement:
    """The settlement of one market, with the economic and settled balances of its traders."""

    def __init__(
        self,
        rules: dict[str, Any],
        uids: list[int],
        capital: list[int | None],
        fork: Callable[[int], tuple[int, int]],
    ) -> None:
        """Start. ``rules`` as in conf/settlement, times in ns; ``fork``: two words of a block."""
        self.rules, self.fork = rules, fork
        self.chance: Callable[[int], Fraction] = lambda time: Fraction(0)  # that a block forks
        if "fork_probability" in rules:
            self.chance = lambda time: Fraction(str(rules["fork_probability"]))
        self.uid = dict(enumerate(uids))
        self.has_capital = {who for who, amount in enumerate(capital) if amount is not None}
        self.economic = {asset: Counter[int]() for asset in ("cash", "lots")}
        self.settled = {asset: Counter[int]() for asset in ("cash", "lots")}
        for who, amount in enumerate(capital):
            self.transfer(None, who, amount or 0)
        self.open: list[Trade] = []
        self.expected: set[int] = set()  # when a market will look
        self.finals: list[Trade] = []  # not looked at so far
        self.trades = 0
        self.log: list[tuple[Any, ...]] = []
        self.course = [(0, 0)]  # the value pending from a time on
        self.waits: list[int] = []
        self.lots = Counter[str]()

    # --- balances ---------------------------------------------------------------------------------

    def transfer(self, giver: int | None, receiver: int | None, cash: int) -> None:
        """Cash that is final at once; None is somebody outside."""
        for table in (self.economic, self.settled):
            for who, amount in ((giver, -cash), (receiver, cash)):
                if who is not None:
                    table["cash"][who] += amount

    def pending(self, asset: str, who: int) -> int:
        """What is not final, of one trader."""
        total = 0
        for trade in self.open:
            amount = trade.cash if asset == "cash" else trade.lots
            gets, gives = (
                (trade.seller, trade.buyer) if asset == "cash" else (trade.buyer, trade.seller)
            )
            total += amount * ((who == gets) - (who == gives))
        return total

    def value(self) -> int:
        """The cash of all that is not final."""
        return sum(trade.cash for trade in self.open)

    def coming(self, asset: str, who: int) -> int:
        """What is to come and not final, of one trader."""
        if asset == "cash":
            return sum(trade.cash for trade in self.open if trade.seller == who)
        return sum(trade.lots for trade in self.open if trade.buyer == who)

    def hand_over(self, giver: int, receiver: int, lots: int) -> None:
        """Lots that are final at once."""
        for table in (self.economic, self.settled):
            table["lots"][giver] -= lots
            table["lots"][receiver] += lots

    def can_pay(self, who: int, amount: int) -> bool:
        """Whether the settled cash of a trader is enough."""
        return who not in self.has_capital or self.settled["cash"][who] >= amount

    # --- what happens to a trade ------------------------------------------------------------------

    def fill(
        self, buyer: int, seller: int, lots: int, cash: int, time: int, block: int | None = None
    ) -> None:
        """A trade, and the block that carries it; None: the first that is made after it."""
        due = None if self.rules["mode"] == "blocks" else self.next_due(time)
        self.open.append(Trade(self.trades, buyer, seller, lots, cash, time, due, block))
        self.trades += 1
        self.lots["filled"] += lots
        self._both_ways(self.economic, buyer, seller, lots, cash)
        self.course.append((time, self.value()))

    def next_due(self, time: int) -> int:
        """The next cycle after a time, or a delay later."""
        cycle = self.rules["cycle"]
        if cycle is None:
            return int(time + self.rules["delay"])
        due = cycle
        while due <= time:
            due += cycle
        return int(due)

    def due(self, time: int, price: int | None) -> None:
        """Settle what is due; ``price`` is the public price of a lot."""
        failed = self._net(time) if self.rules["netting"] == "net" else self._gross(time)
        for trade, _ in failed:
            trade.fails += 1
            self.log.append(("failed", time, trade.number))
        self._penalise(failed)
        over = [(t, who) for t, who in failed if t.fails > self.rules["retries"]]
        self._close_out(over, time, price)
        for trade, _ in failed:
            trade.due = self.next_due(time)
        self.course.append((time, self.value()))

    def _gross(self, time: int) -> list[tuple[Trade, int]]:
        failed = []
        queue = [trade for trade in self.open if trade.due is not None and trade.due <= time]
        for trade in sorted(queue, key=lambda t: (t.due, t.number)):
            if trade.buyer == trade.seller or self.can_pay(trade.buyer, trade.cash):
                self._finish(trade, time)
            else:
                failed.append((trade, trade.buyer))
        return failed

    def _net(self, time: int) -> list[tuple[Trade, int]]:
        failed: list[tuple[Trade, int]] = []
        cycle = [trade for trade in self.open if trade.due is not None and trade.due <= time]
        while True:
            net = Counter[int]()
            for trade in cycle:
                net[trade.seller] += trade.cash
                net[trade.buyer] -= trade.cash
            short = [who for who in net if net[who] < 0 and not self.can_pay(who, -net[who])]
            if not short:
                break
            first = min(short, key=self.uid.__getitem__)
            out = [trade for trade in cycle if first in (trade.buyer, trade.seller)]
            failed += [(trade, first) for trade in out]
            cycle = [trade for trade in cycle if trade not in out]
        for trade in cycle:
            self._finish(trade, time)
        return failed

    def _finish(self, trade: Trade, time: int) -> None:
        self.open.remove(trade)
        self._both_ways(self.settled, trade.buyer, trade.seller, trade.lots, trade.cash)
        self.lots["final"] += trade.lots
        self.waits.append(time - trade.time)
        self.finals.append(trade)
        self.log.append(("final", time, trade.number))

    def _undo(self, trade: Trade) -> None:
        self.open.remove(trade)
        self._both_ways(self.economic, trade.seller, trade.buyer, trade.lots, trade.cash)

    @staticmethod
    def _both_ways(
        table: dict[str, Counter[int]], buyer: int, seller: int, lots: int, cash: int
    ) -> None:
        table["lots"][buyer] += lots
        table["lots"][seller] -= lots
        table["cash"][buyer] -= cash
        table["cash"][seller] += cash

    # --- who failed -------------------------------------------------------------------------------

    def _in_order(self, traders: Iterable[int]) -> list[int]:
        return sorted(set(traders), key=self.uid.__getitem__)

    def _penalise(self, failed: list[tuple[Trade, int]]) -> None:
        for who in self._in_order(who for _, who in failed):
            value = Counter[int]()
            for trade, failing in failed:
                if failing == who != trade.other(who):
                    value[trade.other(who)] += trade.cash
            owed = -(-value.total() * self.rules["fail_penalty_ppm"] // 10**6)
            paid = min(owed, max(0, self.settled["cash"][who]))
            parts = self.shared(owed, value)
            for other, part in self.shared(paid, parts).items():
                self._pay("penalty", who, other, parts[other])
                self._pay("default", other, who, parts[other] - part)

    def _close_out(self, over: list[tuple[Trade, int]], time: int, price: int | None) -> None:
        for trade, _ in over:
            self._undo(trade)
            self.lots["closed_out"] += trade.lots
            self.log.append(("closed_out", time, trade.number))
        for who in self._in_order(who for _, who in over):
            losses = Counter[int]()
            for trade, failing in over:
                if failing == who != trade.other(who) and price is not None:
                    buyer_loses = price * trade.lots - trade.cash
                    losses[trade.other(who)] += max(
                        0, buyer_loses if who == trade.seller else -buyer_loses
                    )
            paid = min(losses.total(), max(0, self.settled["cash"][who]))
            for other, part in self.shared(paid, losses).items():
                self._pay("difference", who, other, part)

    def _pay(self, what: str, giver: int, receiver: int, amount: int) -> None:
        if amount:
            self.transfer(giver, receiver, amount)
            self.log.append((what, giver, receiver, amount))

    def shared(self, amount: int, weights: Counter[int]) -> Counter[int]:
        """Largest remainders; the smaller uid first where they are equal."""
        total, order = weights.total(), self._in_order(weights)
        if total == 0:
            return Counter()
        parts = Counter({who: amount * weights[who] // total for who in order})
        by_rest = sorted(order, key=lambda who: -(amount * weights[who] % total))
        for who in by_rest[: amount - parts.total()]:
            parts[who] += 1
        return parts

    # --- blocks -----------------------------------------------------------------------------------

    def block(self, number: int, time: int) -> int:
        """A block is made; how many blocks before it are dropped, of those that there are."""
        word, other = self.fork(number)
        depth = 0
        if word < round(self.chance(time) * 2**32):
            depth = 1 + other * self.rules["fork_depth"] // 2**32
        for trade in list(self.open):
            if trade.block is None:
                trade.block = number if trade.time < time else None
            elif trade.block >= number - depth:
                self._undo(trade)
                self.lots["reverted"] += trade.lots
                self.log.append(("reverted", time, trade.number))
            elif trade.block + self.rules["finality_blocks"] <= number:
                self._finish(trade, time)
        self.course.append((time, self.value()))
        return min(depth, number)

    # --- the end ----------------------------------------------------------------------------------

    def end(self, time: int) -> int:
        """Everything is final; the value that was pending."""
        left = self.value()
        for trade in list(self.open):
            self._finish(trade, time)
            self.waits.pop()
        self.course.append((time, 0))
        return left

    def area(self) -> int:
        """The integral of the value pending."""
        steps = zip(self.course, self.course[1:], strict=False)
        return sum(value * (later - time) for (time, value), (later, _) in steps)


def moved(settlement: Settlement | None, giver: int | str, receiver: int | str, cash: int) -> None:
    """Cash that goes for other reasons is final at once; accounts of nobody's are outside."""
    if settlement is not None:
        source = giver if isinstance(giver, int) else None
        settlement.transfer(source, receiver if isinstance(receiver, int) else None, cash)
