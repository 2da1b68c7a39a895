"""What this machine has free, what this process uses, and where what is made once is kept."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def free_memory() -> int:
    """Return the bytes of memory that are available, inside the limit of a container."""
    available = [_meminfo_available()]
    limit, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    if limit.is_file() and used.is_file() and limit.read_text().strip() != "max":
        available.append(int(limit.read_text()) - int(used.read_text()))
    return max(min(available), 0)


def _meminfo_available() -> int:
    table = Path("/proc/meminfo")
    for line in table.read_text().splitlines() if table.is_file() else ():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def free_disk(folder: Path) -> int:
    """Return the free bytes where a folder is, or will be."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(existing).free


def resident() -> int:
    """Return the bytes of memory that this process has."""
    table = Path("/proc/self/statm")
    pages = int(table.read_text().split()[1]) if table.is_file() else 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def cache_root() -> Path:
    """Return the folder of what can be made again at any time; it need not be there."""
    named = os.environ.get("PROTEUS_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return Path(named).expanduser() / "proteus"
