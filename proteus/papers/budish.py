"""Budish, Cramton & Shim (2015): sniping in a continuous market, and what batches leave of it."""

from __future__ import annotations

from proteus.papers.paper import Claim, Paper, lanes_of, number, of_comparison
from proteus.validation.batches import batch_exposure
from proteus.validation.races import sniping_equilibrium

_FIRMS = 4
_INVESTORS, _JUMPS, _JUMP = 9.0, 1.0, 0.05
_RATIOS = ((1.0, 100.0, 8_000), (1.0, 1000.0, 40_000), (25.0, 100.0, 8_000))  # ms, ms, lanes


def run(share: float, root: int) -> list[Claim]:
    """Run the continuous market of N equal firms, then batches with a slow maker."""
    lanes = lanes_of(8_000, share)
    found = sniping_equilibrium(_INVESTORS, _JUMPS, _JUMP, _FIRMS, lanes=lanes, root=root)
    half_spread = _JUMPS * _JUMP / (_INVESTORS + _JUMPS)
    rent = _JUMPS * (_JUMP - half_spread)
    difference, sniped, taken = (of_comparison(found, place) for place in range(3))
    losing = (_FIRMS - 1) / _FIRMS
    claims = [
        number("quoting less sniping, per firm and s", 0.0, "section VI, indifference",
               difference, lanes, slack=float(found.tolerance[0])),
        number("share of jumps at which the stale quote is hit", losing, "(N - 1) / N, section VI",
               sniped, lanes, slack=float(found.tolerance[1])),
        number("taken by snipers, per s", losing * rent, "section VI, N - 1 snipers", taken, lanes,
               slack=float(found.tolerance[2])),
    ]  # fmt: skip
    for place, (ahead, interval, standard) in enumerate(_RATIOS, start=1):
        lanes = lanes_of(standard, share)
        batch = batch_exposure(ahead, interval, lanes=lanes, root=root + place)
        claims.append(number(
            f"jumps at which {ahead:g} ms ahead pay, batches of {interval:g} ms", ahead / interval,
            "delta / tau, section VII", of_comparison(batch, 0), lanes,
        ))  # fmt: skip
    return claims


PAPER = Paper(
    name="budish",
    title="The arms race, and frequent batch auctions",
    citation=(
        "Budish, Cramton & Shim (2015), The high-frequency trading arms race: frequent batch "
        "auctions as a market design response, Quarterly Journal of Economics 130:1547."
    ),
    checked=(
        "The equilibrium (N firms, indifference, (N - 1) / N) was read in public lecture "
        "slides on the model by Aldrich, Friedman and Lopez-Vargas; delta / tau and its "
        "example, 1 ms of 1 s is worth 1/1000, in an extract of the version of July 2013. The "
        "paper's own pages were not at hand: places in it follow the list of sources of the "
        "project."
    ),
    says=(
        "Public news that all firms see at once still pays in a continuous market, since one "
        "of N messages is first: a stale quote is hit with probability (N - 1) / N, quoting "
        "and sniping pay the same, and the spread that investors pay is the rent. In batches "
        "of length tau a head start of delta is worth delta / tau of what it is worth in a "
        "continuous market."
    ),
    given=(
        "The model: investors and jumps by Poisson processes, unit orders, messages of one "
        "instant served in random order; batches with one slow maker."
    ),
    chosen=(
        f"N = {_FIRMS}, {_INVESTORS:g} investors and {_JUMPS:g} jump a second, jumps of "
        f"{_JUMP:g}; the half-spread is the one that solves the paper's indifference for "
        "these."
    ),
    left_out=(
        "The empirical part (ES and SPY); entry, so the cost of speed; that spreads go to "
        "zero in batches, which is a statement about competition in prices and not about a "
        "rule."
    ),
    run=run,
)
