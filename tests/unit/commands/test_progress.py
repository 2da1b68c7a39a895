"""What a person sees while a sweep runs."""

import io
import sys

import numba
import pytest

from proteus.commands.progress import compile_notice, lanes_bar
from proteus.plans import planner


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_sees_cells_lanes_rate_and_time_left(monkeypatch):
    made = planner.from_words(["delta=50,100", "seeds.count=20"])
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    with lanes_bar(made) as advance:
        for cell in (0, 0, 1):
            advance(cell, 10)
    shown = screen.getvalue()
    for text in ("cell 1/2", "cell 2/2", "30 of 40 lanes", "lanes/s", "left"):
        assert text in shown, text


def test_nobody_is_disturbed_without_a_terminal(monkeypatch):
    quiet = io.StringIO()
    monkeypatch.setattr(sys, "stderr", quiet)
    with lanes_bar(planner.from_words(["seeds.count=20"])) as advance:
        assert advance is None
    assert quiet.getvalue() == ""


def test_a_command_run_by_a_notebook_draws_nothing_though_it_has_a_terminal(monkeypatch):
    """The output of a cell shows what moves a cursor as characters."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("JPY_PARENT_PID", "1")
    with lanes_bar(planner.from_words(["seeds.count=20"])) as advance:
        assert advance is None
    assert screen.getvalue() == ""


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")
def test_compiling_is_said_once_and_only_when_it_happens():
    one, two = (numba.njit(lambda x, n=n: x + n) for n in (1, 2))
    said = []
    with compile_notice(said.append):
        assert (one(1), two(1)) == (2, 3)
    assert len(said) == 1
    assert said[0].startswith("compiling kernels")
    with compile_notice(said.append):
        one(1)
    assert len(said) == 1
