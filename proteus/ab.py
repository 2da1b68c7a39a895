"""Change rules and see who gains and who pays: ``python -m proteus.ab KEY=BEFORE,AFTER ...``.

Every key with two values is changed, from the first to the second, all at once; both sides run the
same traders on the same seeds and may differ in nothing else:

    python -m proteus.ab costs=none,kalshi mechanism=fba
    python -m proteus.ab costs=notional costs.taker_ppm=0,500 seeds.count=500
    python -m proteus.ab mechanism=clob,fba costs=none,polymarket --attribute
    python -m proteus.ab costs=none,kalshi precision=sequential seeds.count=2000

With ``--attribute`` every choice of several changes is run too, and the effect is split among them
by Shapley's value. With ``precision=sequential`` seeds are added, up to ``seeds.count``, until the
interval of the endpoint's difference is narrow enough; a look sees its width and nothing else.

stdout says the verdict and, last, names the folder, which has ab.html, verdict.txt, manifest.json
and a table each of who, paid, terms, risk, measures and, if asked for, attribution.

Exit codes: 0 done, 2 wrong input, 3 an invariant was violated, 4 the machine stopped the run,
130 interrupted.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from proteus.commands.process import EXIT_DONE, Parser, guarded, process


def main(arguments: Sequence[str]) -> int:
    """Run one experiment.

    Parameters
        arguments: the words after the program name.

    Returns
        The exit code.
    """
    again = "interrupted: nothing was written; the same command gives the same results"
    return guarded(lambda: _ab(parser().read(arguments)), again)


def parser() -> Parser:
    """Return what reads the words of the command."""
    made = Parser("python -m proteus.ab", __doc__)
    made.add_argument(
        "words", metavar="key=value", nargs="+", help="as for proteus.sweep; some with two values"
    )
    made.add_argument(
        "--attribute", action="store_true", help="split the effect among several changes"
    )
    made.add_argument(
        "--half-width", metavar="W",
        help="of the endpoint's difference, in its unit: say whether it was reached",
    )  # fmt: skip
    return made


def _ab(chosen: argparse.Namespace) -> int:
    from proteus.studies import ab, ab_report

    experiment = ab.run(chosen.words, is_attributed=chosen.attribute, half_width=chosen.half_width)
    for sentence in ab_report.write(experiment).sentences:
        print(sentence)
    print(experiment.folder, flush=True)
    return EXIT_DONE


if __name__ == "__main__":
    process(main)
