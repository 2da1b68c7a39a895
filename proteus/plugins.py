"""What other packages add, by their entry points: one place that finds and reads them.

    proteus.mechanisms  a ``market.mechanisms.base.Mechanism``
    proteus.traders     a ``market.agents.base.TraderKind``
    proteus.variables   a tuple of ``market.variables.base.Variable``
    proteus.latency     a ``market.events.latency.Law``
    proteus.costs       a ``market.costs.base.CostKind``
    proteus.settlement  a ``market.settlement.base.SettlementKind``
    proteus.incentives  a ``market.incentives.base.ScoreKind``
    proteus.channels    a ``market.environment.base.Source`` of an oracle
    proteus.constraints a ``market.constraints.base.ConstraintKind``
    proteus.filters     a ``market.makers.filters.base.FilterKind``
    proteus.quoting     a ``market.makers.quoting.base.QuotingKind``
    proteus.rates       a ``market.lending.base.RateKind``
    proteus.liquidation a ``market.lending.base.LiquidationKind``
    proteus.studies     any module: its studies are yaml files

Policies for ``proteus.compete`` are entry points too, ``proteus.policies`` (``arena/policies.py``):
they are in no kernel, and so neither in this list nor in the kernel hash.

A folder ``conf`` in the package of an entry point is laid beside ours. Nothing is looked for until
it is asked for, and then once: where no such package is installed it costs 8 ms a process.

What cannot be loaded is left out with a warning of one sentence, and is an error for who names it:
a package that is broken stops nobody who does not use it. The same holds for a function that
cannot be compiled (``compiler.foreign``, ``market.setup.foreign``).
"""

from __future__ import annotations

import functools
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from importlib.metadata import EntryPoint
    from traceback import StackSummary

MECHANISMS = "proteus.mechanisms"
TRADERS = "proteus.traders"
VARIABLES = "proteus.variables"
LATENCY = "proteus.latency"
COSTS = "proteus.costs"
SETTLEMENT = "proteus.settlement"
INCENTIVES = "proteus.incentives"
CHANNELS = "proteus.channels"
CONSTRAINTS = "proteus.constraints"
FILTERS = "proteus.filters"
QUOTING = "proteus.quoting"
RATES = "proteus.rates"
LIQUIDATION = "proteus.liquidation"
STUDIES = "proteus.studies"
VERBOSE = "PROTEUS_VERBOSE"  # set: errors of kernels come with all that is known of them
GROUPS = (
    MECHANISMS, TRADERS, VARIABLES, LATENCY, COSTS, SETTLEMENT, INCENTIVES, CHANNELS, CONSTRAINTS,
    FILTERS, QUOTING, RATES, LIQUIDATION, STUDIES,
)  # fmt: skip

Row = TypeVar("Row")
_left_out: dict[str, list[str]] = {}  # name of an entry to the sentences that say why
_told: set[tuple[str, str]] = set()  # packages and reasons that were warned of


class PluginWarning(UserWarning):
    """Say in one sentence what of another package is left out, and why."""


class _UnusableError(Exception):
    """Say why an entry gives no row."""


@functools.cache
def _entries() -> tuple[EntryPoint, ...]:
    """List what is installed, by group and name."""
    from importlib.metadata import entry_points

    found = entry_points()
    return tuple(
        sorted((entry for group in GROUPS for entry in found.select(group=group)), key=_identity)
    )


def _identity(entry: EntryPoint) -> tuple[str, str]:
    return entry.group, entry.name


def are_there() -> bool:
    """Tell whether any package adds anything."""
    return len(_entries()) > 0


def rows(group: str, kind: type[Row], taken: Collection[str] = ()) -> dict[str, Row]:
    """Load what other packages add to a table, by name.

    What cannot be loaded, is something else, or has a name that is taken is left out, and a
    ``PluginWarning`` says so. Of two packages with one name both are.

    Parameters
        group: of GROUPS. kind: type of a row. taken: names that are in the table.
    """
    read: dict[str, Row] = {}
    seen = {*taken}
    for entry in _entries():
        if entry.group != group:
            continue
        try:
            if entry.name in seen:
                read.pop(entry.name, None)
                raise _UnusableError(f"there is a {entry.name} already")
            seen.add(entry.name)
            read[entry.name] = _row(entry, kind)
        except _UnusableError as error:
            _leave_out(entry, str(error))
    return read


