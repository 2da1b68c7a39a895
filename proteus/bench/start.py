"""The main job as a user starts it: help, the first run with its compilation, later runs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from proteus.bench.figures import RUNS, Figure, timed
from proteus.bench.lanes import ROOT
from proteus.engine import run_cell
from proteus.plan import from_words
from proteus.simulation import run_block

_MAIN_JOB = ("mechanism=fba", "delta=250")
# Other numbers and group sizes than those of the main job; nothing of it may compile.
CHANGES = (
    "delta=100",
    "population.noise.count=5",
    "population.sniper.count=0",
    "population.maker.latency.submission.law=constant population.maker.latency.submission.spread_ms=0",
    "latent=log_odds latent.sigma=0.2",
    "metrics.horizons_ms=[0,500]",
    "contract.tick=0.01 horizon_s=7",
    "mechanism.price_rule=t7 mechanism.allocation=random mechanism.random_close=0.5",
)


def measure() -> list[Figure]:
    """Measure how long a user waits, and how much of the kernel is compiled again."""
    first, later = [], []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as cache:
            first.append(_main_job_s(cache))
            later.append(_main_job_s(cache))
    return [
        Figure("--help", "s", tuple(_help_s() for _ in range(RUNS)), at_most=1.5),
        Figure("main job, first run", "s", tuple(first), at_most=45),
        Figure("main job, later runs", "s", tuple(later), at_most=4),
        Figure("compiled for other numbers", "kernels", (compiled_for_changes(),), at_most=0),
    ]


def compiled_for_changes() -> int:
    """Return how many versions of the main kernel other numbers and group sizes need."""
    _run_one_lane(())
    before = len(run_block.signatures)
    for change in CHANGES:
        _run_one_lane(change.split())
    return len(run_block.signatures) - before
