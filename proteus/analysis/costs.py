"""What a better endpoint costs: its budgets, which of them binds, and what else has moved."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import xarray as xr

from proteus.analysis import endpoint as endpoints
from proteus.analysis import showing
from proteus.analysis.contrasts import FEW, NOTHING, Pair, estimates_of, note
from proteus.analysis.measures import Measure, units
from proteus.configuration.study import Budget, Endpoint

WITHIN, BEYOND, OPEN = "within", "beyond", "not shown to be within"
_WORST_FIRST = (BEYOND, OPEN, WITHIN)


class Move(NamedTuple):
    """What a variable does from the baseline to a cell; intervals are 95 %, not adjusted."""

    name: str
    unit: str
    baseline: float
    treated: float
    difference: float
    low: float
    high: float
    note: str  # what is degenerate about it; empty where nothing is

    @property
    def is_shown(self) -> bool:
        """Say whether the interval excludes zero."""
        return self.low > 0 or self.high < 0

    @property
    def verb(self) -> str:
        """Return the direction in a word."""
        return "rose" if self.difference >= 0 else "fell"


class Cost(NamedTuple):
    """One budget of a cell."""

    budget: Budget
    move: Move

    @property
    def most(self) -> float:
        """Return the end of the interval that is nearest to the limit, in the forbidden sense."""
        return self.move.high if self.budget.may == "rise" else -self.move.low

    @property
    def kept(self) -> str:
        """Say whether the whole interval lies within the budget, or beyond it."""
        least = self.move.low if self.budget.may == "rise" else -self.move.high
        limit = self.budget.at_most
        return WITHIN if self.most <= limit else BEYOND if least > limit else OPEN

    @property
    def room(self) -> float:
        """Return what is left of the budget at that end, as a share of it; below 0: overdrawn."""
        left = self.budget.at_most - self.most
        if math.isnan(left):
            return -math.inf
        return left / self.budget.at_most if self.budget.at_most else math.copysign(math.inf, left)


def beside(
    dataset: xr.Dataset, pairs: Sequence[Pair], declared: Endpoint
) -> list[tuple[list[Cost], list[Move]]]:
    """Estimate the budgets of every pair, and the companions that no budget speaks of.

    Returns
        Of each pair both, in the order in which they are declared; a companion that is not measured
        is left out.
    """
    spoken = [budget.variable for budget in declared.budgets]
    names = [
        name for name in declared.companions
        if name in dataset and name not in (declared.variable, *spoken)
    ]  # fmt: skip
    every = [moves(dataset, pairs, endpoints.usual(dataset, name)) for name in (*spoken, *names)]
    found = []
    for row in range(len(pairs)):
        of_pair = [moved[row] for moved in every]
        bounded = zip(declared.budgets, of_pair, strict=False)
        costs = [Cost(budget, move) for budget, move in bounded]
        found.append((costs, of_pair[len(spoken) :]))
    return found


def binding(listed: Sequence[Cost]) -> Cost | None:
    """Return the budget that binds: one that fails, else the one with the least room."""
    return min(listed, key=lambda one: (_WORST_FIRST.index(one.kept), one.room), default=None)


def moves(dataset: xr.Dataset, pairs: Sequence[Pair], measure: Measure) -> list[Move]:
    """Estimate what a variable that is one number does in every pair."""
    name, unit = showing.called(measure, dataset), units(dataset, measure)
    return [
        Move(
            name=name,
            unit=unit,
            baseline=float(found.baseline[0]),
            treated=float(found.treated[0]),
            difference=float(found.difference[0]),
            low=float(found.low[0]),
            high=float(found.high[0]),
            note=note(found, 0),
        )
        for found in estimates_of(dataset, pairs, measure)
    ]


def cost_text(cost: Cost) -> str:
    """Word one budget: how far its variable moved, and whether that is within it."""
    one = cost.move
    ends = f"95 % interval of the change {one.low:.4g} to {one.high:.4g}"
    moved = f"{one.verb} by {_amount(abs(one.difference), one.unit)} ({ends})"
    if one.note in (FEW, NOTHING):
        moved = f"cannot be compared ({one.note})"
    limit = f"may {cost.budget.may} by {_amount(cost.budget.at_most, one.unit)}"
    return f"{one.name} {moved}, {cost.kept} its budget ({limit})"


def move_text(one: Move) -> str:
    """Word what else has moved, as "lots traded fell from 568 to 135 lots"."""
    return (
        f"{one.name} {one.verb} from {one.baseline:.4g} to "
        f"{_amount(one.treated, one.unit)} (difference {one.low:.4g} to {one.high:.4g})"
    )


def _amount(value: float, unit: str) -> str:
    return f"{value:.4g}" if unit == "1" else f"{value:.4g} {unit}"
