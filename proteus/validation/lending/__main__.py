"""``python -m proteus.validation.lending FILE...``: recordings of running contracts, replayed.

Prints a row per file: its rules, steps, refusals, numbers compared, differences, how many of them
K9 does not allow and the largest; then the first differences in words. Files whose amounts leave 64
bits are listed with the reason and not replayed; what is wrong with a file that cannot be read
keeps no other from being replayed. Exit codes: 0 K9 holds, 1 it does not, 2 a file cannot be read,
says what is not known, or none was replayed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from proteus.commands.process import EXIT_DONE, EXIT_WRONG_INPUT, Parser, guarded, process, say
from proteus.errors import ConfigError
from proteus.validation.lending.comparing import Outcome, validate

DIFFERS = 1
_COLUMNS = (
    "file", "rules", "steps", "refusals", "compared", "differences", "beyond K9", "largest",
    "verdict",
)  # fmt: skip


def main(words: Sequence[str]) -> int:
    """Replay the files that are named."""
    return guarded(lambda: _validate(words))


def _validate(words: Sequence[str]) -> int:
    parser = Parser("python -m proteus.validation.lending")
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path, help="recordings, as JSON")
    outcomes, is_wrong = [], False
    for path in parser.read(words).files:
        try:
            outcomes.append(validate(path))
        except ConfigError as error:
            say(f"error: {error}")
            is_wrong = True
    if not outcomes:
        return EXIT_WRONG_INPUT
    console = Console(width=150, highlight=False)
    console.print(_table(outcomes))
    for outcome in outcomes:
        if outcome.refused:  # which names the file
            console.print(escape(outcome.refused), soft_wrap=True)
        for line in outcome.lines():
            console.print(escape(f"{outcome.name}: {line}"), soft_wrap=True)
    if any(outcome.beyond for outcome in outcomes):
        return DIFFERS
    is_wrong = is_wrong or all(outcome.refused for outcome in outcomes)
    return EXIT_WRONG_INPUT if is_wrong else EXIT_DONE


def _table(outcomes: list[Outcome]) -> Table:
    table = Table(title="recordings of contracts against the door")
    for place, column in enumerate(_COLUMNS):
        table.add_column(column, justify="right" if 2 <= place < 8 else "left", overflow="fold")
    for each in outcomes:
        verdict = "not replayed" if each.refused else "differs" if each.beyond else "agrees"
        numbers = (each.steps, each.refusals, each.compared, len(each.differences), each.beyond)
        cells = [*map(str, numbers), str(each.largest)]
        table.add_row(escape(each.name), each.rules, *cells, verdict)
    return table


if __name__ == "__main__":
    process(main)
