"""Smith, Farmer, Gillemot & Krishnamurthy (2003): what moves the spread of a random order flow."""

from __future__ import annotations

import math

from proteus.papers.order_flow import spread
from proteus.papers.paper import Claim, Paper, direction, lanes_of
from proteus.validation.comparison import Estimate

_BASES = ((0.05, 40), (0.1, 40), (0.2, 40))  # granularity, ticks in a characteristic price
_ABSTRACT = "abstract: order size matters more than tick size"
_MODEL = "spread grows with the granularity"


def run(share: float, root: int) -> list[Claim]:
    """Double the granularity, and the tick, from several points."""
    lanes, claims = lanes_of(120, share), []
    for place, (granularity, ticks) in enumerate(_BASES):
        of = [
            _log(spread(each, size, lanes=lanes, root=root + 3 * place + number))
            for number, (each, size) in enumerate(
                ((granularity, ticks), (2 * granularity, ticks), (granularity, ticks // 2))
            )
        ]
        called = f"granularity {granularity:g}, {ticks} ticks"
        size, tick = of[1].value - of[0].value, of[2].value - of[0].value
        claims += [
            direction(f"log spread, granularity doubled; {called}", "above 0", _MODEL,
                      Estimate(size, math.hypot(of[0].error, of[1].error)), lanes),
            direction(f"the same less that of the tick doubled; {called}", "above 0", _ABSTRACT,
                      Estimate(size - tick, math.hypot(of[1].error, of[2].error)), lanes),
        ]  # fmt: skip
    return claims


def _log(found: Estimate) -> Estimate:
    return Estimate(math.log(found.value), found.error / found.value)


PAPER = Paper(
    name="smith",
    title="Statistical theory of the continuous double auction",
    citation=(
        "Smith, Farmer, Gillemot & Krishnamurthy (2003), Statistical theory of the continuous "
        "double auction, Quantitative Finance 3:481."
    ),
    checked=(
        "The abstract, in several stored copies; the figures of the paper were not at hand, "
        "so that directions are compared and no number is cited."
    ),
    says=(
        "Prices of a random order flow depend on two numbers without a dimension: the "
        "granularity, order size in units of what the flow stores, and the tick in "
        "characteristic prices. The first matters more in most cases."
    ),
    given="The model, as of the page on Farmer, Patelli and Zovko, whose law is fitted to it.",
    chosen=(
        "Granularities of 0.05, 0.1 and 0.2 and a tick of a fortieth of the characteristic "
        "price, each doubled alone; the spread in characteristic prices."
    ),
    left_out="Depth, volatility, impact and times to fill; the mean field theory.",
    run=run,
)
