"""Whose folder it is: locks, resumes that are refused with the difference, and what is left."""

import errno
import fcntl
import json
import os
import sys
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime

import numpy as np
import pytest

import proteus
from proteus.errors import ConfigError, ResultsError
from proteus.plans import planner
from proteus.runs import claim, estimate
from proteus.runs.folder import default_folder
from proteus.sweep import main
from tests.helpers.fake_engine import FakeEngine, install

WORDS = ["delta=50,100,200", "seeds.count=6"]


class HaltingEngine(FakeEngine):
    """Does one cell a run, and then fails as told."""

    def __init__(self, failure):
        super().__init__()
        self.failure = failure

    def run_jobs(self, jobs, workers, stop):
        for outcome in super().run_jobs(jobs, workers, stop):
            yield outcome
            if self.failure is not None:
                raise self.failure


@pytest.fixture
def halted(monkeypatch, tmp_path):
    """A folder in which one cell of three is done, and the engine of its run."""
    monkeypatch.chdir(tmp_path)
    engine = install(monkeypatch, HaltingEngine(MemoryError()))
    assert main([*WORDS, "output_dir=out"]) == 4
    engine.failure = None
    return engine


def test_a_run_that_was_stopped_goes_on_where_it_was(halted, capsys, tmp_path):
    assert len(halted.calls) == 1
    assert main(["--resume", "out", "executor.workers=1"]) == 0
    assert "out is resumed: 6 lanes are there" in capsys.readouterr().err
    assert [call["number"] for call in halted.calls] == [0, 1, 2]
    assert halted.calls[1]["workers"] == 1
    whole = proteus.sweep({"delta": [50, 100, 200]}, seeds=6)
    assert proteus.load("out").equals(whole)
    assert sorted(os.listdir("out")) == ["manifest.json", "results.nc", "summary.csv", "sweep.log"]


def test_python_resumes_too(halted):
    found = proteus.resume("out", workers=1)
    assert len(halted.calls) == 3
    assert found.equals(proteus.resume("out"))
    assert len(halted.calls) == 3


FAILURES = [
    (MemoryError(), "a worker ran out of memory; with fewer executor.workers"),
    (BrokenProcessPool(), "a worker process was killed, perhaps for want of memory"),
    (OSError(errno.ENOSPC, "No space left on device"),
     "output_dir=out cannot be written: No space left on device"),
]  # fmt: skip


@pytest.mark.parametrize(("failure", "sentence"), FAILURES)
def test_the_machine_stops_a_run(monkeypatch, tmp_path, capsys, failure, sentence):
    monkeypatch.chdir(tmp_path)
    install(monkeypatch, HaltingEngine(failure))
    assert main([*WORDS, "output_dir=out"]) == 4
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith(f"stopped: {sentence}")
    assert said.endswith("; 6 lanes are saved; go on with: python -m proteus.sweep --resume out")


