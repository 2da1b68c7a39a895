"""Quoting rules of other packages: a chain of those that a population has, each of its own type.

A population without them has an empty chain, so its loop neither knows nor compiles any of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from proteus import plugins
from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, interface, state
from proteus.market.makers.marks import mark_of
from proteus.market.makers.quoting.base import Quoting, QuotingKind
from proteus.market.makers.quoting.codes import FIRST_ADDED, OURS

ADDED_RULES = plugins.rows(plugins.QUOTING, QuotingKind, OURS)
GIVEN = (np.zeros(1), 1.0, np.int64(1), np.int64(1), 1.0, 1.0, 1.0, 1.0)  # of ``quote``, by type


@state
class NoRule(NamedTuple):
    """The end of the chain."""


@state
class AddedRule(NamedTuple):
    """One rule of another package, and those after it. A traders, P numbers."""

    mark: Any  # its type says which rule it is
    code: int  # of the rule
    numbers: np.ndarray  # float64 [A, P] of its keys
    rest: Any  # AddedRule or NoRule


def make_added(configured: Sequence[tuple[int, Quoting]], traders: int) -> Any:
    """Build the chain of the rules that makers have of other packages.

    Parameters
        configured: (number of the trader, its rule). traders: of all kinds.
    """
    chain: Any = NoRule()
    for name, kind in ADDED_RULES.items():
        having = [(trader, each) for trader, each in configured if isinstance(each, kind.config)]
        if not having:
            continue
        numbers = [each.numbers() for _, each in having]
        link = allocate(
            AddedRule, A=traders, P=len(numbers[0]), mark=_MARKS[name](),
            code=np.int64(kind.config.CODE), rest=chain,
        )  # fmt: skip
        for (trader, _), row in zip(having, numbers, strict=True):
            link.numbers[trader] = row
        chain = link
    return chain


@interface
def quote_added(
    chain, code, trader, estimate, inventory, size, volatility, fill_rate, fill_decay, time_s
):  # fmt: skip
    """Return reservation price and half-spread of a trader whose rule another package adds."""


@interface
def _quote(
    mark, numbers, estimate, inventory, size, volatility, fill_rate, fill_decay, time_s
):  # fmt: skip
    """Return reservation price and half-spread of one rule."""


@quote_added.implement(AddedRule)
@inline_kernel
def _quote_link(
    chain, code, trader, estimate, inventory, size, volatility, fill_rate, fill_decay, time_s
):  # fmt: skip
    if code != chain.code:
        return quote_added(
            chain.rest, code, trader, estimate, inventory, size, volatility, fill_rate, fill_decay,
            time_s,
        )  # fmt: skip
    reservation, half_spread = _quote(
        chain.mark, chain.numbers[trader], estimate, inventory, size, volatility, fill_rate,
        fill_decay, time_s,
    )  # fmt: skip
    if half_spread >= -math.inf:  # no NaN
        return float(reservation), float(half_spread)
    return float(reservation), math.inf


@quote_added.implement(NoRule)
@inline_kernel
def _quote_nothing(
    chain, code, trader, estimate, inventory, size, volatility, fill_rate, fill_decay, time_s
):  # fmt: skip
    return estimate, math.inf


def _implement(mark: type, kind: QuotingKind) -> None:
    quote = kind.quote

    @_quote.implement(mark)
    @inline_kernel
    def _(
        mark, numbers, estimate, inventory, size, volatility, fill_rate, fill_decay, time_s
    ):  # fmt: skip
        return quote(
            numbers, estimate, inventory, size, volatility, fill_rate, fill_decay, time_s
        )  # fmt: skip


_MARKS = {name: mark_of(f"quoting_{name}") for name in ADDED_RULES}
for _at, (_name, _kind) in enumerate(ADDED_RULES.items()):
    _kind.config.CODE = FIRST_ADDED + _at
    _implement(_MARKS[_name], _kind)
