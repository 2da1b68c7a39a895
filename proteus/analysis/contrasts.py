"""Tidy paired contrasts of a dataset: every cell against its baseline, within the same seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from proteus.analysis import endpoint as endpoints
from proteus.analysis import family, showing
from proteus.analysis.measures import (
    READ_AT_ONCE,
    Measure,
    arm,
    check_sweep,
    labels,
    measures,
    points,
    swept,
    units,
    with_agents,
)
from proteus.analysis.statistics import multiplicity, power
from proteus.analysis.statistics.bootstrap import bca
from proteus.analysis.statistics.paired import Arm, Contrast, contrast
from proteus.configuration.study import GATED, NOT_CHECKED, PASSED, Endpoint
from proteus.errors import ResultsError, nearest
from proteus.market.variables.base import EPISODE
from proteus.market.variables.dimensions import OPTIONAL_DIMENSIONS, shown
from proteus.results import flags
from proteus.results.coordinates import CELL, describe
from proteus.results.flags import VIOLATION

PRIMARY, EXPLORATORY = "primary", "exploratory"
POPULATION = "population"  # of a group or a trader
DELTA = "delta"  # the swept key that continuous mechanisms do not use
IDENTICAL, CONSTANT = "identical arms", "constant difference"
FEW, NOTHING = "fewer than two seeds", "nothing to divide by"


class Pair(NamedTuple):
    """A cell and its baseline, without swept dims, seeds in the same order."""

    coordinates: dict[str, Any]  # of the treated cell
    treated: xr.Dataset
    baseline: xr.Dataset
    name: str  # of the baseline
    places: tuple[int, int] = (0, 0)  # of cell and baseline among the points of their dataset


def compare(
    dataset: xr.Dataset,
    baseline: str | Mapping[str, Any] = "clob",
    *,
    metrics: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Contrast every cell of a sweep with its baseline, paired by seed.

    Parameters
        dataset: of a sweep.
        baseline: a mechanism, or labels of swept dims; cells are compared at equal labels of the
            other dims.
        metrics: variables to contrast; None takes all, and the declared endpoint with them.

    Returns
        One row per cell, variable and label: the swept keys (``delta`` is NaN under a mechanism
        that does not use it), ``baseline``, ``variable``, ``estimand`` and ``per``,
        ``long_name``, ``units``, a column for each further dim (``horizon``, ``trader_class``,
        ...; beside ``trader`` its ``agent_uid``), ``treated_value`` and ``baseline_value`` (each
        over all seeds of its cell, as every other table has them), ``difference`` (over the seeds
        that both have), its 95 % t interval ``low``, ``high`` and BCa interval ``bca_low``,
        ``bca_high``, ``d_z``,
        ``share_of_baseline``, ``p``, ``p_adjusted`` (Holm over the declared endpoint in all cells
        of the sweep, Benjamini-Hochberg over what is measured of groups and traders, and over the
        rest: column ``family``), ``variance_reduction`` (above 1: pairing helps), ``detectable``
        (smallest difference found with power 0.8), ``n``, ``n_missing``, ``note`` (what a
        degenerate contrast is).

    Raises
        ResultsError: no dataset of a sweep, no such baseline or variable, nothing to compare, a
            cell in which a lane broke an invariant, or the endpoint at other horizons only.
    """
    check_sweep(dataset)
    pairs = list(paired(dataset, baseline))
    declared = endpoints.declared(dataset)
    if metrics is None and declared is not None and (why := endpoints.absent(dataset, declared)):
        raise ResultsError(f"{why}: select it, or name what shall be compared as metrics")
    listed = measures(dataset, metrics)
    if metrics is None and declared is not None and declared.variable in dataset:
        listed = list(dict.fromkeys([*listed, endpoints.primary(dataset, declared)]))
    return tidy(pairs, listed, declared)


