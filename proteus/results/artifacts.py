"""Finding a file that a sweep wrote: what the readers of results, runs, logs and traces share."""

from __future__ import annotations

import os
from pathlib import Path

from proteus.errors import ResultsError


def as_path(folder: str | os.PathLike[str]) -> Path:
    """Return the path of a folder or file that is to be read.

    Raises
        ResultsError: no path, or one that no system has.
    """
    try:
        path = Path(folder)
        path.exists()  # a name may be too long
    except TypeError:
        allowed = "must be a path, as 'outputs/my_sweep'"
        raise ResultsError(f"folder={folder!r} is not allowed: {allowed}") from None
    except OSError as error:
        raise ResultsError(f"{folder} cannot be read: {error.strerror}") from None
    return path


def find(folder: str | os.PathLike[str], name: str, made_by: str) -> Path:
    """Return the path of a file of a finished sweep.

    Parameters
        folder: the output folder of the sweep, or the file itself. name: of the file in a folder.
        made_by: how to get such a file, for the sentence that says that there is none.

    Raises
        ResultsError: no path, or no regular file there.
    """
    path = as_path(folder)
    path = path / name if path.is_dir() else path
    if not path.is_file():
        wrong = "is not a file" if path.exists() else "does not exist"
        raise ResultsError(f"{path} {wrong}: {made_by}")
    return path
