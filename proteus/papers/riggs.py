"""Riggs, Onur, Reiffen & Zhu (2020): the winner's curse of those who answer requests."""

from __future__ import annotations

import math

from proteus.papers.paper import Claim, Paper, direction, lanes_of, number
from proteus.validation.comparison import Estimate
from proteus.validation.requests import winners_curse

_DEALERS = (1, 2, 3, 5, 8)
_SD, _HALF = 0.02, 0.02


def run(share: float, root: int) -> list[Claim]:
    """Ask n dealers who add the same margin to signals of their own."""
    lanes, claims, curses = lanes_of(600, share), [], []
    for dealers in _DEALERS:
        found = winners_curse(dealers, _SD, _HALF, lanes=lanes, root=root + dealers)
        curse = Estimate(
            (_HALF - float(found.simulated[0])) / _SD, float(found.standard_error[0]) / _SD
        )
        curses.append(curse)
        law = (_HALF - float(found.expected[0])) / _SD
        claims.append(number(
            f"curse of the winner of {dealers}, standard deviations of a signal", law,
            "mean of the largest of n standard normals", curse, lanes,
            published=f"{law:.5f}, derived here", slack=float(found.tolerance[0]) / _SD,
        ))  # fmt: skip
    for before, after, first, second in zip(
        _DEALERS, _DEALERS[1:], curses, curses[1:], strict=False
    ):
        more = Estimate(second.value - first.value, math.hypot(first.error, second.error))
        claims.append(direction(
            f"curse of the winner of {after} less that of {before}", "above 0",
            "abstract: more dealers, a more severe winner's curse", more, lanes,
        ))  # fmt: skip
    return claims


PAPER = Paper(
    name="riggs",
    title="The winner's curse in requests for quotes",
    citation=(
        "Riggs, Onur, Reiffen & Zhu (2020), Swap trading after Dodd-Frank: evidence from "
        "index CDS, Journal of Financial Economics 137:857."
    ),
    checked=(
        "The abstracts of the paper and of its working paper of 2017, for the direction; they "
        "have no number that a market of ours could have. The sizes are those of order "
        "statistics, and derived, not cited."
    ),
    says=(
        "Exposing an order to more dealers means more competition, and a more severe winner's "
        "curse: who wins is the one whose signal was furthest off. Quoted spreads and costs "
        "rise with the number of dealers."
    ),
    given="A request to n dealers, the best quote wins.",
    chosen=(
        "Signals normal around the value with standard deviation 0.02, each dealer adds 0.02 "
        "whatever n; takers with no information."
    ),
    left_out=(
        "That dealers know of the curse and widen, so that costs rise with n: ours keep their "
        "margin, and lose what the paper's dealers would add. Their data, and whom customers "
        "choose to ask."
    ),
    run=run,
)
