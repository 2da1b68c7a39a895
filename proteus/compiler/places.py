"""Where machine code is looked for: what this machine has compiled, then what came with Proteus.

A wheel brings the code of common commands, compiled for any processor of the last ten years (level
3 of x86-64), so that the first answer waits for no compiler. It is found by the same hashes as what
is compiled here: another numba, another Python or a changed source finds nothing, and compiles.
Code for one processor alone is no faster (docs/performance.md), so none is made behind its back.
"""

from __future__ import annotations

import functools
import platform
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import numba

from proteus.compiler.folder import kernel_hash

BASELINE = ("x86-64-v3", "")  # numba's names of a processor, and of what it has beyond that
_NEEDED = {
    "avx", "avx2", "bmi", "bmi2", "cx16", "f16c", "fma", "lzcnt", "movbe", "popcnt", "sahf", "sse3",
    "sse4.1", "sse4.2", "ssse3", "xsave",
}  # fmt: skip
BROUGHT = Path(__file__).parent.parent / "machine_code"  # in a wheel


class Place(NamedTuple):
    """A folder with machine code, and what it is compiled for."""

    folder: Path
    target: tuple[str, ...]  # system, processor and its features


def places(folder: Path, codegen: Any) -> list[Place]:
    """Return where to look, in turn: a folder of this machine, which alone is written, and ours."""
    here = codegen.magic_tuple()
    brought = brought_folder()
    return [Place(folder, here)] + ([Place(brought, (here[0], *BASELINE))] if brought else [])


@functools.cache
def brought_folder() -> Path | None:
    """Return the folder with code of these kernels that came with Proteus and can run here."""
    folder = BROUGHT / kernel_hash()
    asked = numba.config.CPU_NAME is not None  # somebody wants code for this very processor
    return folder if not asked and folder.is_dir() and can_run_baseline() else None


def can_run_baseline() -> bool:
    """Tell whether this processor has all that the code which comes with Proteus uses."""
    if platform.machine() != "x86_64":
        return False
    return {name for name, has in llvm.get_host_cpu_features().items() if has} >= _NEEDED