def tidy(
    pairs: Sequence[Pair], listed: Sequence[Measure], declared: Endpoint | None
) -> pd.DataFrame:
    """Contrast pairs of cells; rows as :func:`compare` returns them.

    Raises
        ResultsError: a cell in which a lane broke an invariant.
    """
    rows: list[dict[str, Any]] = []
    judged = []
    for pair in pairs:
        refuse_violated(pair)
        rows += (found := list(_rows(pair, listed, declared)))
        judged += [family.labels_of(pair.treated) for row in found if row["family"] == PRIMARY]
    table = pd.DataFrame(rows)
    p = table["p"].to_numpy(dtype=float)
    first = (table["family"] == PRIMARY).to_numpy()
    adjusted = np.full(len(table), np.nan)
    adjusted[first] = family.adjusted(judged, p[first], pairs[0].treated.attrs)
    for name in (EXPLORATORY, POPULATION):
        rest = (table["family"] == name).to_numpy()
        adjusted[rest] = multiplicity.adjusted(p[rest], multiplicity.BENJAMINI_HOCHBERG)
    table.insert(list(table.columns).index("p") + 1, "p_adjusted", adjusted)
    return with_agents(table, pairs[0].treated)


def estimate(pair: Pair, listed: Sequence[Measure]) -> Contrast:
    """Contrast one pair of cells, columns as :func:`proteus.analysis.measures.arm` has them."""
    return contrast(arm(pair.treated, listed), arm(pair.baseline, listed))


def estimates_of(dataset: xr.Dataset, pairs: Sequence[Pair], measure: Measure) -> list[Contrast]:
    """Contrast many pairs of one dataset at once, columns as the labels of the measure.

    Parameters
        dataset: that the pairs are from. A variable too large to be read at once is read pair by
            pair, to the same bits.
    """
    kept = dataset[measure.variables]
    if not pairs:
        return []
    if kept[measure.variable].size > READ_AT_ONCE:
        shape = [dataset.sizes[axis] for axis in swept(dataset)]
        cells = [
            [kept.isel(dict(zip(swept(dataset), np.unravel_index(place, shape), strict=True)))
             for place in pair.places]
            for pair in pairs
        ]  # fmt: skip
        return [contrast(arm(one, [measure]), arm(other, [measure])) for one, other in cells]
    totals = arm(kept, [measure])
    columns = len(labels(dataset, measure))
    places = np.array([pair.places for pair in pairs])  # [pairs, 2]
    at = places[:, :, None] * columns + np.arange(columns)
    sides = [at[:, side].ravel() for side in range(2)]
    treated, baseline = (Arm(totals.above[:, side], totals.below[:, side]) for side in sides)
    found = contrast(treated, baseline)
    parts = [each.reshape(len(pairs), columns) for each in found]
    return [Contrast(*(part[row] for part in parts)) for row in range(len(pairs))]


def exploratory(pair: Pair) -> str:
    """Say why a pair gives no verdict although it can be contrasted; empty where it may."""
    for cell in (pair.treated, pair.baseline):
        mechanism = cell.coords.get("mechanism")
        is_gated = mechanism is not None and mechanism.item() == GATED
        if is_gated and cell.attrs.get("gate") != PASSED:
            return (
                f"{GATED} was run outside phase 4 (gate={NOT_CHECKED}), so it is exploratory; "
                f"python -m proteus.phases phase=4 judges it"
            )
    return ""


def _rows(
    pair: Pair, listed: Sequence[Measure], declared: Endpoint | None
) -> Iterator[dict[str, Any]]:
    treated, baseline = arm(pair.treated, listed), arm(pair.baseline, listed)
    found = contrast(treated, baseline)
    bca_low, bca_high = bca(treated, baseline)
    detectable = power.detectable(found.deviation, found.n)
    columns = [(measure, label) for measure in listed for label in labels(pair.treated, measure)]
    dims = shown([str(dim) for dim in pair.treated.dims])
    first = _primary_column(pair, declared)
    for k, (measure, label) in enumerate(columns):
        yield {
            **pair.coordinates,
            "baseline": pair.name,
            "variable": measure.variable,
            "estimand": measure.estimand,
            "per": measure.per,
            "long_name": showing.long_name(pair.treated, measure.variable),
            "units": units(pair.treated, measure),
            **{dim: label.get(dim, np.nan) for dim in dims},
            "treated_value": found.treated[k],
            "baseline_value": found.baseline[k],
            "difference": found.difference[k],
            "low": found.low[k],
            "high": found.high[k],
            "bca_low": bca_low[k],
            "bca_high": bca_high[k],
            "d_z": found.effect_size[k],
            "share_of_baseline": _share(found.difference[k], found.baseline[k]),
            "p": found.p[k],
            "family": PRIMARY if (measure, label) == first else _family(label),
            "variance_reduction": found.variance_reduction[k],
            "detectable": detectable[k],
            "n": int(found.n[k]),
            "n_missing": int(len(treated.above) - found.n[k]),  # units, as n
            "note": note(found, k),
        }


