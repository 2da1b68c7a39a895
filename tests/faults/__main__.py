"""Apply each fault to a copy of the tree, run the tests that are fastest, write what caught it.

    python -m tests.faults            # all of them, and docs/faults.md
    python -m tests.faults 3 17       # these, by their number in the page; writes nothing

The tests run in plain Python (``NUMBA_DISABLE_JIT=1``), so nothing is compiled: the whole market
against its twin first, then everything marked ``nojit``. Exit code 1 if a fault goes unnoticed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.faults.fault import Fault
from tests.faults.table import FAULTS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "faults.md"
COPIED = ("proteus", "tests", "conf", "docs", "pyproject.toml", "README.md", "ARCHITECTURE.md")
STAGES = (("tests/property/test_market_against_twin.py",), ())
TIMEOUT_S = 150  # a fault may keep the engine from ever ending
HANGS = "does not end"

_HEAD = """# Seeded faults

Written by `make faults`: each row is a small mistake made in a copy of the kernels, and the first
test that noticed it, run in plain Python. The table of mistakes is `tests/faults/table.py`.

| no. | fault | file | noticed by |
| --- | --- | --- | --- |
"""


def seed(fault: Fault, tree: Path) -> None:
    """Make the mistake in a copy of the tree."""
    path = tree / "proteus" / fault.file
    source = path.read_text()
    assert source.count(fault.old) == 1, f"{fault.what}: its text must stand once in {fault.file}"
    path.write_text(source.replace(fault.old, fault.new))


def caught_by(fault: Fault) -> str | None:
    """Return the first test that fails, ``HANGS``, or None if nothing notices."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for name in COPIED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, tree / name)
        seed(fault, tree)
        for stage in STAGES:
            found = first_failure(tree, stage)
            if found is not None:
                return found
    return None


def first_failure(tree: Path, paths: tuple[str, ...]) -> str | None:
    """Run tests marked ``nojit`` of a tree until one fails."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-m", "nojit", "--tb=no", *paths]
    command += ["-p", "no:cacheprovider", "--no-header"]
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(tree)}
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return HANGS
    if done.returncode == 0:
        return None
    found = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    return found[1].removeprefix("tests/")


def main(words: list[str]) -> int:
    """Try the faults and write the page."""
    chosen = [int(word) for word in words] or range(1, len(FAULTS) + 1)
    page, missed = _HEAD, 0
    for number in chosen:
        fault = FAULTS[number - 1]
        found = caught_by(fault)
        missed += found is None
        page += f"| {number} | {fault.what} | `{fault.file}` | `{found or 'nothing'}` |\n"
        print(f"{number:3} {fault.what}: {found or 'NOTHING NOTICES'}", file=sys.stderr, flush=True)
    if not words:
        PAGE.write_text(page)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
