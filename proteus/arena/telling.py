"""A season on a terminal: a bar while it is played, and the table."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from proteus.arena.board import OVERALL, leaderboard
from proteus.arena.competition import Results
from proteus.arena.playing import Say
from proteus.arena.scoring import criteria_of
from proteus.commands.terminal import console


@contextmanager
def lanes_bar(total: int) -> Iterator[Say]:
    """Show the lanes that are played on a terminal; show nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda lanes: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(), TextColumn("{task.completed:.0f} of {task.total:.0f} lanes"),
        TimeRemainingColumn(), TextColumn("left"),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda lanes: bar.advance(task, lanes)


def print_board(results: Results) -> None:
    """Print the leaderboard to stdout."""
    from rich.table import Table

    names = [OVERALL, *criteria_of(results.season)]
    table = Table(title=results.season.title, title_justify="left", box=None, pad_edge=False)
    table.add_column("place", justify="right")
    table.add_column("entrant")
    for name in names:
        table.add_column(name.replace("_", " "), justify="right")
    table.add_column("95 % of overall", justify="right", no_wrap=True)
    table.add_column("ranks", justify="right")
    table.add_column("forfeits", justify="right")
    for row in leaderboard(results).to_dict("records"):
        if row["out"]:
            table.add_row("out", str(row["entrant"]))
            continue
        table.add_row(
            str(row["place"]), str(row["entrant"]), *(f"{row[name]:.2f}" for name in names),
            f"{row['overall_low']:.2f} to {row['overall_high']:.2f}",
            f"{row['rank_first']} to {row['rank_last']}", f"{row['forfeits']:.0f}",
        )  # fmt: skip
    console().print(table)
