"""Collect data sets of episodes: ``python -m proteus.trajectories key=value ...``.

    python -m proteus.trajectories mechanism=clob policy=baseline seeds.count=1000 output_dir=data
    python -m proteus.trajectories mechanism=clob,fba task=taker policy=random output_dir=both
    python -m proteus.trajectories policy=my_module:MyPolicy options.most_offset=0.2 output_dir=mine

Each seed of each cell is an episode. Keys of the configuration are those of proteus.sweep, and a
comma list of them is an axis; beside them there are

    task=maker           maker | maker_grid | taker | sniper, see docs/environments.md
    policy=baseline      baseline | random | module:object, who decides
    options.NAME=VALUE   of the task, as options.most_offset=0.2
    control, decisions, step_ms, end, max_steps   as of proteus.make_vec

executor.workers=2 is how many processes collect, executor.block_lanes=64 how many seeds a file
has. --resume FOLDER goes on with a data set that was stopped: the same files come of it.

stdout names the folder, which proteus.load_trajectories reads; all else goes to stderr. Exit codes:
0 done, 2 wrong input, 3 an invariant was violated in some episode, 4 the machine or the policy
stopped it, 130 a person did.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from proteus.commands.process import EXIT_DONE, Parser, guarded, process, say
from proteus.errors import ConfigError


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Parameters
        arguments: the words after the program name.

    Returns
        The exit code.
    """
    again = "interrupted: nothing was written; the same command gives the same rows"
    return guarded(lambda: _collect(parser().read(arguments)), again)


def parser() -> Parser:
    """Return what reads the words of the command."""
    made = Parser("python -m proteus.trajectories", __doc__)
    made.add_argument("words", metavar="key=value", nargs="*", help="see above")
    made.add_argument("--resume", metavar="FOLDER", help="of a data set that was stopped")
    return made


def _collect(chosen: argparse.Namespace) -> int:
    from proteus.commands.progress import compile_notice, lanes_bar
    from proteus.results.artifacts import as_path
    from proteus.runs.folder import default_folder
    from proteus.trajectories import api

    begun, started = chosen.resume, time.perf_counter()
    folder = as_path(begun) if begun is not None else None
    if folder is not None and api.is_finished(folder):
        if chosen.words:
            raise ConfigError(f"{folder} is finished: {chosen.words[0]} needs another folder")
        say(f"{folder} is finished: there is nothing to resume")
        print(folder, flush=True)
        return EXIT_DONE
    with compile_notice(say):
        if folder is not None:
            written = api.resume(folder, chosen.words, say, lanes_bar)
        else:
            request, plan = api.planned(chosen.words)
            wanted = plan.settings.output_dir
            folder = Path(wanted) if wanted is not None else default_folder(plan)
            if plan.settings.plan_only:
                print(*api.about(request, plan, folder), sep="\n")
                return EXIT_DONE
            written = api.collect(request, plan, folder, say, lanes_bar)
    steps, seconds = sum(one.steps for one in written), time.perf_counter() - started
    say(f"{sum(one.seeds for one in written)} episodes, {steps} steps in {seconds:.1f} s")
    print(folder, flush=True)
    api.refuse_faults(written)
    return EXIT_DONE


if __name__ == "__main__":
    process(main)
