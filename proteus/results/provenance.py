"""What is needed to run a result again: versions, sources, machine."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from proteus.basics.version import VERSION

_PACKAGE = Path(__file__).resolve().parent.parent

PACKAGES = (
    "numpy", "numba", "scipy", "xarray", "netCDF4", "hydra-core", "pydantic", "pandas", "pyarrow",
)  # fmt: skip


def versions() -> dict[str, str]:
    """Return the versions of Python, Proteus and the packages that results depend on."""
    packages = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {
        "python": platform.python_version(),
        "proteus": VERSION,
        **packages,
    }


def code_hash() -> str:
    """Hash every source file of the package; equal hashes mean equal code."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def file_hashes() -> dict[str, str]:
    """Hash the source files of the package one by one: eight hexadecimal digits each."""
    return {
        path.relative_to(_PACKAGE).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:8]
        for path in sorted(_PACKAGE.rglob("*.py"))
    }


def git_sha() -> str:
    """Return the commit of the checkout, with "-dirty" when files changed, or "unknown"."""
    folder = _PACKAGE.parent
    if not (folder / ".git").exists():
        return "unknown"
    commit = _git(folder, "rev-parse", "HEAD")
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return f"{commit}-dirty" if commit and changed else commit or "unknown"


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def created() -> str:
    """Return the present time, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def machine() -> dict[str, str | int]:
    """Return the kind of machine, without its name."""
    return {"platform": platform.platform(), "cores": os.cpu_count() or 1}
