"""What NumPy's archives of arrays raise where their bytes are not those that were written.

A bit that flips may make a member encrypted, compressed otherwise, or its header no Python: the
readers of ``zipfile`` and NumPy have an error for each, which neither documents.
"""

from __future__ import annotations

import struct
import tokenize
import zipfile
import zlib

DAMAGED = (
    OSError, EOFError, ValueError, LookupError, TypeError, MemoryError,
    RuntimeError,  # encrypted, or of a method or version that is not there
    zipfile.BadZipFile, zlib.error, struct.error, tokenize.TokenError,
)  # fmt: skip


def reason_of(error: BaseException) -> str:
    """Return what an error says in its first line, or its name where it says nothing."""
    return next(iter(str(error).splitlines()), type(error).__name__)
