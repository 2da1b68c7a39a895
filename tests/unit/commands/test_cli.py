"""The command line: exit codes, streams, and that nothing happens before everything is checked."""

import logging
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

import proteus
from proteus import sweep as _function
from proteus.plans import planner
from proteus.sweep import main
from tests.helpers.fake_engine import FakeEngine, install


@pytest.fixture
def engine(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return install(monkeypatch, FakeEngine())


def test_a_sweep_writes_a_folder_and_names_it_last(engine, capsys):
    assert main(["mechanism=clob,fba", "delta=50,100", "seeds.count=4"]) == 0
    printed = capsys.readouterr()
    folder = Path(printed.out.splitlines()[-1])
    assert folder.parts[0] == "outputs"
    assert proteus.load(folder).sizes["seed"] == 4
    assert "3 cells x 4 seeds = 12 lanes" in printed.err
    assert "maker PnL" in printed.out


def test_a_sweep_writes_its_report_when_asked(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    install(monkeypatch, FakeEngine(violated=(1,)))
    assert main(["seeds.count=3", "output_dir=here", "record.report=true"]) == 3
    page = (tmp_path / "here" / "report.html").read_text()
    assert "Report: here" in page
    assert "Refused because a lane was stopped: fba (delta=250 ms)." in page
    assert "python -m proteus.sweep record.report=true seeds.root=7 seeds.first=1" in page


def test_the_log_of_a_run_tells_what_was_run_and_written(engine, tmp_path):
    before = [*logging.getLogger().handlers]
    words = ["mechanism=clob,fba", "delta=50", "seeds.count=60", "precision=sequential",
             "precision.first_look=30", "precision.look_every=30", "output_dir=here"]  # fmt: skip
    assert main(words) == 0
    assert logging.getLogger().handlers == before
    lines = (tmp_path / "here" / "sweep.log").read_text().splitlines()
    told = [line.partition(" - ")[2] for line in lines]
    assert all(re.match(r"\[[-0-9 :,]+\]\[proteus[.\w]+\]\[INFO\] - ", line) for line in lines)
    assert told[:2] == ["schema_version=6", f"command: python -m proteus.sweep {' '.join(words)}"]
    assert told[2].startswith("2 cells x 60 seeds = 120 lanes")
    for line in (
        "cell 0 (mechanism=clob, delta=50) starts: seeds 0 to 29",
        "cell 1 (mechanism=fba, delta=50) is finished: 0 lanes stopped",
        "cell 1 (mechanism=fba, delta=50) starts: seeds 30 to 59",
    ):
        assert line in told
    looks = [line for line in told if line.startswith("look at ")]
    assert [line.partition(":")[0] for line in looks] == ["look at 30 seeds", "look at 60 seeds"]
    written = {line.partition(" is written")[0] for line in told if " is written: " in line}
    assert written == {str(path) for path in Path("here").iterdir() if path.name != "sweep.log"}


def test_a_stopped_lane_is_a_warning_in_the_log(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    install(monkeypatch, FakeEngine(violated=(1,)))
    assert main(["seeds.count=3", "output_dir=here"]) == 3
    (line,) = re.findall(r".*WARNING.*", (tmp_path / "here" / "sweep.log").read_text())
    assert "'seed': 1, 'reason': 'book_crossed'" in line


def test_the_multirun_flag_is_accepted(engine, capsys):
    assert main(["-m", "delta=50,100", "seeds.count=2", "output_dir=here"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "here"


def test_plan_only_runs_and_writes_nothing(engine, capsys, tmp_path):
    assert main(["mechanism=clob,fba", "delta=50,100", "plan_only=true"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "cell 0: mechanism=clob, delta=50"
    assert out[3].startswith("4 grid points, 3 cells x 1000 seeds = 3000 lanes")
    assert [line.partition(":")[0] for line in out[4:]] == ["memory", "disk", "time", "kernels"]
    assert engine.calls == []
    assert list(tmp_path.iterdir()) == []


def test_a_violation_exits_3_and_names_the_lane(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    install(monkeypatch, FakeEngine(violated=(1,)))
    assert main(["seeds.count=3", "output_dir=here"]) == 3
    printed = capsys.readouterr()
    assert "violation: cell=0, mechanism=fba, delta=250, seed=1, reason=book_crossed" in printed.err
    assert printed.out.splitlines()[-1] == "here"


def test_an_interrupt_before_anything_is_saved_leaves_no_folder(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    engine = FakeEngine()
    monkeypatch.setattr(engine, "run_jobs", _interrupt)
    install(monkeypatch, engine)
    assert main(["output_dir=here"]) == 130
    assert not (tmp_path / "here").exists()
    assert "nothing was written; run the same command" in capsys.readouterr().err


@pytest.mark.parametrize(
    "stage", ["proteus.results.merge.write", "proteus.runs.folder._write_text"]
)
def test_an_interrupt_while_files_are_written_says_how_to_go_on(engine, capsys, tmp_path, stage):
    words = ["seeds.count=2", "output_dir=kept/new/run", "record.per_run=true"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, _interrupt)
        assert main(words) == 130
    said = "interrupted: 2 lanes are saved; go on with: python -m proteus.sweep --resume kept/new/"
    assert said in capsys.readouterr().err
    assert main(["--resume", "kept/new/run"]) == 0
    assert len(engine.calls) == 1
    assert proteus.load("kept/new/run").sizes["seed"] == 2


def test_an_interrupt_in_python_says_so_too(engine, monkeypatch, tmp_path):
    monkeypatch.setattr("proteus.results.merge.write", _interrupt)
    with pytest.raises(KeyboardInterrupt, match="2 lanes are saved"):
        proteus.simulate(seeds=2, output_dir=tmp_path / "x")


def _interrupt(*arguments, **options):
    raise KeyboardInterrupt


def command(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(proteus.__file__).parent.parent)}
    return subprocess.run(
        [sys.executable, "-m", "proteus.sweep", *words],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_help_explains_groups_and_examples_quickly(tmp_path):
    started = time.perf_counter()
    done = command("--help", folder=tmp_path)
    elapsed = time.perf_counter() - started
    assert done.returncode == 0, done.stderr
    for text in ("mechanism: clob, dual_flow, fba", "delta=250", "plan_only=true", "Exit code"):
        assert text in done.stdout
    assert elapsed < 10  # wide, for a busy machine
    assert list(tmp_path.iterdir()) == []


def test_help_is_what_hydra_says_of_the_defaults(capfd):
    """Beside a word, which may change what is composed, it is Hydra that answers."""
    assert main(["--help"]) == 0
    quick = capfd.readouterr().out
    assert main(["--help", "seeds.count=1000"]) == 0
    assert quick == capfd.readouterr().out
    assert main(["-h"]) == 0
    assert quick == capfd.readouterr().out
    assert main(["--help", "seeds.count=77"]) == 0
    assert "count: 77" in capfd.readouterr().out


def test_help_loads_neither_numba_nor_xarray(tmp_path):
    code = (
        "import sys; from proteus.sweep import main; main(['--help']); "
        "heavy = ('numba', 'numpy', 'xarray', 'scipy', 'pandas', 'hydra'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(proteus.__file__).parent.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_examples_of_the_help_are_true(engine, capfd):
    assert main(["--help"]) == 0
    text = capfd.readouterr().out
    listed = text.partition("Examples")[2].partition("Groups")[0]
    examples = re.findall(r"^ +python -m proteus.sweep (.*)$", listed, re.M)
    assert len(examples) >= 5
    for example in examples:
        assert planner.from_words(shlex.split(example)).lanes >= 1000, example
    common = text.partition("Common keys")[2].partition("Flags")[0]
    keys = re.findall(r"^ +([a-z_.A-Z]+=\S+) ", common, re.M)
    assert len(keys) >= 7
    for key in keys:
        planner.from_words([key.replace("NAME", "maker")])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "proteus mechanism=",
            {f"mechanism={name}" for name in ("clob", "dual_flow", "fba", "rfq")},
        ),
        ("proteus mech", {"mechanism=", "mechanism."}),
        ("proteus latent=log_odds latent.mean", {"latent.mean_reversion_per_s="}),
    ],
)
def test_words_are_completed(monkeypatch, capfd, line, expected):
    monkeypatch.setenv("COMP_LINE", line)
    monkeypatch.setenv("COMP_POINT", str(len(line)))
    assert main(["--shell-completion", "query=bash"]) == 0
    assert set(capfd.readouterr().out.split()) == expected


def test_the_composed_configuration_can_be_printed(tmp_path):
    done = command("--cfg", "job", "latent=log_odds", folder=tmp_path)
    assert done.returncode == 0
    assert "mean_reversion_per_s" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_has_no_traceback(tmp_path):
    done = command("mechanism=fbaa", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "error: mechanism=fbaa does not exist; did you mean fba?\n"
    assert done.stdout == ""


def test_the_function_and_the_module_of_one_name_live_together():
    assert callable(_function)
    assert proteus.sweep is _function
