"""Parts of kernels that are compiled when they are first called.

A loop knows all that a market may have, and one market has little of it. A part that is *deferred*
has a frame of its own, as a cold one, and is not looked at when the kernel that calls it is
compiled: the kernel finds its code by a number, in a slot that is empty at first. The first call
fills it: from disk, or the part is typed, lowered and optimised then, while the kernel waits.

So what a cell does not use costs no compilation, and what it uses is compiled once for all kernels.
The number is a hash of the function and the types it is called with (``wanted``), so what the part
returns must be declared.
"""

from __future__ import annotations

import _thread
import ctypes
import functools
import hashlib
import importlib
import inspect
import os
import pickle
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from proteus.compiler import wanted
from proteus.compiler.folder import cache_folder
from proteus.compiler.fragments import OutlinedCompiler, outlined_of
from proteus.compiler.jit import JIT_DISABLED, dispatcher_of
from proteus.compiler.outlined import provide, provide_kept, write_whole
from proteus.compiler.places import Place, places
from proteus.compiler.private import (
    cgutils,
    cpu_target,
    dumps,
    global_compiler_lock,
    infer_global,
    make_intrinsic_template,
    types,
)
from proteus.compiler.wanted import Wanted

_RESOLVER = "proteus.resolve"
_SOON_S = 0.05
_RETURNED: dict[type | None, Any] = {
    None: types.none, bool: types.boolean, int: types.int64, float: types.float64,
}  # fmt: skip

_addresses: dict[int, int] = {}  # of machine code, by number
_lock = threading.RLock()


def deferred_kernel(returns: type | None = None) -> Callable[[Callable[..., Any]], Any]:
    """Declare a part of a kernel that is compiled when it is first called.

    Parameters
        returns: None, bool, int (of 64 bits) or float: what the part returns.
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        if not JIT_DISABLED:
            _make_callable(function, _RETURNED[returns])
        return function

    return declare


def _make_callable(function: Any, returned: Any) -> None:
    """Let kernels call a function whose code they find later."""

    def define(_: Any, *arguments: Any) -> Any:
        kinds = tuple(map(types.unliteral, arguments))
        part = Wanted(function.__module__, function.__qualname__, kinds, returned)
        wanted.note([part])
        return returned(*kinds), functools.partial(_call, part)

    first = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    define.__signature__ = inspect.Signature([first, *parameters])  # type: ignore[attr-defined]
    template = make_intrinsic_template(function, define, function.__name__)
    infer_global(function, types.Function(template))


def _call(part: Wanted, context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Write the call of a part; no part of a kernel raises, so nobody looks for an exception."""
    entry = _entry(part, context, builder.module)
    _, returned = context.call_conv.call_function(
        builder, entry, part.returns, part.arguments, arguments
    )
    return returned


def _entry(part: Wanted, context: Any, module: ir.Module) -> ir.Function:
    """Return the function of a module that finds the code of a part, once, and goes on there."""
    name = wanted.symbol_of(part.number)
    if name in module.globals:
        return module.globals[name]
    kind = context.call_conv.get_function_type(part.returns, part.arguments)
    function = ir.Function(module, kind, name)
    function.linkage = "linkonce_odr"
    function.attributes.add("noinline")
    slot = ir.GlobalVariable(module, kind.as_pointer(), f"{name}.code")
    slot.linkage, slot.initializer = "linkonce_odr", ir.Constant(kind.as_pointer(), None)
    builder = ir.IRBuilder(function.append_basic_block())
    known = builder.load(slot)
    with cgutils.if_unlikely(builder, cgutils.is_null(builder, known)):
        number = ir.IntType(64)
        resolver = cgutils.get_or_insert_function(
            module, ir.FunctionType(cgutils.voidptr_t, [number]), _RESOLVER
        )
        found = builder.call(resolver, [ir.Constant(number, part.number)])
        builder.store(builder.bitcast(found, kind.as_pointer()), slot)
    builder.ret(builder.call(builder.load(slot), function.args, tail=True))
    return function


# --- when it is called ----------------------------------------------------------------------------


@ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_int64)  # type: ignore[untyped-decorator]
def _resolve(number: int) -> int:
    """Return the address of a part's code; the kernel that asks cannot go on without it."""
    interrupted = False
    while True:
        try:
            address = address_of(number)
        except KeyboardInterrupt:  # it is for who called the kernel
            interrupted = True
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(70)  # there is nothing that the kernel could call
        else:
            if interrupted:  # an interrupt now would end in here again
                threading.Timer(_SOON_S, _thread.interrupt_main).start()
            return address


llvm.add_symbol(_RESOLVER, ctypes.cast(_resolve, ctypes.c_void_p).value)


def address_of(number: int) -> int:
    """Return the address of a part's code, from memory, from disk or compiled now."""
    with _lock:
        if number not in _addresses:
            codegen = cpu_target.target_context.codegen()
            with global_compiler_lock:
                name = _name_kept(number, codegen) or _name_compiled(number, codegen)
                codegen._engine._ee.finalize_object()
                _addresses[number] = codegen._engine._ee.get_function_address(name)
        return _addresses[number]


def _name_kept(number: int, codegen: Any) -> str | None:
    """Load a part from disk; return the name of its code, or None if it is not there."""
    for place in places(cache_folder(), codegen):
        try:
            names, inner = pickle.loads(_path(number, place).read_bytes())
        except (OSError, EOFError, pickle.UnpicklingError):  # not there, or not whole
            continue
        if provide_kept(names, codegen):
            wanted.note(inner)
            return str(names[0])
    return None


def _name_compiled(number: int, codegen: Any) -> str:
    """Compile a part and keep it on disk; return the name of its code."""
    part = wanted.of_number(number)
    function = getattr(importlib.import_module(part.module), part.function)
    dispatcher = dispatcher_of(function, OutlinedCompiler)
    result = dispatcher._compiler._compile_core(part.arguments, None)
    found = types.unliteral(result.signature.return_type)
    assert found == part.returns, f"{part.function} returns {found}, not {part.returns}"
    parts = outlined_of([result.library])
    provide(parts, codegen)
    inner = {each.number: each for one in parts for each in one.wanted}
    kept = tuple(one.name for one in parts), tuple(inner.values())
    write_whole(_path(number, places(cache_folder(), codegen)[0]), dumps(kept))
    return parts[0].name


def _path(number: int, place: Place) -> Path:
    digest = hashlib.sha256(repr((place.target, sys.version_info[:2])).encode()).hexdigest()[:16]
    return place.folder / f"{wanted.symbol_of(number)}.{digest}.code"
