"""Where machine code is kept: a folder named after all that can reach it.

Code is kept by the types of a kernel (``cache``), which an edit of it does not change. The folder
is named after a hash of every source that a kernel may take a constant from, the versions of the
compiler and the flags, so an edit means a new folder.
"""

from __future__ import annotations

import functools
import hashlib
import os
from pathlib import Path

import llvmlite
import numba

from proteus import plugins
from proteus.basics.machine import cache_root

BOUNDSCHECK = os.environ.get("PROTEUS_BOUNDSCHECK") == "1"
_PACKAGE = Path(__file__).parent.parent
HASHED = ("basics", "compiler", "market")  # folders: kernels freeze constants of any file in them


@functools.cache
def kernel_hash() -> str:
    """Hash every source that can reach machine code, with the versions and flags of the compiler.

    The sources of other packages that add to ours count with them.

    Returns
        Sixteen hexadecimal digits. Two installations with equal hashes run equal kernels.
    """
    versions = f"numba {numba.__version__} llvmlite {llvmlite.__version__}"
    digest = hashlib.sha256(f"{versions} boundscheck {BOUNDSCHECK}".encode())
    for path in sorted(path for folder in HASHED for path in (_PACKAGE / folder).rglob("*.py")):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    for name, content in plugins.sources():
        digest.update(name.encode() + b"\0" + content)
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Return where machine code of this code, by these versions, is kept."""
    return cache_root() / kernel_hash()
