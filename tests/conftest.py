"""What a mark says of a test, and what holds it to that.

``plain``: it calls no compiled kernel. Parts of kernels that Python calls are plain Python with the
JIT as well, so such a test runs once: in the leg without the JIT, as one that is ``nojit``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from proteus.compiler import jit

_called: list[str] = []  # kernels that this test called, without the JIT
# By which the twin draws: random words, to the same bits compiled or not (``test_rng.py``).
_TWIN = "draw"


def _noted(function: Callable[..., Any], _: type) -> Callable[..., Any]:
    """Stand for a kernel without the JIT: the function itself, whose calls are noted."""

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        _called.append(function.__name__)
        return function(*arguments)

    call.py_func = function  # type: ignore[attr-defined]
    return call


if jit.JIT_DISABLED:
    jit.dispatcher_of = _noted


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("plain"):
            item.add_marker("nojit")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    _called.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    yield
    if item.get_closest_marker("plain") and {*_called} - {_TWIN}:
        pytest.fail(f"{_called[0]} is compiled in the other leg: this test is nojit, not plain")
