"""Run recorded orders through other mechanisms: ``python -m proteus.whatif FILE KEY=VALUE ...``.

    python -m proteus.whatif AAPL_2012-06-21_34200000_57600000_message_10.csv
    python -m proteus.whatif FILE mechanism=clob,fba,dual_flow delta=50,100 block_s=300
    python -m proteus.whatif DAY1 DAY2 format=itch symbol=AAPL mechanism=fba delta=250
    python -m proteus.whatif orders.csv mapping=orders.yaml

Keys: mechanism, delta (ms), format, symbol, mapping (of a CSV file), tick (currency, 0.0001),
block_s (length of a block of time; by default a fortieth of the file) and output_dir. Formats and
what each can say are in docs/data.md.

stdout says what was found and, last, names the folder, which has whatif.html, verdict.txt,
manifest.json, measures.parquet, blocks.parquet and paths.parquet.

Exit codes: 0 done, 2 wrong input, 4 the machine stopped the run, 130 interrupted.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from proteus.commands.process import EXIT_DONE, Parser, guarded, process

OUTPUTS = Path("outputs") / "whatif"


def main(arguments: Sequence[str]) -> int:
    """Run one counterfactual.

    Parameters
        arguments: the words after the program name.

    Returns
        The exit code.
    """
    again = "interrupted: nothing was written; the same command gives the same results"
    return guarded(lambda: _whatif(parser().read(arguments)), again)


def parser() -> Parser:
    """Return what reads the words of the command."""
    made = Parser("python -m proteus.whatif", __doc__)
    made.add_argument(
        "words", metavar="FILE key=value", nargs="+", help="recorded files, and keys with values"
    )
    return made


def _whatif(chosen: argparse.Namespace) -> int:
    from proteus.basics.files import free_folder, new_folder
    from proteus.errors import ConfigError, MessageError
    from proteus.whatif import judging, page
    from proteus.whatif.words import read_words

    words = read_words(chosen.words)
    command = ["python", "-m", "proteus.whatif", *chosen.words]
    folder = free_folder(words.recorded.folder or new_folder(OUTPUTS, chosen.words), page.PAGE)
    try:
        judged = judging.judge(words)
    except MessageError as error:
        raise ConfigError(str(error)) from None
    for sentence in page.write(judged, words, folder, command):
        print(sentence)
    print(folder, flush=True)
    return EXIT_DONE


if __name__ == "__main__":
    process(main)
