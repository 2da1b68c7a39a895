"""Kyle (1985): one auction with an insider."""

from __future__ import annotations

from proteus.papers.paper import Claim, Paper, lanes_of, number, of_comparison
from proteus.validation.insider_auction import kyle

_CASES = ((0.05, 100.0), (0.03, 10.0))  # standard deviations: of the value, of noise in lots


def run(share: float, root: int) -> list[Claim]:
    """Run one auction for two pairs of standard deviations."""
    claims = []
    lanes = lanes_of(4_000, share)
    for place, (s, u) in enumerate(_CASES):
        found = kyle(s, u, lanes=lanes, root=root + place)
        values = (s / (2 * u), s * u / 2, s * u / 2, s**2 / 2)
        names = ("lambda", "insider's profit", "noise traders' loss", "variance left after it")
        wheres = ("section 2", "p. 1320", "p. 1320, as the maker earns nothing", "section 2")
        claims += [
            number(f"{name}; value {s:g}, noise {u:g}", value, where, of_comparison(found, at),
                   lanes, slack=float(found.tolerance[at]))
            for at, (name, value, where) in enumerate(zip(names, values, wheres, strict=True))
        ]  # fmt: skip
    return claims


PAPER = Paper(
    name="kyle",
    title="Continuous auctions and insider trading",
    citation="Kyle (1985), Continuous auctions and insider trading, Econometrica 53:1315.",
    checked=(
        "Page 1320 of a stored copy, for the insider's unconditional profit; a summary of the "
        "paper for the variance: half of the insider's information is in the price after one "
        "auction."
    ),
    says=(
        "With one insider, normal noise and a maker who sets the expected value, the price "
        "moves by lambda = s / (2 u) for each unit of orders, the insider earns s u / 2, "
        "noise traders lose as much, and the variance of the value halves."
    ),
    given="One auction; value and noise normal with standard deviations s and u.",
    chosen=(
        "s and u, in the two pairs shown. The value moves by one step of a binary law with "
        "variance s^2; linear strategies need no more of it."
    ),
    left_out="The sequence of auctions and its continuous limit.",
    run=run,
)
