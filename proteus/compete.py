"""Let makers compete: ``python -m proteus.compete season=NAME [key=value ...]``.

A season is a file of conf/season, or any yaml file; further words change its keys. Everybody plays
the same seeds in the same markets, alone and against each other:

    python -m proteus.compete season=demo
    python -m proteus.compete season=demo seeds.count=50 formats=[solo]
    python -m proteus.compete season=my.yaml entrants.mine.policy=my_module:Maker

Final seeds come from a secret that nobody has seen before the entrants are fixed:

    python -m proteus.compete --commit season.secret              # prints what to publish
    python -m proteus.compete season=demo --final season.secret   # plays on seeds of the secret
    python -m proteus.compete --verify FOLDER --commitment HASH   # for anybody, afterwards

stdout says the table and the verdict and, last, names the folder, which has leaderboard.html,
leaderboard.parquet, lanes.parquet and results.json.

Exit codes: 0 done, 2 wrong input, 3 an invariant was violated, 4 the machine stopped the run,
130 interrupted.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

from proteus.commands.process import EXIT_DONE, Parser, guarded, process, say
from proteus.errors import ConfigError


def main(arguments: Sequence[str]) -> int:
    """Play, seal or verify a season.

    Parameters
        arguments: the words after the program name.

    Returns
        The exit code.
    """
    again = "interrupted: nothing was written; the same command gives the same results"
    return guarded(lambda: _compete(parser().read(arguments), arguments), again)


def parser() -> Parser:
    """Return what reads the words of the command."""
    made = Parser("python -m proteus.compete", __doc__)
    made.add_argument(
        "words", metavar="key=value", nargs="*", help="season=NAME, and keys of the season"
    )
    made.add_argument("--final", metavar="FILE", help="play on final seeds, of this secret")
    made.add_argument("--commit", metavar="FILE", help="draw a secret into a new file")
    made.add_argument("--verify", metavar="FOLDER", help="check the results in a folder")
    made.add_argument("--commitment", metavar="HASH", help="with --verify: what was published")
    return made


def _compete(chosen: argparse.Namespace, arguments: Sequence[str]) -> int:
    asked = [name for name in ("commit", "verify") if getattr(chosen, name) is not None]
    if asked and (chosen.words or chosen.final or len(asked) > 1):
        raise ConfigError(f"--{asked[0]} is not allowed here: it is a command of its own")
    if chosen.commitment is not None and chosen.verify is None:
        raise ConfigError(f"--commitment={chosen.commitment} is not allowed: it goes with --verify")
    if chosen.commit is not None:
        return _commit(Path(chosen.commit))
    if chosen.verify is not None:
        from proteus.arena.verifying import verify

        for sentence in verify(Path(chosen.verify), chosen.commitment):
            print(sentence)
        return EXIT_DONE
    return _play(chosen, arguments)


def _commit(path: Path) -> int:
    from proteus.arena.sealing import new_secret

    print(f"commitment {new_secret(path)}")
    print(f"Publish it before the season, and keep {path} secret until the results are published.")
    return EXIT_DONE


def _play(chosen: argparse.Namespace, arguments: Sequence[str]) -> int:
    from proteus.arena import writing
    from proteus.arena.competition import CompetitionRunner
    from proteus.arena.sealing import read_secret
    from proteus.arena.season import read_season
    from proteus.arena.telling import lanes_bar, print_board
    from proteus.commands.progress import compile_notice

    season = read_season(chosen.words)
    secret = read_secret(Path(chosen.final)) if chosen.final else None
    runner = CompetitionRunner(season, secret)
    folder = writing.folder_of(season, runner.season_hash)
    with compile_notice(say), lanes_bar(runner.lanes) as told:
        results = runner.run(told)
    command = shlex.join(["python", "-m", "proteus.compete", *arguments])
    sentences = writing.write(results, folder, command)
    print_board(results)
    for sentence in sentences:
        print(sentence)
    print(folder, flush=True)
    return EXIT_DONE


if __name__ == "__main__":
    process(main)
