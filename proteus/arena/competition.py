"""``CompetitionRunner``: a season from its file to its table.

    runner = CompetitionRunner(read_season(["season=demo"]))
    results = runner.run()

First the scale of every scenario is measured, and a scenario without one is refused. Then everybody
plays; who is out by the clock, or because its lanes depend on each other, is taken out, and what
is missing without it is played. Then all is scored at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.analysis.statistics import ranking
from proteus.analysis.statistics.bradley_terry import strengths
from proteus.arena import sealing
from proteus.arena.clock import play_timed
from proteus.arena.matches import Cells, Match, matches_of
from proteus.arena.outside import DEPENDS, depends_on_others, play_outside
from proteus.arena.playing import Forfeit, Played, Say, draws_of, play_inside
from proteus.arena.policies import Maker, policies_of, sources_of
from proteus.arena.scoring import (
    Board,
    Scale,
    Scores,
    board_of,
    improvements_of,
    scale_of,
    scores_of,
    wins_of,
)
from proteus.arena.season import LEAST_IN_A_MELEE, MELEE, Season
from proteus.errors import ConfigError
from proteus.runs.workers import usable_cores

Array = NDArray[np.float64]
CONFIGURATION = "(configuration)"  # what yaml files make of scenarios and entrants; no entrant
_Key = tuple[str, str, str, tuple[str, ...], bool]


class Results(NamedTuple):
    """What a season gave; entrants are those that were not taken out."""

    season: Season  # with those entrants
    whole: Season  # with all
    season_hash: str
    sources: dict[str, str]  # hashes: of the policies' files by entrant, and CONFIGURATION
    root: int  # of the seeds that were judged
    secret: bytes | None  # of final seeds
    out: dict[str, str]  # who was taken out, and why
    matches: list[Match]
    played: list[Played]
    scale: list[Scale]
    scores: Scores
    board: Board
    differences: ranking.Differences
    ranks: ranking.Ranks
    wins: Array  # [n, n] duels won by the row, a tie half
    improvement: Array  # [n, n]
    strengths: Array | None  # [n] of Bradley and Terry; None: there are none, or no duels

    @property
    def forfeits(self) -> list[Forfeit]:
        """Return all lanes that were forfeited."""
        return [forfeit for one in self.played for forfeit in one.forfeits]


class CompetitionRunner:
    """Plays a season."""

    def __init__(
        self, season: Season, secret: bytes | None = None,
        policies: Mapping[str, Maker] | None = None,
    ) -> None:  # fmt: skip
        """Check everything that can be checked before anything runs.

        Parameters
            season: what is played. secret: of final seeds; None: those of practice.
            policies: of entrants that are decided for outside; None: as the season names them.

        Raises
            ConfigError: what is not allowed.
        """
        self.season = season
        if policies is not None and season.time_limit_s is not None:
            allowed = "policies that are given play in this process, so it must be null"
            raise ConfigError(f"time_limit_s={season.time_limit_s:g} is not allowed: {allowed}")
        self._policies = policies_of(season) if policies is None else policies
        missing = [name for name, one in season.entrants.items()
                   if one.is_outside and name not in self._policies]  # fmt: skip
        if missing:
            raise ConfigError(f"policies of {', '.join(missing)} are missing")
        self._cells = Cells(season)
        files = sources_of(season, self._policies, is_final=secret is not None)
        self._sources = {**files, CONFIGURATION: self._cells.hash}
        self.season_hash: str = season.hash_with(self._sources)
        self._secret = secret
        self.root: int = (
            season.seeds.root if secret is None else sealing.root_of(secret, self.season_hash)
        )
        self._draws = draws_of(season, self.root)
        self._played: dict[_Key, Played] = {}
        self.out: dict[str, str] = {}
        self.matches: list[Match] = matches_of(season, self._cells)

    @property
    def lanes(self) -> int:
        """Return how many lanes are played, if nobody is taken out."""
        return sum(len(self._draws[match.is_scale].replicates) for match in self.matches)

    def run(self, say: Say = lambda lanes: None) -> Results:
        """Play and score.

        Parameters
            say: told of every number of lanes that are finished.

        Raises
            ConfigError: a scenario without a scale, or nobody is left. ViolationError: a lane broke
                an invariant. RunError: the machine stopped it.
        """
        self._play([match for match in self.matches if match.is_scale], say)
        scale, season = self._scale(), self.season
        while True:
            matches = matches_of(season, self._cells)
            known = len(self.out)
            self._play(matches, say)
            if len(self.out) == known:
                break
            season = without(self.season, self.out)
        return self._results(season, matches, None if self.out else scale)

    def _scale(self) -> list[Scale]:
        """Return the scale, which is asked for before anybody else plays."""
        chosen = [match for match in self.matches if match.is_scale]
        firsts = {at: int(draw.replicates[0]) for at, draw in self._draws.items()}
        played = [self._played[_key(match)] for match in chosen]
        return scale_of(self.season, board_of(chosen, played, firsts, is_scale=True))

    def _play(self, matches: Sequence[Match], say: Say) -> None:
        """Play what is not known yet."""
        missing = {at: match for at, match in enumerate(matches) if _key(match) not in self._played}
        inside = {at: match for at, match in missing.items() if not match.outside}
        outside = {at: match for at, match in missing.items() if match.outside}
        found = play_inside(self.season, inside, self._draws, say) if inside else {}
        if outside:
            found |= self._play_outside(outside, say)
        self._played |= {_key(matches[at]): played for at, played in found.items()}

    def _play_outside(self, matches: Mapping[int, Match], say: Say) -> dict[int, Played]:
        limit, replaced = self.season.time_limit_s, self._cells.with_baseline
        if limit is not None:
            count = self.season.workers or usable_cores()
            found, out = play_timed(self.season, matches, self._draws, replaced, limit, count, say)
            self.out |= out
        else:
            found = {}
            for at, match in matches.items():
                draw = self._draws[match.is_scale]
                found[at] = play_outside(at, match, draw, self._policies, replaced)
                if depends_on_others(match, draw, self._policies, found[at]):
                    self.out.setdefault(match.seats[0], DEPENDS)
                say(len(draw.replicates))
        return found

    def _results(self, season: Season, matches: list[Match], scale: list[Scale] | None) -> Results:
        played = [self._played[_key(match)].numbered(at) for at, match in enumerate(matches)]
        return results_of(
            Entry(self.season, self.season_hash, self._sources, self.root, self._secret, self.out),
            matches, played, scale,
        )  # fmt: skip


class Entry(NamedTuple):
    """Of results what the lanes do not say."""

    season: Season  # with all who entered
    season_hash: str
    sources: dict[str, str]
    root: int
    secret: bytes | None
    out: dict[str, str]


def results_of(
    entry: Entry, matches: list[Match], played: list[Played], scale: list[Scale] | None = None
) -> Results:
    """Score what was played, by those who are not out.

    Parameters
        scale: what a unit is in these formats; None: as those matches say that measure it.

    Raises
        ConfigError: a scenario without a scale, or nobody is left.
    """
    season = without(entry.season, entry.out)
    firsts = {at: int(draw.replicates[0]) for at, draw in draws_of(season, entry.root).items()}
    if scale is None:
        scale = scale_of(season, board_of(matches, played, firsts, is_scale=True))
    board = board_of(matches, played, firsts, is_scale=False)
    scores = scores_of(season, board, scale)
    differences = ranking.differences(scores.overall, scores.resampled_overall)
    wins = wins_of(season, matches, played)
    return Results(
        season, entry.season, entry.season_hash, entry.sources, entry.root, entry.secret,
        entry.out, matches, played, scale, scores, board, differences,
        ranking.ranks(scores.overall, differences), wins, improvements_of(season, board),
        strengths(wins) if wins.any() else None,
    )  # fmt: skip


def _key(match: Match) -> _Key:
    return match.scenario, match.stress, match.format, match.seats, match.is_scale


def without(season: Season, out: Mapping[str, str]) -> Season:
    """Return a season without who is out.

    Raises
        ConfigError: nobody is left.
    """
    left = {name: one for name, one in season.entrants.items() if name not in out}
    if not left:
        why = "; ".join(f"{name}: {reason}" for name, reason in out.items())
        raise ConfigError(f"nobody is left in the season: {why}")
    forms = tuple(form for form in season.formats if form != MELEE or len(left) >= LEAST_IN_A_MELEE)
    return season.model_copy(update={"entrants": left, "formats": forms})
