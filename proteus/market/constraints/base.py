"""What every constraint has, and what one of another package is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from pydantic import Field

from proteus.basics.schema import Schema

MOST_PLACES = 1_000


class Constraint(Schema):
    """Hold what all constraints share.

    One of another package adds its key ``kind``, others, and ``numbers``.
    """

    kind: str
    on_limit: Literal["clip", "drop"]  # send what fits, or nothing
    place: int = Field(ge=0, le=MOST_PLACES)  # in the chain, the smallest first

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return what its kernel is given of the keys, as int64."""
        return ()


class ConstraintKind(NamedTuple):
    """A row of the table of constraints: the class that reads its keys, and how many lots fit.

    ``fits`` is a part of a kernel, (numbers, side, price, lots, held, buys, sells, cash, reference)
    to how many of the ``lots`` of a new order, replace, request or quote may be sent; what is
    outside 0 to ``lots`` counts as the nearer end. At equal state more lots wanted must never be
    fewer sent, and what is sent must fit. ``side`` is BUY or SELL, ``price`` the limit in ticks;
    ``held`` the position, ``buys`` and ``sells`` what may still fill, all lots and as the trader
    knows them; ``cash`` in nano; ``reference`` twice the public reference price in ticks, as it
    saw it when it decided.
    """

    config: type[Constraint]
    fits: Callable[..., Any]
