"""``python -m proteus.bench [name ...]``: measure, print a table, write outputs/bench/*.json.

Without names everything is measured, which takes half an hour on an idle machine. stdout
carries the table and, last, the file; progress goes to stderr. The table has a line for each
figure with a target or a peer, or for all that are named: a peer is another program in the same
run, or the figure itself the last time on this kind of machine (outputs/bench/history.jsonl). Exit
codes: 0 measured, whether targets are met or not; 2 unknown name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.console import Console
from rich.table import Table

from proteus.bench import (
    auctions,
    book,
    classic,
    credit,
    door,
    ensemble,
    envs,
    history,
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
from proteus.bench.history import Before, key_of
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
    "credit": credit.measure,
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
    before = history.last(history.machine()["fingerprint"])
    table = _table(figures, before, is_whole=not names)
    Console(width=120, highlight=False).print(table)
    history.note(figures)
    print(write("", {"runs": RUNS, "figures": [figure.record() for figure in figures]}))
    return 0


def _table(figures: Sequence[Figure], before: Mapping[str, Before], is_whole: bool) -> Table:
    """Lay out what fits a screen: figures with a target or a peer; the file has all."""
    shown = [each for each in figures if not is_whole or each.target or each.peer]
    left_out = len(figures) - len(shown)
    more = f"; {left_out} more in the file" if left_out else ""
    table = Table(title=f"medians of {RUNS} runs, one core where not said otherwise{more}")
    table.add_column("figure")
    for column in ("median", "peer", "ratio", "target", "verdict"):
        table.add_column(column, justify="left" if column == "peer" else "right")
    for each in shown:
        peer, ratio = _beside(each, before.get(key_of(each)))
        table.add_row(
            each.name, f"{show(each.median)} {each.unit}", peer, ratio, each.target,
            {None: "", True: "met", False: "missed"}[each.met],
        )  # fmt: skip
    return table


def _beside(figure: Figure, before: Before | None) -> tuple[str, str]:
    """Return what a figure stands beside, and the ratio to it: a peer, or itself before."""
    if figure.peer:
        return figure.peer, show(figure.median)
    if before is None or before.median == 0:
        return "", ""
    return f"itself, {before.created[:10]}", f"{figure.median / before.median:.3f}"


if __name__ == "__main__":
    process(main)
