"""The schema version that each file says about itself, read by what is made for its format."""

from __future__ import annotations

import json
import re
from pathlib import Path

import netCDF4
import pandas as pd
import pyarrow.parquet as pq
from PIL import Image

KEY = "schema_version"


def versions_in(folder: Path) -> dict[str, set[str]]:
    """Return the path of every file below a folder, and the versions that it names."""
    return {
        str(path.relative_to(folder)): {str(version) for version in _versions(path)}
        for path in sorted(folder.rglob("*")) if path.is_file()
    }  # fmt: skip


def _versions(path: Path) -> list[object]:
    if path.suffix == ".nc":
        with netCDF4.Dataset(path) as file:
            parts = [file, *(cell for group in file.groups.values() for cell in _leaves(group))]
            return [part.getncattr(KEY) if KEY in part.ncattrs() else None for part in parts]
    if path.suffix == ".parquet":
        return [(pq.read_schema(path).metadata or {}).get(KEY.encode(), b"none").decode()]
    if path.suffix == ".csv":
        table = pd.read_csv(path)
        return [*table[KEY]] if table.columns[-1] == KEY else [None]
    if path.suffix == ".json":
        return [json.loads(path.read_text()).get(KEY)]
    if path.suffix == ".png":
        with Image.open(path) as image:
            return [str(image.info.get("Description", "none")).removeprefix(f"{KEY}=")]
    found = re.findall(rb"schema_version\W+(?:content\W+)?(\d+)", path.read_bytes())
    return [version.decode() for version in found] or [None]


def _leaves(group: netCDF4.Group) -> list[netCDF4.Group]:
    inside = [leaf for each in group.groups.values() for leaf in _leaves(each)]
    return inside or [group]
