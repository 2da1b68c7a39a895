"""Find the quotes at which makers earn nothing: ``python -m proteus.equilibrium KEY [word ...]``.

Makers that are the same under every mechanism are too cheap under one, too dear under another. KEY
is a parameter of a group of traders; it is varied until the group's mean PnL, net of all costs and
rewards, is zero, cell by cell of what is swept, on common seeds, each with its interval:

    python -m proteus.equilibrium population.maker.policy.half_spread mechanism=clob,fba,rfq
    python -m proteus.equilibrium population.maker.policy.half_spread mechanism=clob,fba \\
        --response best --between 0.002 0.04

``--response best`` finds instead the value from which no member of the group gains by a small
change of its own, while the others stay: the symmetric best response.

stdout says what was found and, last, names the folder, which has equilibrium.csv, tried.csv,
report.md and a figure.

Exit codes: 0 done, 2 wrong input, 3 an invariant was violated, 4 the machine stopped the run,
5 some cell has no such value in the range, 130 interrupted.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from proteus.commands.process import EXIT_DONE, Parser, guarded, process

EXIT_NOT_FOUND = 5


def main(arguments: Sequence[str]) -> int:
    """Run one search.

    Parameters
        arguments: the words after the program name.

    Returns
        The exit code.
    """
    again = "interrupted: nothing was written; the same command gives the same results"
    return guarded(lambda: _equilibrium(parser().read(arguments)), again)


def parser() -> Parser:
    """Return what reads the words of the command."""
    made = Parser("python -m proteus.equilibrium", __doc__)
    made.add_argument("key", metavar="KEY", help="as population.maker.policy.half_spread")
    made.add_argument(
        "words", metavar="key=value", nargs="*", default=[], help="as for proteus.sweep"
    )
    made.add_argument(
        "--between", nargs=2, metavar=("LOW", "HIGH"),
        help="range of KEY; default a thirty-second to four times its value in the configuration",
    )  # fmt: skip
    made.add_argument(
        "--points", default="9", help="values that are tried first, 3 to 50; default 9"
    )
    made.add_argument(
        "--response", default="zero", metavar="R",
        help="zero (profit of the group, default) or best (response of one member)",
    )  # fmt: skip
    made.add_argument("--group", metavar="G", help="whose PnL; default the group of KEY")
    return made


def _equilibrium(chosen: argparse.Namespace) -> int:
    from proteus.studies import equilibrium, equilibrium_report

    answer = equilibrium.find(
        chosen.key,
        chosen.words,
        between=chosen.between,
        points=chosen.points,
        response=chosen.response,
        group=chosen.group,
    )
    written = equilibrium_report.write(answer)
    for sentence in written.sentences:
        print(sentence)
    print(answer.folder, flush=True)
    return EXIT_DONE if written.table["value"].notna().all() else EXIT_NOT_FOUND


if __name__ == "__main__":
    process(main)
