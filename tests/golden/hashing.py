"""What a table of bits keeps of an array: a hash of every bit, and numbers for other machines.

An entry is a line of words: sixteen hexadecimal digits, the kind of the values, their shape, and
for floats that are not all whole also ``finite`` (how many are), ``sum`` and ``norm`` (root of the
sum of squares) of those. Axes of length 1 do not count, and any NaN is the same NaN.

Exponentials and logarithms of floats may differ in their last bit between machines: numpy, the C
library and BLAS choose their code by the processor. ``machine`` says what they choose by. Where it
is not what the table was made on, an entry with ``sum`` and ``norm`` is compared by those, to
``FOREIGN``; all others, being whole numbers or text, must have the same bits everywhere.
"""

from __future__ import annotations

import hashlib
import math
import platform
from typing import Any

import llvmlite
import numba
import numpy as np
import scipy
from numpy._core import _multiarray_umath as dispatch
from numpy.typing import NDArray

FOREIGN = 1e-9  # what another machine may differ by, of the norm and of 1: some are 0 but rounded
DIGITS = 16


def machine() -> dict[str, str]:
    """Return what the last bits of exponentials depend on, by name."""
    features = sorted(name for name, has in dispatch.__cpu_features__.items() if has)
    return {
        "architecture": platform.machine(),
        "features": " ".join(features),
        "libc": " ".join(platform.libc_ver()),
        "llvmlite": llvmlite.__version__,
        "numba": numba.__version__,
        "numpy": np.__version__,
        "python": ".".join(platform.python_version_tuple()[:2]),
        "scipy": scipy.__version__,
    }


def entry(values: Any) -> str:
    """Return the line that a table keeps of an array of numbers, times or text."""
    array = np.squeeze(np.asarray(values))
    kind = "text" if array.dtype.kind in "OSUT" else str(array.dtype)
    shape = "x".join(map(str, array.shape)) or "1"
    digest = hashlib.sha256(f"{kind} {shape} ".encode() + _bytes(array)).hexdigest()[:DIGITS]
    return " ".join([digest, kind, shape, *_statistics(array)])


def _bytes(array: NDArray[Any]) -> bytes:
    """Return the bytes of the values, every NaN being the same one."""
    if array.dtype.kind in "OSUT":
        return "\0".join(map(str, array.ravel().tolist())).encode()
    if array.dtype.kind == "f":
        array = np.where(np.isnan(array), array.dtype.type(np.nan), array)
    return array.tobytes()


def _statistics(array: NDArray[Any]) -> list[str]:
    """Return the words about floats; none if all are whole."""
    if array.dtype.kind != "f":
        return []
    finite = array[np.isfinite(array)].tolist()
    if all(value.is_integer() for value in finite):
        return []
    total, norm = math.fsum(finite), math.sqrt(math.fsum(value * value for value in finite))
    return [f"finite={len(finite)}", f"sum={total!r}", f"norm={norm!r}"]


def same(kept: str, found: str, is_home: bool) -> bool:
    """Tell whether an array is the one of the table.

    Parameters
        kept, found: lines of ``entry``. is_home: ``machine`` is that of the table.
    """
    if is_home or kept == found:
        return kept == found
    (_, *old), (_, *new) = kept.split(), found.split()
    if len(old) != 5 or old[:3] != new[:3] or len(new) != 5:  # kind, shape, finite
        return False
    count = int(old[2].partition("=")[2])
    was, now = ([float(word.partition("=")[2]) for word in words[3:]] for words in (old, new))
    allowed = FOREIGN * (was[1] + math.sqrt(count))
    return abs(now[1] - was[1]) <= allowed and abs(now[0] - was[0]) <= allowed * math.sqrt(count)
