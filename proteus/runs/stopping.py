"""How a run ends before its end: asked to, by the machine, or by a person who is in a hurry.

The first Ctrl-C (or the signal by which a scheduler ends a job) lets the blocks in flight finish;
the second stops at once. Whatever it was, the sentence says what is saved and how to go on.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from proteus.errors import RunError

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """A run was stopped on request; says what is saved and how to go on."""


@contextmanager
def on_request(say: Callable[[str], None]) -> Iterator[Callable[[], bool]]:
    """Give what tells whether somebody has asked to stop; asked twice, KeyboardInterrupt is raised.

    Only the main thread hears signals; elsewhere nobody can ask.

    Parameters
        say: tells the person what happens next.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        say("stopping: the blocks in flight are finished and saved; once more stops at once")

    before = {number: signal.signal(number, ask) for number in _SIGNALS}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def reason(error: BaseException, folder: Path) -> str | None:
    """Say in half a sentence why the machine stopped a run; None for what is no such reason."""
    if isinstance(error, MemoryError):
        fewer = "with fewer executor.workers or executor.block_lanes it needs less"
        return f"a worker ran out of memory; {fewer}"
    if isinstance(error, BrokenExecutor):
        return "a worker process was killed, perhaps for want of memory"
    if isinstance(error, CancelledError):
        return "the dask scheduler was lost"
    if type(error).__name__ == "KilledWorker":  # of dask.distributed, which may not be installed
        return "dask gave up a block whose workers were lost again and again"
    if isinstance(error, RunError):
        return str(error)
    if isinstance(error, OSError):
        return f"output_dir={folder} cannot be written: {error.strerror or error}"
    return None


def how_to_go_on(folder: Path, saved: int) -> str:
    """Say what is saved of a run and what continues it."""
    if saved == 0:
        return "nothing was written; run the same command to start again: it gives the same results"
    lanes = "1 lane is saved" if saved == 1 else f"{saved} lanes are saved"
    return f"{lanes}; go on with: python -m proteus.sweep --resume {folder}"