def _family(label: Mapping[str, Any]) -> str:
    """Return the family of a column that is not the endpoint's.

    Into how many groups a population is split must not change what is said of other variables.
    """
    split = any(dim in label for dim in OPTIONAL_DIMENSIONS if dim != EPISODE)
    return POPULATION if split else EXPLORATORY


def _primary_column(pair: Pair, declared: Endpoint | None) -> tuple[Measure, dict[str, Any]] | None:
    """Return the column of the declared endpoint; every other one is exploratory.

    The endpoint declares its baseline too: against another one it is exploratory.
    """
    if declared is None or declared.variable not in pair.treated or exploratory(pair):
        return None
    mechanism = pair.baseline.coords.get("mechanism")
    if mechanism is not None and mechanism.item() != declared.baseline:
        return None
    label = endpoints.place(pair.treated, declared)
    return None if label is None else (endpoints.primary(pair.treated, declared), label)


def _share(difference: float, baseline: float) -> float:
    return difference / abs(baseline) if baseline else np.nan


def note(found: Contrast, column: int) -> str:
    """Say what is degenerate about a contrast; empty where nothing is."""
    if found.n[column] < 2:
        return FEW
    if np.isnan(found.difference[column]):
        return NOTHING
    if found.deviation[column] == 0:
        return CONSTANT if found.difference[column] else IDENTICAL
    return ""


def paired(
    dataset: xr.Dataset, baseline: str | Mapping[str, Any], kept: xr.Dataset | None = None
) -> Iterator[Pair]:
    """List every cell with its baseline.

    Parameters
        kept: those variables of the dataset that a pair shall hold; None holds all. Which cells
            there are is seen from all.

    Raises
        ResultsError: a baseline that the dataset does not have, or nothing beside it.
    """
    fixed = _positions(dataset, baseline)
    made, held = False, dataset if kept is None else kept
    sizes = {axis: dataset.sizes[axis] for axis in swept(dataset)}
    name = ", ".join(str(dataset[axis].values[at]) for axis, at in fixed.items())
    for point, base, coordinates in _treated(dataset, fixed):
        made = True
        places = (_place(sizes, point), _place(sizes, base))
        yield Pair(coordinates, held.isel(point), held.isel(base), name, places)
    if not made:
        raise ResultsError(f"baseline={baseline} is the only cell: there is nothing to compare")


def pair_count(dataset: xr.Dataset, baseline: str | Mapping[str, Any]) -> int:
    """Return how many pairs :func:`paired` lists; errors as there, but for nothing to compare."""
    return sum(1 for _ in _treated(dataset, _positions(dataset, baseline)))


def _treated(
    dataset: xr.Dataset, fixed: Mapping[str, int]
) -> Iterator[tuple[dict[str, int], dict[str, int], dict[str, Any]]]:
    """List every cell but the baseline: its place, that of its baseline, its coordinates."""
    idle = unused(dataset)
    for point in points(dataset):
        base = {**point, **fixed}
        coordinates = used(dataset, point, idle)
        if base != point and coordinates is not None:
            yield point, base, coordinates


def _place(sizes: Mapping[str, int], point: Mapping[str, int]) -> int:
    """Return which of the points of a dataset is at these positions, from its sizes."""
    place = 0
    for axis, size in sizes.items():
        place = place * size + point[axis]
    return place


