"""One output folder as a report sees it: what may be judged, what may only be shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from proteus import endpoint as endpoints
from proteus.dataset import MANIFEST, load
from proteus.levels import distinct, is_violated
from proteus.study import Endpoint
from proteus.verdict import has_contrast, headline, verdict

GATE, NOT_CHECKED = "gate", "not_checked"
NO_VERDICT = "No verdict"  # how the verdict begins where it refuses
GATED = "dual_flow"  # judged by its own study only


class Bundle(NamedTuple):
    """A bundle that has been read."""

    name: str  # of the folder
    dataset: xr.Dataset
    judgeable: xr.Dataset  # without the mechanism whose gate was not checked
    manifest: dict[str, Any]  # empty where there is none
    declared: Endpoint | None
    is_exploratory: bool  # holds a mechanism whose gate was not checked

    @property
    def violated(self) -> list[str]:
        """Name the cells in which a lane was stopped."""
        cells = distinct(self.dataset)
        return [point.name for point in cells if is_violated(self.dataset, point.at)]

    @property
    def is_comparison(self) -> bool:
        """Say whether the baseline of the endpoint stands beside another mechanism."""
        return self.declared is not None and has_contrast(self.dataset, self.declared)


def read(folder: Path) -> Bundle:
    """Read an output folder.

    Raises
        ResultsError: as :func:`proteus.load`.
    """
    return bundle(load(folder), _manifest(folder), folder.resolve().name)


def bundle(dataset: xr.Dataset, manifest: dict[str, Any], name: str) -> Bundle:
    """Say of a dataset what may be judged."""
    is_exploratory = dataset.attrs.get(GATE) == NOT_CHECKED and _has(dataset, GATED)
    judgeable = dataset
    if is_exploratory:
        kept = np.flatnonzero(dataset["mechanism"].values != GATED)
        judgeable = dataset.isel(mechanism=kept)
    declared = endpoints.declared(dataset)
    return Bundle(name, dataset, judgeable, manifest, declared, is_exploratory)


def _has(dataset: xr.Dataset, mechanism: str) -> bool:
    return "mechanism" in dataset.dims and mechanism in dataset["mechanism"].values


def _manifest(folder: Path) -> dict[str, Any]:
    """Return what the manifest says; :func:`proteus.load` has checked it."""
    path = (folder if folder.is_dir() else folder.parent) / MANIFEST
    content: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return content


class Words(NamedTuple):
    """What a report says of a bundle in words."""

    first: list[str]  # two sentences: the verdict, or why there is none
    cells: list[str]  # the verdict cell by cell, and what is refused


def words(one: Bundle) -> Words:
    """Word the verdict of a bundle; what the first sentences say is not said again."""
    first, said = headline(one.judgeable), verdict(one.judgeable)
    if not first:
        first = _no_verdict(one, said)
    if said[:2] == first:
        said = said[2:]
    refused = [sentence for sentence in said if sentence.startswith(NO_VERDICT)]
    pairs = iter(sentence for sentence in said if not sentence.startswith(NO_VERDICT))
    cells = [f"{effect} {conclusion}" for effect, conclusion in zip(pairs, pairs, strict=True)]
    if one.is_exploratory and cells:
        refused.append(f"{NO_VERDICT} on {GATED}: {_exploratory()}.")
    return Words(first, [*cells, *refused])


def _no_verdict(one: Bundle, refused: list[str]) -> list[str]:
    """Say why there is no verdict."""
    if one.is_exploratory:
        return [f"{NO_VERDICT}: {_exploratory()}.", "The figures below are exploratory."]
    if refused:
        return refused[:2]
    held = ", ".join(str(name) for name in one.dataset["mechanism"].values)
    reason = "and declares no endpoint"
    if one.declared is not None:
        reason = f"without its baseline {one.declared.baseline}"
    return [
        f"{NO_VERDICT}: this sweep holds {held} {reason}, so nothing is compared.",
        "Its levels are shown below, with 95 % intervals.",
    ]


def _exploratory() -> str:
    return f"{GATED} was run outside its study ({GATE}={NOT_CHECKED}), so it is exploratory"
