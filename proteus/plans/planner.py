"""From words or mappings to a plan: every grid point is composed and checked.

Nothing runs before all of them are good.
"""

from __future__ import annotations

import gc
import hashlib
import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from proteus.basics import selection
from proteus.basics.schema import canonical_json
from proteus.configuration import design, overrides, unused
from proteus.configuration.compose import Composed, compose_words, hydra_session, keys_of
from proteus.configuration.overrides import AxisValue
from proteus.configuration.reading import read_config, read_design
from proteus.configuration.study import GATED, NOT_CHECKED
from proteus.configuration.sweep import SweepConfig
from proteus.errors import ConfigError
from proteus.market.cell import CellConfig, Record
from proteus.market.setup.carrying import layout_of_cell
from proteus.market.variables.dimensions import MEASURED_DIMENSIONS, optional_of
from proteus.plans import designs, limits, parity
from proteus.plans.plan import Plan, hash_of_lanes
from proteus.plans.snapshots import Snapshot, start_of

FIRST_AXES = ("mechanism", "delta")
_COMPOSE_S, _PATIENCE_S = 0.002, 5.0  # what a grid point takes, and what a person waits
RESERVED_DIMENSIONS = ("cell", "seed", design.POINT, *MEASURED_DIMENSIONS)


def from_words(arguments: Sequence[str], say: Callable[[str], None] | None = None) -> Plan:
    """Plan a sweep from the words of a command line.

    Parameters
        arguments: Hydra overrides; a comma list of values is an axis.
        say: tells a person that many grid points take their time.

    Raises
        ConfigError: any word, value or combination that is not allowed.
    """
    with _collector_paused():
        return _planned(arguments, say)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Do not look for garbage: thousands of configurations stay, and would be seen each time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _planned(arguments: Sequence[str], say: Callable[[str], None] | None) -> Plan:
    with hydra_session():
        base, words = _declared(arguments)
        fixed = [word for word in words if not overrides.is_axis(word)]
        swept = _swept([word for word in words if overrides.is_axis(word)])
        listed = design.points(read_design(base.tree))
        _check_free(words, listed[0] if listed else ())
        if listed:
            swept[design.POINT] = [f"{design.POINT}={number}" for number in range(len(listed))]
        count = _grid_points(swept)
        grid = _read_grid(fixed, swept, listed)
        points = [next(grid)]
        limits.check_results(points[0][0], count)  # before the other points are composed
        if say is not None and count * _COMPOSE_S > _PATIENCE_S:
            say(f"{count} grid points are checked, which takes about {count * _COMPOSE_S:.0f} s")
        points += grid
    configs = [config for config, _ in points]
    _check_common(configs)
    unused.check(words, listed[0] if listed else (), configs)
    axes = {name: overrides.values(words) for name, words in swept.items()}
    mechanisms = _resolved("mechanism", swept, [label for _, label in points])
    deltas = _resolved("delta", swept, [config.delta for config in configs])
    axes = {**axes, "mechanism": mechanisms, "delta": deltas}
    _check_distinct({_key(swept[name]): axes[name] for name in swept})
    order = [*FIRST_AXES, *(name for name in swept if name not in FIRST_AXES)]
    made = _assemble({name: axes[name] for name in order}, configs, tuple(arguments))
    return replace(
        made,
        fairness={**parity.declared(made), "deliberate": parity.check(made)},
        designed=_designed(listed),
        population_hash=hashlib.sha256(
            canonical_json(base.tree["population"]).encode()
        ).hexdigest(),
        gate=NOT_CHECKED if GATED in mechanisms else "",
    )


def _declared(arguments: Sequence[str]) -> tuple[Composed, list[str]]:
    """Compose the first point of the axes that are given as words, and add those declared there.

    Returns
        What was composed, and the words with the axes of the configuration that no word sets.
    """
    listed = [overrides.expand(word) for word in arguments]
    mechanisms = [_value(word) for words in listed if _key(words) == "mechanism" for word in words]
    base = compose_words(_understood([words[0] for words in listed], mechanisms))
    given = {word.partition("=")[0] for word in arguments}
    declared = overrides.from_mapping(base.axes, grid=True)
    return base, [*arguments, *(word for word in declared if word.partition("=")[0] not in given)]


def _check_free(words: Sequence[str], designed: Iterable[str]) -> None:
    """Refuse words that give a key another value than its design."""
    for word in words:
        if overrides.key(word) in designed:
            raise ConfigError(f"{word} is not allowed: design.factors varies that key")


def _designed(listed: Sequence[Mapping[str, AxisValue]]) -> dict[str, tuple[AxisValue, ...]]:
    """Return the values of each designed key along its axis, by the name of their coordinate."""
    keys = listed[0] if listed else {}
    return {overrides.dimension(key): tuple(point[key] for point in listed) for key in keys}


