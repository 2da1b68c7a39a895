"""What would show a spoofer: lots that are cancelled, and the book before each fill.

They are measured in sweeps in which some cell has a spoofer, of every group and trader there; a
cell of such a sweep without one is not measured. Neither proves anything alone: makers who move
their quotes cancel nearly all that they send.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.market.agents.traders import CLASS_SPOOFER, NO_GROUP
from proteus.market.metrics.detection import Detection
from proteus.market.trading.world import World
from proteus.market.variables.base import (
    GROUP,
    LOTS_END,
    TRADER,
    Values,
    Variable,
    currency,
    has_role,
    ratio,
)


def _by_group(world: World, amounts: NDArray[Any]) -> Values:
    """Add up the traders of each group: [L, A] to [L, G]."""
    groups = world.traders.group
    return np.asarray(amounts @ (groups[:, None] == np.arange(groups.max() + 1)), float)


def _by_trader(world: World, amounts: NDArray[Any]) -> Values:
    return amounts[:, world.traders.group != NO_GROUP].astype(float)


Over = Callable[[World, NDArray[Any]], Values]


def _ends(over: Over) -> Callable[[World], Values]:
    def compute(world: World) -> Values:
        sums = world.sums.detection
        if not isinstance(sums, Detection):
            nothing = over(world, np.zeros(world.ledger.bought.shape))
            return np.full((*nothing.shape, 3), np.nan)
        still_open = sums.submitted - sums.filled - sums.cancelled
        parts = (sums.filled, sums.cancelled, still_open)
        return np.stack([over(world, part) for part in parts], axis=2)

    return compute


def _sum(over: Over, what: str) -> Callable[[World], Values]:
    def compute(world: World) -> Values:
        sums = world.sums.detection
        if not isinstance(sums, Detection):
            return np.full(over(world, np.zeros(world.ledger.bought.shape)).shape, np.nan)
        return over(world, getattr(sums, what))

    return compute


def _ratio(over: Over, above: str, below: str) -> Callable[[World], Values]:
    parts = _sum(over, above), _sum(over, below)
    return lambda world: ratio(parts[0](world), parts[1](world))


def _twice(
    make: Callable[[Over], Callable[[World], Values]],
    name: str,
    unit: str,
    long_name: str,
    formula: str,
    source: str,
    missing: str,
    dims: tuple[str, ...] = (),
    sign: str = "",
) -> list[Variable]:
    """Declare one measure by group and by trader; ``dims`` are those beyond these."""
    return [
        Variable(
            name=f"{name}_by_{who}", dims=(dim, *dims), unit=unit, sign=sign, formula=formula,
            long_name=f"{long_name}, by {who}", source=source, missing=missing,
            needs=LOTS_END, compute=make(over),
        )
        for who, dim, over in (("group", GROUP, _by_group), ("trader", TRADER, _by_trader))
    ]  # fmt: skip


def _pnl(world: World) -> Values:
    return currency(world.totals.marked @ has_role(world, CLASS_SPOOFER))


DETECTION_VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="pnl_spoofer", unit="currency", sign="positive: they win", needs=LOTS_END,
        long_name="PnL of all spoofers, marked at the fair value at the end",
        formula="sum over traders of cash + lots v_T", source="accounts", compute=_pnl,
    ),
    *_twice(
        _ends, "order_lots", "lots", "lots of orders by what became of them",
        "lots of all orders that the venue has taken, those of each version of a replaced one: "
        "filled; cancelled, also by a replace, as the rest of an immediate order, or by self-trade "
        "prevention; or open at T",
        "count", "no_spoofer", dims=(LOTS_END,),
    ),
    *_twice(
        lambda over: _sum(over, "submitted"),
        "sent_lots", "lots", "lots of orders sent", "all lots of order_lots", "count", "no_spoofer",
    ),
    *_twice(
        lambda over: _ratio(over, "cancelled", "submitted"),
        "cancel_ratio", "1", "share of the lots of orders that is cancelled",
        "cancelled lots of order_lots / sent_lots", "Regulation (EU) 2017/566",
        "no_spoofer_or_order",
    ),
    *_twice(
        lambda over: _sum(over, "leaned_lots"),
        "imbalance_lots", "lots", "lots filled of which imbalance_before_fill is the mean",
        "lots of fills before which lots stood near a best price", "count", "no_spoofer",
    ),
    *_twice(
        lambda over: _ratio(over, "leaned", "leaned_lots"),
        "imbalance_before_fill", "1",
        "imbalance of the book towards the side of a trader just before its fills",
        "lot average over fills of d (B - S) / (B + S), B and S the lots up to "
        "metrics.depth_ticks from the best bid and ask as they were published last before the "
        "event of the fill; fills before which there were none are left out",
        "Cartea, Donnelly & Jaimungal 2018", "no_spoofer_or_fill",
        sign="positive: it buys while bids outweigh asks, and sells while asks do",
    ),
)  # fmt: skip
