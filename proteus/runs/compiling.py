"""Compile the loops of a plan before its lanes run, those of several mechanisms beside each other.

The compiler uses one core and holds a lock, so threads cannot compile two mechanisms at once; other
processes can, and this one loads from the cache on disk what they have put there. A process that
fails costs time only: what is missing is compiled by the first task that needs it.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from proteus.basics.machine import free_memory
from proteus.market.environment.models import BayesianLatent
from proteus.market.events.queue import NEVER_NS
from proteus.runs import pace, workers

if TYPE_CHECKING:
    from proteus.configuration.executors import Executor
    from proteus.market.cell import CellConfig

_PROCESS_BYTES = 500_000_000  # of a process that compiles; 350 MB were measured
_POLL_S = 0.1
_SELDOM = 200_000  # objects between two collections, as in the process of a command


def compile_ahead(
    cells: Sequence[CellConfig], settings: Executor, stop: Callable[[], bool] = lambda: False
) -> None:
    """Compile what cells need and this machine has not, on as many cores as it may use.

    Parameters
        cells: those that are to be simulated. settings: where.
        stop: once it holds, no further loop is compiled.
    """
    if settings.name == "dask" or pace.are_noted(cells):
        return
    missing = _missing(cells, settings.is_rich)
    if len(missing) < 2 and settings.name == "threads":
        return  # the first task compiles it, and Python is free for what is imported meanwhile
    most = settings.workers or workers.usable_cores()
    _compile_beside(missing, max(1, min(most, free_memory() // _PROCESS_BYTES)), stop)


def _missing(cells: Sequence[CellConfig], is_rich: bool) -> list[Any]:
    """Return the types for which the loop must be compiled."""
    import numba

    from proteus.compiler.jit import JIT_DISABLED
    from proteus.market.setup.block import build_block
    from proteus.market.setup.cell import set_up_cell
    from proteus.market.trading.loop import advance_block

    if JIT_DISABLED:
        return []
    signatures: dict[Any, None] = {}
    keys = np.zeros((1, 2), np.uint32)
    for cell in _distinct(cells):
        setup = set_up_cell(cell)._replace(is_rich=is_rich)
        block = build_block(setup, keys, growth=1, audit=False)
        signature = tuple(map(numba.typeof, (block.mechanism, block.world, NEVER_NS)))
        if not advance_block._cache.has(signature, advance_block.targetctx):
            signatures[signature] = None
    return list(signatures)


def _distinct(cells: Sequence[CellConfig]) -> list[CellConfig]:
    """Return a cell for each mechanism and set of traders; nothing else decides about types."""
    found: dict[Any, CellConfig] = {}
    for cell in cells:
        traders = frozenset(group.kind for group in cell.population.values() if group.count)
        found.setdefault((cell.mechanism.name, traders), cell)
    return [_quick(cell) for cell in found.values()]


def _quick(cell: CellConfig) -> CellConfig:
    """Return a cell of the same types whose news needs no table."""
    news = BayesianLatent(
        model="bayesian", dt=cell.latent.dt, jump_rate_per_s=0.0, total_variance=1.0, sigma=None,
        jump_accuracy=0.5,
    )  # fmt: skip
    return cell.model_copy(update={"latent": news})


def _compile_beside(signatures: Sequence[Any], most: int, stop: Callable[[], bool]) -> None:
    """Compile for all types, a share in this process and each other share in one of its own."""
    shares = [signatures[at::most] for at in range(min(most, len(signatures)))]
    if not shares:
        return
    # A thread, as that of a task: an interrupt that met the compiler itself would end elsewhere.
    threads = ThreadPoolExecutor(1)
    with contextlib.ExitStack() as processes:
        processes.callback(threads.shutdown, wait=False, cancel_futures=True)
        others = [processes.enter_context(_process(share)) for share in shares[1:]]
        ours = [threads.submit(_compile, signature) for signature in shares[0]]
        while not stop():
            waiting = wait(ours, timeout=_POLL_S).not_done
            if not waiting and all(each.poll() is not None for each in others):
                break
        for future in ours:
            if future.done():
                future.result()


def _compile(signature: Any) -> None:
    from proteus.market.trading.loop import advance_block

    advance_block.compile(signature)


@contextlib.contextmanager
def _process(signatures: Sequence[Any]) -> Iterator[subprocess.Popen[bytes]]:
    """Compile for some types in a process of its own, and end it with the context."""
    import proteus

    package = str(
        Path(proteus.__file__).parent.parent
    )  # the same code, wherever this one was found
    paths = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(
        [sys.executable, "-m", "proteus.runs.compiling"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert process.stdin is not None
    try:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(pickle.dumps(list(signatures)))
            process.stdin.flush()
        yield process
    finally:
        process.kill()
        process.wait()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


def main() -> None:
    """Compile for the types that come from stdin, and end at the latest with who sent them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for who sent them
    gc.set_threshold(_SELDOM)
    signatures = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_leave_at_end_of, args=(sys.stdin.fileno(),), daemon=True).start()
    for signature in signatures:
        _compile(signature)


def _leave_at_end_of(stream: int) -> None:
    while os.read(stream, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
