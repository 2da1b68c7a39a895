"""Leakage: who is shown what of what happens at the venue, and how much later.

A table per mechanism (``conf/execution/leakage``) gives every field of every event an audience:
``public`` is every trader, ``parties`` are those whom the event names, ``hidden`` is no trader.
A field with one audience is a fact of the model: its traders know it in any case, or there is no
rule that would read it. The rest is resolved once per cell to the few numbers of ``Disclosure``,
through which the kernels make every view and the public reference price.

    best_bid, best_ask  hidden: that side of the book looks empty
    price               parties: only the prints a trader took part in give it a last price;
                        hidden: there is no tape and no last price
    delay_ms            comes on top of the reader's market data latency
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import PlainValidator, model_validator
from pydantic_core import PydanticCustomError

from proteus import units
from proteus.errors import nearest
from proteus.market_data import TO_NOBODY, TO_PARTIES, TO_PUBLIC, Disclosure
from proteus.schema import Milliseconds, Schema, requirement

PUBLIC, PARTIES, HIDDEN = "public", "parties", "hidden"
_CODES = {PUBLIC: TO_PUBLIC, PARTIES: TO_PARTIES, HIDDEN: TO_NOBODY}

# The events whose tables compared cells must share, and the name they are compared by. The others
# are as the mechanism forces them.
COMPARED = {"book": "book", "trade": "print", "batch_clear": "print"}
CHOSEN = ("best_bid", "best_ask", "price", "delay_ms")  # their fields that have a choice


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
    size: Unread
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


class Table(Schema):
    """The events of every mechanism; a subclass adds the one that it prints trades by."""

    PRINT: ClassVar[str]  # the name of that event

    order: Order
    ack: Answer
    reject: Answer
    fill: Fill
    book: Book

    @property
    def delays_ns(self) -> tuple[int, int]:
        """Return the age of the book and that of a print when they are published."""
        printed: Print = getattr(self, self.PRINT)
        to_ns = units.milliseconds_to_ns
        return to_ns(self.book.delay_ms), to_ns(printed.delay_ms)

    def disclosure(self) -> Disclosure:
        """Return the table as the kernels read it."""
        printed: Print = getattr(self, self.PRINT)
        book_delay, price_delay = self.delays_ns
        shown = [self.book.best_bid == PUBLIC, self.book.best_ask == PUBLIC]
        return Disclosure(
            shows_best=np.array(shown, np.bool_),
            shows_mid=all(shown),
            price_to=_CODES[printed.price],
            last_with_book=printed.price == PUBLIC and book_delay == price_delay,
            book_delay_ns=book_delay,
            price_delay_ns=price_delay,
        )


class ContinuousTable(Table):
    """The table of a market in which every trade is printed alone."""

    PRINT: ClassVar[str] = "trade"
    trade: Trade


class BatchTable(Table):
    """The table of a market that trades in clears."""

    PRINT: ClassVar[str] = "batch_clear"
    batch_clear: BatchClear


def comparable(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the part of a cell's table that no mechanism forces, under names that all share.

    Parameters
        tables: the key ``execution.leakage`` of a cell as plain values: one table, by mechanism.
    """
    return {
        COMPARED[event]: {key: value for key, value in fields.items() if key in CHOSEN}
        for table in tables.values()
        for event, fields in table.items()
        if event in COMPARED
    }
