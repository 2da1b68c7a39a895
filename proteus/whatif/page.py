"""What a counterfactual writes: sentences, tables and one page."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from proteus.analysis.statistics.bootstrap import LEAST_SEEDS
from proteus.basics.files import whole
from proteus.basics.units import NS_PER_S
from proteus.basics.versions import SCHEMA_KEY, SCHEMA_VERSION, STAMP
from proteus.compiler.jit import kernel_hash
from proteus.errors import ResultsError
from proteus.pages import change as page
from proteus.pages.tables import Table
from proteus.plots import counterfactuals
from proteus.readers.table import FORMATS
from proteus.results import provenance
from proteus.whatif.judging import RECORDED, Judged, blocks_table, paths_table
from proteus.whatif.measures import MEASURES
from proteus.whatif.recording import Doubts
from proteus.whatif.words import Words

PAGE, VERDICT, MANIFEST = "whatif.html", "verdict.txt", "manifest.json"
HONEST = (
    "These are the orders that people sent to another market: under other rules they would have "
    "acted otherwise, and others would have come. Read it as what the mechanism alone does to this "
    "flow, and not as a forecast."
)
_DAY = 24 * 3600
_HOUR = 3600


def write(judged: Judged, words: Words, folder: Path, command: Sequence[str]) -> list[str]:
    """Write all files of a counterfactual; returns its sentences.

    Raises
        ResultsError: they cannot be written.
    """
    said = sentences(judged)
    tables = {
        "measures": judged.table, "blocks": blocks_table(judged), "paths": paths_table(judged),
    }  # fmt: skip
    manifest = _manifest(judged, words, command)
    texts = {
        VERDICT: "\n".join([*said, STAMP]) + "\n",
        MANIFEST: json.dumps(manifest, indent=2, default=int) + "\n",
        PAGE: _page(judged, words, said, manifest),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            with whole(folder / f"{name}.parquet") as temporary:
                table.assign(**{SCHEMA_KEY: SCHEMA_VERSION}).to_parquet(temporary, index=False)
        for name, text in texts.items():
            with whole(folder / name) as temporary:
                temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ResultsError(f"{folder} cannot be written: {error.strerror}") from None
    return said


def sentences(judged: Judged) -> list[str]:
    """Word what was found, how true the replay is, what is doubtful, and what it does not say."""
    said: list[str] = []
    if any(day.fidelity.lots for day in judged.days):
        said = [_of_cell(rows) for _, rows in judged.table.groupby("cell", sort=False)]
    said.append(_true(judged))
    said += _doubtful(judged)
    said.append(HONEST)
    return said


def _of_cell(rows: pd.DataFrame) -> str:
    found = rows.set_index("measure")
    label = str(rows["cell"].iloc[0])
    volume = found.loc["volume"]
    parts = [
        f"Under {label} {volume['value']:.1%} of the recorded volume trades{_interval(volume, '%')}"
    ]
    for name, who in (("taker_improvement", "came"), ("maker_improvement", "rested")):
        row = found.loc[name]
        if row["value"] != row["value"]:
            continue
        word = "better" if row["value"] > 0 else "worse"
        parts.append(
            f"orders that {who} trade {abs(row['value']):.3g} currency per lot {word} than recorded"
            f"{_interval(row)}" if round(row["value"], 12) else
            f"orders that {who} trade at the recorded prices"
        )  # fmt: skip
    unfilled, spread = found.loc["taker_unfilled"], found.loc["spread"]
    parts.append(
        f"{unfilled['value']:.1%} of the lots that came are not filled{_interval(unfilled, '%')}"
    )
    if spread["value"] == spread["value"]:
        parts.append(f"the spread is {spread['value']:.4g}, recorded {spread['recorded']:.4g}")
    return "; ".join(parts) + "."


def _interval(row: Any, form: str = "") -> str:
    """Write an interval; there is none where nothing varies, or where there are few blocks."""
    low, high = row["low"], row["high"]
    if math.isnan(low):
        return ""
    if form:
        return f" (95 % interval {low:.1%} to {high:.1%})"
    return f" ({low:+.3g} to {high:+.3g})"


def _true(judged: Judged) -> str:
    """Say whether the continuous book makes the record again, which all others rest on."""
    lots = sum(day.fidelity.lots for day in judged.days)
    again = sum(day.fidelity.again for day in judged.days)
    if not lots:
        return "Nothing traded at the visible book of the venue, so nothing can be compared."
    share = again / lots
    exact = "all" if again == lots else f"{share:.2%} of"
    text = (
        f"Run through the continuous book, the orders make {exact} {lots:,} recorded lots "
        f"again, the same orders with each other"
    )
    if share >= 0.99:
        return f"{text}: the book is known well."
    return f"{text}: the rest is what the file does not say, and the other numbers lack it too."


def _doubtful(judged: Judged) -> list[str]:
    said = []
    for day in judged.days:
        doubts, name = day.recording.doubts, day.recording.path.name
        texts = [
            f"{many:,} records {what}; the first is record {first}."
            for what, (many, first) in doubts.faults.items()
        ]
        texts += _clocks(doubts)
        if doubts.outside_lots:
            texts.append(
                f"{doubts.outside_lots:,} lots traded outside of the visible book; they are in no "
                f"number here."
            )
        if doubts.crossed_lots:
            texts.append(
                f"{doubts.crossed_lots:,} lots trade in the continuous book between orders that "
                f"both rested at the venue: its recorded book is crossed there."
            )
        said += texts if len(judged.days) == 1 else [f"{name}: {text}" for text in texts]
    if judged.units < LEAST_SEEDS:
        said.append(
            f"There are no intervals: of {judged.unit}s there are {judged.units}, and at least "
            f"{LEAST_SEEDS} are needed."
        )
    return said


def _clocks(doubts: Doubts) -> list[str]:
    said = []
    if doubts.skewed:
        said.append(
            f"{doubts.skewed:,} records were captured before they happened, by up to "
            f"{doubts.skew_ns:,} ns; no time was shifted."
        )
    if doubts.backward:
        said.append(
            f"{doubts.backward:,} records are earlier than one before them, by up to "
            f"{doubts.backward_ns:,} ns; they were taken in the order of the file."
        )
    return said


def _page(judged: Judged, words: Words, said: Sequence[str], manifest: dict[str, Any]) -> str:
    first = judged.days[0]
    moments = first.true.blocks.moments()
    is_in_day = moments[-1] <= _DAY * NS_PER_S
    hours = (moments - (0 if is_in_day else first.true.blocks.first_ns)) / NS_PER_S / _HOUR
    cells = judged.table[["cell", "mechanism"]].drop_duplicates()
    titles = [(each.name, each.title, each.unit) for each in MEASURES]
    many = f", of the first of {len(judged.days)} files" if len(judged.days) > 1 else ""
    parts = [
        page.Part(
            "measures", "What each mechanism does with the recorded orders",
            f"Each measure with its 95 % interval: BCa bootstrap over {judged.units} "
            f"{judged.unit}s, which keep what belongs together. Dashed: the record. "
            + " ".join(f"{each.title[:1].upper()}{each.title[1:]}: {each.about}."
                       for each in MEASURES),
            counterfactuals.measures(judged.table, titles), _measures(judged),
        ),
        page.Part(
            "path", "The path of the price",
            f"The last price that traded{many}.",
            counterfactuals.paths(hours, first.paths, cells, RECORDED, bool(is_in_day)),
            _records(judged),
        ),
    ]  # fmt: skip
    names = [path.name for path in words.recorded.files]
    name = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    facts = _facts(judged, words, manifest)
    return page.change_page(f"{name} in other mechanisms", said, parts, facts)


def _measures(judged: Judged) -> Table:
    heads = ("cell", "measure", "unit", "recorded", "value", "95 % interval", "difference",
             "95 % interval")  # fmt: skip
    titles = {each.name: each.title for each in MEASURES}
    rows = [
        (
            str(row["cell"]), titles[str(row["measure"])], str(row["unit"]),
            _number(row["recorded"]), _number(row["value"]), _between(row["low"], row["high"]),
            _number(row["difference"]), _between(row["difference_low"], row["difference_high"]),
        )
        for row in judged.table.to_dict("records")
    ]  # fmt: skip
    return Table(heads, rows, words=3)


def _number(value: float) -> str:
    return "none" if math.isnan(value) else f"{value:.4g}"


def _between(low: float, high: float) -> str:
    return "" if math.isnan(low) else f"{low:.4g} to {high:.4g}"


def _records(judged: Judged) -> Table:
    """Tabulate what each file holds."""
    kinds = [*dict.fromkeys(kind for day in judged.days for kind in day.recording.doubts.kinds)]
    rows = [
        (
            day.recording.path.name, f"{day.recording.doubts.records:,}",
            *(f"{day.recording.doubts.kinds.get(kind, 0):,}" for kind in kinds),
            f"{day.fidelity.lots:,}", f"{day.fidelity.again:,}",
        )
        for day in judged.days
    ]  # fmt: skip
    return Table(("file", "records", *kinds, "lots traded", "made again"), rows)


def _facts(judged: Judged, words: Words, manifest: dict[str, Any]) -> Table:
    day = judged.days[0]
    blocks = day.true.blocks
    rows = [
        ("format", FORMATS[day.recording.format].title),
        ("symbol", words.recorded.symbol or "the only one"),
        ("tick", f"{words.recorded.tick} currency"),
        ("lot", f"{FORMATS[day.recording.format].lot:g} of the file's units"),
        ("blocks", f"{blocks.number} of {blocks.length_ns / NS_PER_S:.6g} s"),
        *(
            (f"refused, {label}", ", ".join(f"{why} {many:,}" for why, many in reasons.items()))
            for label, reasons in day.rejects.items() if reasons
        ),
        ("kernels", manifest["kernel_hash"]), ("code", manifest["code_hash"]),
        ("git", manifest["git"]), ("command", manifest["command"]),
    ]  # fmt: skip
    return Table(("", ""), rows, words=2)


def _manifest(judged: Judged, words: Words, command: Sequence[str]) -> dict[str, Any]:
    files = [
        {
            "path": str(day.recording.path), "format": day.recording.format,
            "block_ns": day.true.blocks.length_ns, "first_ns": day.true.blocks.first_ns,
            "lots": day.fidelity.lots, "again": day.fidelity.again, "rejects": day.rejects,
            **day.recording.doubts._asdict(),
        }
        for day in judged.days
    ]  # fmt: skip
    return {
        "command": shlex.join(command), "files": files,
        "cells": [cell._asdict() for cell in words.cells],
        "tick": words.recorded.tick, "symbol": words.recorded.symbol,
        "unit": judged.unit, "units": judged.units,
        "kernel_hash": kernel_hash(), "code_hash": provenance.code_hash(),
        "git": provenance.git_sha(), "versions": provenance.versions(), "schema": STAMP,
    }  # fmt: skip
