"""The tables of a report: heads, rows of text, and which columns are numbers."""

from __future__ import annotations

import itertools
import json
import shlex
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from proteus.analysis import endpoint as endpoints
from proteus.analysis import saving, showing
from proteus.analysis import units as seed_units
from proteus.analysis.contrasts import PRIMARY, paired, tidy, violated
from proteus.analysis.counterparties import ALL, CAPTURED, HELD, LOST, LOTS, PNL, maker_pnl
from proteus.analysis.levels import (
    CellLabels,
    Point,
    Quantity,
    distinct,
    is_violated,
    labels_of,
    level,
    why_none,
)
from proteus.analysis.summary import interval_text
from proteus.configuration.study import Endpoint
from proteus.configuration.treatments import ORDINARY, listed
from proteus.market.agents.traders import CLASS_MAKER, CLASS_NAMES
from proteus.market.variables.base import EPISODE
from proteus.pages.bundle import Bundle
from proteus.pages.sections import (
    credit_quantities,
    endpoint_quantity,
    main_quantities,
    rule_quantities,
)
from proteus.plots.cells import MOST_ROWS
from proteus.plots.style import with_unit
from proteus.results.agents import AGENTS_KEY, UID, agents

_COUNTERPARTIES = {
    "noise": "of noise traders", "informed": "of informed traders",
    "sniper": "of snipers: sniping loss", "spoofer": "of spoofers", HELD: HELD, ALL: "all",
}  # fmt: skip


_LANES = 12  # links of a cell
MOST_CELLS = 200  # rows of a table; summary.csv has all


class Table(NamedTuple):
    """A table: its heads, and rows of text."""

    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    words: int = 1  # columns from the left that are words; the others are numbers
    common: str = ""  # what all rows share, said once


def contrasts(one: Bundle) -> pd.DataFrame:
    """Contrast every sound cell with the baseline: the endpoint and the main quantities.

    Of very many cells the first ones stand for all.

    Returns
        Rows as :func:`proteus.compare`; empty where nothing can be compared.
    """
    shown = endpoint_quantity(one)
    if shown is None or one.declared is None:
        return pd.DataFrame()
    some = itertools.islice(paired(one.dataset, one.declared.baseline), MOST_CELLS)
    pairs = [pair for pair in some if not violated(pair)]
    if not pairs:
        return pd.DataFrame()
    listed = [quantity.measure(one.dataset) for quantity in (shown, *main_quantities(one.dataset))]
    return tidy(pairs, list(dict.fromkeys(listed)), one.declared)


def primary(one: Bundle, table: pd.DataFrame) -> Table | None:
    """Tabulate the primary endpoint; None where no cell may be judged by it."""
    if table.empty or one.declared is None:
        return None
    heads = (
        f"{one.declared.baseline}", "difference", "95 % t interval", "95 % BCa interval",
        "share", "d_z", "p (Holm)", "pairing", seed_units.of(one.dataset).name,
    )  # fmt: skip
    rows = []
    found = _of_endpoint(one, one.declared, table).to_dict("records")
    labels = _labels(found)
    for cell, row in zip(labels.rows, found, strict=True):
        variable, sign = row["variable"], showing.sign(row["variable"])
        shown = showing.shown(variable, row["difference"], row["low"], row["high"])
        bca = showing.shown(variable, np.nan, row["bca_low"], row["bca_high"])
        is_judged = row["family"] == PRIMARY
        p = row["note"] or (showing.p_alone(row["p_adjusted"]) if is_judged else "exploratory")
        rows.append((
            *cell, f"{sign * row['baseline_value']:.4g}",
            interval_text(shown.value, shown.half),
            f"{shown.low:.4g} to {shown.high:.4g}", _between(bca.low, bca.high),
            _text(sign * row["share_of_baseline"], "+.1%"), _text(sign * row["d_z"], ".2f"), p,
            _text(row["variance_reduction"], ".3g"), str(row["n"]),
        ))  # fmt: skip
    return Table((*labels.heads, *heads), rows, common=labels.common) if rows else None