def _read_grid(
    fixed: Sequence[str],
    swept: Mapping[str, Sequence[str]],
    listed: Sequence[Mapping[str, float | int]],
) -> Iterator[tuple[SweepConfig, str]]:
    """Compose and check every grid point; gives its configuration and its mechanism's option."""
    axes = [words for name, words in swept.items() if name != design.POINT]
    mechanisms = [_value(word) for word in swept.get("mechanism", ())]
    for point in itertools.product(*axes):
        composed = compose_words(_understood([*fixed, *point], mechanisms))
        for values in listed or ({},):
            tree = design.placed(composed.tree, values) if values else composed.tree
            yield read_config(tree), composed.choices["mechanism"]


def _understood(point: Sequence[str], mechanisms: Sequence[str]) -> list[str]:
    """Leave out keys of other swept mechanisms, so that a cell which ignores them is shared.

    A key that no swept mechanism has is kept, and refused when it is composed.
    """
    if len(mechanisms) < 2:
        return [*point]
    (own,) = (_value(word) for word in point if word.startswith("mechanism="))
    theirs = frozenset().union(*(keys_of("mechanism", name) for name in mechanisms))
    foreign = theirs - keys_of("mechanism", own)
    return [word for word in point if word.partition("=")[0] not in foreign]


def from_mapping(parameters: Mapping[str, Any], seeds: Any = None, *, grid: bool = True) -> Plan:
    """Plan a sweep from Python values, with the same keys as the command line.

    Parameters
        parameters: key (dotted, or nested mappings) to value; with ``grid`` a list is an axis.
        seeds: number of replicates, a range of replicates, or a mapping of the ``seeds`` keys.
        grid: False takes lists as values, so that there is one cell.

    Raises
        ConfigError: any key, value or combination that is not allowed.
    """
    fixed = overrides.from_mapping(overrides.seed_keys(seeds), grid=False)
    words = [*overrides.from_mapping(parameters, grid=grid), *fixed]
    overrides.check_once(words)
    return from_words(words)


def _swept(arguments: Sequence[str]) -> dict[str, list[str]]:
    """Expand the swept words into axes, numbers in their order; mechanism and delta come first.

    Returns
        Dimension name to the words of its values.
    """
    swept: dict[str, list[str]] = {}
    for argument in arguments:
        if overrides.key(argument) in ("experiment", "size"):
            one = overrides.key(argument)
            raise ConfigError(f"{argument} cannot be swept: run one {one} at a time")
        name = overrides.dimension(argument)
        if name in swept or name in RESERVED_DIMENSIONS:
            raise ConfigError(f"{argument} cannot be swept: dimension {name} is taken")
        swept[name] = _in_order(overrides.expand(argument))
    first = [name for name in FIRST_AXES if name in swept]
    return {name: swept[name] for name in [*first, *swept]}


def _in_order(words: list[str]) -> list[str]:
    """Return the words of an axis of numbers in the order of these, of texts as they are."""
    found = overrides.values(words)
    if any(isinstance(value, str) for value in found):
        return words
    return [word for _, word in sorted(zip(found, words, strict=True))]


def _value(word: str) -> str:
    """Return the value of a word without a list, as it is written."""
    return word.partition("=")[2]


def _key(words: Sequence[str]) -> str:
    """Return the key that the words of one axis set."""
    return words[0].partition("=")[0]


def _grid_points(swept: Mapping[str, Sequence[str]]) -> int:
    """Return the number of grid points.

    Raises
        ConfigError: there are more than can be composed in reasonable time.
    """
    count = math.prod(len(words) for words in swept.values())
    if count > overrides.LARGEST_GRID:
        sizes = " x ".join(f"{_key(words)} ({len(words)})" for words in swept.values())
        allowed = f"a grid may have at most {overrides.LARGEST_GRID}"
        raise ConfigError(f"{sizes} makes {count} grid points: {allowed}")
    return count


def _resolved(
    name: str, swept: Mapping[str, Sequence[str]], labels: Sequence[AxisValue]
) -> tuple[AxisValue, ...]:
    """Return the values of one of the first axes from what was composed at every grid point."""
    table = np.array(labels, dtype=object).reshape([len(words) for words in swept.values()])
    axis = [*swept].index(name) if name in swept else None
    rows = table.reshape(1, -1) if axis is None else np.moveaxis(table, axis, 0)
    rows = rows.reshape(len(rows), -1)
    for row in rows:
        if len(set(row)) > 1:
            raise ConfigError(f"{name} differs along another swept key: sweep it as {name}=...")
    return tuple(row[0] for row in rows)


