"""Parts of kernels that other packages add: what the compiler says of those that a cell uses.

These are functions of numbers, so each is compiled by itself before any loop is: in a second it is
known which one the compiler does not understand, and whoever uses it is told its entry point, its
function and the one line in which the compiler says why. A loop leaves out what nobody uses
(``compiler.foreign``), so that it stops no one else. What kinds of traders and mechanisms add is
written for the types of a whole market; of these the loop says what is wrong (``runs.explaining``).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel

from proteus import plugins
from proteus.compiler.foreign import why_not
from proteus.errors import ConfigError
from proteus.market.agents.group import Group
from proteus.market.cell import CellConfig
from proteus.market.constraints import added as constraints
from proteus.market.environment import sources
from proteus.market.environment.channels import OracleConfig
from proteus.market.events import latency
from proteus.market.incentives import added as incentives
from proteus.market.makers.filters import added as filters
from proteus.market.makers.quoting import added as quoting
from proteus.market.settlement import added as settlement


class _Part(NamedTuple):
    """A function of an entry point, and what it is called with: of these types."""

    group: str
    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


def check_parts(cells: Sequence[CellConfig]) -> None:
    """Check that the compiler understands what some cells use of other packages.

    Raises
        ConfigError: a function that it does not understand.
    """
    if not plugins.are_there():
        return
    for part in (part for cell in cells for part in _parts_of(cell)):
        if reason := why_not(part.function, part.arguments):
            package = plugins.package_of(part.group, part.name)
            raise ConfigError(
                f"{part.name} of {part.group}, from {package}, cannot be compiled: "
                f"{_place(part.function)}: {reason}"
            )


def _parts_of(cell: CellConfig) -> Iterator[_Part]:
    """List what a cell uses of other packages."""
    for model in _models(cell):
        if isinstance(model, latency.LatencyLaw) and model.law in latency.ADDED_LAWS:
            draw = latency.ADDED_LAWS[model.law].draw
            yield _Part(plugins.LATENCY, model.law, draw, latency.GIVEN)
        elif isinstance(model, OracleConfig) and model.source in sources.ADDED_SOURCES:
            read = sources.ADDED_SOURCES[model.source].read
            yield _Part(plugins.CHANNELS, model.source, read, sources.GIVEN)
        else:
            yield from _of_classes().get(type(model), ())


def _models(node: Any) -> Iterator[BaseModel]:
    """Give every model of a configuration, but none of a group without traders."""
    if isinstance(node, Group) and node.count == 0:
        return
    inside: Iterable[Any] = ()
    if isinstance(node, BaseModel):
        yield node
        inside = (getattr(node, key) for key in type(node).model_fields)
    elif isinstance(node, Mapping):
        inside = node.values()
    elif isinstance(node, (list, tuple)):
        inside = node
    for each in inside:
        yield from _models(each)


@functools.cache
def _of_classes() -> dict[type, list[_Part]]:
    """Return the parts of each class of keys; a cell that has such keys uses them."""
    found: dict[type, list[_Part]] = {}

    def add(config: type, *part: Any) -> None:
        found.setdefault(config, []).append(_Part(*part))

    for name, each in filters.ADDED_FILTERS.items():
        add(each.config, plugins.FILTERS, name, each.update, filters.UPDATE_GIVEN)
        add(each.config, plugins.FILTERS, name, each.ready, filters.READY_GIVEN)
    for name, rule in quoting.ADDED_RULES.items():
        add(rule.config, plugins.QUOTING, name, rule.quote, quoting.GIVEN)
    for name, constraint in constraints.ADDED_KINDS.items():
        add(constraint.config, plugins.CONSTRAINTS, name, constraint.fits, constraints.GIVEN)
    for name, mode in settlement.ADDED_KINDS.items():
        add(mode.config, plugins.SETTLEMENT, name, mode.due, settlement.GIVEN)
    for name, score in incentives.ADDED_KINDS.items():
        given = incentives.ORDER_GIVEN if score.config.READS_BOOK else incentives.FILL_GIVEN
        add(score.config, plugins.INCENTIVES, name, score.points, given)
    return found


def _place(function: Callable[..., Any]) -> str:
    """Say where a part is written: its file, its line, and its name."""
    code = getattr(function, "__wrapped__", function).__code__
    return f"{code.co_filename}, line {code.co_firstlineno}, in {code.co_name}"
