"""Errors of interfaces are told by the type that lacks a function."""

import inspect
from typing import NamedTuple

import pytest

from proteus import plugins
from proteus.market.mechanisms.interface import next_timer, withdraw

pytestmark = pytest.mark.nojit


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
