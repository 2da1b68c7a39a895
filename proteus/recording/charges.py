"""What each side of a fill was charged: the last columns of ``fills.parquet``, from the postings.

Orders that trade one by one are charged fill by fill. In a clear an order is charged once, and that
is split over its fills of the clear by lots. Gas and tips are of messages: those about an order,
and about the orders that it replaced or became, are split over all fills of these. What is split
goes to the largest remainders, of equal ones to the earlier fill, so that no unit is lost. An order
that never fills has no row here; what its messages cost stands in ``ledger.parquet`` alone.

Source
    Balinski & Young, Fair Representation (1982), ch. 3 (the method of Hamilton).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.market.events.log import MISSING
from proteus.market.ledger.codes import FEE, GAS_BURNED, GAS_TIP, REBATE, ROUNDING
from proteus.recording.columns import POSTING, REPLACE, is_kind
from proteus.results.outcome import Rows

_BY_FILL = {FEE: "fee", REBATE: "rebate", ROUNDING: "rounding"}
_BY_ORDER = {GAS_BURNED: "gas", GAS_TIP: "tip"}
_SIDES = ("buyer", "seller")
CHARGE_COLUMNS = tuple(
    f"{side}_{name}" for side in _SIDES for name in ("fee", "rebate", "gas", "tip", "rounding")
)


class Sides(NamedTuple):
    """The fills of a lane, in their order."""

    event: NDArray[np.int64]  # [n]
    orders: tuple[NDArray[np.int64], NDArray[np.int64]]  # [n] versions: of the buyer, the seller
    lots: NDArray[np.int64]  # [n]


class _Place(NamedTuple):
    """One side of one fill."""

    fill: int
    side: int
    lots: int


def charges_of(rows: Rows, fills: Sides) -> dict[str, NDArray[np.int64]]:
    """Return what the sides of the fills were charged, nano-currency, by ``CHARGE_COLUMNS``.

    Parameters
        rows: every column of the log of the lane, int64 [n].
    """
    table = {name: np.zeros(len(fills.lots), np.int64) for name in CHARGE_COLUMNS}
    about = is_kind(rows, POSTING) & (rows["order_id"] != MISSING)
    if not about.any():
        return table
    roots = _roots(rows)
    in_clear: dict[tuple[int, int], list[_Place]] = defaultdict(list)
    of_root: dict[int, list[_Place]] = defaultdict(list)
    for side, orders in enumerate(fills.orders):
        for fill, order in enumerate(orders.tolist()):
            place = _Place(fill, side, int(fills.lots[fill]))
            in_clear[int(fills.event[fill]), order].append(place)
            of_root[roots.get(order, order)].append(place)
    messages: dict[tuple[int, int], int] = defaultdict(int)
    names = ("event", "order_id", "fill", "code", "amount")
    columns = (rows[name][about].tolist() for name in names)
    for event, order, fill, code, amount in zip(*columns, strict=True):
        if code in _BY_ORDER:
            messages[code, roots.get(order, order)] += amount
            continue
        places = in_clear[event, order]
        if fill != MISSING:
            places = [place for place in places if place.fill == fill]
        _add(table, _BY_FILL[code], places, amount)
    for (code, root), amount in messages.items():
        _add(table, _BY_ORDER[code], sorted(of_root[root]), amount)
    return table


def _roots(rows: Rows) -> dict[int, int]:
    """Return of every version that a replace made the order that it began as."""
    roots: dict[int, int] = {}
    replaced = is_kind(rows, REPLACE)
    pairs: Iterable[tuple[int, int]] = zip(
        rows["order_id"][replaced].tolist(), rows["other_id"][replaced].tolist(), strict=True
    )
    for before, after in pairs:
        roots[after] = roots.get(before, before)
    return roots


def _add(
    table: dict[str, NDArray[np.int64]], name: str, places: Sequence[_Place], amount: int
) -> None:
    """Add an amount to sides of fills, in proportion to their lots; to none if there are none."""
    total = sum(place.lots for place in places)
    shares = [amount * place.lots // total for place in places]
    rests = [amount * place.lots % total for place in places]
    first = sorted(range(len(places)), key=lambda at: -rests[at])[: amount - sum(shares)]
    for at, place in enumerate(places):
        table[f"{_SIDES[place.side]}_{name}"][place.fill] += shares[at] + (at in first)