def test_a_disk_that_is_full_at_once_leaves_nothing(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    install(monkeypatch, FakeEngine())

    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    assert main([*WORDS, "output_dir=new/out"]) == 4
    assert "No space left on device; nothing was written; run the same" in capsys.readouterr().err
    assert os.listdir() == []


@pytest.mark.parametrize("words", [["--resume", "out"], [*WORDS, "output_dir=out"]])
def test_two_processes_in_one_folder_are_refused(halted, capsys, tmp_path, words):
    with open("out/.lock", "a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("process 7 on moon")
        lock.flush()
        assert main(words) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("error: output_dir=out is in use: process 7 on moon is running there")


def test_a_folder_of_an_unfinished_run_is_not_begun_again(halted, capsys):
    assert main([*WORDS, "output_dir=out"]) == 2
    hint = "go on with: python -m proteus.sweep --resume out"
    assert f"output_dir=out holds an unfinished run: {hint}" in capsys.readouterr().err


def change(name, **content):
    path = f"out/{name}"
    with open(path) as file:
        kept = json.load(file)
    for key, changes in content.items():
        kept[key] = {**kept[key], **changes}
    with open(path, "w") as file:
        json.dump(kept, file)


@pytest.mark.parametrize(
    "change",
    [{"words": None}, {"words": [3]}, {"config": [1]}, {"config_hash": None}, {"axes": "delta"}],
)
def test_a_begun_file_that_was_tampered_with_is_refused_in_one_sentence(halted, capsys, change):
    path = claim.Path("out") / claim.BEGUN
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    assert main(["--resume", "out"]) == 2
    assert f"begun.json cannot be read: {next(iter(change))} " in capsys.readouterr().err


def test_what_is_saved_needs_no_room_again(halted, monkeypatch):
    made = planner.from_words(WORDS)
    whole = estimate.needs(made, 1)
    saved = sum(path.stat().st_size for path in claim.Path("out").rglob("*") if path.is_file())
    left = estimate.left(whole, claim.Path("out"))
    assert whole.passing_bytes - left.passing_bytes == min(saved, whole.passing_bytes) > 0
    free = left.disk_bytes + left.passing_bytes + 1
    monkeypatch.setattr(estimate, "free_disk", lambda folder: free)
    halted.failure = None
    assert main(["--resume", "out"]) == 0


def test_the_lock_of_a_run_that_has_just_ended_locks_nothing(tmp_path, monkeypatch):
    """Between opening and locking, the one who held it may have removed it."""
    flock = fcntl.flock

    def late(file, how):
        (tmp_path / claim.LOCK).unlink()
        flock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(ConfigError, match="is in use"), claim.locked(tmp_path):
        raise AssertionError


def test_an_interrupt_after_the_end_says_that_it_is_finished(halted, monkeypatch, capsys):
    def interrupted(written, folder):
        raise KeyboardInterrupt

    halted.failure = None
    monkeypatch.setattr(sys.modules["proteus.sweep"], "report", interrupted)
    assert main([*WORDS, "output_dir=other"]) == 130
    assert "interrupted: other is finished; only its table was not" in capsys.readouterr().err
    assert main(["--resume", "out"]) == 130
    assert "interrupted: out is finished; only its table was not" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"files": {"engine.py": "deadbeef"}}, "engine.py was deadbeef and is "),
        ({"versions": {"numba": "0.1"}}, "numba was 0.1 and is "),
    ],
)
def test_other_code_is_refused_with_the_difference(halted, capsys, changes, named):
    change("begun.json", **changes)
    assert main(["--resume", "out"]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith(f"error: out cannot be resumed: other code began it: {named}")
    with pytest.raises(ResultsError, match="other code began it"):
        proteus.resume("out")


OTHERS = [
    (["delta=50,100,200", "seeds.count=7"], "seeds.count was 6 and is 7"),
    (["delta=50,300,200", "seeds.count=6"], "sweep.delta was [50, 100, 200] and is"),
    ([*WORDS, "record.per_run=true"], "record.per_run was False and is True"),
    (["seeds.count=7"], "seeds.count was 6 and is 7"),
]


@pytest.mark.parametrize(("words", "named"), OTHERS)
def test_another_configuration_is_refused_with_the_difference(halted, capsys, words, named):
    assert main(["--resume", "out", *words]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("error: out cannot be resumed with another configuration: " + named)
    assert main(["--resume", "out", *WORDS]) == 0


def test_a_finished_folder_says_so(halted, capsys):
    assert main(["--resume", "out"]) == 0
    capsys.readouterr()
    assert main(["--resume", "out", WORDS[0]]) == 0
    printed = capsys.readouterr()
    assert printed.err == "out is finished: there is nothing to resume\n"
    assert printed.out == "out\n"
    assert len(halted.calls) == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--resume"], "--resume must be followed by the folder of a stopped run"),
        (["--resume", "x" * 300], "cannot be read: File name too long"),
        (["--resume", "nowhere"], "nowhere cannot be resumed: it has no begun.json"),
        (["--resume", "out", "--resumed"], "unknown flag --resumed; did you mean --resume?"),
        (["--resume=out", "executor.workers=0"], "executor.workers=0 is not allowed"),
        (["--resume=out", "plan_only=true"], "plan_only=true is not allowed with a run that was"),
        (["--resume=out", "output_dir=z"], "output_dir=z is not allowed with a run that was begun"),
    ],
)
def test_a_resume_that_cannot_be_is_one_sentence(halted, capsys, arguments, sentence):
    assert main(arguments) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert sentence in said
    assert len(halted.calls) == 1


def torn(path):
    path.write_bytes(path.read_bytes()[:-40])


def of_a_newer_version(path):
    with np.load(path) as file:
        members = dict(file)
    text = members["header"].tobytes().replace(b'"schema_version": 6', b'"schema_version": 7')
    assert b'"schema_version": 7' in text
    np.savez(path, **members | {"header": np.frombuffer(text, np.uint8)})


@pytest.mark.parametrize("change", [torn, of_a_newer_version])
def test_a_block_file_that_cannot_be_read_is_simulated_again(halted, tmp_path, change):
    (path,) = (tmp_path / "out" / "blocks").glob("*.npz")
    change(path)
    assert main(["--resume", "out"]) == 0
    assert [call["number"] for call in halted.calls] == [0, 0, 1, 2]


def test_a_folder_that_cannot_be_written_is_refused(monkeypatch, tmp_path):
    install(monkeypatch, FakeEngine())
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(ConfigError, match="cannot be written: choose another folder"):
        proteus.simulate(seeds=2, output_dir=tmp_path / "out")
    assert claim.is_finished(tmp_path / "out") is False


def test_two_runs_of_one_second_that_record_otherwise_have_folders_of_their_own(monkeypatch):
    class Still(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2026, 11, 27, 12, 0, 0)

    monkeypatch.setattr("proteus.runs.folder.datetime", Still)
    asked = [[], ["record.events=seed:0"], ["record.traces=seed:0"], ["executor.workers=1"]]
    folders = [default_folder(planner.from_words(["seeds.count=4", *words])) for words in asked]
    assert len({*folders}) == len(asked)
    assert {folder.parent.as_posix() for folder in folders} == {"outputs/2026-11-27"}
