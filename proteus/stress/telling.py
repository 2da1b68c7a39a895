"""What the pack says: sentences, tables, and one page."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from proteus.analysis import showing
from proteus.basics.files import free_folder, new_folder, whole
from proteus.basics.versions import STAMP, csv_text
from proteus.configuration.study import LEAST_SEEDS
from proteus.errors import ResultsError
from proteus.pages import change as page
from proteus.pages.tables import Table
from proteus.plots.robustness import robustness
from proteus.results import provenance
from proteus.stress.invariants import INVARIANTS
from proteus.stress.pack import COMPANIONS, SCENARIOS
from proteus.stress.running import Chosen, Results

PAGE, VERDICT, DELTAS, MANIFEST = "stress.html", "verdict.txt", "deltas.csv", "manifest.json"


def fresh(chosen: Chosen, words: Sequence[str]) -> Path:
    """Return the folder that was asked for, or outputs/stress/<time>-<hash of the words>.

    Raises
        ConfigError: it is not empty, or cannot be written.
    """
    folder = Path(chosen.folder) if chosen.folder else new_folder(Path("outputs/stress"), words)
    return free_folder(folder, PAGE)


def write(results: Results, folder: Path, words: Sequence[str]) -> list[str]:
    """Write everything; returns the sentences of the verdict.

    Raises
        ResultsError: it cannot be written.
    """
    said = [*sentences(results)]
    texts = {
        DELTAS: csv_text(results.deltas), VERDICT: "\n".join([*said, STAMP]) + "\n",
        MANIFEST: _manifest(results, words), PAGE: _page(results, said, words),
    }  # fmt: skip
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            with whole(folder / name) as temporary:
                temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ResultsError(f"{folder} cannot be written: {error.strerror}") from None
    return said


def sentences(results: Results) -> Iterator[str]:
    """Say of each scenario and maker what it moves, or that it moves nothing and why."""
    for name, why in results.broken.items():
        yield f"{name} does not hold: {why}."
    declared = results.deltas[results.deltas["declared"]]
    yield (
        "Each scenario and what it was declared to move: it does so where the 95 % interval of the "
        f"change (in brackets; paired by seed, {_seeds(declared['n'].max())}) leaves out zero. "
        "Each interval is of one change alone."
    )
    if 1 < declared["n"].max() < LEAST_SEEDS:
        yield (
            f"With fewer than {LEAST_SEEDS} seeds a standard deviation says little: trust no "
            "interval here."
        )
    for (scenario, maker), rows in declared.groupby(["scenario", "maker"], sort=False):
        moved = rows[rows["moves"]]
        variable, name = (str(rows[of].iloc[0]) for of in ("variable", "long_name"))
        about = f"{scenario}, maker {maker}: {name} ({variable})"
        if moved.empty:
            yield f"{about} moves in no mechanism: {_why(rows)}{_left_out(results, scenario)}."
        else:
            unit = str(rows["units"].iloc[0])
            parts = ", ".join(f"{row['mechanism']} {_number(row)}" for row in _records(moved))
            left = sorted({*rows["mechanism"]} - {*moved["mechanism"]})
            rest = f"; not in {', '.join(left)}: {_why(rows[~rows['moves']])}" if left else ""
            rest += _left_out(results, scenario)
            yield f"{about} moves by {parts}{'' if unit == '1' else f' {unit}'}{rest}."


def _seeds(count: int) -> str:
    return "1 seed" if count == 1 else f"{count} seeds"


def _left_out(results: Results, scenario: Hashable) -> str:
    """Name the mechanisms under which a scenario cannot be."""
    reasons = dict(SCENARIOS[str(scenario)].without)
    left = [name for name in results.chosen.mechanisms if name in reasons]
    return "".join(f"; not run in {name}, which {reasons[name]}" for name in left)


def _why(rows: pd.DataFrame) -> str:
    """Say why nothing is shown: what could have been found, or that nothing can differ."""
    found = []
    for row in _records(rows):
        if not math.isfinite(float(row["difference"])):
            found.append(f"{row['mechanism']} does not measure it")
        elif not math.isfinite(float(row["low"])):
            few = f"{_seeds(row['n'])}, which is too few for an interval"
            found.append(f"{row['mechanism']} {row['difference']:+.4g} with {few}")
        elif row["difference"] == row["low"] == row["high"] == 0:
            found.append(f"{row['mechanism']} has the same in all {row['n']} seeds")
        else:
            found.append(
                f"{row['mechanism']} {_number(row)}, and {row['detectable']:.2g} would be found "
                f"with power 0.8"
            )
    return "; ".join(found)


def _number(row: dict[str, Any]) -> str:
    shown = showing.shown(str(row["variable"]), row["difference"], row["low"], row["high"])
    return f"{shown.value:+.4g} ({shown.low:.4g} to {shown.high:.4g})"


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _page(results: Results, said: Sequence[str], words: Sequence[str]) -> str:
    parts = [
        page.Part(
            "map", "What each scenario moves",
            "The change of each variable from a market as usual to the same market in stress, on "
            "the same seeds; the first column is what the scenario was declared to move, which the "
            "table names. Bold: its 95 % interval leaves out zero, as about one of twenty does by "
            f"chance: of {results.deltas['difference'].notna().sum()} numbers "
            f"{results.deltas['moves'].sum()} do. Colour: the change in standard deviations of the "
            "paired difference, blue up and orange down. A dash: not measured there; empty: the "
            "scenario cannot be. deltas.csv has all of it.",
            robustness(results.deltas, [*COMPANIONS]),
            _table(results.deltas[results.deltas["declared"]]),
        ),
        page.Part(
            "scenarios", "The scenarios",
            "Each is a yaml of conf/stress, with its size, in a market where it can matter; both "
            f"arms have that market. The window is {_window(results)}, in lanes of "
            f"{results.plans[0].cells[0].horizon_s:g} s.",
            None, _scenarios(results),
        ),
    ]  # fmt: skip
    return page.change_page("Stress", said, parts, _facts(results, words))


def _window(results: Results) -> str:
    """Say when the market is in stress."""
    found = {
        f"{window.from_s:g} s to {window.to_s:g} s": None
        for plan in results.plans for cell in plan.cells for window in cell.stress.windows.values()
    }  # fmt: skip
    return " or ".join(found)


def _table(deltas: pd.DataFrame) -> Table:
    heads = (
        "scenario", "maker", "mechanism", "variable", "unit", "as usual", "in stress", "change",
        "95 % interval",
    )  # fmt: skip
    rows = []
    for row in _records(deltas):
        shown = showing.shown(str(row["variable"]), row["difference"], row["low"], row["high"])
        numbers = (
            f"{row['usual']:.4g}", f"{row['stressed']:.4g}", f"{shown.value:+.4g}",
            f"{shown.low:.4g} to {shown.high:.4g}" if math.isfinite(shown.low) else "too few seeds",
        )  # fmt: skip
        exists = math.isfinite(float(row["difference"]))
        rows.append((
            *(str(row[name]) for name in ("scenario", "maker", "mechanism", "variable", "units")),
            *(numbers if exists else ("not measured",) * len(numbers)),
        ))  # fmt: skip
    return Table(heads, rows, words=5)


def _scenarios(results: Results) -> Table:
    rows = [
        (each.name, each.what, each.watched, " ".join(each.around) or "the market as given")
        for each in results.chosen.scenarios
    ]
    return Table(("scenario", "what happens", "declared to move", "market"), rows, words=4)


def _facts(results: Results, words: Sequence[str]) -> Table:
    seeds = results.plans[0].settings.seeds
    held = ", ".join(INVARIANTS)
    rows = [
        ("seeds", f"{seeds.count} of root {seeds.root}, from {seeds.first}, in every arm"),
        ("words of all arms", " ".join(results.chosen.given)),
        ("checked of all arms", f"{held}: {len(results.broken) or 'none'} broken"),
        ("code", provenance.code_hash()), ("git", provenance.git_sha()),
        ("command", _command(words)),
    ]  # fmt: skip
    return Table(("", ""), rows, words=2)


def _command(words: Sequence[str]) -> str:
    return shlex.join(["python", "-m", "proteus.stress", *words])


def _manifest(results: Results, words: Sequence[str]) -> str:
    chosen = results.chosen
    content = {
        "command": _command(words),
        "scenarios": {each.name: SCENARIOS[each.name]._asdict() for each in chosen.scenarios},
        "makers": {each.name: each.words for each in chosen.makers},
        "mechanisms": chosen.mechanisms, "given": chosen.given,
        "config_hashes": [plan.config_hash for plan in results.plans],
        "seeds": results.plans[0].settings.seeds.model_dump(), "broken": results.broken,
        "code_hash": provenance.code_hash(), "git": provenance.git_sha(),
        "versions": provenance.versions(), "schema": STAMP,
    }  # fmt: skip
    return json.dumps(content, indent=2, default=list) + "\n"
