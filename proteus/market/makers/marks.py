"""Empty states whose type alone says something: which part of another package is meant."""

from __future__ import annotations

from typing import NamedTuple

from proteus.compiler.jit import state


class Mark(NamedTuple):
    """A mark; its subclasses have names."""


def mark_of(name: str) -> type[Mark]:
    """Make a type of marks; kernels of two names are compiled apart."""
    made: type[Mark] = state(type(name, (Mark,), {"__module__": __name__}))
    return made
