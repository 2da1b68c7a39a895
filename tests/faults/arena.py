"""Faults of seasons: who plays what, what it costs, how it is scored and sealed."""

from tests.faults.fault import Fault

ARENA = (
    Fault(
        "duels are played in one seating only",
        "arena/matches.py",
        "yield from ((form, seats, False) for seats in _rotations(one))",
        "yield from ((form, seats, False) for seats in _rotations(one)[:1])",
    ),
    Fault(
        "an entrant brings its own links",
        "arena/matches.py",
        'return {**own, **given, "risk": tree["risk"], "count": 1}',
        'return {**given, **own, "risk": tree["risk"], "count": 1}',
    ),
    Fault(
        "the scale is measured on the seeds that are judged",
        "arena/playing.py",
        "first_of(PILOT) + np.arange(",
        "seeds.first + np.arange(",
    ),
    Fault(
        "a move that was missed the other way is a gain",
        "arena/wanting.py",
        "np.maximum(sign * (later - now), 0.0)",
        "(sign * (later - now))",
    ),
    Fault(
        "lots filled after the wait count as filled in time",
        "arena/wanting.py",
        "np.bincount(want, fills[_OF_FILL] * in_time, minlength=count)",
        "np.bincount(want, fills[_OF_FILL], minlength=count)",
    ),
    Fault(
        "where the reference is the worse one less is better",
        "arena/scoring.py",
        "return abs(self.reference - self.baseline)",
        "return self.reference - self.baseline",
    ),
    Fault(
        "a rise under stress makes up for a bad tail",
        "arena/scoring.py",
        "falls.append(np.maximum(tail - ranking.shortfalls(stressed, counts, share), 0.0))",
        "falls.append(tail - ranking.shortfalls(stressed, counts, share))",
    ),
    Fault(
        "a lane is forfeited at what was won by then",
        "arena/scoring.py",
        "min(worst[0], forfeit.lost)",
        "forfeit.lost",
    ),
    Fault(
        "a scenario without a scale is played",
        "arena/scoring.py",
        "if not (one.low > 0 or one.high < 0):",
        "if one.low > one.high:",
    ),
    Fault(
        "a root seed is that of the secret alone",
        "arena/sealing.py",
        "secret + bytes.fromhex(season_hash)",
        "secret",
    ),
    Fault(
        "a place ends where the next one is shown to be worse",
        "analysis/statistics/ranking.py",
        "begins = better[np.ix_(above, below)].all()",
        "begins = better[order[at - 1], order[at]] or better[order[0], order[at]]",
    ),
    Fault(
        "strengths are fitted where none is most likely",
        "analysis/statistics/bradley_terry.py",
        'connection="strong")[0] > 1',
        'connection="weak")[0] > 1',
    ),
)
