"""Parts of kernels that other packages add, compiled one by one before a plan runs.

A part is compiled into the whole loop, of which an error says much and names little. By itself
each takes milliseconds, and what is wrong is told by its entry point, its function and the one
line in which the compiler says why. What kinds of traders and mechanisms add is written for the
types of a whole market; of these the loop says what is wrong (``explaining``).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from proteus import plugins
from proteus.compiler.fragments import KernelCompiler
from proteus.compiler.jit import JIT_DISABLED, dispatcher_of
from proteus.errors import ConfigError
from proteus.market.cell import CellConfig
from proteus.market.constraints import added as constraints
from proteus.market.environment.sources import ADDED_SOURCES
from proteus.market.events.latency import ADDED_LAWS
from proteus.market.incentives import added as incentives
from proteus.market.makers.filters.added import ADDED_FILTERS
from proteus.market.makers.quoting.added import ADDED_RULES
from proteus.market.settlement import added as settlement

_WHOLE, _WHOLES = np.int64(1), np.zeros(1, np.int64)
_REAL, _REALS, _YES = 1.0, np.zeros(1), True
_FITS = (_WHOLES, *[_WHOLE] * 8)
_ON_BOOK, _OF_FILL = (_WHOLES, *[_WHOLE] * 4), (_WHOLES, _WHOLE, _YES, _WHOLE, _WHOLE)
_QUOTE = (_REALS, _REAL, _WHOLE, _WHOLE, *[_REAL] * 4)
_UPDATE = (_REALS, _REALS, _REAL, _REAL, _YES, _REAL)

# What is no reason: where the compiler stood, and what it tried.
_AROUND = re.compile(
    r"(\w+Error: )?Failed in|During:|raised from|File |There (is|are) |- Of which|Overload |"
    r"With argument|Rejected as|>>>|Return of:|<source|\^|"
    r"No implementation of function Function\(<function"
)


class _Part(NamedTuple):
    """A function of an entry point, and what it is called with: of these types."""

    group: str
    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


def check_parts(cells: Sequence[CellConfig], *, is_rich: bool) -> None:
    """Check that the compiler understands what the loops of some cells take of other packages.

    Parameters
        cells: those that are to be simulated. is_rich: their loops have all hooks in any case.

    Raises
        ConfigError: a function that it does not understand.
    """
    if JIT_DISABLED:
        return
    parts = [*_of_makers(cells), *_of_every_loop()]
    if is_rich or any(cell.needs_rules for cell in cells):
        parts += _of_rules()
    for part in parts:
        if reason := _reason(part.function, _types(part.arguments)):
            package = plugins.package_of(part.group, part.name)
            raise ConfigError(
                f"{part.name} of {part.group}, from {package}, cannot be compiled: "
                f"{_place(part.function)}: {reason}"
            )


def _of_makers(cells: Sequence[CellConfig]) -> Iterator[_Part]:
    """List filters and quoting rules; a loop knows those that its makers have."""
    groups = [group for cell in cells for group in cell.population.values() if group.count]
    for key, group, kinds in (
        ("filter", plugins.FILTERS, ADDED_FILTERS), ("quoting", plugins.QUOTING, ADDED_RULES),
    ):  # fmt: skip
        chosen = {getattr(getattr(each.policy, key, None), "name", None) for each in groups}
        for name in sorted({*kinds} & chosen):
            kind: Any = kinds[name]
            if key == "quoting":
                yield _Part(group, name, kind.quote, _QUOTE)
            else:
                yield _Part(group, name, kind.update, _UPDATE)
                yield _Part(group, name, kind.ready, (_REALS, _REALS))


def _of_every_loop() -> Iterator[_Part]:
    for name, law in ADDED_LAWS.items():
        yield _Part(plugins.LATENCY, name, law.draw, (_REAL, np.uint32(1)))


def _of_rules() -> Iterator[_Part]:
    """List what every loop with rules knows, whoever uses it."""
    for name, kind in constraints.ADDED_KINDS.items():
        yield _Part(plugins.CONSTRAINTS, name, kind.fits, _FITS)
    for name, mode in settlement.ADDED_KINDS.items():
        yield _Part(plugins.SETTLEMENT, name, mode.due, (_WHOLES, _WHOLE))
    for name, score in incentives.ADDED_KINDS.items():
        arguments = _ON_BOOK if score.config.READS_BOOK else _OF_FILL
        yield _Part(plugins.INCENTIVES, name, score.points, arguments)
    for name, source in ADDED_SOURCES.items():
        yield _Part(plugins.CHANNELS, name, source.read, (_WHOLE, _WHOLE, _WHOLE))


def _types(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    import numba

    return tuple(map(numba.typeof, arguments))


@functools.cache
def _reason(function: Callable[..., Any], types: tuple[Any, ...]) -> str:
    """Compile a part for arguments of some types, and run nothing; return what is wrong, or ""."""
    from proteus.compiler.private import types as of_numba

    def call(*given: Any) -> Any:
        return function(*given)

    star: Any = of_numba.StarArgTuple
    try:
        dispatcher_of(call, KernelCompiler).compile((star(types),))
    except Exception as error:  # not all of the compiler's are below one class
        return _one_line(str(error))
    return ""


def _one_line(text: str) -> str:
    """Return the line of the compiler's text that says why."""
    lines = [line.strip() for line in text.splitlines()]
    told = [line for line in lines if line and not _AROUND.match(line)]
    reason = (told or lines)[0].removesuffix(" Raised from None")
    return reason.removeprefix("TypingError: ").rstrip(".")


def _place(function: Callable[..., Any]) -> str:
    """Say where a part is written: its file, its line, and its name."""
    code = getattr(function, "__wrapped__", function).__code__
    return f"{code.co_filename}, line {code.co_firstlineno}, in {code.co_name}"