def _check_common(configs: Sequence[SweepConfig]) -> None:
    """Check that what belongs to the whole sweep is the same at every grid point."""
    for key in SweepConfig.RUN_KEYS:
        first = getattr(configs[0], key)
        others = [value for config in configs if (value := getattr(config, key)) != first]
        if any(canonical_json(value) != canonical_json(first) for value in others):
            raise ConfigError(f"{key} cannot be swept: it is the same for the whole sweep")
    if len({config.identity.cohort for config in configs}) > 1:
        raise ConfigError("identity.cohort cannot be swept: it is the same for the whole sweep")
    if len({config.episodes.count for config in configs}) > 1:
        raise ConfigError("episodes.count cannot be swept: it is a dimension of the results")
    for key in ("horizons_ms", "elapsed_ms"):
        if len({getattr(config.metrics, key) for config in configs}) > 1:
            raise ConfigError(f"metrics.{key} cannot be swept: it is a dimension of the results")
    for key in Record.OUTPUT_KEYS:
        if len({getattr(config.record, key) for config in configs}) > 1:
            raise ConfigError(f"record.{key} cannot be swept: it is the same for the whole sweep")


def _check_distinct(axes: Mapping[str, Sequence[AxisValue]]) -> None:
    """Refuse an axis that lists a value twice; the axes are named by their keys."""
    for key, values in axes.items():
        repeated = [value for value, count in Counter(values).items() if count > 1]
        if repeated:
            allowed = "the values of an axis must differ"
            raise ConfigError(f"{key} lists {repeated[0]} twice: {allowed}")


def _assemble(
    axes: dict[str, tuple[AxisValue, ...]], configs: Sequence[SweepConfig], words: tuple[str, ...]
) -> Plan:
    """Join equal cells, number them, hash the result, and see whether it has the lanes to record.

    Raises
        ConfigError: it does not.
    """
    texts = [config.canonical() for config in configs]
    cells: dict[str, CellConfig] = {}
    for text, config in zip(texts, configs, strict=True):
        if text not in cells:
            cells[text] = config.cell()
    numbers = {text: number for number, text in enumerate(cells)}
    shape = [len(values) for values in axes.values()]
    cell_of = np.array([numbers[text] for text in texts], dtype=np.int64)
    seeds, start = configs[0].seeds, _start(configs[0], [*cells.values()])
    plan = Plan(
        axes=axes,
        cells=tuple(cells.values()),
        cell_of=cell_of.reshape(shape),
        replicates=np.arange(seeds.first, seeds.first + seeds.count, dtype=np.int64),
        settings=configs[0],
        words=words,
        config_hash=hash_of_lanes(axes, [*cells], cell_of, seeds, start),
        dims=optional_of(*configs),
        start=start,
    )
    if configs[0].record.panel and not any(c.episodes.are_used for c in configs):
        allowed = "lanes must be of episodes, as episodes.count=10 makes them"
        raise ConfigError(f"record.panel=true is not allowed: {allowed}")
    for key in ("events", "traces"):
        _check_recorded(plan, f"record.{key}", getattr(plan.settings.record, key))
    designs.check(plan)
    return plan


def _start(config: SweepConfig, cells: Sequence[CellConfig]) -> Snapshot | None:
    """Return what the lanes begin with, where they go on with those of another run."""
    if config.resume_from is None:
        return None
    for cell in cells:
        if not cell.episodes.carries:
            allowed = "episodes.carryover=hard_reset begins every episode afresh"
            raise ConfigError(f"resume_from={config.resume_from} is not allowed: {allowed}")
    layouts = [layout_of_cell(cell) for cell in cells]
    return start_of(config.resume_from, cells, config.seeds, layouts)


def _check_recorded(plan: Plan, key: str, chosen: str | None) -> None:
    """Check that the lanes to record are known before anything runs.

    Raises
        ConfigError: they are not.
    """
    precision, count = plan.settings.precision.name, plan.cells[0].episodes.count
    if chosen is not None and count > 1:
        allowed = "one episode is recorded at a time, as seeds.episode=3 chooses it"
        raise ConfigError(f"{key}={chosen} is not allowed with episodes.count={count}: {allowed}")
    if chosen is not None and plan.start is not None:
        allowed = "a log is of lanes that begin afresh"
        raise ConfigError(f"{key}={chosen} is not allowed with resume_from: {allowed}")
    if chosen is not None and plan.cells[0].episodes.continues:
        refused = f"{key}={chosen} is not allowed with episodes.boundary=continue"
        raise ConfigError(f"{refused}: a log ends with a payoff, and they end with none")
    if chosen is not None and precision != "fixed":
        allowed = f"with precision={precision} the seeds are not known before; use precision=fixed"
        raise ConfigError(f"{key}={chosen} is not allowed: {allowed}")
    selection.check(key, chosen, plan)
