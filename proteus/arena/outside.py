"""Play matches in which policies from outside sit: their lanes side by side, through a session.

An entrant that raises, or says what cannot be, forfeits the lane in which it did. A policy answers
for all lanes at once, so the lane is looked for: the lanes are played again in halves, until one
that fails is alone. Lanes know nothing of each other, so those that are played again give what they
gave. In a lane that is forfeited the baseline takes the seat, from the start, so that who sits
beside it plays a whole lane against somebody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.arena.matches import Match, seat_name
from proteus.arena.playing import Draw, Forfeit, Played, nothing, play_alone, seats_in
from proteus.arena.policies import Maker, Policy, Seat
from proteus.arena.wanting import costs_of_wanting
from proteus.basics.units import NANO
from proteus.errors import ActionError, ViolationError
from proteus.market.setup.capacities import LARGEST_GROWTH
from proteus.sessions.actions import Quotes, write_quotes
from proteus.sessions.observation import Observation, copied
from proteus.sessions.session import Session

DEPENDS = "its lanes depend on which others are played beside them"
MOST_LANES = 256  # played side by side
_LOG_ROWS = 128  # of own fills, and of prices, between two decisions
Replaced = Callable[[Match, int], Match]  # the match with the baseline in a seat
Clock = Callable[[str], AbstractContextManager[None]]  # runs while an entrant decides


class _FailedError(Exception):
    """Say who could not decide."""

    def __init__(self, seat: int, won: NDArray[np.float64], reason: str) -> None:
        super().__init__(reason)
        self.seat, self.won, self.reason = seat, won, reason


class _Lanes(NamedTuple):
    """What some lanes gave. N lanes, K seats."""

    won: NDArray[np.float64]  # [N, K]
    wanting: NDArray[np.float64]  # [N]


@contextmanager
def no_clock(entrant: str) -> Iterator[None]:
    """Let an entrant take its time."""
    yield


def play_outside(
    number: int, match: Match, draw: Draw, policies: Mapping[str, Maker], replaced: Replaced,
    clock: Clock = no_clock,
) -> Played:  # fmt: skip
    """Play one match.

    Parameters
        number: of the match. policies: by the names of entrants. replaced: gives the match with the
            baseline in a seat. clock: runs while an entrant decides.

    Raises
        ViolationError: a lane broke an invariant.
    """
    played, forfeits = nothing(match, draw), list[Forfeit]()

    def play(match: Match, rows: NDArray[np.int64], kept: list[int]) -> None:
        """Play rows of the seeds; ``kept`` are the seats that count."""
        try:
            lanes = _play(match, draw.root, draw.replicates[rows], policies, clock)
        except _FailedError as failed:
            if len(rows) > 1:
                for half in np.array_split(rows, 2):
                    play(match, half, kept)
                return
            forfeits.append(
                Forfeit(
                    number, failed.seat, match.seats[failed.seat], int(draw.replicates[rows[0]]),
                    float(failed.won[0]), failed.reason,
                )
            )  # fmt: skip
            left = [seat for seat in kept if seat != failed.seat]
            if left:
                play(replaced(match, failed.seat), rows, left)
            return
        played.won[np.ix_(rows, np.array(kept))] = lanes.won[:, kept]
        if len(kept) == len(match.seats):
            played.wanting[rows] = lanes.wanting

    for at in range(0, len(draw.replicates), MOST_LANES):
        rows = np.arange(at, min(at + MOST_LANES, len(draw.replicates)))
        play(match, rows, list(range(len(match.seats))))
    return played._replace(forfeits=tuple(forfeits))


def _play(
    match: Match, root: int, replicates: NDArray[np.int64], policies: Mapping[str, Maker],
    clock: Clock,
) -> _Lanes:  # fmt: skip
    """Play lanes, with more room as long as one outgrows its own."""
    if not match.outside:
        return _Lanes(*play_alone(match, root, replicates))
    growth = 1
    while True:
        session = _session(match, root, replicates, growth)
        _decide(session, match, policies, clock)
        reasons = {reason for reason in session.reasons if reason is not None}
        if not reasons:
            return _measured(session, match)
        if reasons != {"capacity"} or growth >= LARGEST_GROWTH:
            lane = next(at for at, reason in enumerate(session.reasons) if reason is not None)
            reason, seed = session.reasons[lane], int(replicates[lane])
            raise ViolationError(f"{reason} of seed {seed} of {match.name}: there are no results")
        growth *= 2


def _session(match: Match, root: int, replicates: NDArray[np.int64], growth: int) -> Session:
    names = [seat_name(at) for at in match.outside]
    asks_each = match.cell.mechanism.name == "rfq"  # as the engine asks its own dealers
    return Session(
        match.cell, len(replicates), control=names, root=root, seed=int(replicates[0]),
        growth=growth, recorded=match.is_wanted, log_rows=_LOG_ROWS,
        decisions="requests" if asks_each else "schedule",
    )  # fmt: skip


def _decide(session: Session, match: Match, policies: Mapping[str, Maker], clock: Clock) -> None:
    """Let everybody outside decide until all lanes have ended.

    Raises
        _FailedError: somebody could not.
    """
    made: list[Policy] = []
    for at, seat in enumerate(match.outside):
        trader = session.traders[at : at + 1]
        told = Seat(session.cell, session.setup, session.lanes, trader, session.with_costs)
        with _blamed(session, at, seat), clock(match.seats[seat]):
            made.append(policies[match.seats[seat]](told))
    ticks = session.cell.n_ticks
    while not session.ended.all():
        seen = session.observe()
        whole = _nothing_said(seen)
        for at, seat in enumerate(match.outside):
            decides = seen.decides & (seen.trader == at)
            if not decides.any():
                continue
            mine = copied(seen._replace(decides=decides, trader=np.zeros_like(seen.trader)))
            with _blamed(session, at, seat):
                with clock(match.seats[seat]), np.errstate(all="ignore"):  # of lanes not asked
                    said = made[at].act(mine)
                whole = _joined(session, whole, said, decides, seen, ticks)
        session.act(whole)
        session.step()


@contextmanager
def _blamed(session: Session, at: int, seat: int) -> Iterator[None]:
    """Turn whatever a policy raises into who it was, and what it had made by then."""
    try:
        yield
    except KeyboardInterrupt:  # of the person who runs the season
        raise
    except BaseException as error:  # SystemExit too: no policy ends a season
        won = session.equity_nano[:, at] / NANO
        kind = "" if isinstance(error, ActionError) else type(error).__name__
        text = (str(error).splitlines() or [""])[0]
        raise _FailedError(seat, won, ": ".join(filter(None, (kind, text)))) from None


def _nothing_said(seen: Observation) -> Quotes:
    lanes = len(seen.decides)
    return Quotes(
        np.ones((lanes, 2), np.int64), np.zeros((lanes, 2), np.int64), np.full(lanes, 0.5)
    )


def _joined(
    session: Session, whole: Quotes, said: Any, decides: NDArray[np.bool_], seen: Observation,
    ticks: int,
) -> Quotes:  # fmt: skip
    """Check what a policy says of the lanes that ask it, and put it beside what others say.

    Raises
        ActionError: what cannot be.
    """
    if not isinstance(said, Quotes):
        kind = type(said).__name__
        raise ActionError(f"actions of {kind} are not allowed: a maker says Quotes")
    reference = seen.reference_doubled / (2 * ticks)
    write_quotes(session.world.intents, said, decides, ticks, reference)
    belief = reference if said.belief is None else np.asarray(said.belief)
    here = decides[:, None]
    assert whole.belief is not None
    return Quotes(
        np.where(here, said.price, whole.price), np.where(here, said.lots, whole.lots),
        np.where(decides, belief, whole.belief),
    )  # fmt: skip


def _measured(session: Session, match: Match) -> _Lanes:
    won = session.world.totals.marked[:, seats_in(session.setup, match)] / NANO
    if not match.is_wanted:
        return _Lanes(won, np.full(session.lanes, np.nan))
    log = session.world.log
    return _Lanes(won, costs_of_wanting(session.cell, session.root, session.replicates, log))


def depends_on_others(
    match: Match, draw: Draw, policies: Mapping[str, Maker], played: Played, clock: Clock = no_clock
) -> bool:
    """Tell whether the first lane of a match gives something else when it is played alone.

    Asked of an entrant's own seeds, alone in a market without stress; of other matches False.
    """
    if match.is_scale or not match.is_wanted:
        return False
    try:
        alone = _play(match, draw.root, draw.replicates[:1], policies, clock)
    except _FailedError:
        return not np.isnan(played.won[0]).any()
    return not np.array_equal(alone.won[0], played.won[0])
