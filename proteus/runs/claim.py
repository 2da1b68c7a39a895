"""The output folder while a run is in it: claimed, locked, left so that the run can go on.

``begun.json`` says what runs there: the words, the configuration, the code. It and the block files
go when ``manifest.json``, the last of the results, has been written: a folder with a manifest is
finished. A lock keeps a second process out, and is gone with the process that held it.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from proteus.basics.files import temporary, whole
from proteus.basics.versions import SCHEMA_KEY, SCHEMA_VERSION, read_version
from proteus.errors import ConfigError, ResultsError, RunError
from proteus.results import provenance
from proteus.results.checkpoint import BlockFiles, remove
from proteus.results.dataset import MANIFEST
from proteus.runs.stopping import Interrupted, how_to_go_on, reason

if TYPE_CHECKING:
    from proteus.plans.plan import Plan

BEGUN, LOCK = PASSING = "begun.json", ".lock"
_FREE_KEYS = ("executor", "output_dir", "plan_only")  # that a resumed run may change


@contextmanager
def claimed(folder: Path, plan: Plan) -> Iterator[BlockFiles]:
    """Make the output folder and keep it while a new run is in it.

    A run that fails leaves what it has saved, or nothing where nothing was.

    Raises
        ConfigError: the folder cannot be made or written, holds files, or another process has it.
        RunError, Interrupted: the machine or a person stopped the run.
    """
    made = _make(folder)
    with locked(folder):
        check_empty(folder)
        try:
            _write_begun(folder, plan)
            lanes = BlockFiles(folder)
        except OSError as error:
            _take_back(folder, made)
            why = f"output_dir={folder} cannot be written: {error.strerror}"
            raise ConfigError(f"{why}; choose another folder") from None
        try:
            with _explained(folder, lanes):
                yield lanes
        except BaseException:
            if lanes.count == 0:
                _take_back(folder, made)
            raise


@contextmanager
def resumed(folder: Path, plan: Plan) -> Iterator[BlockFiles]:
    """Keep the folder of an unfinished run while it goes on.

    Raises
        ConfigError: another process has it. ResultsError: it was begun by other code or with
            another configuration. RunError, Interrupted: as :func:`claimed`.
    """
    with locked(folder):
        _check_config(folder, read_begun(folder), plan)
        try:
            for path in folder.glob(".*.tmp"):
                path.unlink()
            lanes = BlockFiles(folder)
        except OSError as error:
            raise ConfigError(f"{folder} cannot be written: {error.strerror}") from None
        with _explained(folder, lanes):
            yield lanes


@contextmanager
def _explained(folder: Path, lanes: BlockFiles) -> Iterator[None]:
    """Clear up after a run that ends; say of one that does not why, and what is saved."""
    try:
        yield
    except BaseException as error:
        with suppress(OSError):
            lanes.flush()
        ending = how_to_go_on(folder, lanes.count)
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted(f"interrupted: {ending}") from None
        why = reason(error, folder)
        if why is None:
            raise
        raise RunError(f"{why}; {ending}") from None
    clear(folder)


def clear(folder: Path) -> None:
    """Remove what only an unfinished run needs."""
    remove(folder)
    (folder / BEGUN).unlink(missing_ok=True)


def tidy(folder: Path) -> None:
    """Remove what a run has left that was killed when it had written everything.

    Raises
        ConfigError: another process has the folder.
    """
    with locked(folder):
        clear(folder)


def is_finished(folder: Path) -> bool:
    """Tell whether a run has written all its results: the manifest comes last."""
    return (folder / MANIFEST).is_file()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder.

    Raises
        ConfigError: another process holds it, or the lock cannot be made.
    """
    path = folder / LOCK
    try:
        file = path.open("a+")
    except OSError as error:
        why = f"output_dir={folder} cannot be written: {error.strerror}"
        raise ConfigError(f"{why}; choose another folder") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_held = os.path.samestat(path.stat(), os.fstat(file.fileno()))
        except OSError:
            is_held = False
        # Not held: another run has the lock, or the run that had it has just ended and removed it.
        if not is_held:
            raise ConfigError(
                f"output_dir={folder} is in use: {_holder(file)} is running there; wait for it, or "
                "choose another folder"
            )
        file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()}")
        file.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _holder(file: IO[str]) -> str:
    file.seek(0)
    return file.read() or "another process"


