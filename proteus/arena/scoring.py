"""From lanes to scores: what each entrant made, on the scale of each scenario.

Three quantities of a scenario and a format, all in currency per lane, more being better:

    profitability   mean PnL marked at v, net of all costs; no lane is left out or cut
    market quality  less what noise traders pay for wanting to trade; alone in the market only
    robustness      mean of the worst 5 % of the lanes, less its fall under stress

The fall is that of the same mean where a scenario is stressed; of several stresses the mean of the
falls, a rise counting as none. A quantity x becomes (x - B) / abs(R - B), with B that of the
baseline and R that of the reference on seeds of their own: the baseline stands at 0, the reference
at 1, or at -1 where it is the worse of the two, so that more is better in any case. What is beyond
``least`` and ``most`` counts as these. A score is the mean over scenarios of the mean over formats;
the overall score is their weighted mean.

A lane that was forfeited counts as the worst lane that anybody had in that scenario and format, or
as what its entrant had lost by then if that is worse: to give up never pays.

Intervals come from resamples of seeds, drawn once for all entrants, scenarios and formats, since
all of them play the same seeds. The scale is fixed, and takes no part in that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.analysis.statistics import ranking
from proteus.analysis.statistics.paired import LEVEL
from proteus.arena.matches import BASELINE, PLAIN, REFERENCE, Match
from proteus.arena.playing import Played
from proteus.arena.season import CRITERIA, DUEL, PROFITABILITY, QUALITY, SOLO, Season
from proteus.errors import ConfigError

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

_RESAMPLES_ROOT = 20261128  # of the resamples of seeds


class Games(NamedTuple):
    """What one entrant had in one scenario and format. S seeds, G games of a seed."""

    won: Array  # [S, G] currency; of a seed from the least on, so that equals have equal numbers
    wanting: Array | None  # [S] alone in the market only, currency


Board = Mapping[tuple[str, str, str, str], Games]  # scenario, stress, format, entrant


class Scale(NamedTuple):
    """What one unit of a score is, in one scenario and format."""

    scenario: str
    format: str
    criterion: str
    baseline: float  # B, currency per lane
    reference: float  # R
    low: float  # 95 % interval of R - B
    high: float

    @property
    def unit(self) -> float:
        """Return the difference that is one unit."""
        return abs(self.reference - self.baseline)


class Scores(NamedTuple):
    """Scores of all entrants. n entrants, C criteria, B resamples."""

    entrants: tuple[str, ...]
    value: Array  # [n, C]
    overall: Array  # [n]
    resampled: Array  # [B, n, C]
    resampled_overall: Array  # [B, n]

    def interval(self, criterion: int | None = None) -> Array:
        """Return 95 % intervals of one score, or of the overall one, [2, n]."""
        drawn = self.resampled_overall if criterion is None else self.resampled[:, :, criterion]
        found: Array = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
        return found


def board_of(
    matches: Sequence[Match], played: Sequence[Played], firsts: Mapping[bool, int], is_scale: bool
) -> Board:
    """Gather the games of everybody; what was forfeited has its value.

    Parameters
        matches, played: of a season. firsts: the first seed of the scale (True) and of the others.
        is_scale: whose games.
    """
    gathered: dict[tuple[str, str, str, str], list[tuple[Array, Array | None]]] = {}
    worst = _worst(matches, played)
    for match, given in zip(matches, played, strict=True):
        if match.is_scale != is_scale:
            continue
        one = _filled(match, given, worst[_kind(match)], firsts[is_scale])
        for seat, name in enumerate(match.seats):
            if is_scale and name == BASELINE and REFERENCE in match.seats:
                continue  # it only sits beside
            wanting = one.wanting if match.is_wanted else None
            key = (*_kind(match), name)
            gathered.setdefault(key, []).append((one.won[:, seat], wanting))
    return {
        key: Games(np.sort(np.stack([won for won, _ in games], axis=1), axis=1), games[0][1])
        for key, games in gathered.items()
    }


def _kind(match: Match) -> tuple[str, str, str]:
    return match.scenario, match.stress, match.format


def _worst(
    matches: Sequence[Match], played: Sequence[Played]
) -> dict[tuple[str, str, str], tuple[float, float]]:
    """Return the least that anybody won, and the most that noise traders paid, of each kind."""
    found: dict[tuple[str, str, str], tuple[float, float]] = {}
    for match, one in zip(matches, played, strict=True):
        least, most = found.get(_kind(match), (np.inf, -np.inf))
        won, paid = one.won[~np.isnan(one.won)], one.wanting[~np.isnan(one.wanting)]
        found[_kind(match)] = (min([least, *won]), max([most, *paid]))
    return found


def _filled(match: Match, one: Played, worst: tuple[float, float], first: int) -> Played:
    """Give every lane that was forfeited its value."""
    won, wanting = one.won.copy(), one.wanting.copy()
    for forfeit in one.forfeits:
        row = forfeit.replicate - first
        won[row, forfeit.seat] = min(worst[0], forfeit.lost)
        if match.is_wanted:
            wanting[row] = worst[1]
    return one._replace(won=won, wanting=wanting)


# --- quantities -----------------------------------------------------------------------------------


def criteria_of(season: Season) -> tuple[str, ...]:
    """Return the criteria that count."""
    weights = season.scoring.weights
    return tuple(name for name in CRITERIA if getattr(weights, name) > 0)


def _quantity(
    season: Season, board: Board, place: tuple[str, str, str], criterion: str, counts: Counts
) -> Array:
    """Return one quantity in every resample of seeds, float64 [B], currency per lane.

    Parameters
        place: scenario, format, entrant. counts: int64 [B, S].
    """
    scenario, form, name = place
    games, seeds = board[scenario, PLAIN, form, name], counts.shape[1]
    if criterion == PROFITABILITY:
        return np.asarray(counts @ games.won.mean(axis=1) / seeds)
    if criterion == QUALITY:
        assert games.wanting is not None
        return np.asarray(-(counts @ games.wanting) / seeds)
    share = season.scoring.tail
    tail = ranking.shortfalls(games.won, counts, share)
    falls = []
    for stress in season.scenarios[scenario].stress if form == SOLO else ():
        stressed = board[scenario, stress, form, name].won
        falls.append(np.maximum(tail - ranking.shortfalls(stressed, counts, share), 0.0))
    return np.asarray(tail - np.mean(falls, axis=0)) if falls else tail


def _forms(season: Season, criterion: str) -> tuple[str, ...]:
    return (SOLO,) if criterion == QUALITY else season.formats


def scale_of(season: Season, board: Board) -> list[Scale]:
    """Return what a unit is for each scenario, format and criterion.

    Parameters
        board: of the scale.

    Raises
        ConfigError: the reference is not told from the baseline.
    """
    found, counts = [], _counts(season.seeds.scale_count, season)
    for scenario in season.scenarios:
        for criterion in criteria_of(season):
            for form in _forms(season, criterion):
                one = _unit(season, board, (scenario, form, criterion), counts)
                if not (one.low > 0 or one.high < 0):
                    difference = one.reference - one.baseline
                    raise ConfigError(
                        f"scenarios.{scenario} is not allowed: in {form} the {criterion} of the "
                        f"reference less that of the baseline is {difference:.3g} "
                        f"(95 % interval {one.low:.3g} to {one.high:.3g}), which is no scale; "
                        "choose another reference, or a larger seeds.scale_count"
                    )
                found.append(one)
    return found


def _counts(seeds: int, season: Season) -> Counts:
    """Return how often each seed counts, in all seeds and in each resample, int64 [1 + B, S]."""
    return np.vstack([
        np.ones((1, seeds), np.int64),
        ranking.multiplicities(seeds, season.scoring.resamples, _RESAMPLES_ROOT),
    ])  # fmt: skip


def _unit(season: Season, board: Board, place: tuple[str, str, str], counts: Counts) -> Scale:
    scenario, form, criterion = place
    baseline, reference = (
        _quantity(season, board, (scenario, form, name), criterion, counts)
        for name in (BASELINE, REFERENCE)
    )
    low, high = np.quantile((reference - baseline)[1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Scale(
        scenario, form, criterion, float(baseline[0]), float(reference[0]), float(low), float(high)
    )


# --- scores ---------------------------------------------------------------------------------------


def scores_of(season: Season, board: Board, scale: Sequence[Scale]) -> Scores:
    """Score every entrant, on all seeds and in every resample of them."""
    scoring, names = season.scoring, tuple(season.entrants)
    counts = _counts(season.seeds.count, season)
    criteria = criteria_of(season)
    found = np.zeros((len(counts), len(names), len(criteria)))
    for at, name in enumerate(names):
        for number, criterion in enumerate(criteria):
            found[:, at, number] = np.mean(
                [
                    np.mean([
                        _scaled(season, board, unit, name, counts)
                        for unit in scale
                        if unit.scenario == scenario and unit.criterion == criterion
                    ], axis=0)
                    for scenario in season.scenarios
                ],
                axis=0,
            )  # fmt: skip
    weights = np.array([getattr(scoring.weights, name) for name in criteria])
    overall = (found * (weights / weights.sum())).sum(axis=-1)  # each entrant's in the same way
    return Scores(names, found[0], overall[0], found[1:], overall[1:])


def _scaled(season: Season, board: Board, unit: Scale, name: str, counts: Counts) -> Array:
    value = _quantity(season, board, (unit.scenario, unit.format, name), unit.criterion, counts)
    scaled = (value - unit.baseline) / unit.unit
    return np.asarray(np.clip(scaled, season.scoring.least, season.scoring.most))


# --- what is shown beside -------------------------------------------------------------------------


def wins_of(season: Season, matches: Sequence[Match], played: Sequence[Played]) -> Array:
    """Count who won more than whom in duels, a tie counting half, float64 [n, n].

    Who forfeits a lane has lost it.
    """
    names = [*season.entrants]
    found = np.zeros((len(names), len(names)))
    for match, one in zip(matches, played, strict=True):
        if match.is_scale or match.format != DUEL:
            continue
        left, right = (names.index(name) for name in match.seats)
        won = np.where(np.isnan(one.won), -np.inf, one.won)
        found[left, right] += ranking.wins(won[:, 0], won[:, 1])
        found[right, left] += ranking.wins(won[:, 1], won[:, 0])
    return found


def improvements_of(season: Season, board: Board) -> Array:
    """Return the chance that a lane of the row is above one of the column, float64 [n, n].

    Alone in the market; a mean over scenarios.
    """
    names = [*season.entrants]
    found = np.full((len(names), len(names)), 0.5)
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            if i != j:
                found[i, j] = np.mean([
                    ranking.improvement(
                        *(board[scenario, PLAIN, SOLO, name].won[:, 0] for name in (one, other))
                    )
                    for scenario in season.scenarios
                ])  # fmt: skip
    return found
