"""Parts of kernels that are compiled when they are first called: which there are.

Code that may call such a part knows it by a number, a hash of the function and of the types that it
is called with. What stands for a number is kept with the code, so that another process that finds
the code on disk can compile what it calls.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple

_PREFIX = "proteus.deferred."


class Wanted(NamedTuple):
    """A part that somebody may call."""

    module: str
    function: str
    arguments: tuple[Any, ...]  # types of numba
    returns: Any  # a type of numba

    @property
    def number(self) -> int:
        """What code knows the part by, 63 bits."""
        text = repr((self.module, self.function, [*map(str, self.arguments)], str(self.returns)))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


_wanted: dict[int, Wanted] = {}  # all that code in this process may call


def note(parts: Iterable[Wanted]) -> None:
    """Know these parts from now on."""
    _wanted.update((part.number, part) for part in parts)


def numbers() -> set[int]:
    """Return the numbers of all parts that code in this process may call."""
    return set(_wanted)


def of_number(number: int) -> Wanted:
    """Return the part that a number stands for."""
    return _wanted[number]


def symbol_of(number: int) -> str:
    """Return the name of the function by which a module calls a part."""
    return f"{_PREFIX}{number:016x}"


def is_deferred(name: str) -> bool:
    """Tell whether a symbol is that of such a function."""
    return name.startswith(_PREFIX)


def wanted_by(module: Any) -> tuple[Wanted, ...]:
    """Return the parts that the code of a module of LLVM may call."""
    names = [each.name for each in module.functions if is_deferred(each.name)]
    return tuple(_wanted[int(name.removeprefix(_PREFIX), 16)] for name in names)
