"""The value of one parameter at which a group of traders earns nothing, or none gains by another.

A cell is a grid point of what is swept. Under ``zero_profit`` a group's mean PnL per member is
followed over the parameter to where it rises through zero: the narrowest quotes that competition
can leave. Under ``best_response`` one member of n moves alone, a little up and a little down, and
the change of its PnL is followed to where it falls through zero: nobody gains by a small step of
its own. All values share their seeds, so that the difference of two mechanisms is paired too.

Source
    Glosten & Milgrom (1985) Journal of Financial Economics 14:71 and Budish, Cramton & Shim (2015)
    Quarterly Journal of Economics 130:1547, for quotes at zero profit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from proteus.analysis.statistics.paired import LEVEL
from proteus.analysis.statistics.roots import Root, mean_of, root_between, upward_crossings
from proteus.commands.executing import run_in_memory, tell
from proteus.configuration import overrides
from proteus.errors import ConfigError, nearest
from proteus.market.variables.base import GROUP
from proteus.plans import designs, parity, planner
from proteus.plans.plan import Plan, at
from proteus.studies import folders

ZERO_PROFIT, BEST_RESPONSE = "zero", "best"
RESPONSES = (ZERO_PROFIT, BEST_RESPONSE)
LEAST_POINTS, MOST_POINTS = 3, 50
_PNL = "pnl_marked_by_group"
_DEVIATOR = "deviator"
_STEP = 0.2  # of the parameter, by which one member moves up and down
_WITHIN = 3  # values that are tried within a bracket, each time it is narrowed
_ROUNDS = 6  # of narrowing, at most: by 4^6
_DEVIATIONS = (0.25, 0.5, 0.8, 1.25, 1.6, 2.5)  # of the best response, tried at its end
_LOWER = 1e-6  # than the lowest value that was tried, to ask whether that is allowed
_DIGITS = 6  # of a value that is tried

Profits = NDArray[np.float64]


class Question(NamedTuple):
    """What is asked, and of whom."""

    key: str
    words: tuple[str, ...]
    group: str
    size: int  # of the group
    members: Mapping[str, Any]  # configuration of the group
    response: str
    is_whole: bool  # the values of the key are whole numbers


class Cell(NamedTuple):
    """One cell of what is swept, and what was found there."""

    labels: dict[str, Any]
    places: dict[str, int]  # of its values on the axes
    tried: dict[float, Profits]  # value of the key to what is followed there, [n]
    root: Root | None
    bracket: tuple[float, float] | None
    why: str  # there is no root, or which of several it is; empty otherwise


class Answer(NamedTuple):
    """What was found, and where it is to be written."""

    folder: Path
    question: Question
    cells: list[Cell]
    plan: Plan  # of the cells, without the values


def find(
    key: str,
    words: Sequence[str] = (),
    *,
    between: Sequence[Any] | None = None,
    points: Any = 9,
    response: str = ZERO_PROFIT,
    group: str | None = None,
) -> Answer:
    """Find the value in every cell of what is swept; ``equilibrium_report`` writes what was found.

    Parameters
        key: dotted, a number. words: of the command line; ``seeds.count`` and ``output_dir`` count.
        between: lowest and highest value; None: a thirty-second to four times the configured.
        points: values that are tried first. response: "zero" or "best". group: whose PnL; None:
        the group of the key.

    Raises
        ConfigError: what is not allowed, before anything runs. ViolationError: a lane broke
            an invariant. RunError: the machine stopped the run.
    """
    folders.refuse_words(words, "a search keeps profits alone")
    whole = planner.from_words(list(words))
    folders.check_days(whole)
    designs.refuse(whole.settings, "a search for quotes")
    question = _question(whole, key, words, response, group)
    values = _first_values(whole, question, between, points)
    folder = folders.fresh(whole, "equilibrium")
    cells = _first_look(question, whole, values)
    if between is None:
        for cell in cells:
            _try_zero(question, cell)
    cells = [_narrowed(question, cell) for cell in cells]
    return Answer(folder, question, cells, whole)


def _question(
    plan: Plan, key: str, words: Sequence[str], response: str, group: str | None
) -> Question:
    if response not in RESPONSES:
        allowed = f"it must be one of {', '.join(RESPONSES)}"
        raise ConfigError(f"--response={response} is not allowed: {allowed}")
    if plan.settings.precision.name != "fixed":
        raise ConfigError("an equilibrium needs precision=fixed: all its values share their seeds")
    own_words = [word for word in words if overrides.key(word) == key]
    if any(map(overrides.is_axis, own_words)):
        allowed = "give its range as --between LOW HIGH"
        raise ConfigError(f"{own_words[0]} is not allowed, since it is looked for: {allowed}")
    trees = [parity.tree(cell) for cell in plan.cells]
    configured = _value(trees[0], key)
    section, _, rest = key.partition(".")
    own = rest.partition(".")[0] if section == "population" else None
    name = group or own
    if name is None:
        raise ConfigError(f"{key} is of no group of traders: say whose PnL counts as --group NAME")
    known = trees[0]["population"]
    if name not in known:
        raise ConfigError(f"--group={name} does not exist{nearest(name, known)}")
    counts = {tree["population"].get(name, {}).get("count") for tree in trees}
    if len(counts) > 1 or 0 in counts:
        raise ConfigError(f"population.{name}.count must be one number above 0 in all cells")
    (count,) = counts
    if response == BEST_RESPONSE and (name != own or count < 2):
        allowed = "one member moves its own parameter while the others stay"
        raise ConfigError(f"--response=best needs a group of two or more with {key}: {allowed}")
    members = known[name]
    if response == BEST_RESPONSE and any(tree["population"][name] != members for tree in trees):
        allowed = "one member of it is copied"
        raise ConfigError(
            f"--response=best needs the same population.{name} in all cells: {allowed}"
        )
    return Question(key, tuple(words), name, count, members, response, isinstance(configured, int))


def _value(tree: Mapping[str, Any], key: str) -> int | float:
    """Return the number that a key has in a cell."""
    node: Any = tree
    for part in key.split("."):
        if not isinstance(node, Mapping) or part not in node:
            listed = [*node] if isinstance(node, Mapping) else []
            raise ConfigError(f"{key} does not exist{nearest(part, listed)}")
        node = node[part]
    if isinstance(node, bool) or not isinstance(node, (int, float)):
        raise ConfigError(f"{key}={node} cannot be looked for: it must be a number")
    return node


def _first_values(
    plan: Plan, question: Question, between: Sequence[Any] | None, points: Any
) -> list[float]:
    """Return the values that are tried first, spaced by equal factors where they can be."""
    count = _number("--points", points)
    if not (count.is_integer() and LEAST_POINTS <= count <= MOST_POINTS):
        allowed = f"it must be a whole number, {LEAST_POINTS} .. {MOST_POINTS}"
        raise ConfigError(f"--points={points} is not allowed: {allowed}")
    configured = _value(parity.tree(plan.cells[0]), question.key)
    if between is None and configured <= 0:
        raise ConfigError(f"{question.key}={configured} says no range: give --between LOW HIGH")
    least = 1 if question.is_whole else 0
    low, high = (
        (max(configured / 32, least), configured * 4) if between is None
        else (_number("--between", bound) for bound in between)
    )  # fmt: skip
    if not low < high:
        raise ConfigError(f"--between {low:g} {high:g} is not allowed: LOW must be below HIGH")
    if question.response == BEST_RESPONSE and low <= 0:
        allowed = "LOW must be above 0 with --response=best, whose steps are shares of a value"
        raise ConfigError(f"--between {low:g} {high:g} is not allowed: {allowed}")
    spaced = np.geomspace if low > 0 else np.linspace
    values = _told(question, spaced(low, high, int(count)))
    if len(values) < LEAST_POINTS:
        allowed = f"it must have at least {LEAST_POINTS} whole numbers"
        raise ConfigError(f"--between {low:g} {high:g} is not allowed: {allowed}")
    return values


def _number(flag: str, text: Any) -> float:
    try:
        number = float(text)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(f"{flag}={text} is not allowed: it must be a number")
    return number


def _told(question: Question, values: Sequence[float] | NDArray[np.float64]) -> list[float]:
    """Return values as they are written in words, each once, in order."""
    rounded = [round(value) if question.is_whole else float(f"{value:.{_DIGITS}g}")
               for value in values]  # fmt: skip
    return sorted({*rounded})


def _first_look(question: Question, whole: Plan, values: Sequence[float]) -> list[Cell]:
    """Try the first values in all cells; cells that are equal count once."""
    swept = {name: len(axis) for name, axis in whole.axes.items()}
    first = {number: index for index, number in reversed([*np.ndenumerate(whole.cell_of)])}
    cells = []
    for number in sorted(first):
        places = dict(zip(swept, first[number], strict=True))
        labels = {
            name: whole.axes[name][place] for name, place in places.items()
            if swept[name] > 1 or name == "mechanism"
        }  # fmt: skip
        cells.append(Cell(labels, places, {}, None, None, ""))
    for cell, profits in zip(cells, _profits(question, values, cells), strict=True):
        cell.tried.update(zip(values, profits, strict=True))
    return cells


def _try_zero(question: Question, cell: Cell) -> None:
    """Try 0 too, if it is allowed, where all values of a range that nobody gave earn."""
    zero = 0 if question.is_whole else 0.0
    earns = cell.tried[min(cell.tried)].mean() >= 0
    if question.response == ZERO_PROFIT and earns and _is_allowed(question, zero):
        ((profits,),) = _profits(question, [zero], [cell])
        cell.tried[zero] = profits


def _is_allowed(question: Question, value: float) -> bool:
    """Tell whether the key may have a value in all cells."""
    try:
        planner.from_words([*question.words, f"{question.key}={value!r}"])
    except ConfigError:
        return False
    return True


def _narrowed(question: Question, cell: Cell) -> Cell:
    """Narrow the bracket of a cell until it is no wider than the interval of its root."""
    for _ in range(_ROUNDS):
        cell = _with_root(question, cell)
        if cell.root is None or cell.bracket is None:
            return cell
        low, high = cell.bracket
        inside = _told(question, np.linspace(low, high, _WITHIN + 2)[1:-1])
        inside = [value for value in inside if value not in cell.tried]
        if high - low <= 2 * cell.root.half_width or not inside:
            return cell
        where = " ".join(map(str, cell.labels.values()))
        tell(f"{where}: between {low:g} and {high:g}")
        (profits,) = _profits(question, inside, [cell])
        cell.tried.update(zip(inside, profits, strict=True))
    return _with_root(question, cell)


def _with_root(question: Question, cell: Cell) -> Cell:
    """Return a cell with the lowest value at which what is followed rises through zero."""
    values = sorted(cell.tried)
    means = [float(cell.tried[value].mean()) for value in values]
    crossings = upward_crossings(means)
    if not crossings:
        return cell._replace(root=None, bracket=None, why=_no_root(question, values, means))
    k = crossings[0]
    bracket = (values[k], values[k + 1])
    root = root_between(bracket, cell.tried[bracket[0]], cell.tried[bracket[1]])
    several = f"the lowest of {len(crossings)}" if len(crossings) > 1 else ""
    return cell._replace(root=root, bracket=bracket, why=several)


def _no_root(question: Question, values: Sequence[float], means: Sequence[float]) -> str:
    is_zero = question.response == ZERO_PROFIT
    if means[0] >= 0:
        said = "it earns" if is_zero else "a member gains by less"
        lower = values[0] - (1 if question.is_whole else _LOWER)
        if not _is_allowed(question, lower):
            return f"{said} even at {values[0]:g}, and nothing lower is allowed"
        return f"{said} even at {values[0]:g}; try a lower --between"
    said = "it loses" if is_zero else "a member gains by more"
    return f"{said} up to {values[-1]:g}; try a higher --between"


def _profits(
    question: Question, values: Sequence[float], cells: Sequence[Cell]
) -> list[list[Profits]]:
    """Return what is followed: of each cell, at each value, float64 [n] over the seeds.

    That is the PnL of a member; or the fall of a deviator's PnL from a step down to a step up, per
    unit of the parameter, which rises through zero where small steps do not pay.
    """
    if question.response == ZERO_PROFIT:
        return [
            [total / question.size for total in found]
            for found in _pnl(question, question.words, question.key, values, question.group, cells)
        ]
    by_value = []
    for value in values:
        steps = [value * (1 - _STEP), value * (1 + _STEP)]
        found = deviating(question, value, steps, cells)
        by_value.append([(down - up) / (steps[1] - steps[0]) for down, up in found])
    return [list(one) for one in zip(*by_value, strict=True)]


def deviating(
    question: Question, value: float, moved: Sequence[float], cells: Sequence[Cell]
) -> list[list[Profits]]:
    """Return the PnL of one member of a group at other values than all others have.

    Returns
        Of each cell, at each of ``moved``: float64 [n].
    """
    words = (
        *question.words,
        f"{question.key}={value!r}",
        f"population.{question.group}.count={question.size - 1}",
        *_deviator(question.members),
    )
    own = f"population.{_DEVIATOR}"
    key = question.key.replace(f"population.{question.group}.", f"{own}.", 1)
    return _pnl(question, words, key, moved, _DEVIATOR, cells)


def _deviator(members: Mapping[str, Any]) -> list[str]:
    """Return the words of a group of one with the configuration of another group.

    Common words of lab makers reach a group whose kind is chosen as an option; what is a branch is
    then taken out and put in whole, since words merge into what the option has there.
    """
    own = f"population.{_DEVIATOR}"
    words = [f"+trader@{own}={members['kind']}", f"{own}.count=1"]
    for key, part in members.items():
        written = overrides.written(key, part)
        if isinstance(part, Mapping):
            words += [f"~{own}.{key}", f"+{own}.{key}={written}"]
        elif key not in ("kind", "count"):
            words.append(f"++{own}.{key}={written}")
    return words


def _pnl(
    question: Question, words: Sequence[str], key: str, values: Sequence[float], group: str,
    cells: Sequence[Cell],
) -> list[list[Profits]]:  # fmt: skip
    """Run cells over the values of a key; returns the PnL of a group, of each, at each, [n]."""
    plan = planner.from_words([*words, f"{key}={','.join(map(repr, values))}"])
    axis = overrides.dimension(key)
    if len(cells) == 1:
        plan = at(plan, {name: [place] for name, place in cells[0].places.items()})
    dataset = run_in_memory(plan)[_PNL].sel({GROUP: group})
    found = []
    for cell in cells:
        places = cell.places if len(cells) > 1 else dict.fromkeys(cell.places, 0)
        one = dataset.isel(places)
        if axis in one.dims:
            one = one.transpose(axis, "seed")
        found.append([*np.atleast_2d(one.to_numpy())])
    return found


def gains(question: Question, cell: Cell) -> pd.DataFrame:
    """Try other values than the root for one member; a row per value, with what it gains.

    Returns
        ``value``, ``gain``, ``low``, ``high``: currency, intervals that hold for all together.
    """
    assert cell.root is not None
    root = cell.root.value
    moved = _told(question, [root, *(root * factor for factor in _DEVIATIONS)])
    (found,) = deviating(question, root, moved, [cell])
    own = moved.index(min(moved, key=lambda value: abs(value - root)))
    level = 1 - (1 - LEVEL) / (len(moved) - 1)
    rows = []
    for value, pnl in zip(moved, found, strict=True):
        if value != moved[own]:
            gain = mean_of(pnl - found[own], level)
            rows.append((value, *(float(part[0]) for part in (gain.value, gain.low, gain.high))))
    return pd.DataFrame(rows, columns=["value", "gain", "low", "high"])
