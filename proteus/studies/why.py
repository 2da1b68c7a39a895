"""Why two cells differ for one seed: both lanes once more with logs, event by event, fill by fill.

Randomness is addressed, so an intent of one lane has its like in the other: the same trader at the
same time by the same cause. What is equal up to the first event that differs is equal because
nothing had happened yet; every fill after it is in both lanes, or in one. A trader's difference in
PnL is then the worth of the fills that only one lane has, at the fair value at the end, and what
was charged and paid besides. These parts sum to it in whole nano-currency.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from proteus.basics.units import NANO
from proteus.configuration import overrides
from proteus.errors import ResultsError, nearest
from proteus.plans import planner
from proteus.recording.files import accounts_of
from proteus.results.artifacts import as_path
from proteus.results.dataset import MANIFEST, load
from proteus.studies.recorded import CLAIMS, Recorded, balances, record, value_at_end

BEFORE, AFTER = "before", "after"
_NUMBERS = (  # of an event, which may differ without meaning: all else is compared
    "cell", "seed", "event", "order_id", "other_id", "slot", "fill", "policy", "checksum",
)  # fmt: skip

Labels = Mapping[str, Any]


class Difference(NamedTuple):
    """Where two lanes part, and what that is worth."""

    equal_events: int  # from the start
    first: pd.DataFrame  # the first event that differs: a row per lane, none where one has ended
    fills: pd.DataFrame  # those that exist in one lane only, with ``lane``
    pnl: pd.DataFrame  # a row per trader: before, after, change and its parts, nano-currency

    def __str__(self) -> str:
        if self.first.empty:
            return f"Both lanes have the same {self.equal_events} events."
        when = self.first["time_ns"].min() / NANO
        said = [f"The first {self.equal_events} events are the same; they part at {when:.6f} s:"]
        for lane, row in self.first.iterrows():
            shown = ", ".join(f"{name}={value}" for name, value in row.dropna().items())
            said.append(f"  {lane}: {shown}")
        count = self.fills["lane"].value_counts()
        said.append(
            f"{count.get(BEFORE, 0)} fills are only before, {count.get(AFTER, 0)} only after."
        )
        moved = self.pnl.assign(size=self.pnl["change"].abs()).sort_values("size", ascending=False)
        for name, row in moved[moved["change"] != 0].iterrows():
            parts = ", ".join(
                f"{part.replace('_', ' ')} {row[part] / NANO:+.4g}" for part in PARTS if row[part]
            )
            said.append(f"  {name}: {row['change'] / NANO:+.4g} currency ({parts})")
        return "\n".join(said)

    def _repr_html_(self) -> str:
        """Show in a notebook what is printed elsewhere."""
        return f"<pre>{escape(str(self))}</pre>"


PARTS = ("fills_only_before", "fills_only_after", "common_fills", "other_entries")


def why(
    folder: str | os.PathLike[str], seed: int, a: str | Labels | None = None,
    b: str | Labels | None = None,
) -> Difference:  # fmt: skip
    """Run two cells of one seed again with logs, and find where and in what they differ.

    Parameters
        folder: of ``python -m proteus.ab``, or of a sweep. seed: one that was run.
        a, b: the cells of a sweep, as ``"mechanism=clob"`` or a mapping of labels; of an experiment
            with rules, which has two sides, neither is given.

    Returns
        Difference; ``print`` words it.

    Raises
        ResultsError: no such folder, cell or seed, or it was run by other code.
        RunError: the machine stopped the run.
    """
    path = as_path(folder)
    sides = _sides(path, a, b)
    _check_seed(path, seed, sides[0])
    before, after = (record(words, seed, 1) for words in sides)
    return _difference(before, after)


def _sides(folder: Path, a: str | Labels | None, b: str | Labels | None) -> list[list[str]]:
    """Return the words of both cells."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ResultsError(f"{folder} has no {MANIFEST} of a run") from None
    if "sides" in manifest:
        if a is not None or b is not None:
            raise ResultsError(f"{folder} has two sides: name no cells of it")
        _check_code(folder, str(manifest["kernel_hash"]))
        sides = [side["words"] for side in manifest["sides"].values()]
        return [sides[0], sides[-1]]
    if a is None or b is None:
        raise ResultsError(f"{folder} is a sweep: name two of its cells, as a='mechanism=clob'")
    _check_code(folder, str(load(folder).attrs["kernel_hash"]))
    return [_cell_words(manifest["overrides"], side) for side in (a, b)]