def _row(entry: EntryPoint, kind: type[Row]) -> Row:
    try:
        row = entry.load()
    except Exception as error:
        raise _UnusableError(f"it cannot be loaded: {_place_in(entry, error)}") from error
    if not isinstance(row, kind):
        raise _UnusableError(f"it must be a {kind.__name__}, and is of type {type(row).__name__}")
    return row


def _leave_out(entry: EntryPoint, reason: str) -> None:
    """Note why an entry is left out, and warn of it once: of one reason, and in no worker."""
    import multiprocessing

    sentence = f"{entry.name} of {entry.group}, from {_distribution(entry)}, is left out: {reason}"
    _left_out.setdefault(entry.name, []).append(sentence)
    why = _distribution(entry), reason
    if why not in _told and multiprocessing.parent_process() is None:
        _told.add(why)
        warnings.warn(sentence, PluginWarning, stacklevel=2)


def why_left_out(name: object) -> str:
    """Return "; NAME of GROUP, from PACKAGE, is left out: ...", or nothing if it is not."""
    return "".join(f"; {sentence}" for sentence in _left_out.get(str(name), ()))


def package_of(group: str, name: str) -> str:
    """Return the package that an entry comes from."""
    return next(_distribution(entry) for entry in _entries() if _identity(entry) == (group, name))


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.value


@functools.cache
def _folders() -> dict[str, Path]:
    """Return where the code of each package is, without importing it: a folder, or a file."""
    import importlib.util

    found: dict[str, Path] = {}
    for entry in _entries():
        package = entry.module.partition(".")[0]
        spec = importlib.util.find_spec(package)
        if spec is None:  # removed by hand; ``rows`` says so
            continue
        if spec.submodule_search_locations:
            found[package] = Path(next(iter(spec.submodule_search_locations)))
        elif spec.origin is not None:
            found[package] = Path(spec.origin)
    return found


def sources() -> Iterator[tuple[str, bytes]]:
    """Give the name and the content of every Python file of these packages, in order."""
    for package, place in sorted(_folders().items()):
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            name = path.relative_to(place.parent).as_posix()
            yield f"{package}:{name}", path.read_bytes()


def conf_folders() -> list[Path]:
    """Return the folders of configuration that these packages bring, in order."""
    folders = [place / "conf" for _, place in sorted(_folders().items())]
    return [folder for folder in folders if folder.is_dir()]


def is_file_of_plugin(path: Path) -> bool:
    """Tell whether a file belongs to one of these packages."""
    return any(path == place or place in path.parents for place in _folders().values())


def _place_in(entry: EntryPoint, error: Exception) -> str:
    """Say where in the package of an entry loading it has failed, as ``place_of``."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}: {type(error).__name__}: {error.msg}"
    if is_of_plugin(error):
        return place_of(error)
    reason = (str(error).splitlines() or [""])[0]
    return f"{entry.value}: {type(error).__name__}: {reason}"


def place_of(error: BaseException) -> str:
    """Say where an error arose and what it is: "FILE, line 12, in decide: TypeError: ...".

    The place is the last one in another package, or the last of all. A function that a type should
    implement and does not has no line: it is told by that of the type.
    """
    if missing := _missing(error):
        return missing[1]
    frames = _frames(error)
    theirs = [frame for frame in frames if is_file_of_plugin(Path(frame.filename))]
    frame = (theirs or frames)[-1]
    reason = (str(error).splitlines() or [""])[0]
    kind = type(error).__name__
    return f"{frame.filename}, line {frame.lineno}, in {frame.name}: {kind}: {reason}"


def is_of_plugin(error: BaseException) -> bool:
    """Tell whether an error arose in another package, or in what that called."""
    missing = _missing(error)
    files = [missing[0]] if missing else [frame.filename for frame in _frames(error)]
    return any(is_file_of_plugin(Path(file)) for file in files)


def _frames(error: BaseException) -> StackSummary:
    import traceback  # takes 3 ms

    return traceback.extract_tb(error.__traceback__)


def _missing(error: BaseException) -> tuple[str, str] | None:
    """Return the file of a type and what it lacks, where an interface asks it for a function."""
    import inspect

    if not isinstance(error, NotImplementedError) or len(error.args) != 2:  # of ``interface``
        return None
    name, kind = error.args
    if not isinstance(kind, type):
        return None
    lines, first = inspect.getsourcelines(kind)
    line = first + next(k for k, text in enumerate(lines) if text.startswith("class "))
    file = inspect.getsourcefile(kind) or ""
    return file, f"{file}, line {line}, in {kind.__name__}: it does not implement {name}"
