"""What is measured of settlement: what is pending, for how long, and what never becomes final.

A cell in which every fill is final at once has the numbers of that: nothing is ever pending.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from proteus.market.rules.state import NoRules
from proteus.market.settlement.sums import SettlementSums
from proteus.market.trading.world import World
from proteus.market.variables.base import (
    CLASS,
    NS_PER_MS,
    TERM,
    Values,
    Variable,
    classes_of,
    currency,
    ratio,
)
from proteus.market.variables.population import by_group_and_trader

_NO_FINAL, _NO_FILL = "no_final_fill", "no_fill"


def _sums(world: World) -> SettlementSums | None:
    """Return the sums of a world in which fills wait, else None."""
    rules = world.rules
    if isinstance(rules, NoRules) or not rules.settlement.legs.fill.shape[1]:
        return None
    return rules.settlement.sums


def _reading(read: Callable[[SettlementSums, World], Values]) -> Callable[[World], Values]:
    """Read the sums, or give 0 where nothing is ever pending."""

    def compute(world: World) -> Values:
        sums = _sums(world)
        return np.zeros(len(world.progress.fills)) if sums is None else read(sums, world)

    return compute


def _time_to_finality(world: World) -> Values:
    sums = _sums(world)
    if sums is None:
        return ratio(np.zeros(len(world.progress.fills)), world.progress.fills)
    return ratio(sums.finality_ns / NS_PER_MS, sums.finals)


def _reverted_share(world: World) -> Values:
    sums = _sums(world)
    if sums is None:
        return ratio(np.zeros(len(world.progress.fills)), world.progress.fills)
    return ratio(sums.lots_reverted, sums.lots)


def _lots_final(world: World) -> Values:
    sums = _sums(world)
    lots = world.ledger.bought.sum(axis=1) if sums is None else sums.lots_final
    return lots.astype(float)


def _locked(world: World) -> NDArray[np.int64]:
    """Return the mean cash that each trader must have ready, nano [L, A]."""
    sums = _sums(world)
    if sums is None:
        return np.zeros((len(world.progress.fills), len(world.traders.role)), np.int64)
    return np.rint(sums.locked_area / world.settings.horizon_ns).astype(np.int64)


def _locked_by_class(world: World) -> Values:
    return currency(_locked(world) @ (world.traders.role[:, None] == np.arange(classes_of(world))))


_LOCKED = "cash that must be ready for what is pending, mean over time"
_LOCKED_FORMULA = (
    "1/T integral of what its pending purchases cost; under netting of what it owes of all pending"
    " together, if anything; to the nearest nano-currency"
)


def _row(
    name: str,
    unit: str,
    long_name: str,
    formula: str,
    compute: Callable[[World], Values],
    missing: str = "",
    dims: tuple[str, ...] = (),
) -> Variable:
    return Variable(
        name=name, unit=unit, long_name=long_name, formula=formula, source="count",
        compute=compute, dims=dims, missing=missing, needs=TERM,
    )  # fmt: skip


SETTLEMENT_VARIABLES: tuple[Variable, ...] = (
    _row(
        "pending_value_mean", "currency", "value of fills that are not final, mean over time",
        "1/T integral of the sum over pending fills of q P",
        _reading(lambda sums, world: currency(sums.value_area / world.settings.horizon_ns)),
    ),
    _row(
        "pending_value_most", "currency", "value of fills that are not final, at its largest",
        "max over time of the sum over pending fills of q P",
        _reading(lambda sums, world: currency(sums.value_most)),
    ),
    _row(
        "pending_at_end", "currency", "value of fills that are not final at T",
        "sum over fills that are pending at T of q P; they are final then",
        _reading(lambda sums, world: currency(sums.value_at_end)),
    ),
    _row(
        "time_to_finality", "ms", "time from a fill to when it is final",
        "mean over fills that are final before T; 0 where every fill is at once",
        _time_to_finality, _NO_FINAL,
    ),
    _row(
        "settlement_fails", "1", "times that a fill could not be paid when it was due",
        "number of fills and cycles", _reading(lambda sums, world: sums.fails.astype(float)),
    ),
    _row(
        "capital_locked", "currency", _LOCKED, f"sum over traders of {_LOCKED_FORMULA}",
        _locked_by_class, dims=(CLASS,),
    ),
    *(
        row._replace(source="count", needs=TERM)
        for row in by_group_and_trader(
            "capital_locked", "currency", _LOCKED, _LOCKED_FORMULA, _locked, currency
        )
    ),
    _row(
        "reverted_share", "1", "share of the lots filled that forks dropped",
        "lots of reverted fills / lots of all fills", _reverted_share, _NO_FILL,
    ),
    _row(
        "volume_lots_final", "lots", "lots traded that became final",
        "lots of fills that are neither reverted nor closed out; at T all that are pending are "
        "final", _lots_final,
    ),
)  # fmt: skip
