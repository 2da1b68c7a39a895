"""The same bits from a fresh and from a warm cache, and new ones after an edit.

The trap: machine code is kept by the types of an entry, so an edit in an imported kernel, or of a
constant that a kernel has taken from a file without kernels, would run the old code without a
word. The whole loop takes most of a minute to compile, so a small entry in a copy of the tree
stands for it; it is cached by the same decorator.
"""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import proteus
from proteus.compiler import folder
from proteus.compiler.jit import HASHED

PROBE = '''"""An entry whose work is done by kernels of another file."""
from proteus.compiler.jit import kernel
from proteus.market.rng import philox, uniform

@kernel
def probe(stream):
    return uniform(philox(7, 11, stream, 13, 17, 19)[2])

if __name__ == "__main__":
    value = probe(23)
    print(value.hex(), sum(probe.stats.cache_hits.values()))
'''
FROZEN = '''"""An entry that freezes a constant of each file without kernels."""
from proteus.basics.schema import MAX_LOTS
from proteus.basics.units import NANO
from proteus.compiler.jit import kernel
from proteus.market.agents.kinds import FIRST_OTHER
from proteus.market.book.codes import EVENT_FILL
from proteus.market.constraints.codes import AS_LAST_LOOK
from proteus.market.constraints.table import CAPITAL
from proteus.market.costs.codes import GAS_TIP
from proteus.market.costs.models import MILLION
from proteus.market.incentives.base import MOST_POINTS
from proteus.market.incentives.codes import SLASHES
from proteus.market.ledger.codes import PAYOFF
from proteus.market.lending.base import FIRST_ADDED
from proteus.market.lending.codes import ALL
from proteus.market.loans.codes import CREDIT_OPEN
from proteus.market.makers.filters.codes import IMBALANCE
from proteus.market.makers.quoting.codes import FIXED
from proteus.market.makers.quoting.state import NO_CLASS
from proteus.market.settlement.base import WHOLE_PPM

@kernel
def probe(factor):
    ours = NANO + MAX_LOTS + EVENT_FILL + FIRST_OTHER + PAYOFF
    ours += MOST_POINTS + IMBALANCE + FIXED + NO_CLASS + AS_LAST_LOOK + CAPITAL
    ours += FIRST_ADDED + CREDIT_OPEN
    return factor * (ours + ALL + GAS_TIP + MILLION + SLASHES + WHOLE_PPM)

if __name__ == "__main__":
    print(probe(3), sum(probe.stats.cache_hits.values()))
'''
CONSTANTS = {  # file: the line of the constant, and by how much it changes
    "basics/units.py": ("NANO = 10**9 ", "NANO = 10**9 + 7 ", 7),
    "basics/schema.py": ("MAX_LOTS = 1_000_000 ", "MAX_LOTS = 1_000_003 ", 3),
    "market/book/codes.py": ("EVENT_FILL = 7\n", "EVENT_FILL = 9\n", 2),
    "market/agents/kinds.py": ("FIRST_OTHER = 16 ", "FIRST_OTHER = 27 ", 11),
    "market/ledger/codes.py": ("PAYOFF = 30\n", "PAYOFF = 43\n", 13),
    "market/costs/codes.py": ("GAS_TIP = 3\n", "GAS_TIP = 8\n", 5),
    "market/incentives/codes.py": ("SLASHES = 2 ", "SLASHES = 19 ", 17),
    "market/incentives/base.py": ("MOST_POINTS = 2**36 ", "MOST_POINTS = 2**36 + 23 ", 23),
    "market/makers/filters/codes.py": ("IMBALANCE = 6\n", "IMBALANCE = 35\n", 29),
    "market/makers/quoting/codes.py": ("FIXED = 1\n", "FIXED = 32\n", 31),
    "market/makers/quoting/state.py": ("NO_CLASS = -1 ", "NO_CLASS = 36 ", 37),
    "market/constraints/table.py": ("CAPITAL = 4\n", "CAPITAL = 45\n", 41),
    "market/constraints/codes.py": ("AS_LAST_LOOK = 7 ", "AS_LAST_LOOK = 50 ", 43),
    "market/settlement/base.py": ("WHOLE_PPM = 1_000_000 ", "WHOLE_PPM = 1_000_021 ", 21),
    "market/lending/codes.py": ("ALL = -2 ", "ALL = 45 ", 47),
    "market/lending/base.py": ("FIRST_ADDED = 16 ", "FIRST_ADDED = 69 ", 53),
    "market/loans/codes.py": ("CREDIT_OPEN = 3\n", "CREDIT_OPEN = 62\n", 59),
    "market/costs/models.py": ("MILLION = 1_000_000\n", "MILLION = 1_000_019\n", 19),
}
OLD, NEW = "for _ in range(9):", "for _ in range(8):"


@pytest.fixture
def tree(tmp_path):
    """A copy of the package with the probe in it."""
    ignore = shutil.ignore_patterns("__pycache__", "bench", "variables", "statistics")
    shutil.copytree(Path(proteus.__file__).parent, tmp_path / "proteus", ignore=ignore)
    (tmp_path / "proteus" / "probe.py").write_text(PROBE)
    return tmp_path


