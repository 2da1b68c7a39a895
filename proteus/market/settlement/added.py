"""When fills are due under the modes that other packages add."""

from __future__ import annotations

from typing import Any

import numpy as np

from proteus import plugins
from proteus.compiler.foreign import or_nothing
from proteus.compiler.jit import inline_kernel
from proteus.market.settlement.base import SettlementKind

OF_OURS = 0  # rule of a mode that is ours
_FIRST_ADDED = 16
_TAKEN = ("immediate", "delayed", "blocks")
ADDED_KINDS = plugins.rows(plugins.SETTLEMENT, SettlementKind, _TAKEN)
RULES = {name: _FIRST_ADDED + at for at, name in enumerate(ADDED_KINDS)}
GIVEN = (np.zeros(1, np.int64), np.int64(1))  # what ``due`` is called with, by type


@inline_kernel
def _never_late(numbers, time):
    return time


@inline_kernel
def _at_once(rule, numbers, time):
    return np.int64(time + 1)


def or_else(code: int, due: Any, others: Any) -> Any:
    """Return the part of a kernel that knows one more rule; nothing is due before it happens."""
    asked = or_nothing(due, GIVEN, _never_late)

    @inline_kernel
    def added(rule, numbers, time):
        if rule == code:
            return np.int64(max(asked(numbers, time), time + 1))
        return others(rule, numbers, time)

    return added


due_added: Any = _at_once
for _name, _kind in ADDED_KINDS.items():
    due_added = or_else(RULES[_name], _kind.due, due_added)
