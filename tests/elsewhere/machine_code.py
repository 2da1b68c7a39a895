"""Compile what a wheel brings, for any processor of its level.

    python -m tests.elsewhere.machine_code    # with ``VARIABLES`` and PROTEUS_CACHE_DIR

The folder then holds the loops of all mechanisms, plain and with rules, those that are stepped from
outside, the message doors, and every part that they may call.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import ProcessPoolExecutor

from proteus.compiler import deferred, places, wanted
from proteus.market.mechanisms.table import MECHANISMS
from proteus.sweep import main as sweep
from tests.helpers import warm

VARIABLES = dict(zip(("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"), places.BASELINE, strict=True))
WORKERS = 2
_SHORT = (
    "seeds.count=2", "horizon_s=2", "metrics.tau_ms=500", "record.warmup_s=0.5",
    "executor.workers=1",
)  # fmt: skip
_MARKETS = ((), ("executor.loop=rich",), ("population=leveraged", "credit=pool"))


def compile_all(mechanism: str) -> None:
    """Run small sweeps of a mechanism, a session and a message, then compile what none called."""
    with tempfile.TemporaryDirectory() as folder:
        for number, words in enumerate(_MARKETS):
            out = f"output_dir={folder}/{number}"
            code = sweep([f"mechanism={mechanism}", *_SHORT, *words, out])
            assert code == 0, (mechanism, words)
    warm.compile_session(mechanism)
    warm.compile_door(mechanism)
    done: set[int] = set()
    while missing := wanted.numbers() - done:
        for number in missing:
            deferred.address_of(number)
        done |= missing


def main() -> None:
    """Compile for all mechanisms; the first alone, so that parts that all share are there."""
    first, *others = MECHANISMS
    compile_all(first)
    with ProcessPoolExecutor(WORKERS) as workers:
        list(workers.map(compile_all, others))


if __name__ == "__main__":
    main()