def _check_code(folder: Path, kernel_hash: str) -> None:
    from proteus.compiler import jit

    if kernel_hash != jit.kernel_hash():
        raise ResultsError(f"{folder} was run by other kernels: run it again to see why")


def _cell_words(words: Sequence[str], cell: str | Labels) -> list[str]:
    """Return the words of a sweep with one value of every axis."""
    labels = (
        _labels(cell) if isinstance(cell, str) else {name: str(at) for name, at in cell.items()}
    )
    chosen = []
    axes = []
    for word in words:
        values = overrides.expand(word)
        name = overrides.dimension(word)
        if len(values) == 1:
            chosen += values
            continue
        axes.append(name)
        known = [str(value) for value in overrides.values(values)]
        wanted = labels.get(name)
        if wanted is None:
            raise ResultsError(f"{cell} does not say {name}: it is one of {', '.join(known)}")
        if wanted not in known:
            raise ResultsError(f"{name}={wanted} was not run; it is one of {', '.join(known)}")
        chosen.append(values[known.index(wanted)])
    for name in labels:
        if name not in axes:
            raise ResultsError(f"{name} is no axis of the sweep{nearest(name, axes)}")
    return chosen


def _labels(text: str) -> dict[str, str]:
    found = {}
    for part in text.split(","):
        name, sign, value = part.partition("=")
        if not sign:
            raise ResultsError(f"cannot read {part!r} of {text}: write key=value,key=value")
        found[name] = value
    return found


def _check_seed(folder: Path, seed: int, words: Sequence[str]) -> None:
    """Refuse a seed that was not run."""
    kept = [word for word in words if overrides.key(word) != "output_dir"]
    replicates = planner.from_words(kept).replicates
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed not in replicates:
        allowed = f"it must be one of {replicates[0]} .. {replicates[-1]}"
        raise ResultsError(f"seed={seed} was not run in {folder}: {allowed}")


def _difference(before: Recorded, after: Recorded) -> Difference:
    equal, first = _parting(*(_named(lane) for lane in (before, after)))
    keys = [_addresses(lane) for lane in (before, after)]
    common = Counter(keys[0]) & Counter(keys[1])
    alone = [_beyond(key, common) for key in keys]
    fills = pd.concat([
        lane.fills[mask].assign(lane=name)
        for lane, mask, name in zip((before, after), alone, (BEFORE, AFTER), strict=True)
    ], ignore_index=True)  # fmt: skip
    return Difference(equal, first, fills, _shares(before, after, alone))


def _named(lane: Recorded) -> pd.DataFrame:
    """Return the events of a lane, with traders and accounts by name."""
    names = dict(enumerate(accounts_of(lane.plan.cells[0]).names))
    found = {who: lane.events[who].map(names) for who in ("trader", "giver", "receiver")}
    return lane.events.assign(**found)


def _parting(before: pd.DataFrame, after: pd.DataFrame) -> tuple[int, pd.DataFrame]:
    """Return how many events are equal from the start, and the first of each lane that is not."""
    columns = [name for name in before if name not in _NUMBERS]
    sides = [
        side[columns].astype(object).where(side[columns].notna(), None) for side in (before, after)
    ]
    rows = [list(side.itertuples(index=False, name=None)) for side in sides]
    shorter = min(map(len, rows))
    equal = next((at for at in range(shorter) if rows[0][at] != rows[1][at]), shorter)
    shown = {
        name: pd.Series(dict(zip(columns, row[equal], strict=True)), dtype=object)
        for name, row in zip((BEFORE, AFTER), rows, strict=True) if equal < len(row)
    }  # fmt: skip
    return equal, pd.DataFrame(shown).T.dropna(axis="columns", how="all")


