"""What the source of an oracle of another package is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Source(NamedTuple):
    """What another package adds: a reading made of what is public and what is true."""

    read: Callable[..., Any]  # part of a kernel: (public reference price, v, time) to a price; nano
