"""Avellaneda & Stoikov (2008): their three tables, both strategies."""

from __future__ import annotations

import math
from typing import NamedTuple

from proteus.papers.paper import Claim, Paper, lanes_of, number
from proteus.validation.comparison import Array, Estimate, mean_of
from proteus.validation.maker_study import study_lanes

_PATHS = 1_000  # behind each row of theirs
_TICK = 0.002  # of our prices, in their unit
_STEPS = 200  # of their time
_ARRIVALS, _DECAY, _VARIANCE = 140.0, 1.5, 4.0


class _Row(NamedTuple):
    """A row of a table."""

    profit: float
    profit_sd: float
    final: float
    final_sd: float


_TABLES: dict[float, tuple[str, float, _Row, _Row]] = {  # g: where, spread, inventory, symmetric
    0.1: ("Table 1, p. 222", 1.49, _Row(65.0, 6.6, 0.08, 2.9), _Row(68.4, 12.7, 0.26, 8.4)),
    0.01: ("Table 2, p. 222", 1.35, _Row(68.6, 8.7, 0.12, 5.1), _Row(68.8, 12.8, 0.09, 8.7)),
    1.0: ("Table 3, p. 223", 3.02, _Row(31.4, 5.0, 0.02, 1.7), _Row(44.0, 11.0, 0.00, 5.1)),
}


def run(share: float, root: int) -> list[Claim]:
    """Run both strategies at the three risk aversions."""
    claims = []
    for place, (g, (where, spread, leaning, symmetric)) in enumerate(_TABLES.items()):
        lanes = lanes_of(3_000, share)
        found = study_lanes(g, lanes=lanes, root=root + 2 * place)
        risk = g * _VARIANCE / _STEPS
        claims.append(number(
            f"average spread, risk aversion {g:g}", spread, where, Estimate(found[0].mean(), 0.0),
            len(found[0]), published=f"{spread:.2f}", slack=2 * _TICK + 0.5 * risk + 0.005,
        ))  # fmt: skip
        claims += _row("inventory", g, where, spread, leaning, found[1], found[2])
        mean = 0.5 * g * _VARIANCE + 2 / g * math.log1p(g / _DECAY)
        flat = study_lanes(g, mean / 2, lanes=lanes, root=root + 2 * place + 1)
        claims += _row("symmetric", g, where, spread, symmetric, flat[1], flat[2])
    return claims


def _row(
    strategy: str, g: float, where: str, spread: float, row: _Row, profit: Array, final: Array,
) -> list[Claim]:  # fmt: skip
    """Compare a row of a table; its digits and 1,000 paths are as uncertain as they are."""
    lanes = len(profit)
    called = f"{strategy}, risk aversion {g:g}"
    slope = 2 * _ARRIVALS * math.exp(-0.5 * _DECAY * spread)  # of the profit in the spread
    mean_error, sd_error = 1 / math.sqrt(_PATHS), 1 / math.sqrt(2 * _PATHS)
    profit_sd, final_sd = profit.std(ddof=1), final.std(ddof=1)
    ours_sd = 1 / math.sqrt(2 * lanes)
    return [
        number(f"profit; {called}", row.profit, where, mean_of(profit), lanes,
               published=f"{row.profit:.1f}", slack=slope * _TICK + 0.05,
               paper_error=row.profit_sd * mean_error),
        number(f"sd of profit; {called}", row.profit_sd, where,
               Estimate(profit_sd, profit_sd * ours_sd), lanes, published=f"{row.profit_sd:.1f}",
               slack=0.05, paper_error=row.profit_sd * sd_error),
        number(f"final inventory; {called}", row.final, where, mean_of(final), lanes,
               published=f"{row.final:.2f}", slack=0.005, paper_error=row.final_sd * mean_error),
        number(f"sd of final inventory; {called}", row.final_sd, where,
               Estimate(final_sd, final_sd * ours_sd), lanes, published=f"{row.final_sd:.1f}",
               slack=0.05, paper_error=row.final_sd * sd_error),
    ]  # fmt: skip


PAPER = Paper(
    name="avellaneda_stoikov",
    title="A maker who leans on its inventory",
    citation=(
        "Avellaneda & Stoikov (2008), High-frequency trading in a limit order book, "
        "Quantitative Finance 8:217."
    ),
    checked=(
        "All rows of Tables 1 to 3 and the parameters, in three public programs that compare "
        "with the published tables; two of them quote the pages. (The preprint has other "
        "numbers.)"
    ),
    says=(
        "A maker who shifts its quotes against what it holds earns a little less than one who "
        "quotes the same average spread around the mid, with much less variance of profit and "
        "inventory."
    ),
    given=(
        "Section 3.3: mid 100, T = 1, sigma = 2, dt = 0.005, k = 1.5, A = 140, risk aversion "
        "0.1, 0.01 and 1, a fill of each side with probability A dt exp(-k d) in a step; "
        "1,000 simulations a row."
    ),
    chosen=(
        "None of the theory's. Prices are in steps of a five-hundredth of their unit, and the "
        "maker looks at a moment of each step that is drawn for the lane. The symmetric maker "
        "quotes the average spread of the other all the time, as they say."
    ),
    left_out="Nothing.",
    run=run,
)
