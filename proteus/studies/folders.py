"""Where studies are written and read, and how the newest is found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import xarray as xr

from proteus.basics.files import free_folder, new_folder, whole
from proteus.commands.executing import execute
from proteus.configuration import overrides
from proteus.errors import ConfigError, ResultsError
from proteus.plans.plan import Plan
from proteus.results import merge

OUTPUTS = "outputs"
_OF_A_SWEEP = (
    "plan_only", "record.events", "record.traces", "record.per_run", "record.report",
)  # fmt: skip


def fresh(plan: Plan, study: str | None = None) -> Path:
    """Return outputs/<study>/<size>/<time>-<hash> for a plan, or its ``output_dir``.

    Parameters
        study: of what is no declared study, and has no sizes.

    Raises
        ConfigError: the folder holds files, or cannot be written.
    """
    settings = plan.settings
    if settings.output_dir is not None:
        return free_folder(Path(settings.output_dir), "report.md")
    parents = Path(study) if study else Path(str(settings.study)) / str(settings.size)
    return free_folder(new_folder(Path(OUTPUTS) / parents, plan.config_hash), "report.md")


def newest(study: str, size: str) -> Path | None:
    """Return the last folder that :func:`fresh` named for a study of a size and that was finished.

    A finished study has its report; what was interrupted has none.
    """
    folder = Path(OUTPUTS) / study / size
    found = sorted(path.parent for path in folder.glob("*/report.md"))
    return found[-1] if found else None


@contextmanager
def executed(plan: Plan, folder: Path) -> Iterator[xr.Dataset]:
    """Run a plan into a folder, and open its results.

    Raises
        ConfigError, ResultsError, RunError: as :func:`proteus.commands.executing.execute`.
    """
    execute(plan, folder)
    with merge.opened(folder) as dataset:
        yield dataset


def check_days(plan: Plan) -> None:
    """Refuse lanes of several days in a study that looks at single ones.

    Raises
        ConfigError: the number of days.
    """
    for cell in plan.cells:
        if cell.episodes.are_used:
            allowed = "the study looks at single days; seeds.episode says which"
            raise ConfigError(f"episodes.count={cell.episodes.count} is not allowed: {allowed}")


def refuse_words(words: Sequence[str], why: str) -> None:
    """Refuse words of what a study that keeps no lanes does not write, or does not do.

    Parameters
        why: in a few words, as "a search keeps profits alone".

    Raises
        ConfigError: the word.
    """
    for word in words:
        if overrides.key(word) in _OF_A_SWEEP:
            raise ConfigError(f"{word} is not allowed: {why}; it is a key of proteus.sweep")


def write_text(path: Path, text: str) -> None:
    """Write a text whole.

    Raises
        ResultsError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ResultsError(f"{path.parent} cannot be written: {error.strerror}") from None
