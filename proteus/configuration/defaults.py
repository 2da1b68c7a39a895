"""The table of all defaults: every key of ``conf/`` with its value and the comment beside it.

``make docs`` writes it to ``docs/defaults.md``; a test checks that the file is up to date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from proteus.configuration.locate import conf_folder

_LINE = re.compile(r"^(?P<indent> *)(?P<key>[a-z_0-9]+):(?P<value>[^#]*)(#\s*(?P<comment>.*))?$")
_SKIPPED = ("hydra", "defaults")
_GROUPS = (
    "mechanism", "latent", "costs", "trader", "population", "execution", "execution/leakage",
    "settlement", "credit", "environment", "channel", "incentives", "risk", "identity", "episodes",
    "stress",
    "record", "design", "precision", "executor",
)  # fmt: skip


def table() -> str:
    """Return the page in Markdown."""
    folder = conf_folder()
    parts = [
        "# Defaults",
        "",
        "Written by `make docs` from `conf/`. A path names a file of `conf/`; its keys are",
        "overridden as `group.key=value` (traders: `population.<group>.key=value`).",
    ]
    files = [folder / "sweep.yaml"]
    for group in _GROUPS:
        files += sorted((folder / group).glob("*.yaml"))
    for path in files:
        parts += ["", f"## {path.relative_to(folder)}", "", "| key | default | meaning |"]
        parts += ["| --- | --- | --- |"]
        parts += [f"| `{key}` | {value} | {comment} |" for key, value, comment in rows(path)]
    return "\n".join(parts) + "\n"


def rows(path: Path, *, groups: bool = False) -> Iterator[tuple[str, str, str]]:
    """List dotted key, value and comment of a yaml file, leaving out what only Hydra reads.

    Parameters
        path: of the file. groups: also list keys that hold others, without a value.
    """
    trail: list[tuple[int, str]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        found = _LINE.match(line)
        if not found:
            continue
        indent = len(found["indent"])
        trail = [(depth, key) for depth, key in trail if depth < indent]
        trail.append((indent, found["key"]))
        value = found["value"].strip()
        keys = [key for _, key in trail]
        if (value or groups) and keys[0] not in _SKIPPED:
            yield ".".join(keys), f"`{value}`", (found["comment"] or "").replace("|", "or")


def main() -> None:
    """Print the page."""
    print(table(), end="")


if __name__ == "__main__":
    main()
