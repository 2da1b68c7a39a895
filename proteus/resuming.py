"""What may be asked of the folder of a run: that it goes on, with its words and any executor."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import xarray as xr

from proteus import claim, dataset, overrides
from proteus.errors import ConfigError, ResultsError


@contextmanager
def finished(folder: Path, words: Sequence[str]) -> Iterator[xr.Dataset]:
    """Open what a finished run has written.

    Parameters
        folder: of the run. words: what a person adds; all but executor keys must be the run's.

    Yields
        The dataset, which reads what is asked for while it is open.

    Raises
        ResultsError: the results cannot be read, or are those of other words.
    """
    with dataset.opened(folder) as (_, found):
        ran = _without_executor(json.loads(found.attrs["overrides"]))
        asked = _without_executor(words)
        if asked and sorted(asked) != sorted(ran):
            raise ResultsError(
                f"{folder} is finished, with the words {shlex.join(ran) or 'of the defaults'}: "
                f"{shlex.join(asked)} is another run, which needs another folder"
            )
        yield found


def words_of(folder: Path, words: Sequence[str]) -> list[str]:
    """Return the words with which an unfinished run goes on.

    Parameters
        folder: of the run. words: what a person adds: executor keys replace those it was begun
            with; with any other word, all words of the run must be given again.

    Raises
        ResultsError: no run was begun there, or by other code.
        ConfigError: a key is given twice, or plan_only.
    """
    for word in words:
        if overrides.key(word) == "plan_only":
            raise ConfigError(f"{word} is not allowed with a run that goes on: its plan was made")
    kept: list[str] = []
    if not _without_executor(words):
        given = {overrides.key(word) for word in words}
        kept = [word for word in claim.read_begun(folder)["words"]
                if overrides.key(word) not in given]  # fmt: skip
        if "executor" in given:  # another executor has other keys
            kept = [word for word in kept if not word.startswith("executor.")]
    together = [*kept, *words]
    overrides.check_once(together)
    return together


def _without_executor(words: Sequence[str]) -> list[str]:
    return [word for word in words if overrides.key(word).partition(".")[0] != "executor"]
