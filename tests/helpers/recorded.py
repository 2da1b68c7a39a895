"""Lanes of small cells with their logs."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import proteus
from proteus.errors import ResultsError
from proteus.market.cell import CellConfig
from proteus.recording.limits import Recording
from proteus.results.outcome import LaneLog, Rows
from proteus.runs import blocks, running
from proteus.runs.cell import CellOutcome, run_cell
from proteus.sweep import main
from tests.helpers.cells import ROOT, run_plain

WORDS = (
    "horizon_s=1.5", "metrics.tau_ms=700", "metrics.horizons_ms=[0,100,300]", "delta=100",
    "metrics.volatility_grid_ms=250", "population.noise.count=5", "latent.jump_rate_per_s=3",
    "record.warmup_s=0.25", "mechanism=clob,fba",
)  # fmt: skip
SEEDS = 3


def record_cell(
    config: CellConfig, seeds: list[int], chosen: list[int], if_violated: bool = False,
    **arrangement: Any,
) -> tuple[CellOutcome, list[LaneLog]]:  # fmt: skip
    """Run the replicates of a cell and record those that are chosen."""
    logs: list[LaneLog] = []
    replicates = np.array(seeds)
    always = np.isin(replicates, chosen)
    recording = Recording(always, np.full(len(seeds), if_violated), logs.append)
    arrangement = {"workers": 1, "block_lanes": None, **arrangement}
    outcome = run_cell(config, replicates, root=ROOT, recording=recording, **arrangement)
    return outcome, logs


@pytest.fixture(scope="module")
def near_barriers():
    """Let barriers be near each other, as an audit is at each; kernels that are cold compile here.

    Compiled, as ``make test`` has the kernels by then: seconds of a market in plain Python are
    seconds of a processor, and ``plain_engine`` is for tests that change what is compiled.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "compile_ahead", lambda *_: None)
        patch.setattr("proteus.market.setup.cell.BARRIER_STEPS", 16)
        yield


@pytest.fixture(scope="module")
def plain_engine(near_barriers):
    """Run every block in plain Python."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "advance_block", run_plain)
        yield


def same_rows(left: Rows, right: Rows) -> bool:
    """Tell whether two logs are equal."""
    assert left.keys() == right.keys()
    return all(np.array_equal(left[name], right[name]) for name in left)


@pytest.fixture(scope="module")
def run(near_barriers, tmp_path_factory):
    """A sweep with a log of every lane: the folder, and the dataset."""
    folder = tmp_path_factory.mktemp("log") / "out"
    words = [*WORDS, f"seeds.count={SEEDS}", "record.events=all", f"output_dir={folder}"]
    assert main(words) == 0
    return folder, proteus.load(folder)


def located(path):
    """Return (cell, seed, row, reason) of the refusal."""
    with pytest.raises(ResultsError) as caught:
        proteus.replay_log(path)
    found = re.fullmatch(
        rf"{re.escape(str(path))}, cell (\d+), seed (\d+), row (\d+): (.+)", str(caught.value)
    )
    assert found, str(caught.value)
    return int(found[1]), int(found[2]), int(found[3]), found[4]
