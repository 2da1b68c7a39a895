"""What was measured before on such a machine: a line of outputs/bench/history.jsonl each time.

A figure says as much of the machine as of the code, so it stands beside those of the same machine
only: its processor, cores, memory and kernel of the system, as a fingerprint.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from proteus.bench import figures
from proteus.bench.figures import Figure
from proteus.results import provenance

FILE = "history.jsonl"
_GIB = 2**30


class Before(NamedTuple):
    """A figure as it was measured the last time."""

    median: float
    created: str  # time, UTC
    git_sha: str


def machine() -> dict[str, Any]:
    """Describe this machine, and name its kind in eight hexadecimal digits."""
    about: dict[str, Any] = provenance.machine() | {
        "processor": _processor(), "memory_gib": round(_memory() / _GIB),
    }  # fmt: skip
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
    return {**about, "fingerprint": digest[:8]}


def _memory() -> int:
    """Return the bytes of memory of the machine."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@functools.cache
def _processor() -> str:
    """Return the model of the processor as Linux has it, else the architecture."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def last(fingerprint: str) -> dict[str, Before]:
    """Return the last figures of a kind of machine, by name and unit."""
    path, found = figures.FOLDER / FILE, {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        about = json.loads(line)
        if about["machine"]["fingerprint"] == fingerprint:
            for key, median in about["figures"].items():
                found[key] = Before(median, about["created"], about["git_sha"])
    return found


def note(found: Sequence[Figure]) -> None:
    """Add what has been measured."""
    figures.FOLDER.mkdir(parents=True, exist_ok=True)
    about = {
        "created": provenance.created(), "git_sha": provenance.git_sha(), "machine": machine(),
        "figures": {key_of(figure): figure.median for figure in found},
    }  # fmt: skip
    with (figures.FOLDER / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(about) + "\n")


def key_of(figure: Figure) -> str:
    """Name a figure with its unit, as there are figures of one name."""
    return f"{figure.name}, {figure.unit}"
