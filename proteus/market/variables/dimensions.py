"""The dims that a variable may have beyond the swept parameters and seed.

The labels of most follow from what is measured and are the same in a whole sweep. Those of
``trader`` and ``group`` are the population's: a sweep has the labels of all its cells, and a cell
is NaN where it has no such trader or group.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from proteus.market.agents.identity import agent_uid
from proteus.market.agents.kinds import KINDS
from proteus.market.agents.traders import CLASS_SPOOFER, ROLE_NAMES, classes_among
from proteus.market.cell import CellConfig
from proteus.market.ledger.codes import PNL_TERMS, TERM_NAMES
from proteus.market.metrics.execution import END_NAMES
from proteus.market.metrics.requests import RANKS
from proteus.market.variables.base import (
    CLASS,
    CREDIT,
    ELAPSED,
    EPISODE,
    GROUP,
    HORIZON,
    INTENT_END,
    LOTS_END,
    RANK,
    REASON,
    TERM,
    TRADER,
    Values,
    Variable,
)
from proteus.market.variables.constraints import REASONS

CREDIT_SIDES = ("debt", "supply")
ENDS_OF_LOTS = ("filled", "cancelled", "open")
ABSENT = "absent"  # why a value is missing where a cell lacks a trader or group
_ENDS_IN_A_NUMBER = re.compile(r"[0-9]_*$")  # with underscores: "a1_" must not be taken for "a1"
_SEVERAL = "several"  # what a coordinate says of a group whose kind the sweep varies

Labels = dict[str, np.ndarray]  # of each dim
Cells = Sequence[CellConfig]


class Dimension(NamedTuple):
    """What a dim of variables is."""

    about: str
    unit: str  # of its labels; empty: they are names
    labels: Callable[[Cells], np.ndarray]  # that the cells of a sweep have together
    is_optional: bool = False  # a plan says whether its variables are measured
    coordinates: Mapping[str, Callable[[Cells], np.ndarray]] = {}  # others along it


def _sizes(cells: Cells) -> dict[str, int]:
    """Return the largest number of traders of each group that has any."""
    most: dict[str, int] = {}
    for cell in cells:
        for name, group in cell.population.items():
            if group.count:
                most[name] = max(group.count, most.get(name, 0))
    return most


def trader_name(group: str, number: int) -> str:
    """Name the trader of a number in its group, as "maker0"; no two traders share a name.

    After a group whose name ends in a number stands an underscore: "a10" is number 10 of group a,
    "a1_0" is number 0 of group a1.
    """
    return f"{group}_{number}" if _ENDS_IN_A_NUMBER.search(group) else f"{group}{number}"


def _traders(cells: Cells) -> np.ndarray:
    sizes = _sizes(cells).items()
    return np.array([trader_name(name, at) for name, size in sizes for at in range(size)], str)


def _agents(cells: Cells) -> np.ndarray:
    sizes, cohort = _sizes(cells).items(), cells[0].identity.cohort
    uids = [agent_uid(cohort, name, at) for name, size in sizes for at in range(size)]
    return np.array(uids, np.int64)


def _groups(cells: Cells) -> np.ndarray:
    return np.array([*_sizes(cells)], str)


def _groups_of_traders(cells: Cells) -> np.ndarray:
    sizes = _sizes(cells)
    return np.repeat(_groups(cells), [*sizes.values()])


def _classes_of_groups(cells: Cells) -> np.ndarray:
    return np.array([_class(cells, name) for name in _sizes(cells)], str)


def _classes_of_traders(cells: Cells) -> np.ndarray:
    return np.repeat(_classes_of_groups(cells), [*_sizes(cells).values()])


def _class(cells: Cells, name: str) -> str:
    """Return the class of a group's traders, which cells may have of different kinds."""
    groups = [cell.population[name] for cell in cells if name in cell.population]
    classes = {ROLE_NAMES[KINDS[group.kind].role] for group in groups if group.count}
    return classes.pop() if len(classes) == 1 else _SEVERAL


def _roles(cells: Cells) -> set[int]:
    """Return the roles of all traders that there are."""
    groups = (group for cell in cells for group in cell.population.values())
    return {KINDS[group.kind].role for group in groups if group.count}


def _classes(cells: Cells) -> np.ndarray:
    return np.array(ROLE_NAMES[: classes_among(_roles(cells))])


