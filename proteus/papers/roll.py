"""Roll (1984): the spread from the bounce of trade prices."""

from __future__ import annotations

import math

from proteus.papers.paper import Claim, Paper, lanes_of, number, of_comparison
from proteus.validation.comparison import Estimate
from proteus.validation.trades import roll

_HALVES = (0.001, 0.01, 0.05)


def run(share: float, root: int) -> list[Claim]:
    """Estimate the spread by the paper's formula where the quoted one is known."""
    claims = []
    lanes = lanes_of(400, share)
    for place, half in enumerate(_HALVES):
        found = of_comparison(roll(half, 200, lanes=lanes, root=root + place), 0)
        spread = 2 * math.sqrt(-found.value)
        ours = Estimate(spread, 2 * found.error / spread)  # by the delta method
        claims.append(number(
            f"2 sqrt(-cov), quoted spread {2 * half:g}", 2 * half, "the formula of the abstract",
            ours, lanes,
        ))  # fmt: skip
    return claims


PAPER = Paper(
    name="roll",
    title="The spread that price changes imply",
    citation=(
        "Roll (1984), A simple implicit measure of the effective bid-ask spread in an "
        "efficient market, Journal of Finance 39:1127."
    ),
    checked="The abstract, in several stored copies.",
    says=(
        "Where the value does not move with the orders, trades bounce between bid and ask, "
        "successive price changes have the covariance -(spread / 2)^2, and the spread is 2 "
        "sqrt(-cov)."
    ),
    given="Orders of either side with equal chance, each independent of the last.",
    chosen=(
        "Half-spreads of 0.001, 0.01 and 0.05, 200 trades a lane on average, and a value that "
        "stands still, so that the spread is known."
    ),
    left_out="The estimates for listed firms.",
    run=run,
)
