"""The verdict: two plain sentences per cell, computed from the declared endpoint and nothing else.

The first says what the endpoint shows, after Holm's adjustment over the cells of the sweep; the
second whether the budget is kept, and what follows. A cell with a stopped lane gets no verdict, nor
one whose endpoint has no test; seeds that served a pilot or a selection give none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from proteus.analysis import endpoint as endpoints
from proteus.analysis.contrasts import (
    FEW,
    IDENTICAL,
    NOTHING,
    Pair,
    describe,
    estimate,
    exploratory,
    level,
    note,
    paired,
    violated,
)
from proteus.analysis.measures import Measure, labels, points, units
from proteus.analysis.statistics import multiplicity, power
from proteus.analysis.statistics.paired import LEVEL, Contrast
from proteus.configuration.study import EVALUATION, Endpoint, purpose_of

BETTER, WORSE, SAME = "better", "worse", "not shown to differ"
WITHIN, BEYOND, OPEN = "within", "beyond", "not shown to be within"


class Shown(NamedTuple):
    """One estimate of one cell, with what is needed to word it."""

    measure: Measure
    found: Contrast
    column: int
    unit: str
    p: float  # adjusted


def verdict(dataset: xr.Dataset) -> list[str]:
    """Return the verdict of a sweep, two sentences per cell; none without its baseline.

    Parameters
        dataset: of a sweep that declared an endpoint.
    """
    declared = endpoints.declared(dataset)
    if declared is None or not has_contrast(dataset, declared):
        return []
    purposes = {purpose_of(int(seed)) for seed in dataset["seed"].values[[0, -1]]}
    if purposes != {EVALUATION}:
        return [f"No verdict: {' and '.join(sorted(purposes))} seeds judge nothing."]
    pairs = list(paired(dataset, declared.baseline))
    reasons = [violated(pair) or exploratory(pair) for pair in pairs]
    sound = [pair for pair, reason in zip(pairs, reasons, strict=True) if not reason]
    refused = [f"No verdict: {reason}." for reason in dict.fromkeys(reasons) if reason]
    sentences = []
    for pair, shown in zip(sound, _primary(sound, declared), strict=True):
        if untested := _untested(shown):
            cell = describe(pair.coordinates)
            what = f"{_name(shown.measure)} of {cell} cannot be compared with {pair.name}"
            refused.append(f"No verdict: {what}: {untested}.")
            continue
        outcome = _outcome(shown, declared)
        sentences.append(_effect(pair, shown, outcome, declared))
        sentences.append(_conclusion(pair, outcome, _cost(pair, declared), declared))
    return [*sentences, *refused]


def has_contrast(dataset: xr.Dataset, declared: Endpoint) -> bool:
    """Say whether a dataset holds the baseline, another mechanism, and the endpoint."""
    if "mechanism" not in dataset.dims or declared.variable not in dataset:
        return False
    names = dataset["mechanism"].values.tolist()
    return declared.baseline in names and len(names) > 1


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
    if not has_contrast(dataset, declared):
        return [_own_width(dataset.isel(point), declared) for point in points(dataset)]
    pairs = [pair for pair in paired(dataset, declared.baseline) if not violated(pair)]
    return [
        _width(each.found, each.column, each.found.baseline) for each in _primary(pairs, declared)
    ]


def _own_width(cell: xr.Dataset, declared: Endpoint) -> Width:
    measure = endpoints.primary(cell, declared)
    found = level(cell, [measure])
    return _width(found, labels(cell, measure).index(endpoints.at(declared)), found.treated)


def _width(found: Contrast, k: int, scales: np.ndarray) -> Width:
    half = float(found.high[k] - found.low[k]) / 2
    return Width(half, abs(float(scales[k])), float(found.deviation[k]))


def _primary(pairs: Sequence[Pair], declared: Endpoint) -> list[Shown]:
    """Estimate the endpoint of every pair and adjust the p values over them."""
    shown = []
    for pair in pairs:
        measure = endpoints.primary(pair.treated, declared)
        column = labels(pair.treated, measure).index(endpoints.at(declared))
        found = estimate(pair, [measure])
        shown.append(Shown(measure, found, column, units(pair.treated, measure), np.nan))
    p = np.array([float(each.found.p[each.column]) for each in shown])
    adjusted = multiplicity.adjusted(p, multiplicity.HOLM)
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


def _effect(pair: Pair, shown: Shown, outcome: str, declared: Endpoint) -> str:
    """Word what the endpoint shows."""
    found, k = shown.found, shown.column
    name = _name(shown.measure) + "".join(
        f" at {horizon:g} ms" for horizon in endpoints.at(declared).values()
    )
    head = f"Under {describe(pair.coordinates)} {name}"
    if note(found, k) == IDENTICAL:
        return f"{head} is the same as under {pair.name} in all {found.n[k]} seeds."
    size = f"{abs(found.difference[k]):.4g} {shown.unit}"
    side = "higher" if found.difference[k] > 0 else "lower"
    interval = f"95 % interval of the difference {found.low[k]:.4g} to {found.high[k]:.4g}"
    tested = f"Holm-adjusted p = {shown.p:.2g}, {found.n[k]} seeds"
    text = f"{head} is {size} {side} than under {pair.name} ({interval}, {tested})"
    if outcome != SAME:
        return f"{text}, which is {outcome}."
    least = power.detectable(found.deviation[k : k + 1], found.n[k : k + 1])[0]
    if np.isnan(least):  # two seeds find nothing of any size
        return f"{text}, which shows no difference."
    return f"{text}, which shows no difference; {least:.4g} would be found with power 0.8."


def _cost(pair: Pair, declared: Endpoint) -> Shown | None:
    """Estimate what the endpoint costs; None without a budget."""
    measure = endpoints.budget(pair.treated, declared)
    if measure is None:
        return None
    found = estimate(pair, [measure])
    return Shown(measure, found, 0, units(pair.treated, measure), float(found.p[0]))


def _conclusion(pair: Pair, outcome: str, cost: Shown | None, declared: Endpoint) -> str:
    """Word whether the budget is kept, and what follows."""
    name = describe(pair.coordinates)
    if cost is None or declared.budget is None:
        return f"So {name} is {outcome}{_than(outcome, pair)} by the declared endpoint."
    rise, low, high = (
        float(x[0]) for x in (cost.found.difference, cost.found.low, cost.found.high)
    )
    most = declared.budget.largest_rise
    kept = _kept(cost, most)
    verb = "rises" if rise >= 0 else "falls"
    moved = f"{verb} by {abs(rise):.4g} {cost.unit} ({low:.4g} to {high:.4g})"
    if (why := note(cost.found, 0)) in (FEW, NOTHING):
        moved = f"cannot be compared ({why})"
    limit = f"the budget of {most:g} {cost.unit}"
    if outcome == BETTER and kept != WITHIN:
        ending = f"so {name} is not preferred to {pair.name}"
    else:
        ending = f"so {name} is {outcome}{_than(outcome, pair)} by the declared endpoint"
    return f"At the same time {cost.measure.variable} {moved}, {kept} {limit}, {ending}."


def _kept(cost: Shown, most: float) -> str:
    """Say whether the interval of a rise shows that the budget is kept, or broken."""
    low, high = float(cost.found.low[0]), float(cost.found.high[0])
    return WITHIN if high <= most else BEYOND if low > most else OPEN


def _than(outcome: str, pair: Pair) -> str:
    return f" from {pair.name}" if outcome == SAME else f" than {pair.name}"


def _name(measure: Measure) -> str:
    return f"{measure.variable} per {measure.per}" if measure.per else measure.variable


class Judged(NamedTuple):
    """What the verdict says of one cell."""

    pair: Pair
    outcome: str  # BETTER, WORSE or SAME
    kept: str  # WITHIN, BEYOND or OPEN; empty without a budget


def judged(dataset: xr.Dataset) -> list[Judged]:
    """Judge every cell of which :func:`verdict` speaks."""
    declared = endpoints.declared(dataset)
    if declared is None or not has_contrast(dataset, declared):
        return []
    if any(purpose_of(int(seed)) != EVALUATION for seed in dataset["seed"].values[[0, -1]]):
        return []
    every = paired(dataset, declared.baseline)
    pairs = [pair for pair in every if not (violated(pair) or exploratory(pair))]
    found = []
    for pair, shown in zip(pairs, _primary(pairs, declared), strict=True):
        if _untested(shown):
            continue
        cost = _cost(pair, declared)
        most = declared.budget.largest_rise if declared.budget else 0.0
        kept = "" if cost is None else _kept(cost, most)
        found.append(Judged(pair, _outcome(shown, declared), kept))
    return found


def headline(dataset: xr.Dataset) -> list[str]:
    """Return the verdict on all cells in two sentences; empty where there is none."""
    declared, cells = endpoints.declared(dataset), judged(dataset)
    if declared is None or not cells:
        return []
    if len(cells) == 1:
        return verdict(dataset)[:2]
    names = {
        outcome: [describe(one.pair.coordinates) for one in cells if one.outcome == outcome]
        for outcome in (BETTER, WORSE, SAME)
    }
    name, baseline = _name(endpoints.primary(dataset, declared)), cells[0].pair.name
    counted = ", ".join(f"{len(names[outcome])} {outcome}" for outcome in names)
    first = f"By {name}, of {len(cells)} cells compared with {baseline}: {counted}."
    preferred = [
        describe(one.pair.coordinates)
        for one in cells
        if one.outcome == BETTER and one.kept in ("", WITHIN)
    ]
    if preferred:
        return [first, f"Preferred to {baseline} by the declared endpoint: {', '.join(preferred)}."]
    reason = ": none of the better ones is shown to keep the budget" if names[BETTER] else ""
    return [first, f"No cell is preferred to {baseline}{reason}."]
