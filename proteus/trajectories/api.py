"""Collect a data set: the Python function, and what the command line calls."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proteus.configuration import overrides
from proteus.errors import ActionError, ConfigError, RunError, ViolationError
from proteus.results.artifacts import as_path

if TYPE_CHECKING:
    from proteus.plans.plan import Plan
    from proteus.trajectories.parts import Written
    from proteus.trajectories.reading import Trajectories
    from proteus.trajectories.words import Request

Say = Callable[[str], None]


def collect_trajectories(
    *, output_dir: str | os.PathLike[str], seeds: Any = None, **parameters: Any
) -> Trajectories:
    """Collect a data set of episodes.

    ``collect_trajectories(output_dir="data", mechanism=["clob", "fba"], policy="baseline")``

    Parameters
        output_dir: a folder that does not exist yet, or is empty. seeds: as of ``simulate``; each
            is an episode. parameters: ``task``, ``policy``, ``options={...}`` and so on as the
            command line has them, and keys of the configuration, of which a list is an axis.
            Parts are collected by this process, where a policy may be of ``__main__``, unless
            ``executor={"workers": 2}``, which starts others, as ``multiprocessing`` does.

    Returns
        What ``load_trajectories`` returns.

    Raises
        ConfigError: a key, value or combination that is not allowed, or a policy that gives no
            actions when it is tried; nothing has been written. RunError: the policy, or the
            machine, failed later; what is saved is named. ViolationError: a lane broke an
            invariant; the data set is there, and says which.
    """
    from proteus.trajectories.reading import load_trajectories

    fixed = overrides.from_mapping(overrides.seed_keys(seeds), grid=False)
    words = [*overrides.from_mapping(parameters, grid=True), *fixed]
    if not any(overrides.key(word) == "executor.workers" for word in words):
        words.append("executor.workers=1")
    folder = as_path(output_dir)
    request, plan = planned(words)
    if plan.settings.plan_only:
        raise ConfigError("plan_only=true is not allowed: only the command line prints plans")
    refuse_faults(collect(request, plan, folder))
    return load_trajectories(folder)


def refuse_faults(written: Sequence[Written]) -> None:
    """Raise for lanes that were stopped.

    Raises
        ViolationError: there are some.
    """
    faults = [(one.cell, *fault) for one in written for fault in one.faults]
    if faults:
        cell, seed, reason = faults[0]
        which = f"first: cell={cell}, seed={seed}, reason={reason}"
        many = len(faults) > 1
        what = "episodes were stopped and are" if many else "episode was stopped and is"
        raise ViolationError(f"{len(faults)} {what} truncated; {which}")


def planned(words: Sequence[str]) -> tuple[Request, Plan]:
    """Read the words of a collection.

    Raises
        ConfigError: a key, value or combination that is not allowed.
    """
    if find_spec("gymnasium") is None:
        allowed = "install it, as with pip install 'proteus-markets[rl]'"
        raise ConfigError(f"trajectories are not possible without Gymnasium: {allowed}")
    if "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # where policies of the user are found
    from proteus.trajectories import words as reader

    return reader.read(words)


def collect(
    request: Request, plan: Plan, folder: Path, say: Say = lambda sentence: None,
    progress: Callable[[Plan], Any] | None = None,
) -> list[Written]:  # fmt: skip
    """Collect a new data set.

    Parameters
        request, plan: what was read. say: tells a person what happens. progress: of a plan, gives
            a context with what is called with the cell and the number of episodes that are done.

    Raises
        ConfigError, RunError: as of :func:`collect_trajectories`. KeyboardInterrupt: a person
            stopped it.
    """
    from proteus.trajectories import folder as places

    workers = _ready(request, plan)
    with places.claimed(folder, request):
        return _fill(request, plan, folder, workers, say, progress)


def resume(
    folder: Path, words: Sequence[str], say: Say = lambda sentence: None,
    progress: Callable[[Plan], Any] | None = None,
) -> list[Written]:  # fmt: skip
    """Go on with a data set that was stopped; the rest is as in :func:`collect`.

    Parameters
        words: that are added; only executor.workers may be.

    Raises
        ResultsError: nothing was begun there, or by other code or words.
    """
    from proteus.trajectories import folder as places

    for word in words:
        if overrides.key(word) != "executor.workers":
            raise ConfigError(f"{word} is not allowed with --resume: only executor.workers is")
    begun = places.read_begun(folder)["words"]
    kept = [word for word in begun if not words or overrides.key(word) != "executor.workers"]
    request, plan = planned([*kept, *words])
    workers = _ready(request, plan)
    with places.resumed(folder, request):
        return _fill(request, plan, folder, workers, say, progress)


def _ready(request: Request, plan: Plan) -> int:
    """Check what can be checked before anything is collected; returns the number of workers.

    Raises
        ConfigError: something that is not allowed.
    """
    from proteus.trajectories import running

    workers = running.workers_of(plan.settings.executor.workers, request)
    running.check_memory(request, workers)
    running.try_out(request)
    return workers


def about(request: Request, plan: Plan, folder: Path) -> list[str]:
    """Say what would be collected: the lines of plan_only=true.

    Raises
        ConfigError: as of :func:`collect`.
    """
    from proteus.trajectories import running
    from proteus.trajectories.parts import parts_of

    workers, parts = _ready(request, plan), parts_of(request)
    labels = [plan.label(number).items() for number in range(len(plan.cells))]
    cells = [
        f"cell {number}: {', '.join(f'{name}={value}' for name, value in label)}"
        for number, label in enumerate(labels)
    ]
    needed = running.memory_of(request, workers) / 2**20
    episodes = f"{len(plan.cells)} x {request.seeds} episodes in {len(parts)} files"
    return [*cells, f"{episodes}, {workers} workers, {needed:,.0f} MiB of memory", f"into {folder}"]


def _fill(
    request: Request, plan: Plan, folder: Path, workers: int, say: Say,
    progress: Callable[[Plan], Any] | None,
) -> list[Written]:  # fmt: skip
    """Collect what is missing, and write the manifest."""
    from contextlib import nullcontext

    from proteus.runs import stopping
    from proteus.trajectories import folder as places
    from proteus.trajectories import manifest, running

    bar = progress(plan) if progress is not None else nullcontext()
    try:
        with stopping.on_request(say) as stop, bar as advance:
            told = advance or (lambda cell, episodes: None)
            written = running.collect(request, folder, workers, stop, told)
            places.finish(folder, manifest.of(request, plan, written))
            return written
    except BaseException as error:
        ending = how_to_go_on(folder)
        if isinstance(error, KeyboardInterrupt):
            raise stopping.Interrupted(f"interrupted: {ending}") from None
        reason = stopping.reason(error, folder)
        if isinstance(error, ActionError):
            reason = f"policy={request.policy.name} {error}"
        if reason is None:
            raise
        raise RunError(f"{reason}; {ending}") from None


def how_to_go_on(folder: Path) -> str:
    """Say what is saved of a data set and what continues it."""
    from proteus.trajectories.folder import COMMAND, count_saved

    saved = count_saved(folder)
    if saved == 0:
        return "nothing was written; run the same command to start again: it gives the same rows"
    files = "1 file is saved" if saved == 1 else f"{saved} files are saved"
    return f"{files}; go on with: {COMMAND} --resume {folder}"


def is_finished(folder: Path) -> bool:
    """Tell whether a data set is whole: the manifest comes last."""
    from proteus.trajectories.schema import MANIFEST

    return (folder / MANIFEST).is_file()
