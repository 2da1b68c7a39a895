"""What a lane takes from one episode into the next: read off a settled block, put into a fresh one.

A row of the table below is an array with a row per lane: where it stands in a block that starts,
and what it is there, given the block that has ended. ``capital_only`` has the first two rows,
``full_carryover`` all, and what each kind has learned (``TraderKind.carries``). Never carried are
beliefs of the value, the tape, quotes, exposure, fills that nobody has judged yet, and random
addresses. Where ``boundary=continue`` the log-odds of the news and positions go on as well, of
which traders know. What is taken is bytes, whose layout (:func:`layout_of`) a snapshot keeps beside
them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.market.agents.episodes import CAPITAL_ONLY, CONTINUE, FULL, SETTLE
from proteus.market.agents.kinds import KINDS
from proteus.market.cell import CellConfig
from proteus.market.events.queue import NEVER_NS
from proteus.market.ledger.accounts import CONTRACT
from proteus.market.ledger.codes import PAYOFF
from proteus.market.rules.state import Rules
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell

Carried = NDArray[np.uint8]  # [L, bytes of a lane]


class Row(NamedTuple):
    """One thing that is carried."""

    path: str  # of the array in ``World``
    policies: tuple[str, ...]  # that carry it
    ended: Callable[[Any, CellConfig], NDArray[Any]]  # the array after the episode of this world
    about: str
    at_boundary: tuple[str, ...] = (SETTLE, CONTINUE)  # of ``episodes.boundary`` that has it


class Field(NamedTuple):
    """Where an array is in the bytes of a lane."""

    path: str
    dtype: str
    shape: tuple[int, ...]  # without the lanes


def wealth(world: Any) -> NDArray[np.int64]:
    """Return what each trader is worth once the contract has paid, nano-currency, int64 [L, A].

    Of a trader without a limit it is what it has won or lost.
    """
    found: NDArray[np.int64] = world.totals.settled.copy()
    if isinstance(world.rules, Rules):
        found += world.rules.endowment
    return found


def _endowment(world: Any, cell: CellConfig) -> NDArray[np.int64]:
    return np.asarray(np.where(world.rules.has_capital, np.maximum(wealth(world), 0), 0))


def _ruined(world: Any, cell: CellConfig) -> NDArray[np.bool_]:
    is_poor = world.rules.has_capital & (wealth(world) < cell.episodes.ruin_nano)
    return np.asarray(world.rules.is_ruined | is_poor, np.bool_)


def _earned_ns(world: Any, cell: CellConfig) -> NDArray[np.int64]:
    return np.asarray(np.maximum(world.rules.constraints.earned_ns - cell.horizon_ns, 0))


def _stopped_ns(world: Any, cell: CellConfig) -> NDArray[np.int64]:
    """Return until when a loss limit holds; one that holds for good does so for ever."""
    until = world.rules.constraints.stopped_ns
    left = np.maximum(until - cell.horizon_ns, 0)
    return np.asarray(np.where(until == NEVER_NS, NEVER_NS, left))


def _traded(world: Any, cell: CellConfig) -> NDArray[np.int64]:
    """Return what each trader traded in the window that ends with the episode, nano, [L, A, 2]."""
    volume, window_ns = world.rules.costs.volume, world.rules.costs.tables.window_ns[0]
    found: NDArray[np.int64] = volume.traded.copy()
    if not _has_tiers(world):
        return found
    mask, since = volume.value.shape[1] - 1, cell.horizon_ns - window_ns
    for lane in range(len(found)):
        ever = window_ns == NEVER_NS
        if not ever and since > 0 and not volume.start_left[lane]:
            found[lane] -= volume.start[lane]
        late = np.arange(volume.counted[lane], volume.seen[lane])
        _add(found, volume, lane, late & mask, 1)
        old = np.arange(volume.expired[lane], volume.seen[lane]) & mask
        if not ever:
            _add(found, volume, lane, old[volume.time[lane, old] < since], -1)
    return found


def _position(world: Any, cell: CellConfig) -> NDArray[np.int64]:
    """Return what each trader held when everything was marked, lots, int64 [L, A]."""
    ledger, traders = world.ledger, world.totals.marked.shape[1]
    return np.asarray(-ledger.total[:, :traders, ledger.place[PAYOFF], CONTRACT])


def _has_tiers(world: Any) -> bool:
    return int(world.rules.costs.tables.bound.shape[2]) > 1


def _add(
    found: NDArray[np.int64], volume: Any, lane: int, at: NDArray[np.int64], sign: int
) -> None:
    traders, values = volume.trader[lane, at], sign * volume.value[lane, at]
    np.add.at(found, (lane, traders, 0), values)
    np.add.at(found, (lane, traders, 1), values * volume.by_maker[lane, at])


def _same(path: str) -> Callable[[Any, CellConfig], NDArray[Any]]:
    found = operator.attrgetter(path)
    return lambda world, cell: np.asarray(found(world))


_BOTH, _FULLY = (CAPITAL_ONLY, FULL), (FULL,)
OF_ANYONE = (
    Row("rules.endowment", _BOTH, _endowment, "wealth at the end, of those with capital"),
    Row("rules.is_ruined", _BOTH, _ruined, "who is ruined"),
    *(
        Row(path, _FULLY, _same(path), about)
        for path, about in (
            ("private.rewarded", "what an own lot earns of policies, as the trader thinks"),
            ("rules.incentives.worth", "the same, policy by policy"),
            ("rules.incentives.waiting", "rewards since own lots were last filled"),
            ("rules.incentives.put_aside", "what is left of stakes"),
        )
    ),
    Row("rules.costs.volume.start", _FULLY, _traded, "volume in the window of tiers"),
    Row("rules.constraints.earned_ns", _FULLY, _earned_ns, "messages that are not earned yet"),
    Row("rules.constraints.stopped_ns", _FULLY, _stopped_ns, "stopped for losses"),
    Row("rules.opening", _FULLY, _position, "positions", (CONTINUE,)),
    *(
        Row(f"rules.credit.{path}", _FULLY, _same(f"rules.credit.{path}"), about, (CONTINUE,))
        for path, about in (
            ("pool.supply_assets", "claims on the pool of credit"),
            ("pool.supply_shares", "their shares"),
            ("pool.supplied", "whose these are"),
            ("pool.borrow_assets", "debts"),
            ("pool.borrow_shares", "their shares"),
            ("pool.borrowed", "whose these are"),
            ("pool.treasury", "reserves of the treasury"),
            ("pool.rest", "interest below a nano"),
            ("pool.rate", "the rate of the step that begins"),
            ("pool.at_target", "height of the adaptive curve"),
            ("index", "what a debt of 1 from the start owes"),
            ("liquidations.buffer", "what a lot was worth beyond its debt"),
            ("liquidations.jump", "the largest jump of v since"),
        )
    ),
    Row("news.start", _FULLY, _same("news.end"), "log-odds of the news", (CONTINUE,)),
)


def rows_of(world: Any, cell: CellConfig) -> list[Row]:
    """Return what a cell carries, by its policy; without rules there is nothing of them.

    Parameters
        world: of any block of the cell.
    """
    policy, boundary, found = cell.episodes.carryover, cell.episodes.boundary, []
    has_rules = _has_rules(world, cell)
    for row in OF_ANYONE:
        is_there = has_rules or not row.path.startswith("rules.")
        is_there &= cell.credit.is_used or not row.path.startswith("rules.credit.")
        if policy in row.policies and boundary in row.at_boundary and is_there:
            found.append(row)
    if policy == FULL:
        found += [
            Row(path, _FULLY, _same(path), "learned") for path in _learned(world.policies, cell)
        ]
    return found


def _has_rules(world: Any, cell: CellConfig) -> bool:
    """Tell whether a cell adds rules; the loop may have all hooks without any."""
    return isinstance(world.rules, Rules) and cell.needs_rules


def _learned(policies: Any, cell: CellConfig) -> Iterator[str]:
    """List the paths of what the kinds that a cell has have learned."""
    there = {group.kind for group in cell.population.values() if group.count}
    for name in sorted(name for name in there if KINDS[name].carries):
        kind = KINDS[name]
        if kind.is_ordinary:
            yield from (f"policies.{name}.{path}" for path in kind.carries)
            continue
        where, link = "policies.others", policies.others
        while link.number != kind.number:
            where, link = f"{where}.rest", link.rest
        yield from (f"{where}.policy.{path}" for path in kind.carries)


def layout_of_cell(cell: CellConfig) -> list[Field]:
    """Return the layout of what the lanes of a cell carry on."""
    block = build_block(set_up_cell(cell), np.zeros((1, 2), np.uint32), growth=1, audit=False)
    return layout_of(block.world, cell)


def layout_of(world: Any, cell: CellConfig) -> list[Field]:
    """Return where each array is in the bytes of a lane, in order."""
    arrays = ((row.path, operator.attrgetter(row.path)(world)) for row in rows_of(world, cell))
    return [Field(path, array.dtype.str, array.shape[1:]) for path, array in arrays]


def take(world: Any, cell: CellConfig) -> Carried:
    """Return what the lanes of a settled block carry on, uint8 [L, bytes]."""
    parts = [np.ascontiguousarray(row.ended(world, cell)) for row in rows_of(world, cell)]
    lanes = len(world.progress.now)
    return np.concatenate([each.reshape(lanes, -1).view(np.uint8) for each in parts], axis=1)


def put(world: Any, cell: CellConfig, carried: Carried) -> None:
    """Let the lanes of a block that has not started have what was carried, uint8 [L, bytes]."""
    at = 0
    for row in rows_of(world, cell):
        array = operator.attrgetter(row.path)(world)
        size = int(np.prod(array.shape[1:], dtype=np.int64)) * array.itemsize
        part = np.ascontiguousarray(carried[:, at : at + size])
        array[...] = part.view(array.dtype).reshape(array.shape)
        at += size
    if cell.episodes.carryover == FULL and _has_rules(world, cell):
        volume = world.rules.costs.volume
        volume.traded[...] = volume.start
        volume.everybody[...] = volume.start.sum(axis=1)
    if cell.episodes.continues:
        world.news.is_carried[...] = True
        world.private.position[...] = world.rules.opening
