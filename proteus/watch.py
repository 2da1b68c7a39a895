"""Watch one recorded lane: ``python -m proteus.watch FOLDER LANE``.

LANE names a lane that was recorded (record.events=seed:0..3), in the same words:

    python -m proteus.watch outputs/x seed:3                       # where one cell was recorded
    python -m proteus.watch outputs/x cell:1/seed:3                # cells are listed by plan_only
    python -m proteus.watch outputs/x mechanism:fba/delta:100/seed:3 --from 4 --to 6

Writes a page that can be scrubbed in time and opens where the lane is busiest, in one file and
without a network, and a figure, into FOLDER/watch. stdout names the figure and, last, the page;
errors go to stderr.

Exit codes: 0 done, 2 wrong input.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

from proteus.commands.process import EXIT_DONE, Parser, guarded, process
from proteus.errors import ConfigError, ResultsError

FORMATS = ("png", "svg", "pdf")


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Parameters
        arguments: the words after the program name.

    Returns
        The exit code.
    """
    return guarded(lambda: _watch(parser().read(arguments)))


def parser() -> Parser:
    """Return what reads the words of the command."""
    made = Parser("python -m proteus.watch", __doc__)
    made.add_argument("folder", metavar="FOLDER", help="output folder of a sweep with an event log")
    made.add_argument("lane", metavar="LANE", help="as seed:3 or cell:1/seed:3")
    made.add_argument("--from", dest="start", metavar="S", help="first second shown")
    made.add_argument("--to", dest="end", metavar="S", help="last second shown")
    made.add_argument("--format", default="png", metavar="F", help=f"figure: {', '.join(FORMATS)}")
    made.add_argument("--into", metavar="DIR", help="where to write; default FOLDER/watch")
    return made


def _watch(chosen: argparse.Namespace) -> int:
    """Read the lane, draw it, and write both files."""
    if chosen.format not in FORMATS:
        allowed = f"it must be one of {', '.join(FORMATS)}"
        raise ConfigError(f"--format={chosen.format} is not allowed: {allowed}")
    start = None if chosen.start is None else _seconds("--from", chosen.start)
    end = None if chosen.end is None else _seconds("--to", chosen.end)
    from proteus.basics.files import whole
    from proteus.pages.lane import lane_page
    from proteus.plots.lane import lane_figure
    from proteus.plots.style import save
    from proteus.recording.watched import read_lane

    lane = read_lane(chosen.folder, chosen.lane)
    _check_part(start or 0.0, end, lane.end_ns / 1e9)
    folder = Path(chosen.folder)
    into = (
        Path(chosen.into)
        if chosen.into is not None
        else (folder if folder.is_dir() else folder.parent) / "watch"
    )
    name = lane.name.replace(":", "").replace("/", "-")
    page, figure = into / f"{name}.html", into / f"{name}.{chosen.format}"
    try:
        into.mkdir(parents=True, exist_ok=True)
        save(lane_figure(lane, start or 0.0, end), figure)
        with whole(page) as temporary:
            temporary.write_text(lane_page(lane, start, end), encoding="utf-8")
    except OSError as error:
        raise ResultsError(f"--into={into} cannot be written: {error.strerror}") from None
    print(figure, page, sep="\n", flush=True)
    return EXIT_DONE


def _seconds(flag: str, text: str) -> float:
    """Read a time in seconds."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise ConfigError(f"{flag}={text} is not allowed: it must be a time in seconds from 0 on")
    return seconds


def _check_part(start: float, end: float | None, last: float) -> None:
    """Check that the part to show lies in the lane."""
    if end is not None and not end <= last:
        raise ConfigError(f"--to={end:g} is not allowed: the lane ends at {last:g} s")
    if not start < (last if end is None else end):
        reason = f"it must be before --to, here {last if end is None else end:g} s"
        raise ConfigError(f"--from={start:g} is not allowed: {reason}")


if __name__ == "__main__":
    process(main)