def _make(folder: Path) -> list[Path]:
    """Make a folder and its parents; returns those that were made, the innermost first.

    Raises
        ConfigError: it cannot be made or written, or holds files.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / BEGUN).is_file():
            with locked(folder):  # so that no other run is there while it is checked
                check_empty(folder)
        check_empty(folder)
    except OSError as error:
        _remove(missing)
        allowed = "give a folder that can be made"
        raise ConfigError(
            f"output_dir={folder} cannot be used: {error.strerror}; {allowed}"
        ) from None
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"output_dir={folder} cannot be written: choose another folder")
    return missing


def check_empty(
    folder: Path, begun: str = BEGUN, what: str = "run", go_on: str = "python -m proteus.sweep"
) -> None:
    """Check that a folder that is there, and kept by this process, holds nothing.

    Parameters
        begun: name of the file that what is unfinished has. what: what it is then, and the command
            that goes on with it.

    Raises
        ConfigError: it holds files.
    """
    killed_at_once = {LOCK, temporary(folder / begun).name}  # what such a run may leave
    names = {path.name for path in folder.iterdir()} - killed_at_once
    if begun in names:
        told = f"go on with: {go_on} --resume {folder}"
        raise ConfigError(f"output_dir={folder} holds an unfinished {what}: {told}")
    if names:
        raise ConfigError(f"output_dir={folder} is not empty: choose another folder")


def _take_back(folder: Path, made: list[Path]) -> None:
    """Remove what a run has written, and the folders that were made for it."""
    clear(folder)
    for path in folder.iterdir():
        path.unlink()
    _remove(made)


def _remove(folders: list[Path]) -> None:
    """Remove folders that are empty, from the innermost outwards."""
    with suppress(OSError):
        for path in folders:
            path.rmdir()


def _write_begun(folder: Path, plan: Plan) -> None:
    about = {
        SCHEMA_KEY: SCHEMA_VERSION,
        "created": provenance.created(),
        "words": plan.words,
        "config_hash": plan.config_hash,
        "config": _flat(plan.settings.model_dump(mode="json")),
        "axes": plan.axes,
        "versions": provenance.versions(),
        "files": provenance.file_hashes(),
    }
    with whole(folder / BEGUN) as unfinished:
        unfinished.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def read_begun(folder: Path) -> dict[str, Any]:
    """Read what runs in the folder of an unfinished run of this code.

    Raises
        ResultsError: there is no unfinished run, or other code began it.
    """
    path = folder / BEGUN
    if not path.is_file():
        raise ResultsError(f"{folder} cannot be resumed: it has no {BEGUN} of an unfinished run")
    try:
        begun: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(begun, dict):
            raise TypeError("it is no mapping")
        read_version(path, begun)
        code = {**begun["versions"], **begun["files"]}
        _check_types(begun)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        if isinstance(error, ResultsError):
            raise
        raise ResultsError(f"{path} cannot be read: {str(error).splitlines()[0]}") from None
    differing = differing_keys(code, {**provenance.versions(), **provenance.file_hashes()})
    if differing:
        name, then, now = differing[0]
        more = f", and {len(differing) - 1} more" if len(differing) > 1 else ""
        raise ResultsError(
            f"{folder} cannot be resumed: other code began it: {name} was {then} and is {now}{more}"
        )
    return begun


def _check_types(begun: Mapping[str, Any]) -> None:
    """Check the types of what is read of a begun run.

    Raises
        KeyError, TypeError: something is missing, or is something else.
    """
    kinds = {"words": list, "axes": dict, "config": dict, "config_hash": str}
    for key, kind in kinds.items():
        if not isinstance(begun[key], kind):
            raise TypeError(f"{key} is no {kind.__name__}")
    if not all(isinstance(word, str) for word in begun["words"]):
        raise TypeError("words holds something else")


def _check_config(folder: Path, begun: Mapping[str, Any], plan: Plan) -> None:
    """Refuse a plan that is not the one that was begun.

    Raises
        ResultsError: the first key that differs, with both values.
    """
    now = {**_flat({"sweep": plan.axes}), **_flat(plan.settings.model_dump(mode="json"))}
    then = {**_flat({"sweep": begun["axes"]}), **begun["config"]}
    differing = [
        each for each in differing_keys(then, json.loads(json.dumps(now)))
        if each[0].partition(".")[0] not in _FREE_KEYS
    ]  # fmt: skip
    if differing:
        key, old, new = differing[0]
        raise ResultsError(
            f"{folder} cannot be resumed with another configuration: {key} was {old} and is {new}; "
            "only executor keys may differ"
        )
    if begun["config_hash"] != plan.config_hash:
        raise ResultsError(
            f"{folder} cannot be resumed with another configuration: config_hash was "
            f"{begun['config_hash'][:8]} and is {plan.config_hash[:8]}"
        )


def differing_keys(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """List the keys whose values differ, with both values; "absent" where there is none."""
    names = dict.fromkeys([*then, *now])
    pairs = [(name, then.get(name, "absent"), now.get(name, "absent")) for name in names]
    return [pair for pair in pairs if pair[1] != pair[2]]


def _flat(tree: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return a nested mapping with dotted keys."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        inside = isinstance(value, Mapping)
        flat.update(_flat(value, f"{above}{key}.") if inside else {f"{above}{key}": value})
    return flat
