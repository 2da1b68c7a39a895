"""Leakage: who is shown what of what happens at the venue, and how much later.

A table per mechanism (``conf/execution/leakage``) gives every field of every event an audience:
``public`` is every trader, ``parties`` are those whom the event names, ``hidden`` is no trader.
A field with one audience is a fact of the model: its traders know it in any case, or there is no
rule that would read it. The rest is resolved once per cell to the few numbers of ``Disclosure``,
through which the kernels make every view and the public reference price.

    best_bid, best_ask  hidden: that side of the book looks empty
    size of the book    public: the lots at the best prices that are shown, which filters read
    price               parties: only the prints a trader took part in give it a last price;
                        hidden: there is no tape and no last price
    price of rfq        asked: as parties, and the dealers who were asked are told it
    cover of rfq        winner: the dealer who trades is told the best price of the others
    delay_ms            comes on top of the reader's market data latency
    base_fee of block   public: who knows costs reckons with that of the next block, and else with
                        what the schedule says
    orders of waiting   public: who reads them sees side, limit and lots of environment.mempool
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import PlainValidator, model_validator
from pydantic_core import PydanticCustomError

from proteus.basics import units
from proteus.basics.schema import Milliseconds, Schema, requirement
from proteus.errors import nearest
from proteus.market.information.history import TO_NOBODY, TO_PARTIES, TO_PUBLIC, Disclosure

PUBLIC, PARTIES, HIDDEN = "public", "parties", "hidden"
ASKED, WINNER = "asked", "winner"
# Dealers who were asked have no print: they are told.
_CODES = {PUBLIC: TO_PUBLIC, ASKED: TO_PARTIES, PARTIES: TO_PARTIES, HIDDEN: TO_NOBODY}

# The events whose tables compared cells must share, and the name they are compared by. The others
# are as the mechanism forces them.
COMPARED = {
    "book": "book", "trade": "print", "batch_clear": "print", "block": "block",
    "waiting": "waiting",
}  # fmt: skip
CHOSEN: dict[str, tuple[str, ...]] = {  # their fields that have a choice
    "book": ("best_bid", "best_ask", "size", "delay_ms"), "print": ("price", "delay_ms"),
    "block": ("base_fee",), "waiting": ("orders",),
}  # fmt: skip


def _one_of(*allowed: str, reason: str = "") -> PlainValidator:
    """Build the check of a field that has these audiences."""

    def check(value: Any) -> str:
        if isinstance(value, str) and value in allowed:
            return value
        hint = nearest(str(value), allowed) if len(allowed) > 1 else ""
        choices = " or ".join([", ".join(allowed[:-1]), allowed[-1]][len(allowed) == 1 :])
        sentence = f"must be {choices}{reason}{hint.partition('; allowed')[0]}"
        raise PydanticCustomError("requirement", "{allowed}", {"allowed": sentence})

    return PlainValidator(check)


Best = Annotated[str, _one_of(PUBLIC, HIDDEN)]
Price = Annotated[str, _one_of(PUBLIC, PARTIES, HIDDEN)]
AskedPrice = Annotated[str, _one_of(PUBLIC, ASKED, PARTIES, HIDDEN)]
CoverPrice = Annotated[str, _one_of(WINNER, HIDDEN)]
Own = Annotated[
    str, _one_of(PARTIES, reason=": its parties know it, and no rule of a trader reads others'")
]
Unread = Annotated[str, _one_of(HIDDEN, reason=": no rule of a trader reads it")]


class Order(Schema):
    """An order, replace or cancel reaches the venue."""

    side: Own
    price: Own
    size: Own
    trader: Own


class Answer(Schema):
    """The venue takes or refuses a message."""

    outcome: Own


class Fill(Schema):
    """Two traders are told of their trade."""

    side: Own
    price: Own
    size: Own
    counterparty: Unread


class Book(Schema):
    """The venue publishes what rests."""

    best_bid: Best
    best_ask: Best
    size: Best
    depth: Unread
    delay_ms: Milliseconds

    @model_validator(mode="after")
    def _check_delay(self) -> Self:
        if self.delay_ms and self.best_bid == self.best_ask == HIDDEN:
            raise requirement("delay_ms", "must be 0 when best_bid and best_ask are hidden")
        return self


class Print(Schema):
    """The venue publishes what traded."""

    price: Price
    parties: Unread
    delay_ms: Milliseconds

    @model_validator(mode="after")
    def _check_delay(self) -> Self:
        if self.delay_ms and self.price == HIDDEN:
            raise requirement("delay_ms", "must be 0 when price is hidden")
        return self


class Trade(Print):
    """The print of a trade in a continuous market."""

    side: Unread
    size: Unread


class BatchClear(Print):
    """The print of a clear."""

    volume: Unread
    imbalance: Unread


class Request(Schema):
    """A taker asks dealers; what of it they see is ``shows_side`` and ``shows_size``."""

    side: Own
    size: Own
    limit: Unread
    trader: Unread


class Quote(Schema):
    """A dealer answers, and its taker is shown the quote."""

    price: Own
    size: Own
    dealer: Unread


class RequestTrade(Trade):
    """The print of a trade with a quote."""

    price: AskedPrice


class Cover(Schema):
    """The best price among the quotes that did not trade."""

    price: CoverPrice


class Report(Schema):
    """A report of an oracle arrives."""

    price: Unread = HIDDEN


class BlockMade(Schema):
    """A block is made."""

    base_fee: Best = HIDDEN


class Waiting(Schema):
    """A message waits for a block; ``orders`` are side, limit and lots of an order."""

    count: Unread = HIDDEN
    orders: Best = HIDDEN
    sender: Unread = HIDDEN


class Table(Schema):
    """The events of every mechanism; a subclass adds those of its own."""

    PRINT: ClassVar[str]  # the name of the event that prints trades
    NEUTRAL: ClassVar[dict[str, Any]] = {
        "report": Report().model_dump(), "block": BlockMade().model_dump(),
        "waiting": Waiting().model_dump(),
    }  # fmt: skip

    ack: Answer
    reject: Answer
    fill: Fill
    report: Report = Report()
    block: BlockMade = BlockMade()
    waiting: Waiting = Waiting()

    @property
    def delays_ns(self) -> dict[str, int]:
        """Return the age of a print when it is published, by the name of the event."""
        return {self.PRINT: units.milliseconds_to_ns(getattr(self, self.PRINT).delay_ms)}

    def disclosure(self) -> Disclosure:
        """Return the table as the kernels read it."""
        raise NotImplementedError


class BookTable(Table):
    """The events of a mechanism that publishes what rests."""

    order: Order
    book: Book

    @property
    def delays_ns(self) -> dict[str, int]:
        """Return the age of the book and that of a print when they are published."""
        return {"book": units.milliseconds_to_ns(self.book.delay_ms), **super().delays_ns}

    def disclosure(self) -> Disclosure:
        """Return the table as the kernels read it."""
        printed: Print = getattr(self, self.PRINT)
        book_delay, price_delay = self.delays_ns["book"], self.delays_ns[self.PRINT]
        shown = [self.book.best_bid == PUBLIC, self.book.best_ask == PUBLIC]
        return Disclosure(
            shows_best=np.array(shown, np.bool_),
            shows_mid=all(shown),
            price_to=_CODES[printed.price],
            last_with_book=printed.price == PUBLIC and book_delay == price_delay,
            book_delay_ns=book_delay,
            price_delay_ns=price_delay,
            price_to_asked=False,
            cover_to_winner=False,
            shows_size=self.book.size == PUBLIC,
        )


class RequestTable(Table):
    """The table of a market without a public book, in which takers ask for quotes."""

    PRINT: ClassVar[str] = "trade"
    request: Request
    quote: Quote
    trade: RequestTrade
    cover: Cover

    def disclosure(self) -> Disclosure:
        """Return the table as the kernels read it; there is no book, and so none is late."""
        delay = self.delays_ns[self.PRINT]
        return Disclosure(
            shows_best=np.zeros(2, np.bool_),
            shows_mid=False,
            price_to=_CODES[self.trade.price],
            last_with_book=self.trade.price == PUBLIC,
            book_delay_ns=delay,
            price_delay_ns=delay,
            price_to_asked=self.trade.price == ASKED,
            cover_to_winner=self.cover.price == WINNER,
            shows_size=False,
        )


class ContinuousTable(BookTable):
    """The table of a market in which every trade is printed alone."""

    PRINT: ClassVar[str] = "trade"
    trade: Trade


class BatchTable(BookTable):
    """The table of a market that trades in clears."""

    PRINT: ClassVar[str] = "batch_clear"
    batch_clear: BatchClear


def comparable(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the part of a cell's table that no mechanism forces, under names that all share.

    Parameters
        tables: the key ``execution.leakage`` of a cell as plain values: one table, by mechanism.
    """
    return {
        COMPARED[event]: {
            key: value for key, value in fields.items() if key in CHOSEN[COMPARED[event]]
        }
        for table in tables.values()
        for event, fields in table.items()
        if event in COMPARED
    }
