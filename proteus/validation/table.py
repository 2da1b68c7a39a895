"""The table of all comparisons: z scores, one family-wise level, and what agrees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtr

from proteus.analysis.statistics.multiplicity import HOLM, adjusted
from proteus.validation.comparison import Comparison
from proteus.validation.items import Item

LEVEL = 0.01  # the chance of any false alarm in the whole table
AGREES, DIFFERS = "agrees", "differs"
SHOWN = (
    "item", "function", "parameters", "number", "expected", "simulated", "s.e.", "tolerance", "z",
    "lanes", "verdict",
)  # fmt: skip


class Tried(NamedTuple):
    """One point of an item, and what came of it."""

    item: Item
    parameters: str  # as they are written in a call
    comparison: Comparison


def tabulate(tried: Sequence[Tried]) -> pd.DataFrame:
    """Return one row per number.

    Where the engine must be exact the row agrees inside the tolerance. A band agrees above its
    bound. All others form one family: Holm's adjusted p value of the z score decides, at LEVEL.
    """
    rows = [row for point in tried for row in _rows(point)]
    table = pd.DataFrame(rows)
    tested = (table.kind == "closed form") & (table.standard_error > 0)
    p = np.where(tested, 2 * ndtr(-np.abs(table.z.to_numpy(float))), np.nan)
    table["p_holm"] = adjusted(p, HOLM)
    agrees = np.where(tested, table.p_holm > LEVEL, table.z == 0)
    agrees = np.where(table.kind == "band", table.simulated > table.expected, agrees)
    table["verdict"] = np.where(agrees, AGREES, DIFFERS)
    return table


def _rows(point: Tried) -> list[dict[str, object]]:
    found = point.comparison
    columns = found.expected, found.simulated, found.standard_error, found.tolerance, found.z
    is_band = point.item.kind == "band"
    return [
        {
            "item": point.item.code, "title": point.item.title, "function": point.item.name,
            "parameters": point.parameters, "number": name, "expected": expected,
            "simulated": simulated, "standard_error": error, "tolerance": tolerance,
            "z": np.nan if is_band else z, "lanes": found.lanes, "kind": point.item.kind,
        }
        for name, expected, simulated, error, tolerance, z in zip(
            found.names, *columns, strict=True
        )
    ]  # fmt: skip


def written(table: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the cells of ``SHOWN`` as text, row by row."""
    rows: list[dict[str, Any]] = table.to_dict("records")  # type: ignore[assignment]
    return [
        (
            row["item"], row["function"], row["parameters"] or "defaults", row["number"],
            f"{row['expected']:.6g}", f"{row['simulated']:.6g}", f"{row['standard_error']:.2g}",
            f"{row['tolerance']:.2g}",
            "" if row["kind"] == "band" else f"{row['z']:.2f}", str(row["lanes"]), row["verdict"],
        )
        for row in rows
    ]  # fmt: skip
