"""Processes and dask give the bits of threads, also when workers are killed under way."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

import proteus
from proteus.sweep import main
from tests.helpers.killing import ended, in_child

WORDS = (
    "mechanism=clob,fba", "delta=100", "horizon_s=2", "metrics.tau_ms=700",
    "metrics.horizons_ms=[0,100,300]", "record.warmup_s=0.25", "seeds.count=96",
)  # fmt: skip


@pytest.fixture(scope="module")
def on_threads(tmp_path_factory):
    folder = tmp_path_factory.mktemp("threads") / "out"
    assert main([*WORDS, "executor.workers=2", f"output_dir={folder}"]) == 0
    return bits(folder)


def bits(folder):
    found = proteus.load(folder)
    return {name: found[name].to_numpy().tobytes() for name in found.data_vars}


def wait_for_blocks(folder, child):
    while not list(folder.glob("blocks/*.npz")):
        assert os.waitpid(child, os.WNOHANG) == (0, 0)
        time.sleep(0.01)


def children_of(process):
    return list(map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split()))


def test_a_killed_process_ends_the_run_which_goes_on(on_threads, tmp_path):
    folder, said = tmp_path / "out", tmp_path / "said"
    words = ["executor=processes", "executor.workers=2", "executor.task_lanes=8"]
    child = in_child([*WORDS, *words, f"output_dir={folder}"], int, said)
    wait_for_blocks(folder, child)
    workers = [
        each for each in children_of(child)
        if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()
    ]  # fmt: skip
    os.kill(workers[0], signal.SIGKILL)
    assert ended(child) == 4, said.read_text()
    assert "stopped: a worker process was killed" in said.read_text()
    assert "lanes are saved; go on with: python -m proteus.sweep --resume" in said.read_text()
    assert main(["--resume", str(folder), "executor=threads"]) == 0
    assert bits(folder) == on_threads


@contextmanager
def started(command, *words, log):
    """Run one of dask's commands, as a person would on another machine."""
    with log.open("w") as file:
        line = [sys.executable, "-m", "dask", command, *words, "--no-dashboard"]
        process = subprocess.Popen(line, stdout=file, stderr=file)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(log, text):
    for _ in range(6000):
        found = [line for line in log.read_text().splitlines() if text in line]
        if found:
            return found[0].split()[-1]
        time.sleep(0.01)
    raise AssertionError(log.read_text())


def test_dask_survives_the_loss_of_a_worker(on_threads, tmp_path):
    pytest.importorskip("distributed")
    folder, said = tmp_path / "out", tmp_path / "said"
    log = tmp_path / "scheduler"
    with started("scheduler", "--host", "127.0.0.1", "--port", "0", log=log):
        address = wait_for(log, "Scheduler at:")
        join = (address, "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")
        with (
            started("worker", *join, log=tmp_path / "one") as one,
            started("worker", *join, log=tmp_path / "two"),
        ):
            for name in ("one", "two"):
                wait_for(tmp_path / name, "Starting established connection")
            words = ["executor=dask", f"executor.scheduler={address}", "executor.task_lanes=4"]
            child = in_child([*WORDS, *words, f"output_dir={folder}"], int, said)
            wait_for_blocks(folder, child)
            one.kill()
            assert ended(child) == 0, said.read_text()
    assert bits(folder) == on_threads


@pytest.mark.parametrize(
    ("address", "why"),
    [("tcp://127.0.0.1:9", "Timed out"), ("tls://127.0.0.1:9", "dask's configuration has no cert")],
)
def test_a_scheduler_that_does_not_answer_is_refused(tmp_path, monkeypatch, capsys, address, why):
    pytest.importorskip("distributed")
    monkeypatch.setattr("proteus.runs.workers._CONNECT_S", 0.5)
    folder = tmp_path / "out"
    words = [*WORDS, "executor=dask", f"executor.scheduler={address}"]
    assert main([*words, f"output_dir={folder}"]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith(f"error: executor.scheduler={address} cannot be reached: {why}")
    assert not folder.exists()
