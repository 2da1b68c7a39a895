"""Data sets: transitions that reach the disk, on one core and on two.

Two loads: the default one, in which the maker decides at its own wake-ups, and the one of ``envs``,
a grid of 5 ms. Of two workers it is the rate at which more episodes come, without what the
processes need to start; it means something only where two cores are free.
"""

from __future__ import annotations

import os
import tempfile
import time
from functools import partial
from pathlib import Path

from proteus.bench.figures import RUNS, Figure, rate, timed
from proteus.trajectories import api
from proteus.trajectories.parts import Part, Room, parts_of, write_part
from proteus.trajectories.schema import STEPS

_LOADS = {"own wake-ups": [], "every 5 ms": ["step_ms=5"]}
_POLICIES = ("baseline", "random")
_SEEDS = {"own wake-ups": 1280, "every 5 ms": 256}  # of two workers, and three times as many


def measure() -> list[Figure]:
    """Measure every load with both policies on one core, and then on two."""
    figures = [
        _alone(f"data set, {name}, {policy}", [*words, f"policy={policy}"])
        for name, words in _LOADS.items()
        for policy in _POLICIES
    ]
    for name, words in _LOADS.items():
        figures += _together(f"data set, {name}, baseline", words, _SEEDS[name])
    return figures


def _alone(name: str, words: list[str]) -> Figure:
    """Measure one file after another, in this process."""
    request, _ = api.planned(["mechanism=clob", *words, f"seeds.count={64 * (RUNS + 1)}"])
    steps, room = list[int](), Room(request)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / STEPS).mkdir()

        def write(part: Part) -> None:
            steps.append(write_part(room, part, folder).steps)

        first, *others = parts_of(request)
        write_part(room, first, folder)
        timings = [timed(partial(write, part)) for part in others]
    return rate(name, "transitions/s", sum(steps) / len(steps), timings)


def _together(name: str, words: list[str], seeds: int) -> list[Figure]:
    """Measure what two workers write a second, beyond their start."""
    rates, cores, each = list[float](), list[float](), list[float]()
    _run(words, 1)
    for _ in range(RUNS):
        few, many = (_run(words, count) for count in (seeds, 3 * seeds))
        steps, clock_s, processor_s = (two - one for one, two in zip(few, many, strict=True))
        rates.append(steps / clock_s)
        cores.append(processor_s / clock_s)
        each.append(steps / processor_s)
    return [
        Figure(f"{name}, two workers", "transitions/s", tuple(rates), at_least=500_000),
        Figure(f"{name}: cores they got", "cores", tuple(cores)),
        Figure(f"{name}: of a core of theirs", "transitions/s", tuple(each), at_least=250_000),
    ]


def _run(words: list[str], seeds: int) -> tuple[float, float, float]:
    """Collect a data set; returns its steps, and the seconds by the clock and of all cores."""
    given = ["mechanism=clob", "policy=baseline", *words, f"seeds.count={seeds}"]
    request, plan = api.planned([*given, "executor.workers=2"])
    with tempfile.TemporaryDirectory() as folder:
        clock, before = time.perf_counter(), sum(os.times()[:4])
        written = api.collect(request, plan, Path(folder) / "data")
        seconds = time.perf_counter() - clock
    return sum(one.steps for one in written), seconds, sum(os.times()[:4]) - before
