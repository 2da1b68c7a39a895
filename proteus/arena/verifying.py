"""Check the results of a season: the secret, the seeds, and all that lanes give."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from proteus.arena import board, sealing, writing
from proteus.arena.board import season_of
from proteus.arena.competition import CONFIGURATION, Entry, Results, results_of, without
from proteus.arena.matches import Cells, Match, matches_of
from proteus.arena.playing import Draw, Forfeit, Played, draws_of
from proteus.arena.season import Season
from proteus.arena.writing import BOARD, LANES, RESULTS
from proteus.errors import ConfigError, ResultsError

_ROUNDING = 1e-9  # another machine may add in another order
_KINDS: dict[str, Any] = {
    "season": dict, "season_hash": str, "sources": dict, "root": int, "secret": (str, type(None)),
    "commitment": (str, type(None)), "out": dict,
}  # fmt: skip
_KEYS = ["scenario", "stress", "format", "is_scale", "seats"]
_COLUMNS = {*_KEYS, "seed", "won", "wanting", "lost", "forfeit", "seat", "entrant"}


def verify(folder: Path, commitment: str | None = None) -> list[str]:
    """Check a folder of results; returns what was found to be right, in sentences.

    Parameters
        commitment: what was published before the season, of final seeds.

    Raises
        ResultsError: something is not there, or not right.
    """
    content, lanes, table = _read(folder)
    try:
        season = season_of(content["season"])
        cells = Cells(season)
        said = [_season(season, content), _made(cells, content), _root(season, content, commitment)]
        results = _again(folder, season, content, lanes, cells)
    except ConfigError as error:
        raise ResultsError(f"{folder / RESULTS} cannot be right: {error}") from None
    _compare(folder, results, content, table)
    return [
        *said, f"All of {RESULTS} and {BOARD} follows from the {len(lanes)} rows of {LANES}.",
    ]  # fmt: skip


def _read(folder: Path) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    """Read the files of a season; page and verdict say the same in words of their version."""
    try:
        content = json.loads((folder / RESULTS).read_text(encoding="utf-8"))
        lanes, table = (pd.read_parquet(folder / name) for name in (LANES, BOARD))
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ResultsError(f"{folder} has no results of a season: {reason}") from None
    if not isinstance(content, dict):
        raise ResultsError(f"{folder / RESULTS} is not of a season")
    for key, kind in _KINDS.items():
        if key not in content or not isinstance(content[key], kind):
            raise ResultsError(f"{key} of {folder / RESULTS} is missing or not of its kind")
    if missing := sorted(_COLUMNS - {*lanes.columns}):
        raise ResultsError(f"{folder / LANES} has no column {missing[0]}")
    for name in ("won", "wanting", "lost"):
        if lanes[name].dtype != np.float64:
            raise ResultsError(f"{name} of {folder / LANES} is not of numbers")
    return content, lanes, table


def _season(season: Season, content: dict[str, Any]) -> str:
    found = season.hash_with(content["sources"])
    if found != content["season_hash"]:
        raise ResultsError(
            f"season_hash is {content['season_hash'][:12]}, and the season has {found[:12]}: "
            "the season was changed"
        )
    return f"The season has the hash {found}."


def _made(cells: Cells, content: dict[str, Any]) -> str:
    there = content["sources"].get(CONFIGURATION)
    how = "otherwise than there: by another version, or other yaml files"
    if there in (None, cells.hash):
        how = "as there" if there else "by yaml files of which there was no hash there"
    return f"Its scenarios and entrants are composed here {how}."


def _root(season: Season, content: dict[str, Any], commitment: str | None) -> str:
    written = content["secret"]
    if written is None:
        if content["commitment"] is not None:
            raise ResultsError("commitment is given, and no secret: these are practice seeds")
        if commitment is not None:
            raise ResultsError("these are practice seeds: nothing was committed to")
        if int(content["root"]) != season.seeds.root:
            raise ResultsError(f"root={content['root']} is not seeds.root={season.seeds.root}")
        return f"Practice seeds, of root {season.seeds.root}."
    secret = sealing.secret_of(written, "secret")
    published = sealing.commitment_of(secret)
    if commitment is not None and commitment.lower() != published:
        raise ResultsError(
            f"the secret was not committed to: its commitment is {published}, not {commitment}"
        )
    if content["commitment"] != published:
        raise ResultsError(
            f"commitment={content['commitment']} is not that of the secret, which is {published}"
        )
    root = sealing.root_of(secret, content["season_hash"])
    if root != int(content["root"]):
        raise ResultsError(f"root={content['root']} is not that of the secret, which is {root}")
    of = "as published" if commitment is not None else "compare it with what was published"
    return f"Final seeds, of root {root}; the secret's commitment is {published}, {of}."


# --- what the lanes give --------------------------------------------------------------------------


def _again(
    folder: Path, season: Season, content: dict[str, Any], lanes: pd.DataFrame, cells: Cells
) -> Results:
    """Score a season again from its lanes."""
    secret, root = content["secret"], int(content["root"])
    entry = Entry(
        season, content["season_hash"], content["sources"], root,
        None if secret is None else sealing.secret_of(secret, "secret"), content["out"],
    )  # fmt: skip
    left = without(season, content["out"])
    matches = matches_of(left, cells)
    draws = draws_of(season, root)
    groups = dict(tuple(lanes.groupby(_KEYS, sort=False)))
    played = []
    for number, match in enumerate(matches):
        key = match.scenario, match.stress, match.format, match.is_scale, "|".join(match.seats)
        rows = groups.pop(key, lanes[:0])
        played.append(_played(folder, number, match, rows, draws[match.is_scale]))
    if groups:
        raise ResultsError(
            f"{folder / LANES} has a match that is not of the season: {next(iter(groups))}"
        )
    return results_of(entry, matches, played)


def _played(
    folder: Path, number: int, match: Match, rows: pd.DataFrame, draw: Draw
) -> Played:  # fmt: skip
    """Return what a match gave, whose rows must be those of its seats and seeds."""
    sides = [rows[rows["seat"] == seat].sort_values("seed") for seat in range(len(match.seats))]
    where = f"{folder / LANES} has"
    for side, name in zip(sides, match.seats, strict=True):
        if not np.array_equal(side["seed"], draw.replicates):
            raise ResultsError(f"{where} other seeds of {match.name} than the season")
        if not (side["entrant"] == name).all():
            raise ResultsError(f"{where} another entrant in the seat of {name} in {match.name}")
        if not ((side["forfeit"] != "") == side["won"].isna()).all():
            raise ResultsError(f"{where} lanes of {match.name} that are neither won nor forfeited")
    if len(rows) != len(sides) * len(draw.replicates):
        raise ResultsError(f"{where} more seats in {match.name} than the season")
    forfeits = tuple(
        Forfeit(number, seat, name, int(seed), float(lost), str(reason))
        for seat, (name, side) in enumerate(zip(match.seats, sides, strict=True))
        for seed, lost, reason in side[["seed", "lost", "forfeit"]].to_numpy()
        if reason
    )
    won = np.stack([side["won"].to_numpy() for side in sides], axis=1)
    return Played(won, sides[0]["wanting"].to_numpy(), forfeits)


def _compare(
    folder: Path, results: Results, content: dict[str, Any], table: pd.DataFrame
) -> None:  # fmt: skip
    """Find the first thing that is written and does not follow from the lanes."""
    whole = board.leaderboard(results)
    wanted = json.loads(json.dumps(writing.found(results, whole)))
    for key, value in wanted.items():
        if at := _unlike(content.get(key), value, key):
            raise ResultsError(f"{folder / RESULTS} has another {at} than {LANES} gives")
    rows = json.loads(json.dumps(writing.records(table)))
    if at := _unlike(rows, wanted["leaderboard"], "leaderboard"):
        raise ResultsError(f"{folder / BOARD} has another {at} than {LANES} gives")


def _unlike(written: Any, wanted: Any, where: str) -> str:
    """Name where two trees are not alike; empty: they are."""
    if isinstance(wanted, float) and isinstance(written, int | float):
        return "" if math.isclose(written, wanted, rel_tol=0, abs_tol=_ROUNDING) else where
    if isinstance(wanted, dict) and isinstance(written, dict) and {*wanted} == {*written}:
        who = f" of {wanted['entrant']}" if "entrant" in wanted else ""
        found = (_unlike(written[key], wanted[key], f"{where}.{key}{who}") for key in wanted)
        return next(filter(None, found), "")
    if isinstance(wanted, list) and isinstance(written, list) and len(wanted) == len(written):
        found = (
            _unlike(*pair, f"{where}.{at}")
            for at, pair in enumerate(zip(written, wanted, strict=True))
        )
        return next(filter(None, found), "")
    return "" if written == wanted and type(written) is type(wanted) else where
