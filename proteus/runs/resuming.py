"""What may be asked of the folder of a run: that it goes on, with its words and any executor."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import xarray as xr

from proteus.configuration import overrides
from proteus.errors import ConfigError, ResultsError
from proteus.results import dataset
from proteus.runs import claim


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
        others = [word for word in _without_executor(words) if word not in ran]
        if others:
            raise ResultsError(
                f"{folder} is finished, with the words {shlex.join(ran) or 'of the defaults'}: "
                f"{shlex.join(others)} is another run, which needs another folder"
            )
        yield found


def words_of(folder: Path, words: Sequence[str]) -> list[str]:
    """Return the words with which an unfinished run goes on.

    Parameters
        folder: of the run. words: what a person adds, in place of the run's own words for these
            keys. Only executor keys may differ, which is seen when the run is planned again.

    Raises
        ResultsError: no run was begun there, or by other code.
        ConfigError: a key is given twice, plan_only, or another output_dir.
    """
    begun = claim.read_begun(folder)["words"]
    given = {overrides.key(word): word for word in words}
    for key in ("plan_only", "output_dir"):
        if key in given and given[key] not in begun:
            why = f"it is planned, and goes on in {folder}"
            raise ConfigError(f"{given[key]} is not allowed with a run that was begun: {why}")
    kept = [word for word in begun if overrides.key(word) not in given]
    if "executor" in given:  # another executor has other keys
        kept = [word for word in kept if not word.startswith("executor.")]
    together = [*kept, *words]
    overrides.check_once(together)
    return together


def _without_executor(words: Sequence[str]) -> list[str]:
    return [word for word in words if overrides.key(word).partition(".")[0] != "executor"]
