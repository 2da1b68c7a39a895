"""Resolved structures, kept on disk: Hydra composes one in a quarter of a second, every time.

A file holds the tree that words choose, before plain values are set in it. It is named after all
that the tree follows from: the words, the configuration's files, the code of this folder, and the
versions of Hydra and OmegaConf. What refers to the environment or the clock is not kept.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import hydra
import omegaconf

from proteus.basics.machine import cache_root

MOST = 512  # files that are kept: the newest, 15 KB each
OURS = "where_counted"  # the resolver whose result follows from the tree alone


class Resolved(NamedTuple):
    """A structure whose references are resolved, which takes as long as all else together."""

    tree: str  # JSON
    choices: dict[str, str]
    referred: frozenset[str]  # words of the references in it


def resolved(tree: Mapping[str, Any], choices: dict[str, str], references: str) -> Resolved:
    """Hold a tree, which is of plain values by now, and the words of what refers in it."""
    referred = {"size", *re.findall(r"\w+", references)}  # a size must be one of sizes
    return Resolved(json.dumps(tree), choices, frozenset(referred))


def recall(words: Sequence[str], files: Sequence[Any]) -> Resolved | None:
    """Return what was kept for these words and files, or None."""
    try:
        tree, choices, referred = json.loads(_path(words, files).read_text(encoding="utf-8"))
        return Resolved(tree, choices, frozenset(referred))
    except (OSError, ValueError):
        return None


def keep(words: Sequence[str], files: Sequence[Any], found: Resolved, references: str) -> None:
    """Keep it whole, if it follows from words and files alone; a disk that is full is no error."""
    if {*re.findall(r"\$\{\s*([\w.]+)\s*:", references)} - {OURS}:
        return
    path = _path(words, files)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
            json.dump([found.tree, found.choices, sorted(found.referred)], file)
        os.replace(file.name, path)
        _leave_the_newest(path.parent)


def _leave_the_newest(folder: Path) -> None:
    kept = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    for path in kept[:-MOST]:
        path.unlink(missing_ok=True)


def _path(words: Sequence[str], files: Sequence[Any]) -> Path:
    follows = json.dumps([_code(), hydra.__version__, omegaconf.__version__, words, files])
    return cache_root() / "composed" / hashlib.sha256(follows.encode()).hexdigest()[:32]


@functools.cache
def _code() -> str:
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
