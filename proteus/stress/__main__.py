"""What breaks under stress: ``python -m proteus.stress [key=value ...]``.

Each scenario is run twice on the same seeds, as usual and in stress, under every mechanism:

    python -m proteus.stress
    python -m proteus.stress scenarios=latency_spike,fork mechanism=clob,rfq seeds.count=500
    python -m proteus.stress makers=baseline,glft population.noise.count=10

scenarios= and makers= choose from the pack (docs/stress.md), mechanism= which venues, output_dir=
a folder; any other word is one of proteus.sweep and holds for both arms. Without seeds.count there
are 100.

stdout says what moved and, last, names the folder, which has stress.html, verdict.txt, deltas.csv
and manifest.json.

Exit codes: 0 done, 2 wrong input, 3 an invariant was violated, 4 the machine stopped the run,
130 interrupted.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from proteus.commands.process import EXIT_DONE, EXIT_VIOLATION, Parser, guarded, process, say


def main(arguments: Sequence[str]) -> int:
    """Run the pack.

    Parameters
        arguments: the words after the program name.

    Returns
        The exit code.
    """
    again = "interrupted: nothing was written; the same command gives the same results"
    return guarded(lambda: _stress(parser().read(arguments)), again)


def parser() -> Parser:
    """Return what reads the words of the command."""
    made = Parser("python -m proteus.stress", __doc__)
    made.add_argument("words", metavar="key=value", nargs="*", help="as for proteus.sweep")
    return made


def _stress(chosen: argparse.Namespace) -> int:
    from proteus.stress import running, telling

    pack = running.read(chosen.words)
    folder = telling.fresh(pack, chosen.words)
    results = running.run(pack, say)
    for sentence in telling.write(results, folder, chosen.words):
        print(sentence)
    print(folder, flush=True)
    return EXIT_VIOLATION if results.broken else EXIT_DONE


if __name__ == "__main__":
    process(main)
