"""Wheel and sdist: made, checked, installed and run.

The wheel brings machine code (``proteus/compiler/places.py``) for every Python that is installed,
so it is built from the tree of the sdist with that code in it. Another numba than the locked one,
or another kind of processor, finds none that fits and compiles.
"""

from __future__ import annotations

import shutil
import sys
import tarfile
import time
from pathlib import Path

from tests.elsewhere.machine_code import VARIABLES
from tests.elsewhere.places import ROOT, Environment, locked, pythons, runtime

_BRIEF = ("horizon_s=1", "metrics.tau_ms=500", "record.warmup_s=0")
_RUN = ("mechanism=fba", "seeds.count=2", *_BRIEF)
_FOUR = ("mechanism=clob,fba,rfq,dual_flow", "seeds.count=4", *_BRIEF)
_MARKETS = {
    "four mechanisms": _FOUR,
    "the same with rules": (*_FOUR, "costs=kalshi", "environment=blocks", "settlement=blocks"),
}
_SAME = """
import sys
import xarray as xr
left, right = (xr.open_dataset(f"{folder}/results.nc") for folder in sys.argv[1:])
xr.testing.assert_equal(left, right)
"""


def dist(folder: Path) -> list[str]:
    """Build wheel and sdist into dist, check what they say, install and run both."""
    made = ROOT / "dist"
    for old in made.glob("proteus_markets-*"):
        old.unlink()
    tools = Environment(Path(sys.executable), folder / "tools")
    tools.install("build", "twine")
    said = tools.failure(["-m", "build", "--sdist", "--outdir", str(made), str(ROOT)])
    if said:
        return said
    (archive,) = made.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder / "tree", filter="data")
    (tree,) = (folder / "tree").iterdir()
    said = bring_machine_code(tree, folder)
    said += tools.failure(["-m", "build", "--wheel", "--outdir", str(made), str(tree)])
    if said:
        return said
    files = [str(path) for path in sorted(made.glob("proteus_markets-*"))]
    said += tools.failure(["-m", "twine", "check", "--strict", *files])
    (wheel,) = made.glob("*.whl")
    return said or runs_from_sdist(archive, folder) + runs_from_wheel(wheel, folder)


def bring_machine_code(tree: Path, folder: Path) -> list[str]:
    """Compile for every Python that is installed, and put the code into a tree of our sources."""
    said = []
    for version, python in pythons().items():
        place = Environment(python, folder / f"compiling-{version}")
        place.install(*runtime(), versions=locked())
        caches = {"PROTEUS_CACHE_DIR": str(place.folder / "cache")}
        began = time.monotonic()
        said += place.failure(["-m", "tests.elsewhere.machine_code"], {**VARIABLES, **caches})
        found = list((place.folder / "cache").glob("proteus/*/*.code"))
        for path in found:
            to = tree / "proteus" / "machine_code" / path.parent.name
            to.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, to)
        took = f"{time.monotonic() - began:.0f} s"
        print(f"Python {version}: {len(found)} files of machine code, {took}", flush=True)
    return said


def runs_from_sdist(archive: Path, folder: Path) -> list[str]:
    """Install the sdist, and run it in plain Python."""
    place = Environment(Path(sys.executable), folder / "from-sdist")
    place.install(str(archive), versions=locked())
    words = ["run", *_RUN, f"output_dir={folder / 'run'}"]
    said = []
    for command in (["--help"], words):
        said += place.failure(["-m", "proteus", *command], {"NUMBA_DISABLE_JIT": "1"}, folder)
    if not said:
        print(f"{archive.name}: installed and run", flush=True)
    return said


def runs_from_wheel(wheel: Path, folder: Path) -> list[str]:
    """Install the wheel, run it with what it brings, then without that, and compare all bits."""
    place = Environment(Path(sys.executable), folder / "from-wheel")
    place.install(str(wheel), versions=locked())
    said, took = [], {}
    for is_there in (True, False):
        for name, words in _MARKETS.items():
            out, cache = folder / f"{name}-{is_there}", folder / f"cache-{name}-{is_there}"
            began = time.monotonic()
            command = ["-m", "proteus", "run", *words, f"output_dir={out}"]
            said += place.failure(command, {"PROTEUS_CACHE_DIR": str(cache)}, folder)
            took[name, is_there] = time.monotonic() - began
            compiled = [path.name for path in cache.glob("proteus/*/*.code")]
            if bool(compiled) == is_there:
                said.append(f"{name}: compiled {compiled}; machine code there: {is_there}")
        shutil.rmtree(_installed(place) / "machine_code", ignore_errors=True)
    for name in _MARKETS:
        outputs = [str(folder / f"{name}-{is_there}") for is_there in (True, False)]
        said += place.failure(["-c", _SAME, *outputs], folder=folder)
        seconds = f"{took[name, True]:.1f} s with machine code, {took[name, False]:.1f} s without"
        print(f"{wheel.name}, {name}: {seconds}", flush=True)
    return said


def _installed(place: Environment) -> Path:
    """Return where an environment has the package."""
    code = "import proteus; print(proteus.__path__[0])"
    return Path(place.run(["-c", code], folder=place.folder).stdout.strip())
