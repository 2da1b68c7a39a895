"""The leaderboard as tables, sentences and words for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from proteus.analysis.statistics.tails import expected_shortfall
from proteus.arena.competition import Results
from proteus.arena.matches import PLAIN
from proteus.arena.playing import draws_of
from proteus.arena.scoring import criteria_of
from proteus.arena.season import PROFITABILITY, QUALITY, ROBUSTNESS, SOLO, Entrant, Season
from proteus.configuration.reading import read_model
from proteus.configuration.study import LEAST_SEEDS

OVERALL = "overall"


def leaderboard(results: Results) -> pd.DataFrame:
    """Return a row per entrant, from the best on; those who are out come last, without scores."""
    season, scores, ranks = results.season, results.scores, results.ranks
    columns: dict[str, Any] = {
        "place": pd.array(ranks.place, dtype="Int64"),
        "entrant": scores.entrants,
        "what": [what(season.entrants[name]) for name in scores.entrants],
        OVERALL: scores.overall,
    }
    columns[f"{OVERALL}_low"], columns[f"{OVERALL}_high"] = scores.interval()
    for number, name in enumerate(criteria_of(season)):
        columns[name] = scores.value[:, number]
        columns[f"{name}_low"], columns[f"{name}_high"] = scores.interval(number)
    columns["rank_first"] = pd.array(ranks.first, dtype="Int64")
    columns["rank_last"] = pd.array(ranks.last, dtype="Int64")
    lost = [forfeit.entrant for forfeit in results.forfeits]
    columns["forfeits"] = [lost.count(name) for name in scores.entrants]
    columns["out"] = ""
    table = pd.DataFrame(columns)
    order = np.lexsort((np.arange(len(table)), -scores.overall))
    table = table.iloc[order].reset_index(drop=True)
    out = pd.DataFrame(
        [
            {"entrant": name, "what": what(results.whole.entrants[name]), "out": reason}
            for name, reason in results.out.items()
        ]
    )
    return pd.concat([table, out], ignore_index=True) if len(out) else table


def what(entrant: Entrant) -> str:
    """Say in a few words what an entrant is."""
    if entrant.policy is not None:
        return entrant.policy
    parts = [part for part in (entrant.trader, entrant.filter, entrant.quoting) if part]
    keys = [f"{key.rpartition('.')[2]}={value}" for key, value in entrant.keys.items()]
    return ", ".join([" ".join(parts), *keys])


def pairs(results: Results) -> pd.DataFrame:
    """Return a row per pair: the difference of overall scores, judged with all others at once."""
    names, found = results.scores.entrants, results.differences
    games = results.wins + results.wins.T
    rows = []
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            if i < j:
                share = results.wins[i, j] / games[i, j] if games[i, j] else np.nan
                rows.append({
                    "entrant": one, "other": other, "difference": found.value[i, j],
                    "low": found.low[i, j], "high": found.high[i, j],
                    "improvement": results.improvement[i, j], "duels": games[i, j],
                    "duels_won": share,
                })  # fmt: skip
    return pd.DataFrame(rows)


def quantities(results: Results) -> pd.DataFrame:
    """Return what everybody made in every scenario and format, in currency per lane."""
    season, share, rows = results.season, results.season.scoring.tail, []
    for (scenario, stress, form, name), games in results.board.items():
        worst = expected_shortfall(games.won.reshape(-1, 1), share)[0]
        wanting = np.nan if games.wanting is None else games.wanting.mean()
        rows.append({
            "scenario": scenario, "stress": stress, "format": form, "entrant": name,
            "games": games.won.size, "pnl": games.won.mean(), "worst": worst, "wanting": wanting,
        })  # fmt: skip
    table = pd.DataFrame(rows)
    plain = table[(table["stress"] == PLAIN) & (table["format"] == SOLO)]
    worst = plain.set_index(["scenario", "entrant"])["worst"]
    places = pd.MultiIndex.from_frame(table[["scenario", "entrant"]])
    fall = worst.reindex(places).to_numpy() - table["worst"].to_numpy()
    table["fall"] = np.where(table["stress"] != PLAIN, fall, np.nan)
    standing = {name: at for at, name in enumerate(season.entrants)}
    order = table.assign(at=table["entrant"].map(standing)).sort_values(
        ["scenario", "format", "stress", "at"], ascending=[True, False, True, True]
    )
    return order.drop(columns="at").reset_index(drop=True)


def scale(results: Results) -> pd.DataFrame:
    """Return what one unit is in every scenario, format and criterion."""
    return pd.DataFrame([
        {**each._asdict(), "difference": each.reference - each.baseline} for each in results.scale
    ])  # fmt: skip


def lanes(results: Results) -> pd.DataFrame:
    """Return a row per lane and seat: all that scores are made of."""
    draws, parts = draws_of(results.whole, results.root), []
    for match, one in zip(results.matches, results.played, strict=True):
        replicates = draws[match.is_scale].replicates
        for seat, name in enumerate(match.seats):
            lost, why = np.full(len(replicates), np.nan), np.full(len(replicates), "", object)
            for each in one.forfeits:
                if each.seat == seat:
                    row = each.replicate - replicates[0]
                    lost[row], why[row] = each.lost, each.reason
            which = (
                match.scenario, match.stress, match.format, match.is_scale,
                "|".join(match.seats), seat, name,
            )  # fmt: skip
            parts.append((replicates, one.won[:, seat], one.wanting, lost, why, which))
    columns = {
        name: np.concatenate([part[at] for part in parts])
        for at, name in enumerate(("seed", "won", "wanting", "lost", "forfeit"))
    }
    sizes = [len(part[0]) for part in parts]
    names = ("scenario", "stress", "format", "is_scale", "seats", "seat", "entrant")
    for name, of_parts in zip(names, zip(*(part[-1] for part in parts), strict=True), strict=True):
        columns[name] = np.repeat(np.array(pd.Series(of_parts)), sizes)
    return pd.DataFrame(columns)


# --- sentences ------------------------------------------------------------------------------------


def sentences(results: Results) -> list[str]:
    """Say who has won and how sure that is, who forfeited, and who is out."""
    table = leaderboard(results)
    ranked = table[table["place"].notna()]
    first = ranked[ranked["place"] == 1]
    pairs, shown = len(ranked) * (len(ranked) - 1) // 2, int(results.differences.better.sum())
    many = "pair" if pairs == 1 else "pairs"
    said = [
        f"{_first(results, first, len(ranked))} The interval of their difference leaves out zero "
        f"in {shown} of {pairs} {many}."
    ]
    seeds = results.season.seeds
    kind = "final" if results.secret is not None else "practice"
    said.append(
        f"Judged on {seeds.count} {kind} seeds in {_scenarios(results.season)}; the "
        "baseline stands at 0, the reference at 1 where it is the better one, and all differences "
        "are judged at once, at 95 %."
    )
    if seeds.count < LEAST_SEEDS:
        said.append(
            f"With fewer than {LEAST_SEEDS} seeds resamples say little: trust no interval or place."
        )
    for name in dict.fromkeys(forfeit.entrant for forfeit in results.forfeits):
        theirs = [forfeit for forfeit in results.forfeits if forfeit.entrant == name]
        one, where = theirs[0], results.matches[theirs[0].match].name
        lanes = "1 lane" if len(theirs) == 1 else f"{len(theirs)} lanes"
        said.append(f"{name} forfeits {lanes}, as seed {one.replicate} of {where}: {one.reason}.")
    said += [f"{name} is out: {reason}." for name, reason in results.out.items()]
    return said


def _scenarios(season: Season) -> str:
    count = len(season.scenarios)
    return "1 scenario" if count == 1 else f"{count} scenarios"


def _first(results: Results, first: pd.DataFrame, count: int) -> str:
    best = first.iloc[0]
    score = (
        f"{best[OVERALL]:.2f} (95 % interval {best['overall_low']:.2f} to "
        f"{best['overall_high']:.2f})"
    )
    if count == 1:
        return f"{best['entrant']} is alone, with {score}."
    if len(first) == 1:
        return f"{best['entrant']} is first, with {score}, and shown to be better than every other."
    names = results.scores.entrants
    beaten = results.differences.better[names.index(str(best["entrant"]))]
    level = [name for name, is_beaten in zip(names, beaten, strict=True) if not is_beaten]
    level.remove(str(best["entrant"]))
    *some, last = level
    listed = f"{', '.join(some)} or {last}" if some else last
    return (
        f"Of {count} {best['entrant']} scores most, {score}, and is not shown to be better than "
        f"{listed}; along such pairs {len(first)} share the first place."
    )


def explained(season: Season) -> str:
    """Say what scores, intervals, places and ranks are, for who reads nothing else."""
    about = {
        PROFITABILITY: "profitability is of the mean PnL net of all costs",
        QUALITY: "market quality of what noise traders pay for wanting to trade, less being better",
        ROBUSTNESS: f"robustness of the mean of the worst {tail_text(season)} of the lanes, less "
                    "its fall under stress",
    }  # fmt: skip
    scores = "; ".join(about[name] for name in criteria_of(season))
    return (
        "Scores: 0 is the baseline, 1 the reference where it is the better one (dotted lines); "
        f"{scores}; overall is their weighted mean. In brackets, and drawn: 95 % intervals over "
        "seeds, each alone. Two share a place if the interval of their difference (below) covers "
        "zero, or if a chain of such pairs joins them; ranks are all that these differences leave "
        "possible."
    )


def tail_text(season: Season) -> str:
    """Return the share of the worst lanes, as 5 %."""
    return f"{100 * season.scoring.tail:g} %"


def strengths_text(results: Results) -> str:
    """Say why there are no strengths of Bradley and Terry; empty where there are."""
    if not results.wins.any():
        return "There are no duels."
    if results.strengths is None:
        return (
            "No strengths of Bradley and Terry: some win every duel against all others, and no "
            "finite strength is most likely."
        )
    return ""


def facts(results: Results, command: str, hashes: dict[str, str]) -> list[tuple[str, str]]:
    """Return what was played, for whoever wants to check."""
    season = results.whole
    seeds = season.seeds
    rows = [
        ("season", season.season), ("season hash", results.season_hash),
        ("root seed", f"{results.root} (scale: {seeds.root})"),
        ("seeds", f"{seeds.count} from {seeds.first}; scale: {seeds.scale_count} of their own"),
        ("baseline", what(season.baseline)), ("reference", what(season.reference)),
        *hashes.items(), ("command", command),
    ]  # fmt: skip
    return rows


def matrix(values: Any, names: Sequence[str], form: str) -> list[tuple[str, ...]]:
    """Write a matrix of entrants as rows of text; nothing stands on the diagonal."""
    return [
        (name, *("" if i == j else format(values[i, j], form) for j in range(len(names))))
        for i, name in enumerate(names)
    ]


def season_of(content: dict[str, Any]) -> Season:
    """Read a season again from what a file of results says of it."""
    rest = {"time_limit_s": None, "workers": None, "output_dir": None}
    return read_model(Season, {**content, **rest})
