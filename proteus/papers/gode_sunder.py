"""Gode & Sunder (1993): random traders, within budgets and without."""

from __future__ import annotations

import math

from proteus.papers.paper import Claim, Paper, direction, lanes_of, number
from proteus.validation.budgets import efficiency
from proteus.validation.comparison import Estimate

_TRADERS, _LOOKS = 6, 240  # of each side; prices that each draws
_DEAREST = (0.6, 0.65, 0.7)
_LIMITED, _FREE = (0.97, 1.0), (0.49, 0.90)  # over their five markets, in whole per cent
_PER_CENT = 0.005
_WHY = (
    "a trader of ours has one unit, and theirs have several each, which they trade in order, the "
    "best first: one wrong trade of a few is a larger share. Tried apart, in plain Python "
    "(tests/reference/zero_intelligence.py): with one unit each it gives what the engine gives, "
    "0.975, 0.955 and 0.955; with three each, on the same lines of costs and values, 0.990, 0.989 "
    "and 0.988, in the range of the paper; and 0.990, 0.987 and 0.985 if a trade cancels all open "
    "orders, as theirs does."
)


def run(share: float, root: int) -> list[Claim]:
    """Run both populations for three schedules of costs and values."""
    lanes, claims = lanes_of(2_000, share), []
    for place, dearest in enumerate(_DEAREST):
        limited, free = (
            efficiency(_TRADERS, _LOOKS, is_limited, dearest, lanes=lanes, root=root + place)
            for is_limited in (True, False)
        )
        gain = Estimate(limited.value - free.value, math.hypot(limited.error, free.error))
        called = f"dearest cost {dearest:g}"
        claims += [
            number(f"efficiency within budgets; {called}", _LIMITED[0], "five markets, ZI-C",
                   limited, lanes, high=_LIMITED[1], published="97 to 100 %", slack=_PER_CENT,
                   why=_WHY),
            number(f"efficiency without budgets; {called}", _FREE[0], "five markets, ZI-U", free,
                   lanes, high=_FREE[1], published="49 to 90 %", slack=_PER_CENT, why=_WHY),
            direction(f"gained by budgets; {called}", "above 0", "the same", gain, lanes),
        ]  # fmt: skip
    return claims


PAPER = Paper(
    name="gode_sunder",
    title="Zero intelligence",
    citation=(
        "Gode & Sunder (1993), Allocative efficiency of markets with zero-intelligence "
        "traders: market as a partial substitute for individual rationality, Journal of "
        "Political Economy 101:119."
    ),
    checked=(
        "The abstract (close to 100 per cent within budgets) in stored copies; efficiencies "
        "of the five markets, in whole per cent, in a public guide to replicating them, which "
        "agrees with the list of facts of the project. The table itself, with its decimals, "
        "was not at hand and is not cited."
    ),
    says=(
        "Traders who bid at random realise nearly all gains from trade, if only they are kept "
        "from trades at a loss; without that budget a tenth to half of the gains is lost. The "
        "market does it, not the traders."
    ),
    given=(
        "Six buyers and six sellers, orders of one unit at uniformly random prices, within "
        "the budget or from the whole range; a continuous double auction."
    ),
    chosen=(
        "The schedules: costs rise from 0.1 to the dearest in equal steps, values fall from "
        "0.9 to 1 less that, where theirs are in figures; one unit a trader, 240 prices each, "
        "and the order of a trader stays until its next price, where theirs are all cancelled "
        "at a trade."
    ),
    left_out="Human traders, and how prices converge.",
    run=run,
)
