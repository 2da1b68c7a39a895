"""``python -m proteus.bench [name ...]``: measure, print a table, write outputs/bench/*.json.

Without names everything is measured, which takes half an hour on an idle machine. stdout
carries the table and, last, the file; progress goes to stderr. Exit codes: 0 measured, whether
targets are met or not; 2 unknown name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

from proteus.bench import (
    auctions,
    book,
    classic,
    door,
    ensemble,
    envs,
    loop,
    makers,
    measuring,
    news,
    peers,
    recording,
    requests,
    rules,
    scaling,
    start,
    trajectories,
    whatif,
    workers,
)
from proteus.bench.figures import RUNS, Figure, show, write
from proteus.commands.process import EXIT_WRONG_INPUT, process, say
from proteus.errors import nearest

MEASUREMENTS: dict[str, Callable[[], list[Figure]]] = {
    "loop": loop.measure,
    "news": news.measure,
    "measuring": measuring.measure,
    "recording": recording.measure,
    "classic": classic.measure,
    "book": book.measure,
    "peers": peers.measure,
    "auctions": auctions.measure,
    "ensemble": ensemble.measure,
    "requests": requests.measure,
    "rules": rules.measure,
    "makers": makers.measure,
    "envs": envs.measure,
    "trajectories": trajectories.measure,
    "door": door.measure,
    "whatif": whatif.measure,
    "workers": workers.measure,
    "scaling": scaling.measure,
    "start": start.measure,
}


def main(names: Sequence[str]) -> int:
    """Measure what is named, or everything."""
    if any(name in ("--help", "-h") for name in names):
        print(f"{__doc__}\nMeasurements: {', '.join(MEASUREMENTS)}")
        return 0
    for name in names:
        if name not in MEASUREMENTS:
            say(f"error: unknown measurement {name}{nearest(name, MEASUREMENTS)}")
            return EXIT_WRONG_INPUT
    figures: list[Figure] = []
    for name in names or MEASUREMENTS:
        say(f"measuring {name}")
        figures += MEASUREMENTS[name]()
    Console(width=100, highlight=False).print(_table(figures))
    print(write("", {"runs": RUNS, "figures": [figure.record() for figure in figures]}))
    return 0


def _table(figures: Sequence[Figure]) -> Table:
    table = Table(title=f"medians of {RUNS} runs, one core where not said otherwise")
    for column in ("measurement", "unit"):
        table.add_column(column)
    for column in ("median", "by the clock", "target"):
        table.add_column(column, justify="right")
    table.add_column("")
    for figure in figures:
        clock = figure.clock_median
        table.add_row(
            figure.name, figure.unit, show(figure.median), "" if clock is None else show(clock),
            figure.target, {None: "", True: "met", False: "missed"}[figure.met],
        )  # fmt: skip
    return table


if __name__ == "__main__":
    process(main)
