"""The main job as a user starts it: help, the first run with its compilation, later runs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from proteus.bench.figures import RUNS, Figure, timed
from proteus.bench.lanes import ROOT
from proteus.market.trading.loop import advance_block
from proteus.plans.planner import from_words
from proteus.runs.cell import run_cell

_MAIN_JOB = ("mechanism=fba", "delta=250")
# Other numbers and group sizes than those of the main job; nothing of it may compile.
CHANGES: tuple[tuple[str, ...], ...] = (
    ("delta=100", "seeds.root=8"),
    ("population.noise.count=5", "population.maker.count=1"),
    ("population.sniper.count=0",),
    ("population.noise.accounts=one",),
    ("population.noise.latency.submission={law: constant, base_ms: 3, spread_ms: 0, shape: 0}",),
    ("population.informed.schedule={law: periodic, jitter: 0.1}",),
    ("latent=log_odds", "latent.sigma=0.2", "latent.jump_rate_per_s=0"),
    ("metrics.horizons_ms=[0, 500]",),
    ("contract.tick=0.01", "horizon_s=7"),
    ("mechanism.price_rule=t7", "mechanism.allocation=random", "mechanism.random_close=0.5"),
)


def measure() -> list[Figure]:
    """Measure how long a user waits, and how much of the kernel is compiled again."""
    first, later = [], []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as cache:
            first.append(_main_job_s(cache))
            later.append(_main_job_s(cache))
    return [
        Figure("--help", "s", tuple(_help_s() for _ in range(RUNS)), at_most=1),
        Figure("main job, first run", "s", tuple(first), at_most=30),
        Figure("main job, later runs", "s", tuple(later), at_most=3),
        Figure("compiled for other numbers", "kernels", (compiled_for(CHANGES),), at_most=0),
    ]


def compiled_for(changes: Iterable[tuple[str, ...]]) -> int:
    """Return how many more versions of the main kernel other numbers and group sizes need."""
    run_one_lane(_MAIN_JOB)
    before = len(advance_block.signatures)
    for change in changes:
        run_one_lane((*_MAIN_JOB, *change))
    return len(advance_block.signatures) - before


def run_one_lane(words: tuple[str, ...]) -> None:
    """Run one replicate of the cell that the words describe, in this process."""
    plan = from_words([*words, "seeds.count=1"])
    run_cell(plan.cells[0], plan.replicates, root=ROOT, workers=1, block_lanes=None)


def _main_job_s(cache: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results"
        return _command_s([*_MAIN_JOB, f"output_dir={results}"], cache)


def _help_s() -> float:
    return _command_s(["--help"], cache=None)


def _command_s(words: list[str], cache: str | None) -> float:
    environment = os.environ | ({"PROTEUS_CACHE_DIR": cache} if cache else {})
    command = [sys.executable, "-m", "proteus.sweep", *words]

    def run() -> None:
        subprocess.run(command, env=environment, capture_output=True, check=True)

    return timed(run).clock_s
