"""All that Proteus uses of numba beyond its documented interface, in one place.

None of it is promised to stay. Beside each name stands what breaks without it; other modules take
the names from here, what they use of their objects stands in ``ATTRIBUTES``
(``tests/unit/compiler/test_private.py``), and ``pyproject.toml`` bounds numba to the versions that
have them all and were tried.
"""

from __future__ import annotations

import re
from typing import Any

import numba

from proteus.errors import ConfigError

OLDEST, NEWEST = (0, 62), (0, 68)  # as in pyproject.toml


def check_version(found: str) -> None:
    """Check that this numba is one of those that were tried.

    Raises
        ConfigError: it is not; 0.61 compiles nothing, and nobody knows of later ones.
    """
    number = re.match(r"(\d+)\.(\d+)", found)
    if number is None or not OLDEST <= (int(number[1]), int(number[2])) <= NEWEST:
        oldest, newest = (".".join(map(str, version)) for version in (OLDEST, NEWEST))
        raise ConfigError(
            f"numba {found} is not allowed: kernels compile with {oldest} to {newest}; "
            f"install one of them, as with pip install 'numba=={newest}.*'"
        )


check_version(numba.__version__)

# ruff: noqa: E402 - what follows exists in those versions only
# A fragment has no Python wrapper; what other code calls it by is made with this.
from numba import _dynfunc as _dynfunc

# States and their fields have types of their own, with attributes and elements lowered by us.
from numba.core import cgutils as cgutils

# A person is told when the first kernel compiles.
from numba.core import event as event
from numba.core import types as types

# Every kernel is "inlined once, as a whole": code is linked and optimised by libraries of our own.
from numba.core.cgutils import normalize_ir_text as normalize_ir_text
from numba.core.codegen import JITCodeLibrary as JITCodeLibrary

# The pipeline of a kernel or fragment is numba's with the last pass, lowering, replaced.
from numba.core.compiler import CompilerBase as CompilerBase
from numba.core.compiler import CompileResult as CompileResult  # what the cache keeps of a kernel
from numba.core.compiler import DefaultPassBuilder as DefaultPassBuilder

# A kernel is lowered here and optimised elsewhere: ``_compiler._compile_core`` of a dispatcher, and
# the code generator with its lock.
from numba.core.compiler_lock import global_compiler_lock as _global_compiler_lock
from numba.core.compiler_machinery import register_pass as _register_pass
from numba.core.imputils import lower_builtin as _lower_builtin
from numba.core.imputils import lower_cast as _lower_cast
from numba.core.imputils import lower_getattr as _lower_getattr
from numba.core.registry import cpu_target as _cpu_target

# The cache writes with it: it pickles what numba puts into the result of a compilation.
from numba.core.serialize import dumps as dumps
from numba.core.typed_passes import NativeLowering as NativeLowering
from numba.core.typing.templates import AttributeTemplate as AttributeTemplate

# A function that kernels call before it is compiled is typed and lowered by us.
from numba.core.typing.templates import infer_global as _infer_global
from numba.core.typing.templates import make_intrinsic_template as _make_intrinsic_template
from numba.np import arrayobj as arrayobj  # slices of a field go numba's way

# numba says no types of these, and a checker of ours would have to guess.
global_compiler_lock: Any = _global_compiler_lock
register_pass: Any = _register_pass
infer_global: Any = _infer_global
make_intrinsic_template: Any = _make_intrinsic_template
lower_builtin: Any = _lower_builtin
lower_cast: Any = _lower_cast
lower_getattr: Any = _lower_getattr
cpu_target: Any = _cpu_target

# Private attributes of numba's objects, by what breaks without them.
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "a kernel is not cached": ("_cache", "_reduce", "_rebuild", "_defined_symbols"),
    "one process cannot lower what another optimises": ("_compiler", "_compile_core"),
    "a pass of the pipeline has no name": ("_name",),
    "fragments are not linked into the kernel": (
        "_final_module", "_linking_libraries", "_get_module_for_linking", "_raise_if_finalized",
        "_finalized", "_finalize_dynamic_globals", "_dynamic_globals",
    ),
    "every part is optimised by itself, and the whole once more than it need be": (
        "_optimize_functions", "_optimize_final_module", "_codegen", "_module_pass_manager",
    ),
    "parts of kernels have no machine code of their own": ("_engine", "_ee", "_tm"),
}  # fmt: skip
