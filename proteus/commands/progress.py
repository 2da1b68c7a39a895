"""What a person sees while a sweep runs: a bar on a terminal, and one line when kernels compile."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proteus.plans.plan import Plan


@contextmanager
def lanes_bar(plan: Plan) -> Iterator[Callable[[int, int], None] | None]:
    """Show the cell, lanes, rate and time left on a terminal; give None elsewhere.

    What a notebook runs by ``!`` has a terminal that understands no movement of the cursor; its
    kernel is known by a variable that Jupyter sets.

    Yields
        A function to call with the number of a cell and of its lanes that have just been finished.
    """
    if not sys.stderr.isatty() or "JPY_PARENT_PID" in os.environ:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("cell {task.fields[cells]}"),
        BarColumn(),
        TextColumn("{task.completed:.0f} of {task.total:.0f} lanes, {task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=plan.lanes, cells=f"1/{len(plan.cells)}", rate="starting")

        def advance(cell: int, finished: int) -> None:
            bar.advance(task, finished)
            state = bar.tasks[0]
            rate = f"{state.speed:,.0f} lanes/s" if state.speed else "starting"
            bar.update(task, cells=f"{cell + 1}/{len(plan.cells)}", rate=rate)

        yield advance


@contextmanager
def compile_notice(say: Callable[[str], None]) -> Iterator[None]:
    """Say once that kernels are compiled, if any is: what comes from the cache is not compiled."""
    from proteus.compiler.private import event

    class FirstCompilation(event.Listener):
        """Hear of every compilation, and speak of the first."""

        said = False

        def on_start(self, event: object) -> None:
            if not self.said:
                self.said = True
                say("compiling kernels, about 40 s, once per version of the code and mechanism")

        def on_end(self, event: object) -> None:
            """Stay silent."""

    with event.install_listener("numba:compile", FirstCompilation()):
        yield
