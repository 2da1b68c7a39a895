"""Run one phase: ``python -m proteus.phases phase=2 [size=quick] [key=value ...]``.

    phase=1   the continuous book over informed intensity and makers' latency
    phase=2   batch auctions over the interval, makers on a schedule and on news; stale quotes
    phase=3   requests for quote over life of quotes, response time and dealers
    phase=4   all mechanisms; refuses unless phases 1 to 3 of the same code, population and size are
              finished, fair and precise: the newest, or phase1=FOLDER phase2=FOLDER phase3=FOLDER
    phase=5   leverage: bad debt and cascades by mechanism, makers' signal gain and oracle, beside
              the same traders at leverage 1

Sizes are quick, standard and paper (docs/runbook.md has the times). The folder
outputs/phase2/quick/<time>-<hash> holds what a sweep writes, report.html, report.md, levels.csv,
effects.csv; it is the last line of stdout.

Exit codes: 0 done, 2 wrong input or a closed gate, 3 an invariant was violated, 4 the
machine stopped the run, 130 interrupted.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from proteus.commands.process import PARTS_STAY, guarded, process
from proteus.errors import ConfigError


def main(arguments: Sequence[str]) -> int:
    """Run one phase; returns the exit code.

    Parameters
        arguments: the words after the program name.
    """
    if any(word in ("--help", "-h") for word in arguments):
        print(__doc__)
        return 0
    return guarded(lambda: _phase(arguments), PARTS_STAY)


def _phase(words: Sequence[str]) -> int:
    from proteus.commands.executing import report
    from proteus.configuration import overrides
    from proteus.studies import gate, phase

    overrides.check_once(words)
    named = dict(word.partition("=")[::2] for word in words)
    if "phase" not in named:
        raise ConfigError(f"phase is missing: give one of phase={','.join(phase.PHASES)}")
    given = {study: Path(named[study]) for study in gate.BEFORE if study in named}
    kept = [word for word in words if word.partition("=")[0] not in ("phase", *gate.BEFORE)]
    finished = phase.run(named["phase"], kept, given)
    return report(finished.written, finished.folder)


if __name__ == "__main__":
    process(main)
