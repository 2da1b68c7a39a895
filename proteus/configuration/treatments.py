"""What a study may compare: the keys of the configuration that are treatments, one row each."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

from proteus.configuration.lab import PARTS


class Treatment(NamedTuple):
    """One treatment.

    Attributes
        key: compared cells may differ in it and in all keys below it; an axis of that key is
            compared along, not within.
        level: the key whose value tells its levels apart where exogenous draws are compared; empty
            where no draw can depend on it.
        streams: the exogenous draws that it may change; the others stay common.
        places: where the key is a common word, the keys that it stands for, a star for any group.
    """

    key: str
    level: str = ""
    streams: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


TREATMENTS: dict[str, Treatment] = {
    row.key: row
    for row in (
        Treatment("mechanism", level="mechanism.name"),
        Treatment("delta"),
        Treatment("incentives"),
        Treatment("stress", level="stress", streams=("news",)),
        *(Treatment(part, places=(f"population.*.{at}",)) for part, at in PARTS.items()),
    )
}
ORDINARY = ("mechanism", "delta")  # the treatment of a study that declares no other


def is_below(key: str, named: Sequence[str]) -> bool:
    """Tell whether a dotted key is one of those named, or below one of them."""
    return any(key == name or key.startswith(f"{name}.") for name in named)


def is_treated(key: str, treatment: Sequence[str]) -> bool:
    """Tell whether a dotted key of a cell is one that a treatment, by its keys, may change."""
    return _is_treated(key, tuple(treatment))


@functools.lru_cache(maxsize=4096)
def _is_treated(key: str, treatment: tuple[str, ...]) -> bool:
    parts = key.split(".")
    return any(
        len(parts) >= len(wanted)
        and all(a in ("*", b) for a, b in zip(wanted, parts, strict=False))
        for name in treatment
        for wanted in (place.split(".") for place in _places(name))
    )


def _places(name: str) -> tuple[str, ...]:
    """Return the keys that the key of a treatment stands for."""
    return (TREATMENTS[name].places if name in TREATMENTS else ()) or (name,)


def listed(treatment: Sequence[str]) -> str:
    """Write the keys of a treatment for a sentence, as "mechanism and delta"."""
    return " and ".join(part for part in (", ".join(treatment[:-1]), treatment[-1]) if part)