def _positions(dataset: xr.Dataset, baseline: str | Mapping[str, Any]) -> dict[str, int]:
    """Return the positions of a baseline on the swept dims it names."""
    if not isinstance(baseline, (str, Mapping)):
        allowed = "must be a mechanism, or labels of swept dims"
        raise ResultsError(f"baseline={baseline!r} is not allowed: {allowed}")
    named = {"mechanism": baseline} if isinstance(baseline, str) else dict(baseline)
    positions = {}
    if CELL in dataset.dims:
        raise ResultsError(
            "cells along one dim are not allowed: contrasts need the swept dims, so give the "
            "dataset that unique_cells was given; copies count once there too"
        )
    for axis, value in named.items():
        if axis not in swept(dataset):
            raise ResultsError(f"baseline has {axis}={value}{nearest(axis, swept(dataset))}")
        known = dataset[axis].values.tolist()
        if value not in known:
            listed = ", ".join(map(str, known))
            raise ResultsError(f"baseline {axis}={value} is not in the results; they have {listed}")
        positions[axis] = known.index(value)
    return positions


def unused(dataset: xr.Dataset) -> dict[str, set[int]]:
    """Find the axes along which a mechanism is the same lanes, because it does not use their key.

    Returns
        Axis to the positions of such mechanisms.
    """
    if "mechanism" not in dataset.dims:
        return {}
    axes = [axis for axis in swept(dataset) if axis != "mechanism" and dataset.sizes[axis] > 1]
    found = {
        axis: {
            at
            for at in range(dataset.sizes["mechanism"])
            if _is_same_along(dataset.isel(mechanism=at), axis)
        }
        for axis in axes
    }
    if dataset.sizes.get(DELTA) == 1:  # one value: the lanes do not tell
        names = dataset["mechanism"].values.tolist()
        found[DELTA] = {at for at, name in enumerate(names) if not uses_delta(name)}
    return found


def uses_delta(mechanism: str) -> bool:
    """Say whether a mechanism trades in batches; one that is not installed may."""
    from proteus.market.mechanisms.table import MECHANISM_MODELS

    model = MECHANISM_MODELS.get(mechanism)
    return model is None or model.uses_delta


def _is_same_along(data: xr.Dataset, axis: str) -> bool:
    first = data.isel({axis: 0}).drop_vars(axis)
    others = range(1, data.sizes[axis])
    return all(first.equals(data.isel({axis: at}).drop_vars(axis)) for at in others)


def used(
    dataset: xr.Dataset, point: Mapping[str, int], idle: Mapping[str, set[int]]
) -> dict[str, Any] | None:
    """Return the coordinates of a grid point: NaN for a key that its mechanism does not use.

    Parameters
        point: positions on the swept dims. idle: of :func:`unused`.

    Returns
        None where the same lanes have been met at an earlier value of such a key.
    """
    coordinates = {axis: dataset.variables[axis].values[at] for axis, at in point.items()}
    for axis, mechanisms in idle.items():
        if point.get("mechanism") in mechanisms:
            if point[axis] > 0:
                return None
            coordinates[axis] = np.nan
    return coordinates


def refuse_violated(pair: Pair) -> None:
    """Refuse a pair in which a lane broke an invariant: leaving it out would be selection.

    Raises
        ResultsError: the cell, its first such seed, and the reason.
    """
    sentence = violated(pair)
    if sentence:
        raise ResultsError(sentence)


def violated(pair: Pair) -> str:
    """Say which lane of a pair broke an invariant; empty where none did."""
    for cell, where in ((pair.treated, pair.coordinates), (pair.baseline, pair.name)):
        stopped = np.flatnonzero(flags.stopped(cell))
        if len(stopped):
            first = int(stopped[0])
            reason = flags.REASONS[int(cell[VIOLATION][first])]
            name = where if isinstance(where, str) else describe(where)
            return (
                f"{name} cannot be compared: {len(stopped)} of {cell.sizes['seed']} lanes were "
                f"stopped, the first is seed {int(cell['seed'][first])} ({reason})"
            )
    return ""