def _addresses(lane: Recorded) -> list[tuple[Any, ...]]:
    """Return what makes a fill the same in both lanes: whose intents met, at what price, how many.

    An intent is known by its trader, its time and its cause, whatever number its order has.
    """
    sent = lane.events[lane.events["source"] == "trader"].dropna(subset=["order_id"])
    intents: dict[tuple[Any, Any], tuple[Any, Any]] = {}
    sent = sent.dropna(subset=["intent_ns"])
    for row in sent.to_dict("records"):
        for number in (row["order_id"], row["other_id"] if row["kind"] == "replace" else None):
            if number is not None and not pd.isna(number):
                address = (row["intent_ns"], None if pd.isna(row["cause"]) else row["cause"])
                intents.setdefault((row["trader"], number), address)
    return [
        (
            *(fill[name] for name in ("buyer", "seller", "price_ticks", "quantity")),
            intents.get((fill["buyer"], fill["buy_order_id"])),
            intents.get((fill["seller"], fill["sell_order_id"])),
        )
        for fill in lane.fills.to_dict("records")
    ]


def _beyond(keys: Sequence[tuple[Any, ...]], common: Counter[tuple[Any, ...]]) -> np.ndarray:
    """Say which fills the other lane does not have."""
    left = Counter(common)
    alone = np.ones(len(keys), dtype=bool)
    for at, key in enumerate(keys):
        if left[key] > 0:
            left[key] -= 1
            alone[at] = False
    return alone


def _shares(before: Recorded, after: Recorded, alone: Sequence[np.ndarray]) -> pd.DataFrame:
    """Split every trader's difference in PnL; the parts sum to it exactly."""
    lanes = (before, after)
    pnl = [dict(zip(lane.names, lane.pnl[0].tolist(), strict=True)) for lane in lanes]
    worth = [
        [_worth(lane, mask) for mask in (only, ~only)]
        for lane, only in zip(lanes, alone, strict=True)
    ]
    other = [_other_entries(lane) for lane in lanes]
    names = list(dict.fromkeys([*before.names, *after.names]))
    rows = []
    for name in names:
        held = [each.get(name, 0) for each in pnl]
        parts = (
            -worth[0][0].get(name, 0),
            worth[1][0].get(name, 0),
            worth[1][1].get(name, 0) - worth[0][1].get(name, 0),
            other[1].get(name, 0) - other[0].get(name, 0),
        )
        assert sum(parts) == held[1] - held[0], f"{name}: the parts are not the difference"
        rows.append((*held, held[1] - held[0], *parts))
    return pd.DataFrame(rows, index=names, columns=[BEFORE, AFTER, "change", *PARTS])


def _worth(lane: Recorded, chosen: np.ndarray) -> dict[str, int]:
    """Return what fills bring each trader, at the fair value at the end."""
    tick = lane.plan.cells[0].tick_nano
    (value,) = value_at_end(lane).values()
    found: Counter[str] = Counter()
    for fill in lane.fills[chosen].to_dict("records"):
        gain = int(fill["quantity"]) * (value - int(fill["price_ticks"]) * tick)
        found[lane.names[fill["buyer"]]] += gain
        found[lane.names[fill["seller"]]] -= gain
    return dict(found)


def _other_entries(lane: Recorded) -> dict[str, int]:
    """Return what entries that are no fills bring each trader: charges, rewards, reverts, fines."""
    rows = lane.ledger[~lane.ledger["code"].isin((*CLAIMS, "payoff", "fill"))]
    (value,) = value_at_end(lane).values()
    found: Counter[str] = Counter()
    for asset, worth in (("cash", 1), ("contract", value)):
        for (_, name), amount in balances(rows, asset).items():
            found[name] += amount * worth
    return dict(found)
