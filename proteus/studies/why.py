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
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from proteus.basics.units import NANO
from proteus.configuration import overrides
from proteus.errors import ResultsError, nearest
from proteus.plans import planner
from proteus.plans.plan import Plan
from proteus.recording.files import load_events, load_fills, load_ledger, trader_names
from proteus.results.artifacts import as_path
from proteus.results.dataset import MANIFEST, load
from proteus.runs import api, claim
from proteus.runs.folder import run_into

BEFORE, AFTER = "before", "after"
_OWN = ("seeds.first", "seeds.count", "output_dir", "plan_only", "design", "precision", "record")
_COMPARED = (  # of an event; its number, slot and orders' numbers may differ without meaning
    "time_ns", "source", "kind", "trader", "side", "price_ticks", "lots", "reason", "intent_ns",
    "cause", "giver", "receiver", "asset", "amount", "code",
)  # fmt: skip
_CLAIMS = ("endow", "fund", "stake", "unstake")  # capital, and no gain

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


PARTS = ("fills_only_before", "fills_only_after", "common_fills", "other_entries")


class _Lane(NamedTuple):
    plan: Plan
    events: pd.DataFrame
    fills: pd.DataFrame
    ledger: pd.DataFrame
    pnl: dict[str, int]  # of each trader, nano-currency


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
    words = [_checked_seed(path, seed, side) for side in _sides(path, a, b)]
    lanes = [_run(side, seed) for side in words]
    return _difference(*lanes)


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


def _checked_seed(folder: Path, seed: int, words: Sequence[str]) -> list[str]:
    """Return words of one lane; the seed must have been run."""
    plan = planner.from_words(
        [word for word in words if overrides.key(word).partition(".")[0] not in ("output_dir",)]
    )
    replicates = plan.replicates
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed not in replicates:
        allowed = f"it must be one of {replicates[0]} .. {replicates[-1]}"
        raise ResultsError(f"seed={seed} was not run in {folder}: {allowed}")
    kept = [
        word for word in words
        if overrides.key(word) not in _OWN
        and overrides.key(word).partition(".")[0] not in ("design", "precision", "record")
    ]  # fmt: skip
    measured = [word for word in words if overrides.key(word).startswith("record.warmup")]
    return [
        *kept, *measured, f"seeds.first={seed}", "seeds.count=1", f"record.events=seed:{seed}",
        "record.per_trader=true",
    ]  # fmt: skip


def _run(words: Sequence[str], seed: int) -> _Lane:
    with tempfile.TemporaryDirectory() as held:
        folder = Path(held) / "lane"
        plan = api.checked(planner.from_words([*words]))
        with claim.claimed(folder, plan) as lanes:
            run_into(plan, folder, lanes)
        events, fills, ledger = load_events(folder), load_fills(folder), load_ledger(folder)
        found = load(folder).isel(seed=0).squeeze()
    names = trader_names(plan.cells[0])
    pnl = np.rint(found["pnl_marked_by_trader"].to_numpy() * NANO).astype(np.int64)
    return _Lane(plan, events, fills, ledger, dict(zip(names, pnl.tolist(), strict=True)))


def _difference(before: _Lane, after: _Lane) -> Difference:
    equal, first = _parting(*(_named(lane) for lane in (before, after)))
    keys = [_addresses(lane) for lane in (before, after)]
    common = Counter(keys[0]) & Counter(keys[1])
    alone = [_beyond(key, common) for key in keys]
    fills = pd.concat([
        lane.fills[mask].assign(lane=name)
        for lane, mask, name in zip((before, after), alone, (BEFORE, AFTER), strict=True)
    ], ignore_index=True)  # fmt: skip
    return Difference(equal, first, fills, _shares(before, after, alone))


def _named(lane: _Lane) -> pd.DataFrame:
    """Return the events of a lane, with traders by name."""
    names = dict(enumerate(trader_names(lane.plan.cells[0])))
    return lane.events.assign(trader=lane.events["trader"].map(names))


def _parting(before: pd.DataFrame, after: pd.DataFrame) -> tuple[int, pd.DataFrame]:
    """Return how many events are equal from the start, and the first of each lane that is not."""
    columns = [name for name in _COMPARED if name in before and name in after]
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
    return equal, pd.DataFrame(shown).T


def _addresses(lane: _Lane) -> list[tuple[Any, ...]]:
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


def _shares(before: _Lane, after: _Lane, alone: Sequence[np.ndarray]) -> pd.DataFrame:
    """Split every trader's difference in PnL; the parts sum to it exactly."""
    lanes = (before, after)
    names = list(dict.fromkeys([*before.pnl, *after.pnl]))
    worth = [
        [_worth(lane, mask) for mask in (only, ~only)]
        for lane, only in zip(lanes, alone, strict=True)
    ]
    other = [_other_entries(lane) for lane in lanes]
    rows = []
    for name in names:
        pnl = [lane.pnl.get(name, 0) for lane in lanes]
        parts = (
            -worth[0][0].get(name, 0),
            worth[1][0].get(name, 0),
            worth[1][1].get(name, 0) - worth[0][1].get(name, 0),
            other[1].get(name, 0) - other[0].get(name, 0),
        )
        assert sum(parts) == pnl[1] - pnl[0], f"{name}: the parts do not sum to the difference"
        rows.append((pnl[0], pnl[1], pnl[1] - pnl[0], *parts))
    return pd.DataFrame(rows, index=names, columns=[BEFORE, AFTER, "change", *PARTS])


def _worth(lane: _Lane, chosen: np.ndarray) -> dict[str, int]:
    """Return what fills bring each trader, at the fair value at the end."""
    tick = lane.plan.cells[0].tick_nano
    value = _value_at_end(lane)
    names = trader_names(lane.plan.cells[0])
    found: Counter[str] = Counter()
    for fill in lane.fills[chosen].to_dict("records"):
        gain = int(fill["quantity"]) * (value - int(fill["price_ticks"]) * tick)
        found[names[fill["buyer"]]] += gain
        found[names[fill["seller"]]] -= gain
    return dict(found)


def _value_at_end(lane: _Lane) -> int:
    """Return the fair value at the end, nano, which the PnL of whoever holds a lot tells."""
    cash, lots = (_moved(lane, asset, ("payoff", *_CLAIMS)) for asset in ("cash", "contract"))
    for name, pnl in lane.pnl.items():
        if lots.get(name, 0) != 0:
            return (pnl - cash.get(name, 0)) // lots[name]
    return 0  # nobody holds anything: the value does not matter


def _other_entries(lane: _Lane) -> dict[str, int]:
    """Return what entries that are no fills bring each trader: charges, rewards, reverts, fines."""
    left_out = ("payoff", "fill", *_CLAIMS)
    cash, lots = (_moved(lane, asset, left_out) for asset in ("cash", "contract"))
    value = _value_at_end(lane)
    return {name: cash.get(name, 0) + lots.get(name, 0) * value for name in {**cash, **lots}}


def _moved(lane: _Lane, asset: str, left_out: Sequence[str]) -> dict[str, int]:
    """Return what entries of an asset bring each account, but those of some codes."""
    ledger = lane.ledger
    rows = ledger[(ledger["asset"] == asset) & ~ledger["code"].isin(left_out)]
    found: Counter[str] = Counter()
    for row in rows.to_dict("records"):
        found[str(row["receiver"])] += int(row["amount"])
        found[str(row["giver"])] -= int(row["amount"])
    return dict(found)
