"""``python -m proteus.bench.check [REV] [WORK ...]``: fail where work takes more than before.

The loop of each mechanism and the planning of a sweep are run as they are here and as they were
at REV, by default the commit before: HEAD where files are changed, else HEAD^. Instructions are
counted by callgrind where valgrind is there (x86-64), for a processor that it knows (AVX2); two
counts of the same code differ by less than a thousandth, so more than one in a hundred is a loss.
Elsewhere two processes take turns, and the median of the ratios of processor time must stay within
five in a hundred. The result goes to outputs/bench/check-*.json. Exit codes: 0 no loss, 1 a loss, 2
wrong input. WORK: clob, fba, rfq, dual_flow, planning; by default all.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from proteus.bench.figures import FOLDER, write
from proteus.commands.process import EXIT_WRONG_INPUT, process, say
from proteus.errors import ConfigError

WORK = ("clob", "fba", "rfq", "dual_flow", "planning")
MOST_INSTRUCTIONS, MOST_TIME = 1.01, 1.05  # of before
TURNS = 7
EXIT_LOSS = 1
_HERE = Path(__file__).resolve().parents[2]
_SCRIPT = Path(__file__).with_name("counted.py")
_TOTALS = re.compile(r"^totals: (\d+)$", re.MULTILINE)
# A processor that valgrind can play; the features are those of its kind.
_PROCESSOR = {
    "NUMBA_CPU_NAME": "haswell",
    "NUMBA_CPU_FEATURES": "+sse2,+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+avx,+avx2,+fma,+bmi,+bmi2,"
    "+lzcnt,+f16c,+cx16,+movbe",
    "PYTHONHASHSEED": "0",
}


class Ratio(NamedTuple):
    """What one work takes now beside before."""

    name: str
    before: float
    now: float
    most: float

    @property
    def ratio(self) -> float:
        """Return now over before."""
        return self.now / self.before

    @property
    def is_loss(self) -> bool:
        """Say whether it is more than noise."""
        return self.ratio > self.most

    def __str__(self) -> str:
        verdict = "loss" if self.is_loss else "no loss"
        numbers = f"{self.before:>16,.6g} {self.now:>16,.6g} {self.ratio:>8.4f}"
        return f"{self.name:<12}{numbers} {f'<= {self.most:g}':>8}  {verdict}"


def main(words: Sequence[str]) -> int:
    """Compare with another commit; the first word is that commit unless it names work."""
    if any(word in ("--help", "-h") for word in words):
        print(__doc__)
        return 0
    revision = words[0] if words and words[0] not in WORK else None
    names = [*words[revision is not None :]] or [*WORK]
    for name in names:
        if name not in WORK:
            say(f"error: work={name} does not exist; allowed: {', '.join(WORK)}")
            return EXIT_WRONG_INPUT
    try:
        revision = revision or ("HEAD" if _git("status", "--porcelain", "-uno") else "HEAD^")
        commit = _git("rev-parse", "--verify", f"{revision}^{{commit}}")
    except ConfigError as error:
        say(f"error: {error}")
        return EXIT_WRONG_INPUT
    can_count = platform.machine() == "x86_64" and shutil.which("valgrind") is not None
    unit = f"instructions, {_SCRIPT.stem} by callgrind" if can_count else "s of processor time"
    with _checkout(commit) as before:
        found = (counted if can_count else timed)(before, names)
    print(f"{unit}: {commit[:8]} (before), the checkout (now)")
    print(*found, sep="\n")
    rows = [{**each._asdict(), "ratio": each.ratio, "is_loss": each.is_loss} for each in found]
    print(write("check-", {"unit": unit, "before": commit, "work": rows}))
    return EXIT_LOSS if any(each.is_loss for each in found) else 0


def counted(before: Path, names: Sequence[str]) -> list[Ratio]:
    """Count the instructions of work in two checkouts."""
    before_counts, now_counts = (_count(tree, names) for tree in (before, _HERE))
    rows = zip(names, before_counts, now_counts, strict=True)
    return [Ratio(name, old, new, MOST_INSTRUCTIONS) for name, old, new in rows]


def _count(tree: Path, names: Sequence[str]) -> list[float]:
    """Count in one checkout, once its kernels are compiled for the processor of valgrind."""
    say(f"counting in {tree}")
    environment = _environment(tree) | _PROCESSOR
    plain = [sys.executable, str(_SCRIPT)]
    subprocess.run([*plain, "warm", *names], env=environment, check=True)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "counts"
        valgrind = ["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no",
                    f"--callgrind-out-file={out}"]  # fmt: skip
        subprocess.run([*valgrind, *plain, "count", *names], env=environment, check=True,
                       stderr=subprocess.DEVNULL)  # fmt: skip
        return totals([Path(f"{out}.{number}").read_text() for number in range(1, len(names) + 1)])


def totals(dumps: Sequence[str]) -> list[float]:
    """Read the number of instructions of each file of callgrind."""
    found = [_TOTALS.search(dump) for dump in dumps]
    return [float(each[1]) for each in found if each]


def timed(before: Path, names: Sequence[str]) -> list[Ratio]:
    """Time work in two checkouts that take turns; the ratio is the median of neighbours."""
    with _server(before, names) as old, _server(_HERE, names) as new:
        pairs = [(_ask(old), _ask(new)) for _ in range(TURNS)]
    return judged_times(names, pairs)


def judged_times(
    names: Sequence[str], pairs: Sequence[tuple[Sequence[float], Sequence[float]]]
) -> list[Ratio]:
    """Take the median of the ratios of neighbouring runs.

    Parameters
        pairs: of each turn the seconds of every work, before and now.
    """
    found = []
    for at, name in enumerate(names):
        ratio = statistics.median(now[at] / before[at] for before, now in pairs)
        seconds = statistics.median(before[at] for before, _ in pairs)
        found.append(Ratio(name, seconds, seconds * ratio, MOST_TIME))
    return found


@contextmanager
def _server(tree: Path, names: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(_SCRIPT), "time", *names]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, text=True, env=_environment(tree)
    ) as server:
        yield server
        assert server.stdin is not None
        server.stdin.close()


def _ask(server: subprocess.Popen[str]) -> list[float]:
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write("\n")
    server.stdin.flush()
    return [float(word) for word in server.stdout.readline().split()]


def _environment(tree: Path) -> dict[str, str]:
    """Return the environment in which the package is that of a checkout, kernels apart."""
    kernels = (FOLDER / "kernels").resolve()  # of another processor than those of every day
    return {**os.environ, "PYTHONPATH": str(tree), "PROTEUS_CACHE_DIR": str(kernels)}


@contextmanager
def _checkout(commit: str) -> Iterator[Path]:
    """Check a commit out into a folder that goes away."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        _git("worktree", "add", "--detach", str(tree), commit)
        try:
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*words: str) -> str:
    """Ask git about the checkout.

    Raises
        ConfigError: there is none, or it does not know.
    """
    done = subprocess.run(["git", "-C", str(_HERE), *words], capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["git failed"]
        raise ConfigError(f"git {' '.join(words)}: {said[-1]}")
    return done.stdout.strip()


if __name__ == "__main__":
    process(main)
