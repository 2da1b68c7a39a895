"""Try every point of some items, on all cores."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from proteus.runs.workers import usable_cores
from proteus.validation.comparison import Comparison
from proteus.validation.items import ITEMS, seed
from proteus.validation.table import Tried

_Place = tuple[int, int]  # number of the item, and of its point


def run(places: Sequence[int]) -> list[Tried]:
    """Try every point of some items; a process for each core, and each loop compiled in one."""
    drivers: dict[str, list[int]] = {}
    for place in places:
        drivers.setdefault(ITEMS[place].driver, []).append(place)
    groups = sorted(drivers.values(), key=len, reverse=True)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(usable_cores(), mp_context=spawn) as processes:
        found = [pair for group in processes.map(_try, groups) for pair in group]
    return [
        Tried(ITEMS[item], _written(ITEMS[item].points[point]), comparison)
        for (item, point), comparison in sorted(
            found, key=lambda pair: (_number(pair[0][0]), pair[0])
        )
    ]


def _try(places: Sequence[int]) -> list[tuple[_Place, Comparison]]:
    found = []
    for place in places:
        item = ITEMS[place]
        for number, point in enumerate(item.points):
            text = f"{item.code} {item.name}({_written(point)})"
            print(text, file=sys.stderr, flush=True)
            found.append(((place, number), item.compare(**point, root=seed(place, number))))
    return found


def _number(item: int) -> int:
    """Return the number in the code of an item: 13 of V13."""
    return int(ITEMS[item].code[1:])


def _written(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in parameters.items())
