"""What a changed rule moves between the parties of a market, in whole nano-currency, by seed.

A party is a class of traders, or an account that is nobody's trader: the venue, the network, ...
What all parties win sums to zero in every seed, so a change of rules moves money and makes none.
The PnL of a class is the sum of its terms (``pnl_by_term``), which is checked and not assumed.

``attributed`` splits the change that several rules make together among them, by Shapley's value:
the mean of what a rule adds, over all orders in which the rules could have been changed. Its parts
sum to the change in every seed, without rounding.

Source
    Shapley (1953) Contributions to the Theory of Games II, 307.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from proteus.analysis.measures import swept
from proteus.basics.units import NANO
from proteus.errors import ResultsError
from proteus.market.variables.base import CLASS, TERM

TERMS = "pnl_by_term"
ACCOUNTS = (  # lenders among them: they never trade, and have no terms
    "venue", "network", "proposer", "pool", "stakes", "lender", "treasury", "lending", "dust",
)  # fmt: skip

Amounts = NDArray[np.int64]
Chosen = tuple[bool, ...]  # of each rule, whether it has been changed


class Parties(NamedTuple):
    """What the parties of a market win, seed by seed, nano-currency. n seeds, P parties."""

    names: list[str]  # [P] classes, then accounts
    total: Amounts  # [n, P]; a row sums to zero
    classes: list[str]  # [C]
    terms: list[str]  # [T]
    by_term: Amounts  # [n, C, T]; sums to the totals of the classes

    def of(self, other: Parties) -> Parties:
        """Return what this market gives beyond another of the same parties."""
        return self._replace(total=self.total - other.total, by_term=self.by_term - other.by_term)


def parties(dataset: xr.Dataset) -> Parties:
    """Read what each party wins from the results of one cell.

    Parameters
        dataset: with ``pnl_by_term``; no lane was stopped.

    Raises
        ResultsError: the results have no terms, or do not add up.
    """
    if TERMS not in dataset:
        raise ResultsError(f"{TERMS} is not in the results: who pays what cannot be said")
    point = dict.fromkeys(swept(dataset), 0)
    cell = dataset.isel(point)
    by_term = nano(cell[TERMS].transpose("seed", CLASS, TERM).to_numpy())
    classes = [str(name) for name in cell[CLASS].to_numpy()]
    accounts = [name for name in ACCOUNTS if f"pnl_{name}" in cell]
    names = [*classes, *accounts]
    total = np.stack([nano(cell[f"pnl_{name}"].to_numpy()) for name in names], axis=1)
    if (total.sum(axis=1) != 0).any() or (by_term.sum(axis=2) != total[:, : len(classes)]).any():
        raise ResultsError("the PnL of the parties does not add up: the results are of other code")
    terms = [str(name) for name in cell[TERM].to_numpy()]
    return Parties(names, total, classes, terms, by_term)


def aligned(markets: Sequence[Parties]) -> list[Parties]:
    """Return what the same parties win in every market; who is not in one wins nothing there."""
    classes = list(dict.fromkeys(name for one in markets for name in one.classes))
    present = {name for one in markets for name in one.names}
    names = [*classes, *(name for name in ACCOUNTS if name in present)]
    found = []
    for one in markets:
        total = np.zeros((len(one.total), len(names)), np.int64)
        total[:, [names.index(name) for name in one.names]] = one.total
        by_term = np.zeros((len(one.total), len(classes), len(one.terms)), np.int64)
        by_term[:, [classes.index(name) for name in one.classes]] = one.by_term
        found.append(Parties(names, total, classes, one.terms, by_term))
    return found


def nano(values: NDArray[np.float64]) -> Amounts:
    """Return currency as the whole nano-currency that it was; a class that is absent has none."""
    return np.rint(np.nan_to_num(values) * NANO).astype(np.int64)


Amount = TypeVar("Amount", np.int64, np.float64)


def attributed(corners: Mapping[Chosen, NDArray[Amount]]) -> tuple[list[NDArray[Amount]], int]:
    """Split the change between no rule changed and all changed among the rules.

    Parameters
        corners: of every choice of rules, what is measured: arrays of one shape and type.

    Returns
        What each rule adds times a common divisor, and the divisor k!, so that whole numbers stay
        whole; divided by it they sum to the change exactly.
    """
    k = len(next(iter(corners)))
    divisor = math.factorial(k)
    shares = []
    for rule in range(k):
        added = np.zeros_like(next(iter(corners.values())))
        for chosen in itertools.product((False, True), repeat=k):
            if not chosen[rule]:
                size = sum(chosen)
                weight = math.factorial(size) * math.factorial(k - size - 1)
                added += weight * (corners[_with(chosen, rule)] - corners[chosen])
        shares.append(added)
    return shares, divisor


def _with(chosen: Chosen, rule: int) -> Chosen:
    return (*chosen[:rule], True, *chosen[rule + 1 :])


def corners_of(rules: int) -> Sequence[Chosen]:
    """List every choice of so many rules, that of none first and that of all last."""
    return list(itertools.product((False, True), repeat=rules))
