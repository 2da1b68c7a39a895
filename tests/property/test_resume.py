"""A run that is killed at any moment goes on, simulates nothing again, and ends with the same bits.

The truth is a run of the same words that nobody disturbed.
"""

import os
import random
import signal
import time

import pytest

from proteus.runs import blocks, claim
from proteus.sweep import main
from tests.helpers.budget import budget, is_proof
from tests.helpers.killing import WORDS, contents, ended, in_child, kill_after

SEEDS = "seeds.count=40"


def nothing():
    """Prepare nothing."""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What a run gives that nobody disturbs, and how long it takes."""
    folder = tmp_path_factory.mktemp("whole") / "out"
    assert main([*WORDS, "seeds.count=3", f"output_dir={folder.parent / 'compiled'}"]) == 0
    started = time.perf_counter()
    assert (
        ended(in_child([*WORDS, SEEDS, f"output_dir={folder}"], nothing, folder.parent / "said"))
        == 0
    )
    return contents(folder), time.perf_counter() - started


def test_killed_at_random_moments(undisturbed, tmp_path):
    expected, seconds = undisturbed
    random.seed(20261124)
    folder, kills = tmp_path / "out", 0
    while kills < budget("kills"):
        fresh = not (folder / claim.BEGUN).exists()
        words = [*WORDS, SEEDS, f"output_dir={folder}"] if fresh else ["--resume", str(folder)]
        child = in_child(words, nothing, tmp_path / "said")
        code = kill_after(child, random.uniform(0, seconds))
        assert code in (0, -signal.SIGKILL), (tmp_path / "said").read_text()
        if claim.is_finished(folder) and not (folder / claim.BEGUN).exists():
            assert contents(folder) == expected
            folder = tmp_path / str(kills)
        kills += 1
    if (folder / claim.BEGUN).exists():
        assert main(["--resume", str(folder)]) == 0
        assert contents(folder) == expected


RENAMED = ("00000003.npz", "events.parquet", "results.nc", "manifest.json")
MOMENTS = [(name, moment) for name in RENAMED for moment in ("before", "after")]


@pytest.mark.parametrize(("name", "moment"), MOMENTS if is_proof() else MOMENTS[::3])
def test_killed_around_a_rename(undisturbed, tmp_path, name, moment):
    """Before: the temporary file is whole and has no name yet. After: nothing came after it."""
    folder, replace = tmp_path / "out", os.replace

    def deadly(source, target):
        if os.fspath(target).endswith(name) and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        replace(source, target)
        if os.fspath(target).endswith(name):
            os.kill(os.getpid(), signal.SIGKILL)

    def prepare():
        os.replace = deadly

    words = [*WORDS, SEEDS, f"output_dir={folder}"]
    assert ended(in_child(words, prepare, tmp_path / "said")) == -signal.SIGKILL
    assert main(["--resume", str(folder)]) == 0
    assert contents(folder) == undisturbed[0]


def test_what_is_saved_is_not_simulated_again(tmp_path, monkeypatch, capsys):
    """Every task is counted over the killed run and the resumed one; a few were in flight."""
    from proteus.runs import pace

    folder, counted = tmp_path / "out", tmp_path / "counted"

    def count():
        run_task = blocks.run_task

        def noted(task, pools):
            with counted.open("a") as file:
                file.writelines(f"{task.number} {seed}\n" for seed in task.replicates)
            return run_task(task, pools)

        blocks.run_task = noted
        pace.seconds_per_lane = lambda plan, most_cells: (
            None
        )  # the pace is measured on lanes of its own

    words = [*WORDS, "seeds.count=200", f"output_dir={folder}"]
    child = in_child(words, count, tmp_path / "said")
    while len(list(folder.glob("blocks/*.npz"))) < 5:
        time.sleep(0.005)
    assert kill_after(child, 0) == -signal.SIGKILL
    assert ended(in_child(["--resume", str(folder)], count, tmp_path / "said")) == 0
    lanes = counted.read_text().split("\n")[:-1]
    assert len(set(lanes)) == 400
    in_flight = 3 * 2 * 4  # three tasks for each of two workers, of four lanes
    assert len(lanes) - 400 <= in_flight


REQUESTS = [(signal.SIGINT, 1), (signal.SIGINT, 2), (signal.SIGTERM, 1)]


@pytest.mark.parametrize(("number", "times"), REQUESTS if is_proof() else REQUESTS[:2])
def test_asked_to_stop(undisturbed, tmp_path, number, times):
    """Once: blocks in flight are saved. Twice: at once. Both say how to go on, and exit 130."""
    folder, said = tmp_path / "out", tmp_path / "said"
    child = in_child([*WORDS, SEEDS, f"output_dir={folder}"], nothing, said)
    while not list(folder.glob("blocks/*.npz")):
        time.sleep(0.002)
    os.kill(child, number)
    if times == 2:  # a second signal inside the first one's handler would cut its sentence off
        for _ in range(5_000):  # ten seconds
            if "stopping: " in said.read_text():
                break
            time.sleep(0.002)
        os.kill(child, number)
    assert ended(child) == 130, said.read_text()
    assert "go on with: python -m proteus.sweep --resume" in said.read_text()
    assert "stopping: the blocks in flight are finished and saved" in said.read_text()
    assert not (folder / ".lock").exists()
    assert main(["--resume", str(folder)]) == 0
    assert contents(folder) == undisturbed[0]
