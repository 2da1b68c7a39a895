"""The folder of a data set while it is collected: claimed, locked, left so that it can go on.

``collecting.json`` says what is collected there: the words, the policy, the code. It goes when
``manifest.json``, the last of the files, has been written: a folder with a manifest is finished.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from proteus.basics.files import whole
from proteus.basics.versions import SCHEMA_KEY, SCHEMA_VERSION, read_version
from proteus.errors import ConfigError, ResultsError
from proteus.results import provenance
from proteus.runs.claim import LOCK, check_empty, differing_keys, locked
from proteus.trajectories.schema import COLLECTION_KEY, MANIFEST, STEPS
from proteus.trajectories.words import Request

BEGUN = "collecting.json"
COMMAND = "python -m proteus.trajectories"


@contextmanager
def claimed(folder: Path, request: Request) -> Iterator[None]:
    """Make the folder and keep it while it is filled; where nothing was saved it goes again.

    Raises
        ConfigError: it cannot be made or written, holds files, or another process has it.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _remove(made)
        allowed = "give a folder that can be made"
        raise ConfigError(
            f"output_dir={folder} cannot be used: {error.strerror}; {allowed}"
        ) from None
    with locked(folder):
        check_empty(folder, BEGUN, "data set", COMMAND)
        try:
            try:
                _write_begun(folder, request)
                (folder / STEPS).mkdir()
            except OSError as error:
                why = f"output_dir={folder} cannot be written: {error.strerror}"
                raise ConfigError(f"{why}; choose another folder") from None
            yield
        except BaseException:
            if not count_saved(folder):
                with suppress(OSError):
                    (folder / BEGUN).unlink(missing_ok=True)
                    (folder / STEPS).rmdir()
                    (folder / LOCK).unlink(missing_ok=True)
                _remove(made)
            raise


@contextmanager
def resumed(folder: Path, request: Request) -> Iterator[None]:
    """Keep the folder of an unfinished data set while it goes on.

    Raises
        ConfigError: another process has it. ResultsError: it was begun with other words.
    """
    with locked(folder):
        begun = read_begun(folder)
        if begun[COLLECTION_KEY] != request.hash:
            then, now = begun["about"], json.loads(json.dumps(request.about()))
            differing = differing_keys(then, now)
            name, old, new = differing[0] if differing else (
                "the configuration", begun[COLLECTION_KEY][:8], request.hash[:8]
            )  # fmt: skip
            raise ResultsError(f"{folder} cannot be resumed: {name} was {old} and is {new}")
        for path in (folder / STEPS).glob(".*.tmp"):
            path.unlink()
        yield


def finish(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest, which makes a folder a data set."""
    with whole(folder / MANIFEST, durable=True) as unfinished:
        unfinished.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    (folder / BEGUN).unlink(missing_ok=True)


def count_saved(folder: Path) -> int:
    """Return how many files of a data set are there."""
    return sum(1 for _ in (folder / STEPS).glob("*.parquet"))


def read_begun(folder: Path) -> dict[str, Any]:
    """Read what is collected in a folder, by this code.

    Raises
        ResultsError: nothing was begun there, or by other code.
    """
    path = folder / BEGUN
    if not path.is_file():
        raise ResultsError(
            f"{folder} cannot be resumed: it has no {BEGUN} of an unfinished data set"
        )
    try:
        begun: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        read_version(path, begun)
        code, words = begun["code"], begun["words"]
        if not all(isinstance(word, str) for word in words) or not isinstance(code, dict):
            raise TypeError("words or code are something else")
        _ = begun["about"], begun[COLLECTION_KEY]
    except (OSError, ValueError, LookupError, TypeError) as error:
        if isinstance(error, ResultsError):
            raise
        raise ResultsError(f"{path} cannot be read: {str(error).splitlines()[0]}") from None
    differing = differing_keys(code, _code())
    if differing:
        name, then, now = differing[0]
        more = f", and {len(differing) - 1} more" if len(differing) > 1 else ""
        raise ResultsError(
            f"{folder} cannot be resumed: other code began it: {name} was {then} and is {now}{more}"
        )
    return begun


def _code() -> dict[str, str]:
    return {**provenance.versions(), **provenance.file_hashes()}


def _write_begun(folder: Path, request: Request) -> None:
    about = {
        SCHEMA_KEY: SCHEMA_VERSION, "created": provenance.created(), "words": request.words,
        COLLECTION_KEY: request.hash, "about": request.about(), "code": _code(),
    }  # fmt: skip
    with whole(folder / BEGUN) as unfinished:
        unfinished.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def _remove(folders: list[Path]) -> None:
    """Remove folders that are empty, from the innermost outwards."""
    with suppress(OSError):
        for path in folders:
            os.rmdir(path)
