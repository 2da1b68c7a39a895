"""The same bits from a fresh and from a warm cache, and new ones after an edit of a kernel.

The trap: numba keeps machine code by the file of the entry alone, so an edit in an imported kernel
would run the old code without a word. The whole loop takes most of a minute to compile, so a small
entry in a copy of the tree stands for it; it is cached by the same decorator.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import proteus

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
