"""Parts of kernels that other packages write, and loops without those that cannot be compiled.

A loop knows such parts of every package that is installed, whoever uses them, since which one is
meant is data. One that the compiler does not understand would stop all of it, so ``or_nothing``
leaves it out. Who uses it is told before (``market.setup.foreign``), by the same question: whether
it can be compiled for arguments of the types that it is declared to be given.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import numba
from numba.extending import overload

from proteus.compiler.fragments import KernelCompiler
from proteus.compiler.jit import JIT_DISABLED, PART, dispatcher_of
from proteus.compiler.private import types as of_numba

# What is no reason: where the compiler stood, and what it tried.
_AROUND = re.compile(
    r"(\w+Error: )?Failed in|During:|raised from|File |There (is|are) |- Of which|Overload |"
    r"With argument|Rejected as|>>>|Return of:|<source|\^|"
    r"No implementation of function Function\(<function"
)
_PLAIN = "Untyped global name 'part'"  # what a function is to the compiler that is no kernel's part


def why_not(part: Callable[..., Any], arguments: tuple[Any, ...]) -> str:
    """Return in one line why a part cannot be compiled, or "" if it can; nothing is run.

    Parameters
        part: of a kernel. arguments: what it is called with: of these types.
    """
    return "" if JIT_DISABLED else _why_not(part, tuple(map(numba.typeof, arguments)))


def or_nothing(part: Any, arguments: tuple[Any, ...], nothing: Any) -> Any:
    """Return a part of a kernel that stands for another one, or for none where it is not known.

    Parameters
        part: the other one. arguments: as for ``why_not``. nothing: a part with as many arguments
            that takes its place where it cannot be compiled.
    """

    @functools.wraps(nothing)
    def either(*given: Any) -> Any:
        return part(*given)

    @functools.wraps(nothing)
    def chosen(*_: Any) -> Any:
        found = nothing if why_not(part, arguments) else part
        return getattr(found, "py_func", found)

    if not JIT_DISABLED:  # authors name arguments as they like, so that names are not compared
        overload(either, jit_options=PART, strict=False)(chosen)
    return either


@functools.cache
def _why_not(part: Callable[..., Any], types: tuple[Any, ...]) -> str:
    def call(*given: Any) -> Any:
        return part(*given)

    star: Any = of_numba.StarArgTuple
    try:
        dispatcher_of(call, KernelCompiler).compile((star(types),))
    except Exception as error:  # not all of the compiler's are below one class
        reason = _one_line(str(error))
        is_plain = reason.startswith(_PLAIN)
        return "it must be declared with proteus.compiler.jit.inline_kernel" if is_plain else reason
    return ""


def _one_line(text: str) -> str:
    """Return the line of the compiler's text that says why."""
    lines = [line.strip() for line in text.splitlines()]
    told = [line for line in lines if line and not _AROUND.match(line)]
    reason = (told or lines)[0].removesuffix(" Raised from None")
    return reason.removeprefix("TypingError: ").rstrip(".")