def run(tree, **environment):
    """Run the probe in a process of its own; its value, and how often the cache had it."""
    keep = {key: text for key, text in os.environ.items() if not key.startswith("NUMBA_")}
    # Python's own cache goes by the clock and would run the old source of the edit below.
    keep |= {"PYTHONDONTWRITEBYTECODE": "1"}
    keep |= {"PYTHONPATH": str(tree), "PROTEUS_CACHE_DIR": str(tree / "cache"), **environment}
    command = [sys.executable, "-m", "proteus.probe"]
    done = subprocess.run(command, env=keep, cwd=tree, capture_output=True, text=True, check=True)
    value, hits = done.stdout.split()
    return value, int(hits)


def folders(tree):
    return {path.name for path in (tree / "cache" / "proteus").iterdir()}


def test_cache_fresh_warm_and_after_an_edit(tree):
    fresh, hits = run(tree)
    assert hits == 0
    assert run(tree) == (fresh, 1)
    known = folders(tree)
    rng = tree / "proteus" / "market" / "rng.py"
    source, before = rng.read_text(), rng.stat()
    assert source.count(OLD) == 1
    rng.write_text(source.replace(OLD, NEW))
    os.utime(rng, ns=(before.st_atime_ns, before.st_mtime_ns))  # an edit that no clock shows
    edited, hits = run(tree)
    assert (edited != fresh, hits) == (True, 0)
    assert len(folders(tree) - known) == 1
    rng.write_text(source)
    assert run(tree) == (fresh, 1)


def test_an_edit_beside_an_entry_is_noticed_where_no_folder_is_hashed(tree):
    """As in the kernels of benchmarks; the entry itself is as it was, and so is the kernel hash."""
    probe = tree / "proteus" / "probe.py"
    helped = (
        PROBE.replace("import kernel", "import inline_kernel, kernel")
        .replace("@kernel", "@inline_kernel\ndef scaled(value):\n    return 2.0 * value\n\n@kernel")
        .replace("return uniform(philox(7, 11, stream, 13, 17, 19)[2])", "return scaled(stream)")
    )
    probe.write_text(helped)
    assert run(tree) == ((46.0).hex(), 0)
    known = folders(tree)
    probe.write_text(helped.replace("2.0 *", "3.0 *"))
    assert run(tree) == ((69.0).hex(), 0)
    assert folders(tree) == known


def test_a_second_installation_compiles_nothing(tree, tmp_path_factory):
    fresh, _ = run(tree)
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(tree / "proteus", other / "proteus", copy_function=shutil.copyfile)
    assert run(other, PROTEUS_CACHE_DIR=str(tree / "cache")) == (fresh, 1)


def test_code_that_is_not_whole_is_compiled_again(tree):
    fresh, _ = run(tree)
    (kept,) = (tree / "cache").rglob("*.code")
    kept.write_bytes(kept.read_bytes()[:100])
    assert run(tree) == (fresh, 0)
    assert run(tree) == (fresh, 1)


def test_constants_of_files_without_kernels_are_never_stale(tree, monkeypatch):
    """An edit of each gives a hash of its own; what stays old after all, the sum would lack."""
    (tree / "proteus" / "probe.py").write_text(FROZEN)
    value, hits = run(tree)
    monkeypatch.setattr(folder, "_PACKAGE", tree / "proteus")
    hashes = {folder.kernel_hash.__wrapped__()}
    assert (hits, folders(tree)) == (0, hashes)
    for name, (old, new, _) in CONSTANTS.items():
        path = tree / "proteus" / name
        source = path.read_text()
        assert source.count(old) == 1, name
        path.write_text(source.replace(old, new))
        edited = folder.kernel_hash.__wrapped__()
        assert edited not in hashes, name
        hashes.add(edited)
    changed, hits = run(tree)
    assert hits == 0, "another hash, so the old code is not found"
    assert edited in folders(tree)
    changes = [change for *_, change in CONSTANTS.values()]
    assert int(changed) - int(value) == 3 * sum(changes)
    assert min(changes) > 0


def test_no_other_file_without_kernels_gives_constants_to_kernels():
    """A file that is not listed above would be a change that no test makes."""
    package = Path(proteus.__file__).parent
    marks = ("@kernel", "@inline_kernel", "@cold_kernel", "@interface")
    files = [path for folder in HASHED for path in (package / folder).rglob("*.py")]
    with_kernels = {path for path in files if any(f"\n{m}\n" in path.read_text() for m in marks)}
    frozen = set()
    for path in with_kernels:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                source = package.parent.joinpath(*node.module.split(".")).with_suffix(".py")
                if source in files and any(each.name.isupper() for each in node.names):
                    frozen.add(source)
    without = {path.relative_to(package).as_posix() for path in frozen - with_kernels}
    assert without - {"market/trading/paths.py"} == CONSTANTS.keys()  # paths: registers, no value
