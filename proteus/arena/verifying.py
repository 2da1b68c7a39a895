"""Check the results of a season: the secret, the seeds, and the scores that lanes give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from proteus.arena import sealing
from proteus.arena.board import season_of
from proteus.arena.competition import without
from proteus.arena.matches import Match
from proteus.arena.playing import Forfeit, Played, draws_of
from proteus.arena.scoring import Scores, board_of, scale_of, scores_of
from proteus.arena.season import Season
from proteus.arena.writing import LANES, RESULTS
from proteus.errors import ResultsError

_ROUNDING = 1e-9  # another machine may add in another order


def verify(folder: Path, commitment: str | None = None) -> list[str]:
    """Check a folder of results; returns what was found to be right, in sentences.

    Parameters
        commitment: what was published before the season, of final seeds.

    Raises
        ResultsError: something is not there, or not right.
    """
    try:
        content = json.loads((folder / RESULTS).read_text(encoding="utf-8"))
        lanes = pd.read_parquet(folder / LANES)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ResultsError(f"{folder} has no results of a season: {reason}") from None
    season = season_of(content["season"])
    said = [_season(season, content), _root(season, content, commitment)]
    root = int(content["root"])
    draws = draws_of(season, root)
    for is_scale, played in lanes.groupby("is_scale"):
        wanted = draws[bool(is_scale)].replicates
        for _, seeds in played.groupby(["scenario", "stress", "format", "seats", "seat"])["seed"]:
            if not np.array_equal(np.sort(seeds), wanted):
                raise ResultsError(f"{folder / LANES} has other seeds than the season")
    _check_scores(folder, season, content, lanes)
    return [*said, f"The scores follow from the {len(lanes)} lanes and seats in {LANES}."]


def _season(season: Season, content: dict[str, Any]) -> str:
    found = season.hash_with(content["sources"])
    if found != content["season_hash"]:
        raise ResultsError(
            f"season_hash is {content['season_hash'][:12]}, and the season has {found[:12]}: "
            "the season was changed"
        )
    return f"The season has the hash {found}."


def _root(season: Season, content: dict[str, Any], commitment: str | None) -> str:
    written = content["secret"]
    if written is None:
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
    root = sealing.root_of(secret, content["season_hash"])
    if root != int(content["root"]):
        raise ResultsError(f"root={content['root']} is not that of the secret, which is {root}")
    of = "as published" if commitment is not None else "compare it with what was published"
    return f"Final seeds, of root {root}; the secret's commitment is {published}, {of}."


def _check_scores(
    folder: Path, season: Season, content: dict[str, Any], lanes: pd.DataFrame
) -> None:
    season = without(season, content["out"])
    scores = rescored(season, lanes, int(content["root"]))
    for name, value in zip(scores.entrants, scores.overall, strict=True):
        rows = [row for row in content["leaderboard"] if row["entrant"] == name]
        if len(rows) != 1 or abs(rows[0]["overall"] - value) > _ROUNDING:
            raise ResultsError(
                f"{folder / RESULTS} has another overall score of {name} than {LANES} gives, "
                f"which is {value:.6g}"
            )


def rescored(season: Season, lanes: pd.DataFrame, root: int) -> Scores:
    """Score a season again from its lanes."""
    matches, played = [], []
    keys = ["scenario", "stress", "format", "is_scale", "seats"]
    nowhere: Any = None  # scores do not ask for the cell
    groups: Any = lanes.groupby(keys, sort=False)
    for (scenario, stress, form, is_scale, seats), rows in groups:
        names = tuple(str(seats).split("|"))
        match = Match(scenario, stress, form, names, bool(is_scale), (), nowhere)
        sides = [rows[rows["seat"] == seat].sort_values("seed") for seat in range(len(names))]
        forfeits = tuple(
            Forfeit(0, seat, names[seat], int(row.seed), float(row.lost), row.forfeit)
            for seat, side in enumerate(sides)
            for row in side[side["forfeit"] != ""].itertuples()
        )
        won = np.stack([side["won"].to_numpy() for side in sides], axis=1)
        matches.append(match)
        played.append(Played(won, sides[0]["wanting"].to_numpy(), forfeits))
    firsts = {at: int(draw.replicates[0]) for at, draw in draws_of(season, root).items()}
    scale = scale_of(season, board_of(matches, played, firsts, is_scale=True))
    return scores_of(season, board_of(matches, played, firsts, is_scale=False), scale)
