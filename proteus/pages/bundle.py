"""One output folder as a report sees it: what is judged of it, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import xarray as xr

from proteus.analysis import endpoint as endpoints
from proteus.analysis.levels import distinct, is_violated
from proteus.analysis.verdict import has_contrast, headline_of, judged, sentences
from proteus.configuration.study import Endpoint
from proteus.market.variables.base import EPISODE
from proteus.results.dataset import MANIFEST, load

NO_VERDICT = "No verdict"  # how the verdict begins where it refuses


class Bundle(NamedTuple):
    """A bundle that has been read."""

    name: str  # of the folder
    dataset: xr.Dataset  # where lanes are of episodes, of the last one
    manifest: dict[str, Any]  # empty where there is none
    declared: Endpoint | None
    days: xr.Dataset | None = None  # with all episodes, where there are any

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
    """Return a dataset with what it declared."""
    days = dataset if EPISODE in dataset.dims else None
    last = endpoints.last_episode(dataset)
    return Bundle(name, last, manifest, endpoints.declared(dataset), days)


def _manifest(folder: Path) -> dict[str, Any]:
    """Return what the manifest says; :func:`proteus.load` has checked it."""
    path = (folder if folder.is_dir() else folder.parent) / MANIFEST
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return content


class Words(NamedTuple):
    """What a report says of a bundle in words."""

    first: list[str]  # two sentences: the verdict, or why there is none
    cells: list[str]  # the verdict cell by cell, and what is refused


def words(one: Bundle) -> Words:
    """Word the verdict of a bundle; what the first sentences say is not said again."""
    found = judged(one.dataset)
    first = headline_of(found)
    said = [sentences(each, found.declared) for each in found.cells] if found else []
    refused = found.refused if found else []
    if not first:
        first = _no_verdict(one, refused)
    if said and said[0][:2] == first:
        said = [said[0][2:]]
    cells = [" ".join(each) for each in said if each]
    return Words(first, [*cells, *(each for each in refused if each not in first)])


def _no_verdict(one: Bundle, refused: list[str]) -> list[str]:
    """Say why there is no verdict."""
    if refused:
        return [*refused, "The figures below are exploratory."][:2]
    names = [str(name) for name in one.dataset["mechanism"].values]
    held, reason = ", ".join(names), "and declares no endpoint"
    if one.declared is not None:
        has_baseline = one.declared.baseline in names
        reason = "alone" if has_baseline else f"without its baseline {one.declared.baseline}"
    return [
        f"{NO_VERDICT}: this sweep holds {held} {reason}, so nothing is compared.",
        "Its levels are shown below, with 95 % intervals.",
    ]
