"""What a season writes: page, tables, all lanes, and one file that says what was played."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from proteus.arena import board
from proteus.arena.competition import Results
from proteus.arena.scoring import criteria_of
from proteus.arena.sealing import commitment_of
from proteus.arena.season import Season
from proteus.basics.files import free_folder, new_folder, whole
from proteus.basics.versions import SCHEMA_KEY, SCHEMA_VERSION
from proteus.compiler import jit
from proteus.errors import ResultsError
from proteus.pages import change as page
from proteus.pages.tables import Table
from proteus.plots.scores import scores as draw
from proteus.results import provenance

PAGE, BOARD, LANES, RESULTS = (
    "leaderboard.html", "leaderboard.parquet", "lanes.parquet", "results.json",
)  # fmt: skip


def folder_of(season: Season, season_hash: str) -> Path:
    """Return where a season is written, which must be free.

    Raises
        ConfigError: it is not, or cannot be written.
    """
    wanted = season.output_dir
    folder = Path(wanted) if wanted else new_folder(Path("outputs/compete"), season_hash)
    return free_folder(folder, RESULTS)


def write(results: Results, folder: Path, command: str) -> list[str]:
    """Write everything; returns the sentences of the verdict.

    Raises
        ResultsError: it cannot be written.
    """
    said, table = board.sentences(results), board.leaderboard(results)
    lanes = board.lanes(results)
    texts = {
        PAGE: _page(results, table, said, command), RESULTS: _json(results, table, said, command),
    }  # fmt: skip
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in ((BOARD, table), (LANES, lanes)):
            frame.attrs = {SCHEMA_KEY: SCHEMA_VERSION, "season_hash": results.season_hash}
            with whole(folder / name) as temporary:
                frame.to_parquet(temporary, index=False)
        for name, text in texts.items():
            with whole(folder / name) as temporary:
                temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ResultsError(f"{folder} cannot be written: {error.strerror}") from None
    return said


def _hashes() -> dict[str, str]:
    return {
        "kernels": jit.kernel_hash(), "code": provenance.code_hash(), "git": provenance.git_sha(),
    }  # fmt: skip


def _json(results: Results, table: pd.DataFrame, said: list[str], command: str) -> str:
    secret = results.secret
    content = {
        SCHEMA_KEY: SCHEMA_VERSION, "command": command,
        "season": results.whole.content, "season_hash": results.season_hash,
        "sources": results.sources, "root": results.root,
        "secret": None if secret is None else secret.hex(),
        "commitment": None if secret is None else commitment_of(secret),
        "verdict": said, **found(results, table), "out": results.out, **_hashes(),
        "versions": provenance.versions(),
    }  # fmt: skip
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def found(results: Results, table: pd.DataFrame) -> dict[str, Any]:
    """Return all numbers that follow from the lanes, as results.json has them."""
    names = results.scores.entrants
    return {
        "leaderboard": records(table), "pairs": records(board.pairs(results)),
        "scale": records(board.scale(results)), "quantities": records(board.quantities(results)),
        "entrants": names, "duels_won": results.wins.tolist(),
        "bradley_terry": None if results.strengths is None else results.strengths.tolist(),
        "forfeits": [
            {**each._asdict(), "match": results.matches[each.match].name}
            for each in results.forfeits
        ],
    }  # fmt: skip


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table; what does not exist is null."""
    return [
        {str(name): _value(value) for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def _value(value: Any) -> Any:
    if value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value


# --- the page -------------------------------------------------------------------------------------


def _page(results: Results, table: pd.DataFrame, said: list[str], command: str) -> str:
    names = [board.OVERALL, *criteria_of(results.season)]
    ranked = table[table["place"].notna()]
    sections = [
        page.Part(
            "board", "Leaderboard", board.explained(results.season),
            draw(ranked, names), _leaderboard(table, names),
        ),
        page.Part(
            "pairs", "Who is better than whom",
            "The row's overall score less the column's, with the half-width of its interval; all "
            "these intervals hold at once with 95 %. * where the row is shown to be better.",
            None, _differences(results),
        ),
        *_duels(results),
        page.Part(
            "improvement", "Probability of improvement",
            "The chance that a lane of the row brings more than one of the column, alone in the "
            "market; a tie counts half. Shown, not scored; without intervals, so it tells nobody "
            "apart.",
            None, _matrix(results, results.improvement, ".2f"),
        ),
        page.Part(
            "quantities", "What they made",
            "Means of all lanes, in currency per lane. PnL: net of all costs. Worst: mean of the "
            f"worst {board.tail_text(results.season)} of the lanes. Wanting: what noise traders "
            "paid for wanting to trade. Fall: by how much stress lowers the mean of the worst; "
            "below 0, a rise, which counts as none.",
            None, _quantities(results),
        ),
        page.Part(
            "entrants", "Entrants", "Traders of conf/trader, their parts and keys, or a policy.",
            None, _entrants(table),
        ),
        page.Part(
            "scale", "The scale",
            "Baseline and reference on seeds of their own, currency per lane; the interval is of "
            "their difference. A score is the distance from the baseline in units of its size.",
            None, _scale(results),
        ),
    ]  # fmt: skip
    facts = Table(("", ""), board.facts(results, command, _hashes()), words=2)
    return page.change_page(results.season.title, said, sections, facts)


def _leaderboard(table: pd.DataFrame, names: list[str]) -> Table:
    shown = [name.replace("_", " ") for name in names]
    rows = []
    for row in table.to_dict("records"):
        if row["out"]:
            rows.append((row["entrant"], "out", *[""] * (len(names) + 2)))
            continue
        ends = [(row[name], row[f"{name}_low"], row[f"{name}_high"]) for name in names]
        values = [f"{value:.2f} ({low:.2f} to {high:.2f})" for value, low, high in ends]
        ranks = f"{row['rank_first']} to {row['rank_last']}"
        rows.append((row["entrant"], str(row["place"]), *values, ranks, f"{row['forfeits']:.0f}"))
    return Table(("entrant", "place", *shown, "ranks", "forfeits"), rows)


def _entrants(table: pd.DataFrame) -> Table:
    rows = [(str(row["entrant"]), str(row["what"])) for row in table.to_dict("records")]
    return Table(("entrant", "what it is"), rows, words=2)


def _differences(results: Results) -> Table:
    found, names = results.differences, results.scores.entrants
    texts = np.empty(found.value.shape, object)
    for at in np.ndindex(*texts.shape):
        half = found.high[at] - found.value[at]
        texts[at] = f"{found.value[at]:+.2f} ± {half:.2f}{' *' if found.better[at] else ''}"
    return Table(("", *names), board.matrix(texts, names, "s"))


def _matrix(results: Results, values: Any, form: str) -> Table:
    names = results.scores.entrants
    return Table(("", *names), board.matrix(values, names, form))


def _duels(results: Results) -> list[page.Part]:
    if not results.wins.any():
        return []
    games = results.wins + results.wins.T
    shares = results.wins / np.where(games > 0, games, 1)
    table = _matrix(results, shares, ".2f")
    found = results.strengths
    shown = ["none"] * len(table.rows) if found is None else [f"{one:+.2f}" for one in found]
    rows = [(*row, text) for row, text in zip(table.rows, shown, strict=True)]
    return [
        page.Part(
            "duels", "Duels",
            "Share of duels in which the row earns more than the column, a tie counting half. "
            "Last: strength of Bradley and Terry, in logits, of mean 0. Shown, not scored; without "
            "intervals, so they tell nobody apart. "
            f"{board.strengths_text(results)}",
            None, Table((*table.heads, "strength"), rows),
        )
    ]  # fmt: skip


def _quantities(results: Results) -> Table:
    heads = ("scenario", "format", "entrant", "PnL", "worst", "wanting", "fall")
    rows = [
        (
            f"{row['scenario']} under {row['stress']}" if row["stress"] else row["scenario"],
            row["format"], row["entrant"], f"{row['pnl']:.2f}", f"{row['worst']:.2f}",
            *("" if math.isnan(row[name]) else f"{row[name]:.2f}" for name in ("wanting", "fall")),
        )
        for row in board.quantities(results).to_dict("records")
    ]  # fmt: skip
    return Table(heads, rows, words=3)


def _scale(results: Results) -> Table:
    heads = ("scenario", "format", "score", "baseline", "reference", "difference", "95 % interval")
    rows = [
        (
            each.scenario, each.format, each.criterion.replace("_", " "), f"{each.baseline:.2f}",
            f"{each.reference:.2f}", f"{each.reference - each.baseline:+.2f}",
            f"{each.low:.2f} to {each.high:.2f}",
        )
        for each in results.scale
    ]  # fmt: skip
    return Table(heads, rows, words=3)
