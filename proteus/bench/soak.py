"""``python -m proteus.bench.soak [minutes]``: memory and rate must hold under half an hour of load.

Whole sweeps follow each other in one process: planned, simulated on every core, saved block by
block, merged, summarised, removed. After each one the resident memory and the lanes per second of
processor time are noted. The first quarter warms up; the last is compared with the second. The
notes go to outputs/bench/soak-*.json. Exit codes: 0 held, 1 grew or drifted, 2 wrong argument.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from proteus.basics.machine import resident
from proteus.bench.figures import write
from proteus.commands.process import EXIT_WRONG_INPUT, process, say
from proteus.plans import planner
from proteus.runs import api
from proteus.runs.claim import claimed
from proteus.runs.folder import run_into

MINUTES = 30.0
MOST_GROWTH, MOST_DRIFT = 0.03, 0.10  # shares of the second quarter
_LEAST_ROUNDS = 8
_SEEDS = 2_000  # of each cell, in a round
_WORDS = (
    "mechanism=clob,fba", "record.per_run=true", "record.events=seed:0", f"seeds.count={_SEEDS}",
)  # fmt: skip


class Round(NamedTuple):
    """What was noted after one sweep."""

    ended_s: float  # since the beginning
    lanes: int
    clock_s: float
    processor_s: float
    resident_bytes: int


def main(arguments: Sequence[str]) -> int:
    """Run for some minutes and say whether memory and rate held."""
    try:
        minutes = float(" ".join(arguments)) if arguments else MINUTES
        if not minutes > 0:
            raise ValueError
    except ValueError:
        say(f"error: minutes={' '.join(arguments)} is not allowed: give one number above 0")
        return EXIT_WRONG_INPUT
    rounds = run(minutes)
    print(write("soak-", {"rounds": [each._asdict() for each in rounds]}))
    sentences = judge(rounds)
    for sentence in _quarters(rounds) + sentences:
        print(sentence)
    return 1 if sentences else 0


def run(minutes: float) -> list[Round]:
    """Run one sweep after the other for so many minutes, and at least eight."""
    rounds: list[Round] = []
    begun = time.perf_counter()
    while time.perf_counter() - begun < 60 * minutes or len(rounds) < _LEAST_ROUNDS:
        clock, processor = time.perf_counter(), time.process_time()
        lanes = _sweep()
        now = time.perf_counter()
        rounds.append(
            Round(now - begun, lanes, now - clock, time.process_time() - processor, resident())
        )
    return rounds


def _sweep() -> int:
    plan = api.checked(planner.from_words([*_WORDS]))
    with tempfile.TemporaryDirectory() as above:
        folder = Path(above) / "out"
        with claimed(folder, plan) as lanes:
            run_into(plan, folder, lanes)
    return plan.lanes


def judge(rounds: Sequence[Round]) -> list[str]:
    """Say what did not hold from the second quarter to the last; empty where all did."""
    second, last = _quarter(rounds, 1), _quarter(rounds, 3)
    growth = _memory(last) / _memory(second) - 1
    drift = _rate(last) / _rate(second) - 1
    found = []
    if growth > MOST_GROWTH:
        found.append(f"memory grew by {growth:.1%}: at most {MOST_GROWTH:.0%} is allowed")
    if abs(drift) > MOST_DRIFT:
        found.append(f"the rate drifted by {drift:+.1%}: at most {MOST_DRIFT:.0%} is allowed")
    return found


def _quarter(rounds: Sequence[Round], number: int) -> Sequence[Round]:
    return rounds[number * len(rounds) // 4 : (number + 1) * len(rounds) // 4]


def _memory(rounds: Sequence[Round]) -> float:
    return statistics.median(each.resident_bytes for each in rounds)


def _rate(rounds: Sequence[Round]) -> float:
    return statistics.median(each.lanes / each.processor_s for each in rounds)


def _quarters(rounds: Sequence[Round]) -> list[str]:
    lines = []
    for number in range(4):
        part = _quarter(rounds, number)
        clock = statistics.median(each.lanes / each.clock_s for each in part)
        lines.append(
            f"quarter {number + 1}: {len(part)} sweeps, {_memory(part) / 2**20:.1f} MiB, "
            f"{_rate(part):,.0f} lanes per processor second, {clock:,.0f} per second of the clock"
        )
    return lines


if __name__ == "__main__":
    process(main)
