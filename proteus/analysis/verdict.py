"""The verdict: plain sentences per cell, computed from what was declared and nothing else.

The first says what the endpoint shows, after Holm's adjustment over the cells of the sweep; the
second whether the budgets are kept, which of them binds, and what follows; the third which of the
declared companions have moved, where any has. A cell with a stopped lane gets no verdict, nor one
whose endpoint has no test; seeds that served a pilot or a selection give none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from proteus.analysis import endpoint as endpoints
from proteus.analysis import family, showing
from proteus.analysis import units as seed_units
from proteus.analysis.contrasts import (
    IDENTICAL,
    Pair,
    estimates_of,
    exploratory,
    note,
    paired,
    violated,
)
from proteus.analysis.costs import (
    WITHIN,
    Cost,
    Move,
    beside,
    binding,
    cost_text,
    move_text,
)
from proteus.analysis.measures import Measure, estimates, labels, units
from proteus.analysis.statistics import power
from proteus.analysis.statistics.paired import LEVEL, Contrast
from proteus.basics.in_html import paragraphs
from proteus.configuration.study import EVALUATION, Endpoint, purpose_of
from proteus.results.coordinates import describe
from proteus.results.flags import VIOLATION

BETTER, WORSE, SAME = "better", "worse", "not shown to differ"
_OUTCOMES = (BETTER, WORSE, SAME)
_MOST_NAMED = 6  # cells that a headline names


class Shown(NamedTuple):
    """One estimate of one cell, with what is needed to word it."""

    name: str  # of what is estimated
    found: Contrast
    column: int
    unit: str
    p: float  # adjusted


class Judged(NamedTuple):
    """What the verdict says of one cell."""

    pair: Pair
    endpoint: Shown
    outcome: str  # BETTER, WORSE or SAME
    costs: list[Cost]  # of each declared budget
    companions: list[Move]  # of each declared companion, whether it is shown to move or not

    @property
    def unit(self) -> seed_units.Unit:
        """Return what ``n`` counts."""
        return seed_units.of(self.pair.treated)

    @property
    def binding(self) -> Cost | None:
        """Return the budget that binds; None without one."""
        return binding(self.costs)

    @property
    def is_preferred(self) -> bool:
        """Say whether the cell is better and shown to keep every budget."""
        return self.outcome == BETTER and all(one.kept == WITHIN for one in self.costs)

    @property
    def moved(self) -> list[Move]:
        """Return the companions whose interval excludes zero."""
        return [one for one in self.companions if one.is_shown]


class Verdict(NamedTuple):
    """What is said of a sweep."""

    declared: Endpoint
    cells: list[Judged]
    refused: list[str]  # sentences: why others are not judged

    def __str__(self) -> str:
        return "\n".join(verdict_of(self))

    def _repr_html_(self) -> str:
        """Show the verdict in a notebook: that on all cells, then cell by cell."""
        first, said = headline_of(self), verdict_of(self)
        return paragraphs([*(each for each in first if each not in said), *said])


def judged(dataset: xr.Dataset) -> Verdict | None:
    """Judge every cell by what the sweep declared; None where nothing is compared."""
    dataset, declared = endpoints.last_episode(dataset), endpoints.declared(dataset)
    if declared is None or not has_contrast(dataset, declared):
        return None
    purposes = {purpose_of(int(seed)) for seed in dataset["seed"].values[[0, -1]]}
    if purposes != {EVALUATION}:
        spent = " and ".join(sorted(purposes))
        return Verdict(declared, [], [f"No verdict: {spent} seeds judge nothing."])
    if why := endpoints.absent(dataset, declared):
        return Verdict(declared, [], [f"No verdict: {why}."])
    pairs = list(_paired(dataset, declared))
    reasons = [violated(pair) or exploratory(pair) for pair in pairs]
    sound = [pair for pair, reason in zip(pairs, reasons, strict=True) if not reason]
    refused = [f"No verdict: {reason}." for reason in dict.fromkeys(reasons) if reason]
    cells = []
    found = zip(sound, _primary(dataset, sound, declared), beside(dataset, sound, declared),
                strict=True)  # fmt: skip
    for pair, shown, (costs, companions) in found:
        if untested := _untested(shown):
            cell = describe(pair.coordinates)
            what = f"{shown.name} of {cell} cannot be compared with {pair.name}"
            refused.append(f"No verdict: {what}: {untested}.")
            continue
        outcome = _outcome(shown, declared)
        cells.append(Judged(pair, shown, outcome, costs, companions))
    return Verdict(declared, cells, refused)


def sentences(one: Judged, declared: Endpoint) -> list[str]:
    """Word the verdict on one cell: the endpoint, the budgets, and what else has moved, if any."""
    said = [_effect(one, declared), _conclusion(one)]
    if one.moved:
        what = "; ".join(map(move_text, one.moved))
        said.append(f"What else moved, by 95 % intervals that are not adjusted: {what}.")
    return said


def verdict(dataset: xr.Dataset) -> list[str]:
    """Return the verdict of a sweep, two or three sentences per cell; none without its baseline.

    Parameters
        dataset: of a sweep that declared an endpoint.
    """
    return verdict_of(judged(dataset))


def verdict_of(found: Verdict | None) -> list[str]:
    """Return the sentences on every cell that has been judged, and why others are not."""
    if found is None:
        return []
    said = [sentence for one in found.cells for sentence in sentences(one, found.declared)]
    return [*said, *found.refused]


def tests(dataset: xr.Dataset) -> str | None:
    """Write down the tests of the endpoint, for the attribute of results that keeps their family.

    Returns
        As :func:`proteus.analysis.family.written`; None where nothing is compared.
    """
    dataset, declared = endpoints.last_episode(dataset), endpoints.declared(dataset)
    if declared is None or not has_contrast(dataset, declared):
        return None
    every = _paired(dataset, declared)
    pairs = [pair for pair in every if not (violated(pair) or exploratory(pair))]
    p = [float(each.found.p[each.column]) for each in _estimated(dataset, pairs, declared)]
    return family.written([pair.coordinates for pair in pairs], np.array(p))


def has_contrast(dataset: xr.Dataset, declared: Endpoint) -> bool:
    """Say whether a dataset holds the baseline, another mechanism, and the endpoint."""
    if "mechanism" not in dataset.dims or declared.variable not in dataset:
        return False
    names = dataset["mechanism"].values.tolist()
    return declared.baseline in names and len(names) > 1


def _paired(dataset: xr.Dataset, declared: Endpoint) -> Iterator[Pair]:
    """List every cell with the declared baseline; the pairs hold which lanes were stopped."""
    return paired(dataset, declared.baseline, dataset[[VIOLATION]].load())  # read once


class Width(NamedTuple):
    """How wide the interval of the endpoint is, and the value that a share is of."""

    half: float
    scale: float
    deviation: float  # what one seed adds


def widths(dataset: xr.Dataset, declared: Endpoint) -> list[Width]:
    """Return the widths of the endpoint in every sound cell.

    Of its contrast with the baseline, as a share of the baseline's value; where a sweep has one
    mechanism, so that nothing is compared, of the endpoint itself.
    """
    dataset = endpoints.last_episode(dataset)
    if not has_contrast(dataset, declared):
        return _own_widths(dataset, declared)
    pairs = [pair for pair in _paired(dataset, declared) if not violated(pair)]
    return [
        _width(each.found, each.column, each.found.baseline)
        for each in _estimated(dataset, pairs, declared)
    ]


def _own_widths(dataset: xr.Dataset, declared: Endpoint) -> list[Width]:
    measure = endpoints.primary(dataset, declared)
    found = estimates(dataset, measure)
    k = _column(dataset, measure, declared)
    columns = (found.value, found.low, found.high, found.deviation)
    return [
        Width((high - low) / 2, abs(value), deviation)
        for value, low, high, deviation in np.stack([each[:, k] for each in columns], axis=1)
    ]


def _width(found: Contrast, k: int, scales: np.ndarray) -> Width:
    half = float(found.high[k] - found.low[k]) / 2
    return Width(half, abs(float(scales[k])), float(found.deviation[k]))


def _estimated(dataset: xr.Dataset, pairs: Sequence[Pair], declared: Endpoint) -> list[Shown]:
    """Estimate the endpoint of every pair."""
    measure = endpoints.primary(dataset, declared)
    column = _column(dataset, measure, declared)
    name, unit = showing.called(measure, dataset), units(dataset, measure)
    return [
        Shown(name, found, column, unit, np.nan) for found in estimates_of(dataset, pairs, measure)
    ]


def _column(dataset: xr.Dataset, measure: Measure, declared: Endpoint) -> int:
    label = endpoints.place(dataset, declared)
    assert label is not None  # judged: where the dataset has it
    return labels(dataset, measure).index(label)


def _primary(dataset: xr.Dataset, pairs: Sequence[Pair], declared: Endpoint) -> list[Shown]:
    """Estimate the endpoint of every pair and adjust its p values for all cells of the sweep."""
    shown = _estimated(dataset, pairs, declared)
    if not pairs:
        return shown
    p = np.array([float(each.found.p[each.column]) for each in shown])
    cells = [family.labels_of(pair.treated) for pair in pairs]
    adjusted = family.adjusted(cells, p, pairs[0].treated.attrs)
    return [each._replace(p=float(value)) for each, value in zip(shown, adjusted, strict=True)]


def _untested(shown: Shown) -> str:
    """Say why there is no test; empty where there is one, or where nothing differs."""
    why = note(shown.found, shown.column)
    return "" if why == IDENTICAL else why


def _outcome(shown: Shown, declared: Endpoint) -> str:
    difference = shown.found.difference[shown.column]
    if not shown.p < 1 - LEVEL:
        return SAME
    return BETTER if (difference > 0) == (declared.better == "higher") else WORSE


def _effect(one: Judged, declared: Endpoint) -> str:
    """Word what the endpoint shows: how large it is, then how sure."""
    pair, found, k = one.pair, one.endpoint.found, one.endpoint.column
    name = one.endpoint.name + "".join(
        f" at {horizon:g} ms" for horizon in endpoints.at(declared).values()
    )
    head = f"Under {describe(pair.coordinates)} {name}"
    if note(found, k) == IDENTICAL:
        return f"{head} is the same as under {pair.name} in all {one.unit.words(found.n[k])}."
    shown = showing.shown(declared.variable, found.difference[k], found.low[k], found.high[k])
    unit = "" if one.endpoint.unit == "1" else f" {one.endpoint.unit}"
    size = f"{abs(shown.value):.4g}{unit}"
    side = "higher" if shown.value > 0 else "lower"
    interval = f"95 % interval of the difference {shown.low:.4g} to {shown.high:.4g}"
    tested = f"Holm-adjusted p {showing.p_text(one.endpoint.p)}, {one.unit.words(found.n[k])}"
    text = f"{head} is {size} {side} than under {pair.name} ({interval}, {tested})"
    if one.outcome != SAME:
        return f"{text}, which is {one.outcome}."
    least = power.detectable(found.deviation[k : k + 1], found.n[k : k + 1])[0]
    if np.isnan(least):  # two seeds find nothing of any size
        return f"{text}, which shows no difference."
    return f"{text}, which shows no difference; {least:.4g} would be found with power 0.8."


def _conclusion(one: Judged) -> str:
    """Word whether the budgets are kept, which of them binds, and what follows."""
    name, tightest = describe(one.pair.coordinates), one.binding
    follows = f"{name} is {one.outcome}{_than(one.outcome, one.pair)} by the declared endpoint"
    if tightest is None:
        return f"So {follows}."
    kept = "; ".join(map(cost_text, one.costs))
    binds = ""
    if len(one.costs) > 1:
        how = "has the least room" if tightest.kept == WITHIN else "fails"
        binds = f"; the budget that binds is {tightest.move.name}, which {how}"
    if one.outcome == BETTER and not one.is_preferred:
        follows = f"{name} is not preferred to {one.pair.name}"
    return f"At the same time {kept}{binds}; so {follows}."


def _than(outcome: str, pair: Pair) -> str:
    return f" from {pair.name}" if outcome == SAME else f" than {pair.name}"


def headline(dataset: xr.Dataset) -> list[str]:
    """Return the verdict on all cells in two sentences; empty where there is none."""
    return headline_of(judged(dataset))


def headline_of(found: Verdict | None) -> list[str]:
    """Return the two sentences of what has been judged."""
    if found is None or not found.cells:
        return []
    declared, cells = found.declared, found.cells
    if len(cells) == 1:
        return sentences(cells[0], declared)[:2]
    counts = [sum(one.outcome == outcome for one in cells) for outcome in _OUTCOMES]
    counted = ", ".join(
        f"{count} {outcome}" for count, outcome in zip(counts, _OUTCOMES, strict=True)
    )
    name, baseline = cells[0].endpoint.name, cells[0].pair.name
    better = showing.better(declared.variable, declared.better)
    first = f"By {name}, {better} is better, of {len(cells)} cells compared with {baseline}: "
    first += f"{counted}."
    if any(one.is_preferred for one in cells):
        named = _preferred(cells)
        return [first, f"Preferred to {baseline} by the declared endpoint: {named}."]
    return [first, f"No cell is preferred to {baseline}{_what_binds(cells)}."]


def _preferred(cells: Sequence[Judged]) -> str:
    """Name the preferred cells, or where they are many those that are not."""
    preferred, others = (
        [describe(one.pair.coordinates) for one in cells if one.is_preferred == wanted]
        for wanted in (True, False)
    )
    if len(preferred) <= _MOST_NAMED:
        return ", ".join(preferred)
    if len(others) > _MOST_NAMED:
        return f"{len(preferred)} of {len(cells)} cells"
    return f"all {len(cells)} cells{' but ' if others else ''}{', '.join(others)}"


def _what_binds(cells: Sequence[Judged]) -> str:
    """Say of better cells which budgets they are not shown to keep; empty without such a cell."""
    failed = [one.binding for one in cells if one.outcome == BETTER]
    names = dict.fromkeys(each.move.name for each in failed if each)
    if not names:
        return ""
    return f"; what binds the better ones: {', '.join(names)}"
