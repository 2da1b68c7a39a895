"""What a design of seeds and controls saved: the same run's intervals beside those without them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
import yaml

from proteus.analysis import endpoint as endpoints
from proteus.analysis import units
from proteus.analysis.verdict import Width, widths
from proteus.configuration.study import Seeds
from proteus.market.setup.designs import ANTITHETIC, IID


def sentence(dataset: xr.Dataset) -> str:
    """Say how many independent seeds the seeds of a run are worth, by its declared endpoint.

    Parameters
        dataset: of a sweep that declared an endpoint; its cells have no stopped lane.

    Returns
        One sentence; empty for independent seeds without controls, and where nothing varies.
    """
    declared, seeds = endpoints.declared(dataset), units.seeds_of(dataset)
    is_plain = seeds.design == IID and seeds.controls == "none"
    if declared is None or is_plain or declared.variable not in dataset:
        return ""
    found = widths(dataset, declared)
    shares = ratios(found, widths(as_independent(dataset), declared)) * _in_seeds(dataset)
    if not np.isfinite(shares).any():
        return ""
    widest = int(np.nanargmax([width.half for width in found]))
    many, count = len(shares), dataset.sizes["seed"]
    worth = round(count / shares[widest])
    least, most = np.nanmin(shares), np.nanmax(shares)
    over = f" in the cell with the widest interval ({least:.3g} to {most:.3g} over {many} cells)"
    return (
        f"{_design(seeds)}: the endpoint has {shares[widest]:.3g} of the variance that independent "
        f"seeds would give it{over if many > 1 else ''}, so {count} seeds are worth {worth} and "
        f"{abs(worth - count)} are {'saved' if worth >= count else 'lost'}."
    )


def ratios(found: Sequence[Width], plain: Sequence[Width]) -> np.ndarray:
    """Return the variance of a row of each cell beside that of an independent seed, [cells]."""
    deviations = np.array([[width.deviation for width in each] for each in (found, plain)])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((deviations[0] / deviations[1]) ** 2)


def as_independent(dataset: xr.Dataset) -> xr.Dataset:
    """Return a dataset whose statistics take each seed for a unit, without controls."""
    tree = yaml.safe_load(dataset.attrs["config"])
    tree["seeds"] |= {"design": IID, "controls": "none"}
    return dataset.assign_attrs(config=yaml.safe_dump(tree, sort_keys=False))


def _in_seeds(dataset: xr.Dataset) -> float:
    """Return how many seeds a row of the statistics has."""
    return dataset.sizes["seed"] / units.number(dataset)


def _design(seeds: Seeds) -> str:
    said = []
    if seeds.design == ANTITHETIC:
        said.append(f"antithetic pairs in {' and '.join(seeds.streams)}")
    elif seeds.design != IID:
        said.append(f"Sobol sequences of {seeds.points} seeds")
    if seeds.controls != "none":
        said.append(f"controls by {seeds.controls}")
    text = " with ".join(said)
    return f"{text[0].upper()}{text[1:]}"
