"""What oracles read: three sources, and those that other packages add.

public  the public reference price
twap    the same; the mean over a window is reported
value   v, with noise of its own
"""

from __future__ import annotations

from typing import Any

import numpy as np

from proteus import plugins
from proteus.compiler.foreign import or_nothing
from proteus.compiler.jit import inline_kernel
from proteus.market.environment.base import Source

SOURCE_PUBLIC = 0
SOURCE_TWAP = 1
SOURCE_VALUE = 2
FIRST_ADDED = 16
_OURS = {"public": SOURCE_PUBLIC, "twap": SOURCE_TWAP, "value": SOURCE_VALUE}
ADDED_SOURCES = plugins.rows(plugins.CHANNELS, Source, _OURS)
SOURCES = {**_OURS, **{name: FIRST_ADDED + at for at, name in enumerate(ADDED_SOURCES)}}
GIVEN = (np.int64(1), np.int64(1), np.int64(1))  # what ``read`` is called with, by type


@inline_kernel
def _as_public(public, value, time):
    return public


@inline_kernel
def _public(source, public, value, time):
    return public


def _or_else(code: int, read: Any, others: Any) -> Any:
    """Return the part of a kernel that knows one more source."""
    asked = or_nothing(read, GIVEN, _as_public)

    @inline_kernel
    def added(source, public, value, time):
        if source == code:
            return asked(public, value, time)
        return others(source, public, value, time)

    return added


read_added: Any = _public
for _name, _source in ADDED_SOURCES.items():
    read_added = _or_else(SOURCES[_name], _source.read, read_added)
