"""Progress in a notebook: one line of plain text that is replaced, without control characters."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proteus.plans.plan import Plan
    from proteus.runs.running import Progress

_EVERY_S = 0.5


def in_notebook() -> bool:
    """Say whether this process is the kernel of a notebook; imports nothing to find out."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return hasattr(shell, "kernel")


@contextmanager
def line(plan: Plan) -> Iterator[Progress | None]:
    """Show below the cell of a notebook how far a run is; give None elsewhere.

    Yields
        A function to call with the number of a cell and of its lanes that have just been finished.
    """
    if not in_notebook():
        yield None
        return
    from IPython.display import display

    started = shown = time.monotonic()
    finished = 0
    show: Any = display  # IPython says no types
    first = f"0 of {plan.lanes} lanes; kernels that are new compile first, about 40 s"
    handle = show({"text/plain": first}, raw=True, display_id=True)

    def advance(cell: int, lanes: int) -> None:
        nonlocal finished, shown
        finished += lanes
        now = time.monotonic()
        if now - shown < _EVERY_S:
            return
        shown = now
        rate = finished / (now - started)
        text = f"cell {cell + 1} of {len(plan.cells)}, {finished} of {plan.lanes} lanes"
        handle.update({"text/plain": f"{text}, {rate:,.0f} lanes/s"}, raw=True)

    yield advance
    text = f"{finished} lanes in {time.monotonic() - started:.1f} s"
    handle.update({"text/plain": text}, raw=True)