DIMENSIONS = {
    HORIZON: Dimension(
        about="time after the fill",
        unit="ms",
        labels=lambda cells: np.array(cells[0].metrics.horizons_ms, dtype=float),
    ),
    ELAPSED: Dimension(
        about="time since the intent",
        unit="ms",
        labels=lambda cells: np.array(cells[0].metrics.elapsed_ms, dtype=float),
    ),
    CLASS: Dimension(about="class of traders", unit="", labels=_classes),
    INTENT_END: Dimension(
        about="how an intent ended", unit="", labels=lambda cells: np.array(END_NAMES)
    ),
    RANK: Dimension(
        about="rank of a quote, the accepted one first",
        unit="1",
        labels=lambda cells: np.arange(1, RANKS + 1),
    ),
    GROUP: Dimension(
        about="group of traders",
        unit="",
        labels=_groups,
        is_optional=True,
        coordinates={"group_class": _classes_of_groups},
    ),
    TRADER: Dimension(
        about="trader",
        unit="",
        labels=_traders,
        is_optional=True,
        coordinates={
            "trader_group": _groups_of_traders,
            "trader_role": _classes_of_traders,
            "agent_uid": _agents,
        },
    ),
    TERM: Dimension(
        about="term of the decomposition of PnL",
        unit="",
        labels=lambda cells: np.array([TERM_NAMES[term] for term in PNL_TERMS]),
        is_optional=True,
    ),
    REASON: Dimension(
        about="constraint that cuts, no_gas or no_funds",
        unit="",
        labels=lambda cells: np.array(REASONS),
        is_optional=True,
    ),
}
DIMENSIONS[CREDIT] = Dimension(
    about="side of the pool of credit",
    unit="",
    labels=lambda cells: np.array(CREDIT_SIDES),
    is_optional=True,
)
DIMENSIONS[EPISODE] = Dimension(
    about="number of the episode",
    unit="1",
    labels=lambda cells: np.arange(cells[0].episodes.count),
    is_optional=True,
)
DIMENSIONS[LOTS_END] = Dimension(
    about="what became of lots that were sent",
    unit="",
    labels=lambda cells: np.array(ENDS_OF_LOTS),
    is_optional=True,
)
MEASURED_DIMENSIONS = tuple(DIMENSIONS)
OPTIONAL_DIMENSIONS = tuple(name for name, each in DIMENSIONS.items() if each.is_optional)


def optional_of(*cells: CellConfig) -> tuple[str, ...]:
    """Return the optional dims that are measured in the cells of a sweep."""
    record = cells[0].record
    per_trader = (TRADER,) if record.per_trader or record.panel else ()
    of_rules = (TERM, REASON) if any(cell.needs_rules for cell in cells) else ()
    of_credit = (CREDIT,) if any(cell.credit.is_used for cell in cells) else ()
    by_episode = (EPISODE,) if any(cell.episodes.are_used for cell in cells) else ()
    of_spoofing = (LOTS_END,) if CLASS_SPOOFER in _roles(cells) else ()
    return (GROUP, *per_trader, *of_rules, *of_credit, *by_episode, *of_spoofing)


def labels_of(cells: Cells, optional: Collection[str] = ()) -> Labels:
    """Return the labels of each dim that is measured in the cells of a sweep.

    Parameters
        cells: at least one. optional: dims that are asked for beside the usual ones.
    """
    return {
        name: each.labels(cells)
        for name, each in DIMENSIONS.items()
        if not each.is_optional or name in optional
    }


def shown(present: Collection[str]) -> tuple[str, ...]:
    """Return the dims that a table has columns for: the usual ones, and optional ones that exist.

    Parameters
        present: dims of a dataset, or columns of a table.
    """
    return tuple(
        name for name, each in DIMENSIONS.items() if not each.is_optional or name in present
    )


def widened(values: Values, variable: Variable, cell: CellConfig, labels: Labels) -> Values:
    """Give the values of one cell the labels that a sweep has on optional dims.

    Parameters
        values: [L, *dims], with the labels of the cell. labels: of the sweep.

    Returns
        [L, *dims], NaN where the cell has no such trader, group or class.
    """
    places: list[Any] = [np.arange(len(values))]
    shape = [len(values)]
    for dim, size in zip(variable.dims, values.shape[1:], strict=True):
        places.append(_places(cell, dim, labels) if dim in labels else np.arange(size))
        shape.append(len(labels[dim]) if dim in labels else size)
    whole = np.full(shape, np.nan)
    whole[np.ix_(*places)] = values
    return whole


def _places(cell: CellConfig, dim: str, labels: Labels) -> np.ndarray:
    """Return where the labels of a cell are among those of its sweep."""
    at = {label: place for place, label in enumerate(labels[dim].tolist())}
    return np.array([at[label] for label in DIMENSIONS[dim].labels([cell]).tolist()], np.int64)


def lacking(variable: Variable, cell: CellConfig, labels: Labels) -> int:
    """Count the numbers of a variable that a cell lacks: those of traders it does not have."""
    sizes = [len(labels[dim]) for dim in variable.dims]
    own = [
        len(DIMENSIONS[dim].labels([cell])) if dim in (*OPTIONAL_DIMENSIONS, CLASS) else size
        for dim, size in zip(variable.dims, sizes, strict=True)
    ]
    return int(np.prod(sizes, dtype=np.int64) - np.prod(own, dtype=np.int64))


def label_text(dim: str, label: Any) -> str:
    """Write a label of a dim for a reader, as "100 ms", "maker" or "quote rank 2"."""
    unit = DIMENSIONS[dim].unit
    if not unit:
        return str(label)
    return f"{dim.replace('_', ' ')} {label:g}" if unit == "1" else f"{label:g} {unit}"
