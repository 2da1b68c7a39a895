"""The main job: ``python -m proteus.sweep mechanism=fba delta=250``.

Every cell is composed and checked before numba, xarray or SciPy are loaded and before anything
is simulated. stdout carries the summary and, last, the output folder; all else goes to stderr.

Exit codes: 0 done, 2 wrong input, 3 an invariant was violated, 130 interrupted.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from proteus.errors import ConfigError, nearest

if TYPE_CHECKING:
    from proteus.api import Result
    from proteus.plan import Plan

EXIT_DONE, EXIT_WRONG_INPUT, EXIT_VIOLATION, EXIT_INTERRUPTED = 0, 2, 3, 130

_PRINTING_FLAGS = (
    "--help", "-h", "--hydra-help", "--version", "--cfg", "-c", "--package", "-p",
    "--info", "-i", "--resolve", "--shell-completion", "-sc",
)  # fmt: skip
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
    except ConfigError as error:
        _say(f"error: {error}")
        return EXIT_WRONG_INPUT
    except KeyboardInterrupt:
        _say("interrupted: nothing was written; run the same command to start again")
        return EXIT_INTERRUPTED


def _print_by_hydra(arguments: Sequence[str]) -> int:
    """Let Hydra answer the flags that only print (help, composed configuration, completion)."""
    import hydra

    from proteus.locate import CONFIG_NAME, HYDRA_VERSION, conf_folder

    folder = str(conf_folder())
    answer = hydra.main(version_base=HYDRA_VERSION, config_path=folder, config_name=CONFIG_NAME)
    sys.argv = [sys.argv[0], *arguments]
    try:
        answer(lambda config: None)()
    except SystemExit as left:
        return EXIT_WRONG_INPUT if left.code else EXIT_DONE
    return EXIT_DONE


def _sweep(words: Sequence[str]) -> int:
    """Plan, run, write, and print the summary and the folder."""
    from proteus import plan as planning

    plan = planning.from_words(words)
    if plan.settings.plan_only:
        _print_plan(plan)
        return EXIT_DONE
    from proteus import api

    wanted = plan.settings.output_dir
    folder = api.claim_folder(Path(wanted) if wanted else api.default_folder(plan))
    _say(f"{_sizes(plan)} on {plan.settings.executor.workers or api.usable_cores()} workers")
    started = time.perf_counter()
    try:
        with _progress(plan.lanes) as progress:
            result = api.run(plan, progress)
        api.save(plan, result, folder)
    except BaseException:
        with suppress(OSError):
            folder.rmdir()
        raise
    elapsed = time.perf_counter() - started
    _say(f"finished in {elapsed:.1f} s, {plan.lanes / elapsed:,.0f} lanes per second")
    return _report(plan, result, folder)


def _report(plan: Plan, result: Result, folder: Path) -> int:
    """Print the summary, the violations, and the folder as the last line."""
    from rich.console import Console

    from proteus.summary import show, summarise

    console = Console(width=100, highlight=False)
    show(summarise(result.dataset), list(plan.axes), console)
    for bad in result.violations:
        _say(f"violation: {', '.join(f'{key}={value}' for key, value in bad.items())}")
    print(folder, flush=True)
    return EXIT_VIOLATION if result.violations else EXIT_DONE


def _sizes(plan: Plan) -> str:
    return f"{len(plan.cells)} cells x {len(plan.replicates)} seeds = {plan.lanes} lanes"


def _print_plan(plan: Plan) -> None:
    """Print what would be simulated."""
    for number in range(len(plan.cells)):
        labels = ", ".join(f"{name}={value}" for name, value in plan.label(number).items())
        print(f"cell {number}: {labels}")
    print(f"{plan.cell_of.size} grid points, {_sizes(plan)}, config hash {plan.config_hash[:8]}")


@contextmanager
def _progress(lanes: int) -> Iterator[Callable[[int], None] | None]:
    """Show a bar on a terminal; stay quiet elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeRemainingColumn

    columns = (*Progress.get_default_columns()[:3], TimeRemainingColumn(), TextColumn("lanes"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("simulating", total=lanes)
        yield lambda finished: bar.advance(task, finished)


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    entry()
