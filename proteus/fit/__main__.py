"""Fit a population to recorded orders: ``python -m proteus.fit FILE KEY=VALUE ...``.

    python -m proteus.fit AAPL_2012-06-21_34200000_57600000_message_10.csv tick=0.01 lot=100
    python -m proteus.fit DAY1 DAY2 format=itch symbol=AAPL tick=0.01 name=aapl
    python -m proteus.fit orders.csv mapping=orders.yaml tick=0.01 output_dir=outputs/mine

Keys: format, symbol, mapping (of a CSV file), tick (currency, 0.0001), lot (shares or contracts
in a lot of the population, 1), grid_s (of the price; by default the finest on which it moves), name
(of the population, recorded) and output_dir. What is estimated, how, and what messages do not say
is in docs/data.md.

stdout says what was found and how well it fits, how to run it and, last, names the folder, which
has population/NAME.yaml, latent/NAME.yaml (of prices between 0 and 1) and fit.json.

Exit codes: 0 done, 2 wrong input, 4 the machine stopped the run, 130 interrupted.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from proteus.commands.process import EXIT_DONE, Parser, guarded, process

OUTPUTS = Path("outputs") / "fit"


def main(arguments: Sequence[str]) -> int:
    """Fit one population.

    Parameters
        arguments: the words after the program name.

    Returns
        The exit code.
    """
    again = "interrupted: nothing was written; the same command gives the same results"
    return guarded(lambda: _fit(parser().read(arguments)), again)


def parser() -> Parser:
    """Return what reads the words of the command."""
    made = Parser("python -m proteus.fit", __doc__)
    made.add_argument(
        "words", metavar="FILE key=value", nargs="+", help="recorded files, and keys with values"
    )
    return made


def _fit(chosen: argparse.Namespace) -> int:
    from proteus.basics.files import free_folder, new_folder
    from proteus.errors import ConfigError, MessageError
    from proteus.fit import fitting, written
    from proteus.fit.words import read_words

    words = read_words(chosen.words)
    command = ["python", "-m", "proteus.fit", *chosen.words]
    folder = free_folder(
        words.recorded.folder or new_folder(OUTPUTS, chosen.words), written.MANIFEST
    )
    try:
        fitted = fitting.fit(words)
    except MessageError as error:
        raise ConfigError(str(error)) from None
    written.check(fitted, words)
    for sentence in written.write(fitted, words, folder, command):
        print(sentence)
    print(folder, flush=True)
    return EXIT_DONE


if __name__ == "__main__":
    process(main)
