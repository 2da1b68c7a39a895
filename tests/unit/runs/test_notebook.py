"""Progress below the cell of a notebook; that a kernel shows it is in ``test_notebooks.py``."""

import sys
from types import SimpleNamespace

import pytest

from proteus.plans import planner
from proteus.runs import notebook

pytestmark = pytest.mark.plain


class Screen:
    """What a front end has of one display, and all that it was sent."""

    def __init__(self):
        self.sent = []

    def display(self, data, **how):
        assert how == {"raw": True, "display_id": True}
        self.sent.append(data)
        return SimpleNamespace(update=lambda data, raw: self.sent.append(data))


@pytest.fixture
def screen(monkeypatch):
    made = Screen()
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=made.display))
    return made


def test_a_line_of_plain_text_is_replaced_at_most_twice_a_second(screen, monkeypatch):
    made = planner.from_words(["mechanism=fba", "delta=50,100", "seeds.count=20"])
    clock = iter([0.0, 0.1, 1.0, 2.0, 4.0])
    monkeypatch.setattr(notebook.time, "monotonic", lambda: next(clock))
    with notebook.line(made) as advance:
        for cell in (0, 0, 1):
            advance(cell, 10)
    assert [[*data] for data in screen.sent] == [["text/plain"]] * 4
    assert [data["text/plain"] for data in screen.sent] == [
        "0 of 40 lanes; kernels that are new compile first, about 40 s",
        "cell 1 of 2, 20 of 40 lanes, 20 lanes/s",  # 20 in 1 s; what came at 0.1 s is not shown
        "cell 2 of 2, 30 of 40 lanes, 15 lanes/s",
        "30 lanes in 4.0 s",
    ]


@pytest.mark.parametrize("shell", [None, SimpleNamespace()])  # no IPython shell, or a terminal's
def test_elsewhere_nothing_is_shown(screen, monkeypatch, shell):
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    with notebook.line(planner.from_words(["seeds.count=20"])) as advance:
        assert advance is None
    assert screen.sent == []
