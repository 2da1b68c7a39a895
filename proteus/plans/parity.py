"""Parity: what is compared differs in the treatment only.

The treatment is the mechanism with its keys, and ``delta``, unless a study declares other keys of
``configuration/treatments.py``. Grid points with the same coordinates on every other axis are
compared, so the rest of their configuration must be identical: population, news, signals,
latencies, horizon, measurement. Under ``lab.vary`` all cells are compared with each other. Seeds
are common to the whole sweep by construction. A deliberate difference is named in
``parity.exceptions``; it is recorded with the results.

Knows neither kernels nor files; ``proteus.plans.draws`` checks the random draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from proteus.configuration import overrides
from proteus.configuration.treatments import ORDINARY, is_below, is_treated, listed
from proteus.errors import ConfigError, nearest
from proteus.market.cell import CellConfig, Record
from proteus.market.information.leakage import comparable

if TYPE_CHECKING:
    from proteus.plans.plan import Plan

ABSENT = "absent"
_LEAKAGE = "execution.leakage."

Difference = tuple[str, Any, Any]  # dotted key, its value on the left, its value on the right


def check(plan: Plan) -> dict[str, list[Any]]:
    """Check that compared cells of a plan differ in the treatment only.

    Returns
        Key to two of its values, for every difference that ``parity.exceptions`` allows.

    Raises
        ConfigError: the cells, the keys that differ and both values; or an unknown exception.
    """
    exceptions, treatment = plan.settings.parity.exceptions, plan.settings.treatment
    trees = map(tree, plan.cells)
    check_exceptions("parity.exceptions", exceptions, trees, treatment=treatment)
    _check_varied(plan)
    deliberate: dict[str, list[Any]] = {}
    for cells in compared(plan):
        base = tree(plan.cells[cells[0]])
        for other in cells[1:]:
            found = differences(base, tree(plan.cells[other]), treatment)
            unfair = allowed(found, exceptions)
            if unfair:
                raise ConfigError(_sentence(plan, cells[0], other, unfair))
            deliberate.update((key, [left, right]) for key, left, right in found)
    return deliberate


def _check_varied(plan: Plan) -> None:
    """Refuse a part of the lab makers that is to be varied and is the same in all cells."""
    vary, treatment = plan.settings.lab.vary, plan.settings.lab.treatment
    if vary and len({_treated_text(tree(cell), treatment) for cell in plan.cells}) == 1:
        raise ConfigError(
            f"lab.vary={vary} changes nothing: no cells differ in it; "
            f"sweep {' or '.join(treatment)}"
        )


def _treated_text(side: Mapping[str, Any], treatment: Sequence[str]) -> str:
    """Write what a treatment may change of a cell."""
    return repr([leaf for leaf in _leaves(side) if is_treated(leaf[0], treatment)])


def declared(plan: Plan) -> dict[str, list[str]]:
    """Return the treatment for the record of a comparison, where a study declares its own."""
    treatment = plan.settings.treatment
    return {} if treatment == ORDINARY else {"treatment": [*treatment]}


def compared(plan: Plan) -> Iterator[list[int]]:
    """List the cells of each group of grid points that differ in treatment coordinates only.

    Where a part of the lab makers is varied, all cells are one group: nothing else may differ.
    """
    if plan.settings.lab.vary:
        yield [*range(len(plan.cells))]
        return
    along = {overrides.dimension(key) for key in plan.settings.treatment}
    first = [axis for axis, name in enumerate(plan.axes) if name in along]
    table = np.moveaxis(plan.cell_of, first, range(len(first)))
    groups = table.reshape(int(np.prod(table.shape[: len(first)])), -1)
    seen: set[tuple[int, ...]] = set()
    for column in groups.T:
        cells = tuple(dict.fromkeys(int(cell) for cell in column))
        if cells not in seen:
            seen.add(cells)
            yield list(cells)


def tree(cell: CellConfig) -> dict[str, Any]:
    """Return the configuration of a cell as nested plain values."""
    return cell.model_dump(mode="json")


def differences(
    left: Mapping[str, Any], right: Mapping[str, Any], treatment: Sequence[str] = ORDINARY
) -> list[Difference]:
    """List the keys outside the treatment in which two configurations of cells differ.

    Parameters
        left, right: nested plain values, as ``manifest.json`` has them. treatment: its keys.
    """
    ours, theirs = (dict(_untreated(side, treatment)) for side in (left, right))
    return [
        (key, ours.get(key, ABSENT), theirs.get(key, ABSENT))
        for key in dict.fromkeys([*ours, *theirs])
        if ours.get(key, ABSENT) != theirs.get(key, ABSENT) and not _is_forced(key, ours, theirs)
    ]


def _is_forced(key: str, *sides: Mapping[str, Any]) -> bool:
    """Tell whether a key is about an event that one of the mechanisms does not have."""
    if not key.startswith(_LEAKAGE):
        return False
    event = f"{key[: key.rindex('.')]}."
    return any(not any(other.startswith(event) for other in side) for side in sides)


def allowed(found: Sequence[Difference], exceptions: Sequence[str]) -> list[Difference]:
    """Return the differences that no exception names."""
    return [one for one in found if not is_below(one[0], exceptions)]


def check_exceptions(
    what: str, named: Sequence[str], configurations: Iterable[Mapping[str, Any]],
    others: Sequence[str] = (), treatment: Sequence[str] = ORDINARY,
) -> None:  # fmt: skip
    """Refuse an exception that names no key.

    Parameters
        what: the key or flag that names them. named: keys. configurations: nested plain values of
            the cells that are compared. others: names that are allowed beside their keys.
        treatment: the keys in which they differ anyway.

    Raises
        ConfigError: the name, and the nearest key.
    """
    known = {*others}
    for configuration in configurations if named else ():
        for key, _ in _untreated(configuration, treatment):
            parts = key.split(".")
            known.update(".".join(parts[:end]) for end in range(1, len(parts) + 1))
    for name in named:
        if name not in known:
            reason = f"it names no key outside {listed(treatment)}{nearest(name, known)}"
            raise ConfigError(f"{what}={name} is not allowed: {reason}")


def words(found: Sequence[Difference]) -> str:
    """Write differences as "key (left and right), ...", all of them."""
    return ", ".join(f"{key} ({_short(left)} and {_short(right)})" for key, left, right in found)


def _untreated(side: Mapping[str, Any], treatment: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """List keys and values, but for the treatment, what only writes more, and what is forced."""
    kept = {**side}
    record = kept.get("record")
    if isinstance(record, Mapping):
        kept["record"] = {
            key: value for key, value in record.items() if key not in Record.OUTPUT_KEYS
        }
    execution = kept.get("execution")
    if isinstance(execution, Mapping) and "leakage" in execution:
        kept["execution"] = {**execution, "leakage": comparable(execution["leakage"])}
    return (leaf for leaf in _leaves(kept) if not is_treated(leaf[0], treatment))


def _leaves(branch: Mapping[str, Any], parent: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in branch.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{parent}{key}.")
        else:
            yield f"{parent}{key}", value


def _sentence(plan: Plan, left: int, right: int, unfair: Sequence[Difference]) -> str:
    labels = [
        ", ".join(f"{name}={value}" for name, value in plan.label(cell).items())
        for cell in (left, right)
    ]
    return (
        f"cells ({labels[0]}) and ({labels[1]}) cannot be compared: they differ in "
        f"{words(unfair)}; only {listed(plan.settings.treatment)} may, or keys named in "
        f"parity.exceptions"
    )


def _short(value: Any) -> str:
    text = {None: "null", True: "true", False: "false"}.get(value) if _is_plain(value) else None
    return text or str(value)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, bool)
