"""Apply each fault to a copy of the tree, run the tests that are fastest, write what caught it.

    python -m tests.faults            # all of them
    python -m tests.faults 3 17       # these, by their number in docs/faults.md

The tests run in plain Python (``NUMBA_DISABLE_JIT=1``), so nothing is compiled: the whole market
against its twin first, then the tests of the rules, then everything marked ``nojit``.
Exit code 1 if a fault goes unnoticed.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import sys
import tempfile
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.faults.fault import Fault
from tests.faults.table import FAULTS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "faults.md"
COPIED = ("proteus", "tests", "conf", "docs", "pyproject.toml", "README.md", "ARCHITECTURE.md")
RULES = ("clob_rules", "fba_rules", "dual_flow_rules", "golden", "desk", "clock", "accounting",
         "maker", "takers", "latent", "signals", "views_and_links", "measurement")  # fmt: skip
TWIN = ("-m", "nojit", "tests/property/test_market_against_twin.py")
STAGES = (  # what pytest is told, and the seconds after which the engine will never end
    (TWIN, 120),
    (tuple(f"tests/unit/test_{name}.py" for name in RULES), 400),
    (("tests/simulation/test_measurement_twin.py", "tests/statistical/test_schedules.py"), 400),
    (("-m", "nojit"), 1200),
)
IMPORTED = (
    "hydra",
    "hypothesis",
    "numba",
    "pandas",
    "pyarrow",
    "pydantic",
    "scipy.stats",
    "xarray",
)
HANGS = "does not end"
NOTHING = "nothing"

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
        for words, limit_s in STAGES:
            found = first_failure(tree, words, limit_s)
            if found is not None:
                return found
    return None


def first_failure(tree: Path, words: tuple[str, ...], limit_s: int) -> str | None:
    """Run tests of a tree until one fails, in a process of their own."""
    said = tree / "said.txt"
    process = get_context("fork").Process(target=run_tests, args=(tree, words, said))
    process.start()
    process.join(limit_s)
    if process.is_alive():
        process.kill()
        process.join()
        return HANGS
    if process.exitcode == 0:
        return None
    found = re.search(r"^(?:FAILED|ERROR) (\S+)", said.read_text(), re.MULTILINE)
    assert found, said.read_text()
    return found[1].removeprefix("tests/")


def run_tests(tree: Path, words: tuple[str, ...], said: Path) -> None:
    """Run tests of a tree in this process, which has imported nothing of another tree but this."""
    for name in [name for name in sys.modules if name.partition(".")[0] in ("tests", "proteus")]:
        del sys.modules[name]
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    with said.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        options = ["-x", "-q", "--tb=no", "--no-header", "-p", "no:cacheprovider"]
        code = pytest.main([*options, *words])
    sys.stdout.flush()
    os._exit(int(code))


def read_page() -> dict[str, str]:
    """What noticed each fault, by its name, as the page has it."""
    page = PAGE.read_text() if PAGE.exists() else ""
    return dict(re.findall(r"^\| \d+ \| (.+) \| `.+` \| `(.+)` \|$", page, re.MULTILINE))


def write_page(noticed: dict[str, str]) -> None:
    """Write the page, a row for each fault."""
    rows = [
        f"| {number} | {fault.what} | `{fault.file}` | `{noticed.get(fault.what, NOTHING)}` |\n"
        for number, fault in enumerate(FAULTS, start=1)
    ]
    PAGE.write_text(_HEAD + "".join(rows))


def main(words: list[str]) -> int:
    """Try the faults and bring the page up to date."""
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    for name in IMPORTED:  # once, instead of in the process of every fault
        importlib.import_module(name)
    numbers = [int(word) for word in words] or range(1, len(FAULTS) + 1)
    found = {}
    for number in numbers:
        fault = FAULTS[number - 1]
        found[fault.what] = caught_by(fault) or NOTHING
        print(f"{number:3} {fault.what}: {found[fault.what]}", file=sys.stderr, flush=True)
    write_page(read_page() | found)
    return 1 if NOTHING in found.values() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
