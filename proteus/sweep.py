"""The main job: ``python -m proteus.sweep mechanism=fba delta=250``.

Every cell is composed and checked, and what the run needs is compared with what the machine has,
before anything is simulated or written. Help loads nothing heavy. stdout carries the summary and,
last, the output folder; all else goes to stderr.

Exit codes: 0 done, 2 wrong input, 3 an invariant was violated, 130 interrupted.
"""

from __future__ import annotations

import json
import logging
import re
import shlex
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from proteus.errors import ConfigError, ResultsError, nearest

if TYPE_CHECKING:
    from proteus.api import Result
    from proteus.plan import Plan

EXIT_DONE, EXIT_WRONG_INPUT, EXIT_VIOLATION, EXIT_INTERRUPTED = 0, 2, 3, 130

_PRINTING_FLAGS = (
    "--help", "-h", "--hydra-help", "--version", "--cfg", "-c", "--package", "-p",
    "--info", "-i", "--resolve", "--shell-completion", "-sc",
)  # fmt: skip
_log = logging.getLogger("proteus.sweep")  # also where this file is __main__

_COMPLETION_FLAGS = ("--shell-completion", "-sc")
_IGNORED_FLAGS = ("--multirun", "-m", "--run", "-r")


def entry() -> None:
    """Run the command line and leave the process with its exit code."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    Parameters
        arguments: the words after the program name.

    Returns
        The exit code.
    """
    try:
        flags = [word.partition("=")[0] for word in arguments if word.startswith("-")]
        if any(flag in _PRINTING_FLAGS for flag in flags):
            return _print_by_hydra(arguments)
        for flag in flags:
            if flag not in _IGNORED_FLAGS:
                raise ConfigError(f"unknown flag {flag}{nearest(flag, _PRINTING_FLAGS)}")
        return _sweep([word for word in arguments if not word.startswith("-")])
    except (ConfigError, ResultsError) as error:
        _say(f"error: {error}")
        return EXIT_WRONG_INPUT
    except KeyboardInterrupt:
        again = "run the same command to start again: it gives the same results"
        _say(f"interrupted: nothing was written; {again}")
        return EXIT_INTERRUPTED


def _print_by_hydra(arguments: Sequence[str]) -> int:
    """Let Hydra answer the flags that only print (help, composed configuration, completion)."""
    import hydra

    from proteus.locate import CONFIG_NAME, HYDRA_VERSION, conf_folder

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
        from proteus import compose, overrides

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
    from proteus import estimate, overrides
    from proteus import plan as planning

    overrides.check_once(words)
    plan = planning.from_words(words)
    from proteus import api

    wanted = plan.settings.output_dir
    folder = Path(wanted) if wanted is not None else api.default_folder(plan)
    needed = estimate.needs(plan, api.workers(plan))
    plan = api.checked(plan)
    if plan.settings.plan_only:
        _print_plan(plan)
        print(*estimate.lines(needed, api.workers(plan), folder), sep="\n")
    estimate.check_run(plan, needed, folder)
    if plan.settings.plan_only:
        return EXIT_DONE
    from proteus.job_log import job_log

    with api.claimed(folder), job_log(folder):
        _log.info("command: python -m proteus.sweep %s", shlex.join(words))
        result = _run(plan, needed.seconds, folder)
        api.save(result.plan, result, folder)
    return _report(result, folder)


def _run(plan: Plan, seconds: float, folder: Path) -> Result:
    """Simulate, with progress on stderr."""
    from proteus import api, estimate, precision
    from proteus.progress import compile_notice, lanes_bar

    for key, values in plan.fairness["deliberate"].items():
        _tell(f"parity: compared cells differ on purpose in {key} ({values[0]} and {values[1]})")
    expected = f"{_at_most(plan)}about {estimate.duration(seconds)} on {api.workers(plan)} workers"
    _tell(f"{_sizes(plan)}: {expected}")
    started = time.perf_counter()
    with lanes_bar(plan) as progress, compile_notice(_tell):
        result = api.run(plan, progress, folder)
    elapsed = time.perf_counter() - started
    ran = result.plan.lanes
    _tell(f"finished in {elapsed:.1f} s, {ran / elapsed:,.0f} lanes per second")
    if plan.settings.precision.name != "fixed":
        _tell(precision.words(json.loads(result.dataset.attrs["precision"])))
    return result


def _at_most(plan: Plan) -> str:
    """Say that fewer seeds may do, where precision decides."""
    return "" if plan.settings.precision.name == "fixed" else "at most; "


def _report(result: Result, folder: Path) -> int:
    """Print the summary, the verdict, the violations, and the folder as the last line."""
    from rich.console import Console

    from proteus.summary import show, summarise
    from proteus.verdict import verdict

    console = Console(width=100, highlight=False)
    show(summarise(result.dataset), list(result.plan.axes), console)
    for sentence in verdict(result.dataset):
        console.print(sentence)
    for bad in result.violations:
        _say(f"violation: {', '.join(f'{key}={value}' for key, value in bad.items())}")
    print(folder, flush=True)
    return EXIT_VIOLATION if result.violations else EXIT_DONE


def _sizes(plan: Plan) -> str:
    cells, seeds = len(plan.cells), len(plan.replicates)
    return f"{cells} cell{'s' * (cells > 1)} x {seeds} seeds = {plan.lanes} lanes"


def _print_plan(plan: Plan) -> None:
    """Print what would be simulated."""
    for number in range(len(plan.cells)):
        labels = ", ".join(f"{name}={value}" for name, value in plan.label(number).items())
        print(f"cell {number}: {labels}")
    print(f"{plan.cell_of.size} grid points, {_sizes(plan)}, config hash {plan.config_hash[:8]}")


def _tell(message: str) -> None:
    """Say something and keep it in the log of the run."""
    _say(message)
    _log.info(message)


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    entry()
