"""What cells did, against the record, with intervals over blocks of time or over days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from proteus.analysis.statistics.bootstrap import LEAST_SEEDS, bca
from proteus.analysis.statistics.paired import Arm
from proteus.basics.units import NANO
from proteus.whatif.cells import Outcome, prepare, run_cell
from proteus.whatif.measures import (
    MEASURES,
    NAMES,
    Fidelity,
    Truth,
    cut,
    fidelity,
    last_prices,
    recorded_arm,
    totals,
    truth,
)
from proteus.whatif.recording import Recording, record
from proteus.whatif.words import Cell, Words

CONTROL = Cell("clob", None)
RECORDED = "recorded"


class Day(NamedTuple):
    """A file, and what every cell did with it."""

    recording: Recording
    true: Truth
    arms: dict[str, Arm]  # of cells by label, and RECORDED
    paths: dict[str, NDArray[np.float64]]  # last prices at the moments, currency
    fidelity: Fidelity
    rejects: dict[str, dict[str, int]]


class Judged(NamedTuple):
    """All files together."""

    days: list[Day]
    table: pd.DataFrame
    unit: str  # what was resampled: block or day
    units: int


def judge(words: Words) -> Judged:
    """Run every cell on every file.

    Raises
        ConfigError: a file, or what is chosen. MessageError: a record.
    """
    days = [run_day(path, words) for path in words.recorded.files]
    arms = {label: [day.arms[label] for day in days] for label in days[0].arms}
    is_by_day = len(days) >= LEAST_SEEDS
    joined = {label: _stacked(each, is_by_day) for label, each in arms.items()}
    rows = [
        row for cell in words.cells for row in _rows(cell, joined[cell.label], joined[RECORDED])
    ]
    units = len(joined[RECORDED].above)
    return Judged(days, pd.DataFrame(rows), "day" if is_by_day else "block", units)


def run_day(path: Any, words: Words) -> Day:
    """Read a file and run every cell; the continuous book is always one of them."""
    recording, tick = record(path, words), words.recorded.tick_nano / NANO
    door = prepare(recording, words.recorded.tick_nano)
    blocks = cut(recording, words.block_ns)
    true = truth(recording, door.recorded, blocks)
    control = run_cell(door, CONTROL)
    recording = _crossed(recording, control)
    arms = {CONTROL.label: totals(control, true, tick)}
    arms[RECORDED] = recorded_arm(true, arms[CONTROL.label])
    paths = {RECORDED: true.path * tick, CONTROL.label: last_prices(control.fills, blocks) * tick}
    rejects = {CONTROL.label: control.rejects}
    for cell in words.cells:
        if cell.label not in paths:
            outcome = run_cell(door, cell)
            arms[cell.label] = totals(outcome, true, tick)
            paths[cell.label] = last_prices(outcome.fills, blocks) * tick
            rejects[cell.label] = outcome.rejects
    return Day(recording, true, arms, paths, fidelity(true, control), rejects)


def _crossed(recording: Recording, control: Outcome) -> Recording:
    """Note the lots that trade between two orders that rested at the venue: its book crossed."""
    rested, fills = ~recording.orders.is_taker, control.fills
    lots = int(fills.lots[rested[fills.buyer] & rested[fills.seller]].sum())
    return recording._replace(doubts=recording.doubts._replace(crossed_lots=lots))


def _stacked(arms: Sequence[Arm], is_by_day: bool) -> Arm:
    """Return the totals of all files, a row for each block or each file."""
    if is_by_day:
        arms = [Arm(*(part.sum(axis=0, keepdims=True) for part in arm)) for arm in arms]
    return Arm(*(np.concatenate(parts) for parts in zip(*arms, strict=True)))


def _rows(cell: Cell, arm: Arm, recorded: Arm) -> list[dict[str, Any]]:
    """Return the estimates of a cell: its value, and its difference from the record."""
    nothing = Arm(np.zeros_like(arm.above), np.ones_like(arm.above))
    with np.errstate(divide="ignore", invalid="ignore"):
        value, base = (each.above.sum(axis=0) / each.below.sum(axis=0) for each in (arm, recorded))
    low, high = bca(arm, nothing)
    apart_low, apart_high = bca(arm, recorded)
    return [
        {
            "mechanism": cell.mechanism,
            "delta": float(cell.delta) if cell.delta else np.nan,
            "cell": cell.label,
            "measure": measure.name,
            "unit": measure.unit,
            "recorded": base[at],
            "value": value[at],
            "low": low[at],
            "high": high[at],
            "difference": value[at] - base[at],
            "difference_low": apart_low[at],
            "difference_high": apart_high[at],
            "units": len(arm.above),
        }
        for at, measure in enumerate(MEASURES)
    ]


def blocks_table(judged: Judged) -> pd.DataFrame:
    """Return the totals of every block, a row for each file, block, cell and measure."""
    parts = []
    for day in judged.days:
        for label, arm in day.arms.items():
            count = len(arm.above)
            parts.append(pd.DataFrame({
                "file": day.recording.path.name, "cell": label,
                "block": np.repeat(np.arange(count), len(NAMES)),
                "measure": np.tile(NAMES, count),
                "above": arm.above.ravel(), "below": arm.below.ravel(),
            }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def paths_table(judged: Judged) -> pd.DataFrame:
    """Return the last price at every moment, a row for each file, moment and cell."""
    parts = [
        pd.DataFrame({
            "file": day.recording.path.name, "cell": label,
            "time_ns": day.true.blocks.moments(), "price": path,
        })
        for day in judged.days
        for label, path in day.paths.items()
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)
