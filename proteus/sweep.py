"""The main job: ``python -m proteus.sweep mechanism=fba delta=250``.

Every cell is composed and checked, and what the run needs is compared with what the machine has,
before anything is simulated or written. Help loads nothing heavy. stdout carries the summary and,
last, the output folder; all else goes to stderr.

``--resume FOLDER`` goes on with a run that was stopped: what it has saved is not simulated again.

Exit codes: 0 done, 2 wrong input, 3 an invariant was violated, 4 the machine stopped the run (disk,
memory, a worker), 130 a person did; after 4 and 130 a sentence says what is saved.
"""

from __future__ import annotations

import logging
import re
import shlex
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from proteus.basics.version import VERSION
from proteus.commands.executing import (
    execute_estimated,
    report,
    run_lanes,
    sizes,
    tell,
    told_if_finished,
)  # fmt: skip
from proteus.commands.lean import import_xarray
from proteus.commands.process import EXIT_DONE, EXIT_VIOLATION, guarded, process, say
from proteus.errors import ConfigError, nearest

if TYPE_CHECKING:
    from proteus.plans.plan import Plan

_log = logging.getLogger("proteus.sweep")  # also where this file is __main__

_PRINTING_FLAGS = (
    "--help", "-h", "--hydra-help", "--cfg", "-c", "--info", "-i", "--shell-completion", "-sc",
)  # fmt: skip
_OF_PRINTING = ("--package", "-p", "--resolve")  # only beside one that prints
_VERSION = "--version"

_COMPLETION_FLAGS = ("--shell-completion", "-sc")
_IGNORED_FLAGS = ("--multirun", "-m", "--run", "-r")
_RESUME = "--resume"


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Parameters
        arguments: the words after the program name.

    Returns
        The exit code.
    """
    again = "nothing was written; run the same command to start again"
    interrupted = f"interrupted: {again}: it gives the same results"
    return guarded(lambda: _command(arguments), interrupted)


def _command(arguments: Sequence[str]) -> int:
    folder, arguments = _resumed_folder(arguments)
    flags = [word.partition("=")[0] for word in arguments if word.startswith("-")]
    if _VERSION in flags:
        print(VERSION)
        return EXIT_DONE
    if arguments in (["--help"], ["-h"]):
        from proteus.configuration.help import help_text

        print(help_text())
        return EXIT_DONE
    if any(flag in _PRINTING_FLAGS for flag in flags):
        return _print_by_hydra(arguments)
    for flag in flags:
        if flag in _OF_PRINTING:
            raise ConfigError(f"{flag} is not allowed alone: it must stand beside --cfg")
        if flag not in _IGNORED_FLAGS:
            known = (*_PRINTING_FLAGS, *_OF_PRINTING, _VERSION, _RESUME)
            raise ConfigError(f"unknown flag {flag}{nearest(flag, known)}")
    words = [word for word in arguments if not word.startswith("-")]
    return _sweep(words) if folder is None else _resume(folder, words)


def _resumed_folder(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """Take ``--resume FOLDER`` out of the arguments; returns the folder and the rest."""
    rest = list(arguments)
    for at, word in enumerate(rest):
        if word.startswith(f"{_RESUME}="):
            return word.removeprefix(f"{_RESUME}="), rest[:at] + rest[at + 1 :]
        if word == _RESUME:
            if at + 1 == len(rest):
                raise ConfigError(f"{_RESUME} must be followed by the folder of a stopped run")
            return rest[at + 1], rest[:at] + rest[at + 2 :]
    return None, rest


def _print_by_hydra(arguments: Sequence[str]) -> int:
    """Let Hydra answer the flags that only print (help, composed configuration, completion)."""
    import hydra

    from proteus.configuration.locate import CONFIG_NAME, HYDRA_VERSION, conf_folder, show_hydra

    show_hydra()
    folder = str(conf_folder())
    answer = hydra.main(version_base=HYDRA_VERSION, config_path=folder, config_name=CONFIG_NAME)
    sys.argv = [sys.argv[0], *arguments]
    _check_printed(arguments)
    complaint = StringIO()
    try:
        with redirect_stderr(complaint):
            answer(lambda config: None)()
    except SystemExit as left:
        if left.code:
            raise ConfigError(_one_line(complaint.getvalue())) from None
    return EXIT_DONE


def _check_printed(arguments: Sequence[str]) -> None:
    """Check the words beside a flag that prints a composed configuration."""
    words = [word for word in arguments if "=" in word and not word.startswith("-")]
    if words and not any(word in _COMPLETION_FLAGS for word in arguments):
        from proteus.configuration import compose, overrides

        for word in words:
            if overrides.is_axis(word):
                raise ConfigError(f"{word} is not allowed here: one configuration can be printed")
        with compose.hydra_session():
            compose.compose_words(words)


def _one_line(complaint: str) -> str:
    """Pick the sentence out of what Hydra wrote: argparse and tracebacks have it at the end."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    return re.sub(r"^.*?[eE]rror: ", "", lines[-1] if lines else "Hydra refused the flag")


def _sweep(words: Sequence[str]) -> int:
    """Plan, run, write, and print the summary and the folder."""
    from proteus.configuration import overrides
    from proteus.plans import planner

    overrides.check_once(words)
    plan = planner.from_words(words, say)
    import_xarray()
    from proteus.runs import api, estimate
    from proteus.runs.folder import default_folder

    wanted = plan.settings.output_dir
    folder = Path(wanted) if wanted is not None else default_folder(plan)
    needed = estimate.needs(plan, api.workers(plan))
    plan = api.checked(plan)
    needed = estimate.timed(plan, needed, api.workers(plan))
    if plan.settings.plan_only:
        _print_plan(plan)
        print(*estimate.lines(plan, needed, api.workers(plan), folder), sep="\n")
        estimate.check_run(plan, needed, folder)
        return EXIT_DONE
    with told_if_finished(folder):
        return report(execute_estimated(plan, needed, folder), folder)


def _resume(begun: str, words: Sequence[str]) -> int:
    """Go on with the run of a folder; words may give other executor keys."""
    import_xarray()
    from proteus.commands.job_log import job_log
    from proteus.results import artifacts, flags
    from proteus.runs import api, claim, estimate, resuming

    folder = artifacts.as_path(begun)
    if claim.is_finished(folder):
        with resuming.finished(folder, words) as found:
            violations = bool(flags.stopped(found).any())
        claim.tidy(folder)
        say(f"{folder} is finished: there is nothing to resume")
        print(folder, flush=True)
        return EXIT_VIOLATION if violations else EXIT_DONE
    plan = api.resumed_plan(folder, words)
    needed = estimate.left(estimate.needs(plan, api.workers(plan)), folder)
    estimate.check_run(plan, needed, folder)
    needed = estimate.timed(plan, needed, api.workers(plan))
    with told_if_finished(folder):
        with claim.resumed(folder, plan) as lanes, job_log(folder):
            command = shlex.join([_RESUME, str(folder), *words])
            _log.info("command: python -m proteus.sweep %s", command)
            tell(f"{folder} is resumed: {lanes.count} lanes are there")
            written = run_lanes(plan, needed.seconds, folder, lanes)
        return report(written, folder)


def _print_plan(plan: Plan) -> None:
    """Print what would be simulated."""
    for number in range(len(plan.cells)):
        labels = ", ".join(f"{name}={value}" for name, value in plan.label(number).items())
        print(f"cell {number}: {labels}")
    print(f"{plan.cell_of.size} grid points, {sizes(plan)}, config hash {plan.config_hash[:8]}")


if __name__ == "__main__":
    process(main)
