"""Proteus in environments other than ``.venv``: ``make matrix`` and the like.

    python -m tests.elsewhere matrix    # every Python of pyproject.toml that is installed
    python -m tests.elsewhere newest    # the newest release of every dependency, bounds or not
    python -m tests.elsewhere dist      # wheel and sdist made and checked, both installed and run
    python -m tests.elsewhere types     # every public name has a type that is said
    python -m tests.elsewhere learners  # lanes for Stable-Baselines3, and the example that trains

Each makes its environments in a temporary folder and takes packages from an index. Exit code 1 if
something fails; the last lines say what.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.elsewhere.distributions import dist
from tests.elsewhere.places import (
    ROOT,
    Environment,
    bounds_left_out,
    extra,
    locked,
    pythons,
    runtime,
    supported,
)

TOOLS = ("pytest", "hypothesis")
# What composes and checks words, estimates, and reads and writes files; then, compiled, what is
# used of numba, and the main job, whose numbers are compared to nine digits.
PLAIN = [f"tests/unit/{room}" for room in ("basics", "configuration", "plans", "recording")] + [
    "tests/unit/analysis/test_contrasts.py", "tests/unit/results/test_dataset.py",
    "tests/unit/compiler/test_private.py",
]  # fmt: skip
UNTYPED = "ProteusParallelEnv"  # its base class is PettingZoo's, which ships no types
UNKNOWN = "ProteusVecEnv"  # its base class is Stable-Baselines3's, which .venv does not have
COMPILED = ["tests/property/test_golden_bits.py", "-k", "readme"]


def _tested(place: Environment) -> list[str]:
    """Run a small set of tests in plain Python, then one compiled; returns what fails."""
    failed = []
    cache = {"PROTEUS_CACHE_DIR": str(place.folder / "kernels")}
    for words, variables in ((PLAIN, {"NUMBA_DISABLE_JIT": "1"}), (COMPILED, {})):
        command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-rfE", *words]
        done = place.run(command, {**variables, **cache})
        print(done.stdout.splitlines()[-1] if done.stdout else done.stderr, flush=True)
        if done.returncode != 0:
            failed += re.findall(r"^(?:FAILED|ERROR) .*$", done.stdout, re.MULTILINE) or [
                f"{' '.join(words)}: {(done.stderr or done.stdout).strip()[-500:]}"
            ]
    return failed


def matrix(folder: Path) -> list[str]:
    """Test each Python that is supported and installed, with the locked versions."""
    found, said = pythons(), []
    for version in supported():
        if version not in found:
            print(f"Python {version}: not installed, not tested", flush=True)
            continue
        place = Environment(found[version], folder / version)
        print(f"Python {version} ({found[version]})", flush=True)
        place.install(*runtime(), *TOOLS, versions=locked())
        said += [f"Python {version}: {each}" for each in _tested(place)]
    return said


def newest(folder: Path) -> list[str]:
    """Test the newest release of every dependency, also one that our bounds do not allow yet."""
    place = Environment(Path(sys.executable), folder / "newest")
    place.install(*map(bounds_left_out, runtime()), *TOOLS)
    ours, theirs = locked(), place.versions()
    newer = [
        f"{name} {ours.get(name, 'not there')} -> {version}"
        for name, version in sorted(theirs.items())
        if name in {bounds_left_out(each).lower() for each in runtime()}
        and version != ours.get(name)
    ]
    print("newer than the lock: " + (", ".join(newer) or "nothing"), flush=True)
    return _tested(place)


def types(folder: Path) -> list[str]:
    """Let pyright look for public names without a type; what others leave open is theirs."""
    place = Environment(Path(sys.executable), folder / "pyright")
    place.install("pyright")
    command = ["-m", "pyright", "--verifytypes", "proteus", "--ignoreexternal", "--outputjson"]
    # It takes the packages of the first python on the path, whatever --pythonpath says.
    beside = {"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"}
    done = place.run(command, {"PYTHONPATH": str(ROOT), **beside}, folder)
    try:
        names = json.loads(done.stdout)["typeCompleteness"]["symbols"]
    except (ValueError, KeyError):
        return [done.stdout[-2000:] + done.stderr]
    exported = [each for each in names if each["isExported"]]
    unknown = [each for each in exported if not each["isTypeKnown"]]
    theirs = [
        each for each in unknown
        if UNTYPED in json.dumps(each) or each["name"].endswith(f".{UNKNOWN}")
    ]  # fmt: skip
    known = len(exported) - len(unknown)
    print(
        f"{known} of {len(exported)} public names, {len(theirs)} rest on others' types", flush=True
    )
    return [
        f"{each['name']}: {' '.join(one['message'] for one in each['diagnostics']) or 'not known'}"
        for each in unknown if each not in theirs
    ]  # fmt: skip


def learners(folder: Path) -> list[str]:
    """Test what needs torch, which is large and no dependency: ``tests/elsewhere/learners.py``."""
    place = Environment(Path(sys.executable), folder / "learners")
    place.install(*runtime(), *extra("rl"), "pytest", versions=locked())
    torch = place.without_cuda("torch")
    place.install("stable-baselines3", torch)
    print(f"{torch}: {place.versions()['torch']}", flush=True)
    words = ["tests/elsewhere/learners.py", "tests/unit/envs/test_stable_baselines.py"]
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-rfE", *words]
    return place.failure(command, {"PROTEUS_CACHE_DIR": str(folder / "kernels")})


DOORS: Mapping[str, Callable[[Path], list[str]]] = {
    "matrix": matrix, "newest": newest, "dist": dist, "types": types, "learners": learners,
}  # fmt: skip


def main(words: Sequence[str]) -> int:
    """Run what the words name; returns the exit code."""
    said: list[str] = []
    for word in words:
        with tempfile.TemporaryDirectory() as folder:
            try:
                said += DOORS[word](Path(folder))
            except subprocess.CalledProcessError as error:
                said.append(f"{word}: {' '.join(error.cmd)}\n{error.stderr[-2000:]}")
    for each in said:
        print(each, flush=True)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
