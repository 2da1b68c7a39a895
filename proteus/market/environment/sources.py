"""What oracles read: three sources, and those that other packages add.

public  the public reference price
twap    the same; the mean over a window is reported
value   v, with noise of its own
"""

from __future__ import annotations

from typing import Any

from proteus import plugins
from proteus.compiler.jit import inline_kernel
from proteus.market.environment.base import Source

SOURCE_PUBLIC = 0
SOURCE_TWAP = 1
SOURCE_VALUE = 2
FIRST_ADDED = 16
_OURS = {"public": SOURCE_PUBLIC, "twap": SOURCE_TWAP, "value": SOURCE_VALUE}
ADDED_SOURCES = plugins.rows(plugins.CHANNELS, Source, _OURS)
SOURCES = {**_OURS, **{name: FIRST_ADDED + at for at, name in enumerate(ADDED_SOURCES)}}


@inline_kernel
def _public(source, public, value, time):
    return public


def _or_else(code: int, read: Any, others: Any) -> Any:
    """Return the part of a kernel that knows one more source."""

    @inline_kernel
    def added(source, public, value, time):
        if source == code:
            return read(public, value, time)
        return others(source, public, value, time)

    return added


read_added: Any = _public
for _name, _source in ADDED_SOURCES.items():
    read_added = _or_else(SOURCES[_name], _source.read, read_added)
