"""Find a maker regime that survives: ``python -m proteus.calibrate [size=quick] [key=value ...]``.

Candidates of ``conf/experiment/calibration.yaml`` run in one sweep on selection seeds; the best few
are confirmed on other seeds; the regime is written as ``calibrated.yaml`` to the output folder and,
in a checkout, to ``conf/population/``, with a report and heat maps. stdout carries what was found
and, last, the output folder.

Exit codes: 0 a stable regime, 2 wrong input, 3 an invariant was violated, 4 the machine stopped
the run, 5 nothing is stable, 130 interrupted.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from proteus.commands.process import PARTS_STAY, guarded, process

EXIT_NOT_STABLE = 5


def main(arguments: Sequence[str], population_folder: Path | None = None) -> int:
    """Run one calibration.

    Parameters
        arguments: the words after the program name.
        population_folder: where ``calibrated.yaml`` is also written; None: ``conf/population``.

    Returns
        The exit code.
    """
    if any(word in ("--help", "-h") for word in arguments):
        print(__doc__)
        return 0
    return guarded(lambda: _calibrate(arguments, population_folder), PARTS_STAY)


def _calibrate(words: Sequence[str], population_folder: Path | None) -> int:
    from proteus.configuration import overrides
    from proteus.studies import calibration, population

    overrides.check_once(words)
    found = calibration.calibrate(words)
    for sentence in found.sentences:
        print(sentence)
    if found.chosen is not None:
        text = (found.folder / calibration.CALIBRATED).read_text(encoding="utf-8")
        written = population.installed(text, population_folder)
        if written is not None:
            print(f"population=calibrated is now {written.name} of conf/population")
    print(found.folder, flush=True)
    return 0 if found.chosen is not None else EXIT_NOT_STABLE


if __name__ == "__main__":
    process(main)