def _text(value: float, form: str) -> str:
    """Write a number; what cannot be divided has none."""
    return format(value, form) if np.isfinite(value) else "none"


def _of_endpoint(one: Bundle, declared: Endpoint, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the endpoint, also of cells that are exploratory."""
    measure = endpoints.primary(one.dataset, declared)
    is_it = (table["variable"] == measure.variable) & (table["per"] == measure.per)
    if declared.horizon_ms is not None:
        is_it &= table["horizon"] == declared.horizon_ms
    return table[is_it]


def _between(low: float, high: float) -> str:
    return "too few seeds" if np.isnan(low) else f"{low:.4g} to {high:.4g}"


def _labels(rows: Sequence[dict[Any, Any]]) -> CellLabels:
    """Label the cells of contrasts; their keys come before what is measured."""
    if not rows:
        return CellLabels([], [], "")
    axes = [str(name) for name in rows[0]][: list(rows[0]).index("baseline")]
    return labels_of([{axis: row[axis] for axis in axes} for row in rows])


def precision(table: pd.DataFrame) -> Table | None:
    """Tabulate what precision was achieved: the widest contrast of each quantity."""
    if table.empty:
        return None
    heads = (
        "quantity", "unit", "widest half-width", "of baseline", "detectable", "pairing, least",
    )  # fmt: skip
    rows = []
    first = table[table["horizon"].isna() | (table["horizon"] == table["horizon"].min())]
    for _, found in first.groupby(["variable", "per"], sort=False):
        half = (found["high"] - found["low"]) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (half / found["baseline_value"].abs()).max()
        name = showing.called_in(found.iloc[0])
        rows.append((
            name, str(found["units"].iloc[0]), _text(half.max(), ".3g"), _text(share, ".1%"),
            _text(found["detectable"].max(), ".3g"),
            _text(found["variance_reduction"].min(), ".3g"),
        ))  # fmt: skip
    return Table(heads, rows, words=2)


def levels(one: Bundle) -> Table:
    """Tabulate the main quantities in every cell, with half-widths."""
    return _levels(one.dataset, main_quantities(one.dataset))


def rules(one: Bundle) -> Table | None:
    """Tabulate what settlement and environment did in every cell; None where they did nothing."""
    shown = rule_quantities(one.dataset)
    return _levels(one.dataset, shown) if shown else None


def credit(one: Bundle) -> Table | None:
    """Tabulate leverage and liquidation in every cell; None where nothing was lent."""
    shown = credit_quantities(one.dataset)
    return _levels(one.dataset, shown) if shown else None


def _levels(dataset: xr.Dataset, shown: list[Quantity]) -> Table:
    cells = list(itertools.islice(distinct(dataset), MOST_CELLS))
    labels = labels_of([cell.coordinates for cell in cells])
    rows = []
    for cell, point in zip(labels.rows, cells, strict=True):
        if is_violated(dataset, point.at):
            rows.append((*cell, *["stopped"] * len(shown)))
            continue
        rows.append((*cell, *(_level_text(dataset, point, quantity) for quantity in shown)))
    heads = (*labels.heads, *(_head(quantity, dataset) for quantity in shown))
    return Table(heads, rows, common=labels.common)


def _level_text(dataset: xr.Dataset, point: Point, shown: Quantity) -> str:
    """Write an estimate with its half-width, or why there is none."""
    found = level(dataset, point.at, shown)
    if np.isnan(found.value):
        return why_none(dataset, shown.variable)
    return interval_text(found.value, found.half)


def _head(shown: Quantity, dataset: xr.Dataset) -> str:
    """Name a column in words, which a narrow page can break."""
    return with_unit(showing.called(shown.measure(dataset), dataset), shown.unit(dataset))


def counterparties(one: Bundle) -> Table | None:
    """Tabulate maker PnL by counterparty; None without its parts, or where no maker traded."""
    if any(name not in one.dataset for name in (CAPTURED, LOST, LOTS, PNL)):
        return None
    table = maker_pnl(one.dataset)
    is_traded = table.groupby("counterparty")["lots"].transform("max") > 0
    table = table[is_traded & (table["counterparty"] != CLASS_NAMES[CLASS_MAKER])]  # both sides: 0
    if table.empty:
        return None
    names = [str(name) for name in table["counterparty"].unique()]
    titles = [_COUNTERPARTIES.get(name, f"of {name}") for name in names]
    heads = [f"{title}, {unit}" for title in titles for unit in ("currency", "per lot")]
    axes = [str(name) for name in table.columns[: list(table.columns).index("counterparty")]]
    cells: list[dict[str, Any]] = []
    texts = []
    groups = table.groupby(axes, sort=False, dropna=False)
    for _, found in itertools.islice(groups, MOST_CELLS):
        rows = found.to_dict("records")
        cells.append({axis: rows[0][axis] for axis in axes})
        texts.append([_with_half(row, name) for row in rows for name in ("total", "per_lot")])
    labels = labels_of(cells)
    lines = [(*cell, *text) for cell, text in zip(labels.rows, texts, strict=True)]
    return Table((*labels.heads, *heads), lines, common=labels.common)


def _with_half(row: dict[Any, Any], name: str) -> str:
    if np.isnan(row[name]):
        return "none"
    return interval_text(row[name], (row[f"{name}_high"] - row[f"{name}_low"]) / 2)


class Lanes(NamedTuple):
    """The recorded lanes: what labels each cell, and seeds with the page of ``proteus.watch``."""

    heads: tuple[str, ...]
    rows: list[tuple[tuple[str, ...], list[tuple[int, str]]]]


def lanes(one: Bundle) -> Lanes | None:
    """List the recorded lanes of every cell; None where there are none."""
    found: dict[int, list[tuple[int, str]]] = {}
    for lane in one.manifest.get("recorded", []):
        cell, seed = int(lane["cell"]), int(lane["seed"])
        found.setdefault(cell, []).append((seed, f"watch/cell{cell}-seed{seed}.html"))
    if not found:
        return None
    numbers = np.array(one.manifest["cell_of"])
    points = list(distinct(one.dataset))
    cells = [int(numbers[tuple(point.at[axis] for axis in one.manifest["axes"])])
             for point in points]  # fmt: skip
    labels = labels_of([point.coordinates for point in points])
    rows = [
        (row, found[cell][:_LANES])
        for cell, row in zip(cells, labels.rows, strict=True) if cell in found
    ]  # fmt: skip
    return Lanes(labels.heads, rows)


def violations(one: Bundle) -> Table | None:
    """Tabulate the lanes that broke an invariant, with the command that runs each again."""
    listed = one.manifest.get("violations", [])
    if listed:
        heads = ("cell", "seed", "reason", "event", "run it again")
        rows = [
            (str(bad["cell"]), str(bad["seed"]), str(bad["reason"]), str(bad["event_id"]),
             str(bad.get("reproduce", "")))
            for bad in listed
        ]  # fmt: skip
        return Table(heads, rows, words=5)
    if not one.violated:
        return None
    return Table(("cell",), [(name,) for name in one.violated])


def parity(one: Bundle) -> tuple[list[str], Table | None]:
    """Say what compared cells share, and tabulate the deliberate differences."""
    found: dict[str, Any] = json.loads(one.dataset.attrs.get("parity", "{}"))
    deliberate = found.get("deliberate", {})
    draws = found.get("draws")
    treatment = listed(found.get("treatment", ORDINARY))
    said = [f"Compared cells have the same seeds and, but for {treatment}, the same "
            f"configuration{', with the exceptions below' if deliberate else ''}."]  # fmt: skip
    if draws:
        streams = ", ".join(draws["hashes"])
        differing = ", ".join(draws["differing"])
        outcome = f"differ in {differing}" if differing else "agree to the bit"
        said.append(
            f"Their exogenous draws ({streams}) {outcome}; checked at seed {draws['seed']}."
        )
    else:
        said.append("The draws were not compared: one mechanism ran.")
    said += _lab_parts(one)
    if not deliberate:
        return said, None
    rows = [(key, *(_plain(value) for value in values)) for key, values in deliberate.items()]
    return said, Table(("key", "one cell", "another"), rows, words=3)


def _lab_parts(one: Bundle) -> list[str]:
    """Say which parts the lab makers of the sweep have, with the hash of each; or nothing."""
    rows = json.loads(one.dataset.attrs.get("lab", "[]"))
    kinds = ("filter", "quoting", "risk") if rows else ()
    found = {kind: dict.fromkeys(f"{row[kind]} ({row[f'{kind}_hash']})" for row in rows)
             for kind in kinds}  # fmt: skip
    said = "; ".join(f"{kind} {', '.join(parts)}" for kind, parts in found.items())
    return [f"Parts of makers, with the hash of their keys: {said}."] if said else []


def _plain(value: Any) -> str:
    return json.dumps(value) if not isinstance(value, str) else value


def provenance(one: Bundle) -> Table:
    """Tabulate where the numbers come from."""
    about = one.dataset.attrs
    first, count = int(about.get("seed_first", 0)), one.dataset.sizes["seed"]
    versions = json.loads(about.get("versions", "{}"))
    machine = one.manifest.get("machine", {})
    rows = [
        ("created", str(about.get("created", "unknown"))),
        ("commit", str(about.get("git_sha", "unknown"))),
        ("code hash", str(about.get("code_hash", "unknown"))[:16]),
        ("kernel hash", str(about.get("kernel_hash", "unknown"))),
        ("configuration hash", str(about.get("config_hash", "unknown"))[:16]),
        ("seeds", f"{first} to {first + count - 1} of root {about.get('seed_root', 'unknown')}"),
        ("schema version", str(about.get("schema_version", "unknown"))),
        ("versions", ", ".join(f"{name} {version}" for name, version in versions.items())),
    ]
    if machine:
        rows.append(("machine", ", ".join(f"{key} {value}" for key, value in machine.items())))
    return Table(("what", "value"), rows, words=2)


def agents_of(one: Bundle) -> Table | None:
    """Tabulate who the traders are, a row for each profile of an agent; None in old files."""
    if AGENTS_KEY not in one.dataset.attrs:
        return None
    found = agents(one.dataset).head(MOST_CELLS)
    amounts = found["capital_baseline"]
    capital = ["unlimited" if amount != amount else f"{amount:g}" for amount in amounts]
    columns = found["trader"], found[UID].astype(str), found["cohort_id"], found["strategy_family"]
    rows = list(zip(*columns, found["trader_class"], capital, strict=True))
    heads = ("trader", UID, "cohort", "strategy family", "class", "capital, currency")
    return Table(heads, rows, words=5)


def command(one: Bundle) -> str:
    """Return the command that makes the results again, but for the folder."""
    words = json.loads(one.dataset.attrs.get("overrides", "[]"))
    kept = [word for word in words if not word.startswith("output_dir=")]
    return shlex.join(["python", "-m", "proteus.sweep", *kept])


def seeds_sentence(one: Bundle) -> str:
    """Say how many seeds ran and why."""
    from proteus.analysis.precision import words

    record = json.loads(one.dataset.attrs.get("precision", "{}"))
    if not record:
        return ""
    said = words(record)
    saved = "" if one.manifest.get("violations") else saving.sentence(one.dataset)
    return f"{said[0].upper()}{said[1:]}.{' ' if saved else ''}{saved}"


def cells_sentence(one: Bundle) -> str:
    """Say what ran."""
    dataset = one.dataset
    names = ", ".join(str(name) for name in dataset["mechanism"].values)
    cells = len(list(distinct(dataset)))
    many = "s" if cells > 1 else ""
    said = f"{cells} cell{many} ({names}), {dataset.sizes['seed']} seeds each, paired by seed."
    if one.days is not None:
        numbers = one.days[EPISODE].to_numpy()
        days = f"All but survival is of the last of {len(numbers)} episodes, number {numbers[-1]}."
        said = f"{said} {days}"
    if cells <= MOST_CELLS:
        return said
    return f"{said} Tables have the first {MOST_CELLS}, figures {MOST_ROWS}; summary.csv has all."
