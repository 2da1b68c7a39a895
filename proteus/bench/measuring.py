"""What measuring costs: the full loop with and without it, in two processes that take turns.

The loop without has its calls into ``proteus.market.metrics`` replaced before it is compiled;
nothing a trader or a mechanism does depends on them, so both loops process the same events.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from proteus.bench.figures import RUNS, Figure, timed
from proteus.compiler.jit import inline_kernel

_LANES = 64
_SERVE = "import sys; from proteus.bench import measuring; measuring.serve(sys.argv[1] == 'silent')"


def measure() -> list[Figure]:
    """Measure which share of the loop goes into measuring."""
    with (
        tempfile.TemporaryDirectory() as cache,
        _server("loud", None) as loud,
        _server("silent", cache) as silent,
    ):
        pairs = [(_ask(loud), _ask(silent)) for _ in range(2 * RUNS)]
    shares = tuple(1 - without / whole for whole, without in pairs)
    return [Figure("measuring", "share of the loop", shares, at_most=0.15)]


def serve(is_silent: bool) -> None:
    """Run the loop once for every line of stdin, and print the seconds that it took."""
    from proteus.bench import lanes
    from proteus.bench.loop import EXPERIMENT
    from proteus.market.setup.cell import set_up_cell
    from proteus.plans.planner import from_words

    if is_silent:
        _silence()
        setattr(lanes, "measure", lambda world: {})  # noqa: B010
    setup = set_up_cell(from_words([EXPERIMENT]).cells[0])
    lanes.run_lanes(setup, 1)
    for _ in sys.stdin:
        print(timed(lambda: lanes.run_lanes(setup, _LANES)).processor_s, flush=True)


@contextmanager
def _server(name: str, cache: str | None) -> Iterator[subprocess.Popen[str]]:
    """Start a process that serves; its kernels go to a cache of their own where they differ."""
    environment = {**os.environ, "PROTEUS_CACHE_DIR": cache} if cache else None
    command = [sys.executable, "-c", _SERVE, name]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) as server:
        yield server
        _open(server.stdin).close()


def _ask(server: subprocess.Popen[str]) -> float:
    question = _open(server.stdin)
    question.write("\n")
    question.flush()
    return float(_open(server.stdout).readline())


def _open(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def _silence() -> None:
    """Replace what the engine calls to measure; must happen before anything is compiled."""
    from proteus.market.trading import booking, desk, loop, venue

    silent: dict[Any, dict[str, Any]] = {
        booking: {
            "measure_before_publication": _nothing, "measure_publication": _nothing,
            "measure_book": _nothing, "measure_fill": _nothing, "measure_end": _nothing,
        },
        venue: {"split_clear": _nothing},
        desk: {"count_intent": _nothing},
        loop: {
            "start_shock": _nothing, "measure_grid": _never_again, "close_lane": _is_fine,
        },
    }  # fmt: skip
    for module, parts in silent.items():
        for name, part in parts.items():
            assert hasattr(module, name), f"{module.__name__} has no {name}"
            setattr(module, name, part)


@inline_kernel
def _nothing(*arguments: Any) -> None:
    pass


@inline_kernel
def _never_again(sums: Any, world: Any, lane: Any, time: Any, what: Any) -> Any:
    return world.settings.horizon_ns


@inline_kernel
def _is_fine(sums: Any, totals: Any, world: Any, lane: Any) -> bool:
    return True
