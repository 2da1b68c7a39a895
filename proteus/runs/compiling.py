"""Compile the loops of a plan before its lanes run, on more than one core.

The compiler holds a lock, so threads cannot compile two mechanisms at once. This process lowers
one loop after another, which share most of that; others make machine code of what it has lowered
(``compiler.ahead``). One that fails costs time only: what is missing in the cache is compiled by
the first task that needs it.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from proteus.basics.machine import free_memory
from proteus.market.environment.models import BayesianLatent
from proteus.market.events.queue import NEVER_NS
from proteus.runs import pace, workers

if TYPE_CHECKING:
    from proteus.compiler.ahead import Lowered
    from proteus.compiler.outlined import Outlined
    from proteus.configuration.executors import Executor
    from proteus.market.cell import CellConfig

_PROCESS_BYTES = 400_000_000  # of a process that makes machine code
_POLL_S = 0.1


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
    cores = settings.workers or workers.usable_cores()
    missing = _missing(cells, settings.is_rich)
    helpers = min(cores - 1, len(missing) - 1, free_memory() // _PROCESS_BYTES)
    if helpers > 0:  # one alone is compiled by the first task
        _compile_beside(missing, helpers, stop)


def _missing(cells: Sequence[CellConfig], is_rich: bool) -> list[Any]:
    """Return the types for which the loop must be compiled."""
    import numba

    from proteus.compiler.jit import JIT_DISABLED
    from proteus.market.setup.block import build_block
    from proteus.market.setup.cell import set_up_cell
    from proteus.market.trading.loop import advance_block

    if JIT_DISABLED or not advance_block._cache.can_keep():
        return []
    signatures: dict[Any, None] = {}
    keys = np.zeros((1, 2), np.uint32)
    for cell in _distinct(cells):
        setup = set_up_cell(cell, is_rich)
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


def _compile_beside(signatures: Sequence[Any], helpers: int, stop: Callable[[], bool]) -> None:
    """Lower for all types in a thread, while other processes make machine code of what is lowered.

    A thread, as that of a task: an interrupt that met the compiler itself would end elsewhere.
    """
    jobs: _Jobs = queue.SimpleQueue()
    with contextlib.ExitStack() as ends:
        threads = ThreadPoolExecutor(1 + helpers)
        ends.callback(threads.shutdown, wait=False, cancel_futures=True)
        ends.callback(_tell_all, jobs, helpers)
        ended = threading.Event()
        ends.callback(ended.set)
        theirs = [
            threads.submit(_have_done, ends.enter_context(_process()), jobs) for _ in range(helpers)
        ]
        ours = threads.submit(_compile_all, signatures, jobs, ended)
        _wait_for([ours], stop)
        _tell_all(jobs, helpers)
        _wait_for(theirs, stop)
        if ours.done():
            ours.result()


def _tell_all(jobs: _Jobs, helpers: int) -> None:
    """Say that there are no more jobs."""
    for _ in range(helpers):
        jobs.put(None)


def _wait_for(futures: Sequence[Future[None]], stop: Callable[[], bool]) -> None:
    while not stop() and wait(futures, timeout=_POLL_S).not_done:
        pass


class _Job(NamedTuple):
    """A lowered loop that waits for its machine code."""

    signature: Any
    lowered: Lowered

    def keep(self, code: Any) -> None:
        """Put the machine code into the cache."""
        from proteus.market.trading.loop import advance_block

        codegen = advance_block.targetctx.codegen()
        found = self.lowered
        advance_block._cache.save(
            self.signature, codegen, found.parts, found.wanted, (code, *found.kept)
        )


class _Part(NamedTuple):
    """A part that loops call, which waits for its machine code."""

    lowered: Outlined

    def keep(self, code: bytes) -> None:
        """Put the machine code into the cache."""
        from proteus.compiler import outlined

        outlined.keep(self.lowered.name, code)


_Jobs: TypeAlias = "queue.SimpleQueue[_Job | _Part | None]"


def _compile_all(signatures: Sequence[Any], jobs: _Jobs, ended: threading.Event) -> None:
    """Lower for all types, then make the machine code that nobody has begun with."""
    from numba import errors

    from proteus.compiler.ahead import lower, optimise
    from proteus.compiler.outlined import read
    from proteus.market.trading.loop import advance_block

    parts: set[str] = set()
    for signature in signatures:
        if ended.is_set():
            return
        with contextlib.suppress(
            errors.NumbaError
        ):  # the first task that needs it says what is wrong
            lowered = lower(advance_block, signature)
            jobs.put(_Job(signature, lowered))
            for part in lowered.parts:
                if part.name not in parts and read(part.name) is None:
                    jobs.put(_Part(part))
                parts.add(part.name)
    with contextlib.suppress(queue.Empty):
        while (job := jobs.get_nowait()) is not None and not ended.is_set():
            job.keep(optimise(job.lowered.name, job.lowered.code))


def _have_done(process: subprocess.Popen[bytes], jobs: _Jobs) -> None:
    """Let a process make machine code; what it fails at is left to others."""
    assert process.stdin is not None
    assert process.stdout is not None
    while (job := jobs.get()) is not None:
        try:
            pickle.dump((job.lowered.name, job.lowered.code), process.stdin)
            process.stdin.flush()
            code = pickle.load(process.stdout)
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            jobs.put(job)
            return
        job.keep(code)


@contextlib.contextmanager
def _process() -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that makes machine code, and end it with the context."""
    package = str(Path(__file__).parents[2])  # the same code, wherever this one is
    paths = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(
        [sys.executable, "-m", "proteus.compiler.ahead"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()
