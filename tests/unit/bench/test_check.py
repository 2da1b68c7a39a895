"""A loss is told from noise, by counts of instructions or by times; the history of a machine."""

import shutil
import subprocess
import sys

import pytest
from rich.console import Console

from proteus.bench import __main__ as bench
from proteus.bench import check, figures, history
from proteus.bench.figures import Figure

pytestmark = pytest.mark.plain

# Twice the work under callgrind, by the requests that the check makes.
COUNT = """
import sys
sys.path.insert(0, {folder!r})
from counted import _DUMP, _START, _STOP, requests
ask = requests()
for times in (20_000, 40_000):
    ask(_START)
    for _ in range(times):
        pass
    ask(_STOP)
    ask(_DUMP)
"""


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not there")
def test_callgrind_counts_the_work_that_it_is_asked_to_and_no_more(tmp_path):
    script, out = COUNT.format(folder=str(check._SCRIPT.parent)), tmp_path / "out"
    command = ["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no",
               f"--callgrind-out-file={out}", sys.executable, "-S", "-c", script]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    once, twice = check.totals([(tmp_path / f"out.{n}").read_text() for n in (1, 2)])
    assert 20_000 * 5 < once < 20_000 * 500
    assert twice / once == pytest.approx(2, rel=0.1)


def test_one_in_a_hundred_instructions_is_a_loss():
    most = check.MOST_INSTRUCTIONS
    assert not check.Ratio("clob", 1e9, 1.009e9, most).is_loss
    assert check.Ratio("clob", 1e9, 1.011e9, most).is_loss
    assert str(check.Ratio("clob", 1e9, 1.011e9, most)).endswith("loss")


def test_times_are_judged_by_the_median_of_neighbours():
    """A machine that becomes slower in between makes no loss."""
    slow = [1.0, 1.0, 3.0, 1.0, 1.0]
    pairs = [([1.0 * each, 2.0 * each], [1.0 * each, 2.2 * each]) for each in slow]
    pairs[1] = ([1.0, 2.0], [9.0, 2.2])  # one run of seven is disturbed
    found = check.judged_times(["clob", "fba"], pairs)
    assert [each.is_loss for each in found] == [False, True]
    assert found[1].ratio == pytest.approx(1.1)


@pytest.mark.parametrize(("words", "code"), [(["clob"], 1), (["planning"], 0)])
def test_a_loss_is_an_exit_code_and_in_the_file(words, code, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(figures, "FOLDER", tmp_path)
    made = {"clob": check.Ratio("clob", 100.0, 102.0, 1.01),
            "planning": check.Ratio("planning", 100.0, 99.0, 1.01)}  # fmt: skip
    for way in ("counted", "timed"):
        monkeypatch.setattr(check, way, lambda before, names: [made[name] for name in names])
    monkeypatch.setattr(check, "_git", lambda *words: "0" * 40)
    assert check.main(["HEAD", *words]) == code
    assert str(made[words[0]]) in capsys.readouterr().out
    assert list(tmp_path.glob("check-*.json"))


def test_what_is_not_there_is_refused(capsys):
    assert check.main(["HEAD", "cob"]) == 2
    assert "work=cob does not exist" in capsys.readouterr().err
    assert check.main(["no-such-commit"]) == 2


def test_history_is_of_one_kind_of_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "FOLDER", tmp_path)
    loop = Figure("full loop", "events/s", (5.0, 6.0, 7.0))
    history.note([loop])
    history.note([loop, Figure("full loop", "lanes/s", (3.0,))])
    mark = history.machine()["fingerprint"]
    assert {key: each.median for key, each in history.last(mark).items()} == {
        "full loop, events/s": 6.0, "full loop, lanes/s": 3.0,
    }  # fmt: skip
    assert history.last("00000000") == {}


def test_the_screen_has_figure_peer_ratio_target_and_verdict():
    found = [
        Figure("full loop", "events/s", (8e6,), at_least=6e6),
        Figure("bare book beside C++ book", "times as fast", (0.77,)),
        Figure("full loop: events", "per lane", (100.0,)),
    ]
    before = {"full loop, events/s": history.Before(4e6, "2026-11-01T00:00:00+00:00", "ab")}
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(bench._table(found, before, is_whole=True))
    text = console.export_text()
    assert [word in text for word in ("figure", "peer", "ratio", "target", "verdict")] == [True] * 5
    assert "1 more in the file" in text
    lines = [line.replace("│", "").split() for line in text.splitlines()]
    assert ["full", "loop", "8,000,000", "events/s", "itself,", "2026-11-01", "2.000", ">=",
            "6,000,000", "met"] in lines  # fmt: skip
    assert any(line[-3:] == ["C++", "book", "0.77"] for line in lines)
