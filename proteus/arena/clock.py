"""Policies in processes of their own, with a limit on the time that they take.

A policy that takes longer than it may, or ends its process, is out as a whole: its matches are left
out, and everybody else's are played as if it had not entered. What the clock says decides about
that, and about no number: a lane that was played is what it is, however long it took.
"""

from __future__ import annotations

import functools
import multiprocessing
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple

from proteus.arena.matches import Match
from proteus.arena.outside import DEPENDS, Replaced, depends_on_others, play_outside
from proteus.arena.playing import Draw, Played, Say
from proteus.arena.policies import policies_of
from proteus.arena.season import Season
from proteus.errors import ActionError, ConfigError, RunError, ViolationError
from proteus.runs.workers import start_process

_POLL_S = 0.1
_NOBODY = -1.0
_spawn = multiprocessing.get_context("spawn")  # a fork would inherit threads that are gone


class Finished(NamedTuple):
    """What was played outside, and who is out."""

    played: dict[int, Played]
    out: dict[str, str]  # entrant to a sentence


class _Meter:
    """How long each entrant has taken, and who decides now, in memory that processes share."""

    def __init__(self, entrants: tuple[str, ...]) -> None:
        self.entrants = entrants
        self.spent: Any = _spawn.RawArray("d", len(entrants))
        self.now: Any = _spawn.RawArray("d", [_NOBODY, 0.0])  # who, and since when

    @contextmanager
    def running(self, entrant: str) -> Iterator[None]:
        """Measure while an entrant decides."""
        at, since = self.entrants.index(entrant), time.monotonic()
        self.now[1] = since  # before who it is: read in between, it must not be counted from 0 on
        self.now[0] = float(at)
        try:
            yield
        except KeyboardInterrupt:  # Ctrl-C is left to who started this process: it raised it
            raise ActionError("KeyboardInterrupt") from None
        finally:
            self.now[0] = _NOBODY  # before it is added, or it would be counted twice
            self.spent[at] += time.monotonic() - since

    @property
    def who(self) -> str | None:
        """Return who decides now."""
        at = int(self.now[0])
        return None if at < 0 else self.entrants[at]

    def taken(self, entrant: str) -> float:
        """Return how long an entrant has taken so far, seconds."""
        since = time.monotonic() - self.now[1] if self.who == entrant else 0.0
        return float(self.spent[self.entrants.index(entrant)]) + max(since, 0.0)


class _Player:
    """One process that plays matches."""

    def __init__(self, season: Season, replaced: Replaced, meter: _Meter) -> None:
        self.meter = meter
        self.ours, theirs = _spawn.Pipe()
        self.process = _spawn.Process(
            target=_play_all, daemon=True,
            args=(theirs, season, replaced, meter.entrants, meter.spent, meter.now),
        )  # fmt: skip
        self.process.start()
        theirs.close()
        self.match: int | None = None

    def begin(self, number: int, match: Match, draw: Draw) -> None:
        """Hand over a match."""
        self.match = number
        self.ours.send((number, match, draw))

    def end(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.join()
        self.ours.close()


def _play_all(
    connection: Connection, season: Season, replaced: Replaced, entrants: tuple[str, ...],
    spent: Any, now: Any,
) -> None:  # fmt: skip
    """Be the process: play what comes, and send back what it gave or what stopped it."""
    start_process()
    meter = _Meter.__new__(_Meter)
    meter.entrants, meter.spent, meter.now = entrants, spent, now
    policies = policies_of(season)
    while True:
        try:
            number, match, draw = connection.recv()
        except EOFError:
            return
        try:
            played = play_outside(number, match, draw, policies, replaced, meter.running)
            depends = depends_on_others(match, draw, policies, played, meter.running)
            connection.send((played, depends))
        except (ViolationError, ConfigError, RunError) as error:
            connection.send(error)


def play_timed(
    season: Season, matches: Mapping[int, Match], draws: Mapping[bool, Draw], replaced: Replaced,
    limit_s: float, count: int, say: Say,
) -> Finished:  # fmt: skip
    """Play matches in processes, until all are played or left out.

    Parameters
        limit_s: that each entrant may take, over all its matches. count: processes.

    Raises
        ViolationError, RunError: a match could not be played.
    """
    outside = tuple(name for name, one in season.entrants.items() if one.is_outside)
    start = functools.partial(_Player, season, replaced)
    left = [*matches]
    players = [start(_Meter(outside)) for _ in range(min(count, len(left)))]
    played, out, before = dict[int, Played](), dict[str, str](), dict.fromkeys(outside, 0.0)
    try:
        while True:
            left = [at for at in left if not {*out} & {*matches[at].seats}]
            for player in players:
                if player.match is None and left:
                    number = left.pop(0)
                    player.begin(number, matches[number], draws[matches[number].is_scale])
            busy = [player for player in players if player.match is not None]
            if not busy:
                return Finished(played, out)
            ready = wait([player.ours for player in busy], _POLL_S)
            for player in [player for player in busy if player.ours in ready]:
                _take(player, played, out, say, matches)
            _stop_late(players, before, limit_s, out)
            for at, player in enumerate(players):
                if not player.process.is_alive() or _is_out(player, matches, out):
                    for name in outside:
                        before[name] += player.meter.taken(name)
                    player.end()
                    players[at] = start(_Meter(outside))
    finally:
        for player in players:
            player.end()


def _is_out(player: _Player, matches: Mapping[int, Match], out: Mapping[str, str]) -> bool:
    return player.match is not None and bool({*out} & {*matches[player.match].seats})


def _take(
    player: _Player, played: dict[int, Played], out: dict[str, str], say: Say,
    matches: Mapping[int, Match],
) -> None:  # fmt: skip
    """Take what a process has sent, or note who ended it."""
    assert player.match is not None
    number = player.match
    try:
        given = player.ours.recv()
    except (EOFError, OSError):
        player.process.join()
        who = player.meter.who
        if who is None:
            raise RunError(f"a process that played {matches[number].name} was killed") from None
        out[who] = f"it ended its process, with code {player.process.exitcode}"
        return
    if isinstance(given, Exception):
        raise given
    player.match = None
    played[number], depends = given
    if depends:
        out.setdefault(matches[number].seats[0], DEPENDS)
    say(len(played[number].won))


def _stop_late(
    players: list[_Player], before: Mapping[str, float], limit_s: float, out: dict[str, str]
) -> None:
    """Note who has taken longer than it may."""
    for name, earlier in before.items():
        taken = earlier + sum(player.meter.taken(name) for player in players)
        if taken > limit_s and name not in out:
            out[name] = f"it took longer than the {limit_s:g} s that it may"
