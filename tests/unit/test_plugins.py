"""Errors in packages of others are told by their place; what is broken of them is left out."""

import inspect
import multiprocessing
import warnings
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from proteus import plugins
from proteus.market.mechanisms.interface import next_timer, withdraw

pytestmark = pytest.mark.plain


class Incomplete(NamedTuple):
    """A mechanism without any function."""

    due: int


def test_a_function_that_is_missing_is_told_by_its_type():
    with pytest.raises(NotImplementedError) as raised:
        withdraw(Incomplete(0), None, 0, 0)
    line = inspect.getsourcelines(Incomplete)[1]
    told = f"{__file__}, line {line}, in Incomplete: it does not implement withdraw"
    assert plugins.place_of(raised.value) == told


def test_what_may_be_missing_is_not_asked_for():
    assert next_timer(Incomplete(0), None, 0) > 0


# --- entries that give no row ---------------------------------------------------------------------


class Entry(NamedTuple):
    """What ``importlib.metadata`` finds, with what loading it gives."""

    name: str
    package: str
    given: object
    group: str = plugins.LATENCY
    value: str = "package:ROW"
    module: str = "package"

    @property
    def dist(self):
        return SimpleNamespace(name=self.package)

    def load(self):
        if isinstance(self.given, Exception):
            raise self.given
        return self.given


@pytest.fixture
def read(monkeypatch):
    """Rows of a table of numbers, ours is ``constant``, and what was warned of."""
    monkeypatch.setattr(plugins, "_left_out", {})
    monkeypatch.setattr(plugins, "_told", set())
    monkeypatch.setattr(plugins, "_folders", dict)

    def rows(*entries):
        monkeypatch.setattr(plugins, "_entries", lambda: entries)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = plugins.rows(plugins.LATENCY, int, ["constant"])
        assert all(warning.category is plugins.PluginWarning for warning in caught)
        return found, [str(warning.message) for warning in caught]

    return rows


OF = "of proteus.latency, from"


def test_what_is_whole_is_a_row_beside_what_is_not(read):
    found, warned = read(
        Entry("good", "a", 5), Entry("odd", "b", "text"), Entry("late", "c", OSError("gone\nfar")),
        Entry("elsewhere", "d", 7, group=plugins.COSTS),
    )  # fmt: skip
    assert found == {"good": 5}
    assert warned == [
        f"odd {OF} b, is left out: it must be a int, and is of type str",
        f"late {OF} c, is left out: it cannot be loaded: package:ROW: OSError: gone",
    ]
    assert plugins.why_left_out("odd") == f"; {warned[0]}"
    assert plugins.why_left_out("good") == plugins.why_left_out(None) == ""


def test_a_name_of_ours_stays_ours(read):
    found, warned = read(Entry("constant", "a", 5))
    assert found == {}
    assert warned == [f"constant {OF} a, is left out: there is a constant already"]


def test_of_two_packages_with_one_name_neither_is_taken(read):
    """Which of them was meant, nobody knows; who names it is told."""
    found, warned = read(Entry("mine", "a", 5), Entry("mine", "b", 6), Entry("mine", "c", 7))
    assert found == {}
    assert warned == [f"mine {OF} {name}, is left out: there is a mine already" for name in "bc"]


def test_one_reason_of_one_package_is_told_once(read):
    entries = [Entry(name, "a", OSError("gone")) for name in ("one", "two")]
    _, warned = read(*entries, Entry("three", "b", OSError("gone")))
    assert [sentence.split()[0] for sentence in warned] == ["one", "three"]
    assert plugins.why_left_out("two").startswith(f"; two {OF} a, is left out: ")


def test_workers_are_silent(read, monkeypatch):
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: object())
    assert read(Entry("odd", "b", "text")) == ({}, [])
    assert plugins.why_left_out("odd")
