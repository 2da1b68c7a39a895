"""Filters of other packages: a chain of those that a population has, each of a type of its own.

A population without them has an empty chain, so its loop neither knows nor compiles any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from proteus import plugins
from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, interface, state
from proteus.market.makers.filters.base import Filter, FilterKind
from proteus.market.makers.filters.codes import FIRST_ADDED, OURS
from proteus.market.makers.marks import mark_of

ADDED_FILTERS = plugins.rows(plugins.FILTERS, FilterKind, OURS)
_FLOATS = np.zeros(1)
UPDATE_GIVEN = (_FLOATS, _FLOATS, 1.0, 1.0, True, 1.0)  # what ``update`` is called with, by type
READY_GIVEN = (_FLOATS, _FLOATS)  # and ``ready``


@state
class NoFilter(NamedTuple):
    """The end of the chain."""


@state
class AddedFilter(NamedTuple):
    """One filter of another package, and those after it.

    L lanes, A traders, P numbers, S floats that it remembers.
    """

    mark: Any  # its type says which filter it is
    code: int  # of the filter
    numbers: np.ndarray  # float64 [A, P] of its keys
    memory: np.ndarray  # float64 [L, A, S] what it remembers
    rest: Any  # AddedFilter or NoFilter


def make_added(
    configured: Sequence[tuple[int, Filter]], lanes: int, traders: int, probability: float
) -> Any:
    """Build the chain of the filters that makers have of other packages.

    Parameters
        configured: (number of the trader, its filter). probability: p0.
    """
    chain: Any = NoFilter()
    for name, kind in ADDED_FILTERS.items():
        having = [(trader, each) for trader, each in configured if isinstance(each, kind.config)]
        if not having:
            continue
        numbers = [each.numbers() for _, each in having]
        starts = [kind.init(each, probability) for each in numbers]
        link = allocate(
            AddedFilter, L=lanes, A=traders, P=len(numbers[0]), S=len(starts[0]),
            mark=_MARKS[name](), code=np.int64(kind.config.CODE), rest=chain,
        )  # fmt: skip
        for (trader, _), row, start in zip(having, numbers, starts, strict=True):
            link.numbers[trader], link.memory[:, trader] = row, start
        chain = link
    return chain


@interface
def observe_added(chain, filters, lane, trader, observed, is_signal, elapsed_s):
    """Let the filter of a trader, of another package, observe a price in currency.

    Parameters
        chain: written. filters: its estimate is written. is_signal: it is a look, and no print.
    """


@interface
def is_added_ready(chain, code, lane, trader):
    """Tell whether the filter of a trader, of another package, is ready."""


@interface
def _update(mark, numbers, memory, estimate, observed, is_signal, elapsed_s):
    """Return the new estimate of one filter."""


@interface
def _ready(mark, numbers, memory):
    """Tell whether one filter is ready."""


@observe_added.implement(AddedFilter)
@inline_kernel
def _observe_link(chain, filters, lane, trader, observed, is_signal, elapsed_s):
    if filters.parameters.code[trader] == chain.code:
        before = filters.estimate[lane, trader]
        found = _update(
            chain.mark, chain.numbers[trader], chain.memory[lane, trader], before, observed,
            is_signal, elapsed_s,
        )  # fmt: skip
        if found <= 0.0:
            filters.estimate[lane, trader] = 0.0
        elif found >= 1.0:
            filters.estimate[lane, trader] = 1.0
        elif found > 0.0:  # and no NaN
            filters.estimate[lane, trader] = found
    else:
        observe_added(chain.rest, filters, lane, trader, observed, is_signal, elapsed_s)


@is_added_ready.implement(AddedFilter)
@inline_kernel
def _is_link_ready(chain, code, lane, trader):
    if code == chain.code:
        return bool(_ready(chain.mark, chain.numbers[trader], chain.memory[lane, trader]))
    return is_added_ready(chain.rest, code, lane, trader)


@is_added_ready.implement(NoFilter)
@inline_kernel
def _is_none_ready(chain, code, lane, trader):
    return False


def _implement(mark: type, kind: FilterKind) -> None:
    update, ready = kind.update, kind.ready

    @_update.implement(mark)
    @inline_kernel
    def _(mark, numbers, memory, estimate, observed, is_signal, elapsed_s):
        return update(numbers, memory, estimate, observed, is_signal, elapsed_s)

    @_ready.implement(mark)
    @inline_kernel
    def _(mark, numbers, memory):
        return ready(numbers, memory)


observe_added.empty_for(NoFilter)
_MARKS = {name: mark_of(f"filter_{name}") for name in ADDED_FILTERS}
for _at, (_name, _kind) in enumerate(ADDED_FILTERS.items()):
    _kind.config.CODE = FIRST_ADDED + _at
    _implement(_MARKS[_name], _kind)
