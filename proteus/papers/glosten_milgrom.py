"""Glosten & Milgrom (1985): quotes of a maker who knows that some know more."""

from __future__ import annotations

import numpy as np

from proteus.market.trading.world import World
from proteus.papers.paper import Claim, Paper, direction, lanes_of, number, of_comparison
from proteus.recording.columns import BOOK, FILL, NEWS
from proteus.validation.comparison import Array, mean_of, ratio_of
from proteus.validation.learning import glosten_milgrom, sequential_market
from proteus.validation.logs import is_row, rows
from proteus.validation.running import simulate

_CASES = ((0.5, 0.3), (0.7, 0.3), (0.5, 0.1))  # prior, share informed
_TRADES = 10
_TICK = 0.0001


def run(share: float, root: int) -> list[Claim]:
    """Run a maker by Bayes' rule against orders of which a share knows the value."""
    lanes, claims = lanes_of(4_000, share), []
    for place, (prior, informed) in enumerate(_CASES):
        found = glosten_milgrom(prior, informed, _TRADES, lanes=lanes, root=root + place)
        with_it, against = prior * (1 + informed), (1 - prior) * (1 - informed)
        ask = with_it / (with_it + against)
        below, above = prior * (1 - informed), (1 - prior) * (1 + informed)
        bid = below / (below + above)
        called = f"prior {prior:g}, informed {informed:g}"
        claims += [
            number(f"first ask; {called}", ask, "ask = E[V, given a buy]", of_comparison(found, 1),
                   lanes, slack=_TICK),
            number(f"first bid; {called}", bid, "bid = E[V, given a sale]", of_comparison(found, 0),
                   lanes, slack=_TICK),
            number(f"maker's profit per trade; {called}", 0.0, "zero expected profit",
                   of_comparison(found, 3), lanes, slack=float(found.tolerance[3])),
        ]  # fmt: skip
    prior, informed = _CASES[0]
    cell = sequential_market(prior, informed, _TRADES)
    path = simulate(cell, lanes, root + len(_CASES), _moves, recorded=True)
    move, products, squares, narrower = path[np.isfinite(path[:, 0])].T
    lanes = len(move)
    return [
        *claims,
        number("mean change from trade to trade", 0.0, "Proposition 2: prices are a martingale",
               mean_of(move), lanes, slack=_TICK),
        number("serial correlation of price changes", 0.0,
               "R = 0 where nothing but information makes the spread",
               ratio_of(products, squares), lanes),
        direction("spread after ten trades less the first", "below 0",
                  "conclusion: spreads tend to decline with trade", mean_of(narrower), lanes),
    ]  # fmt: skip


def _moves(world: World) -> Array:
    """Return mean change, products and squares of changes and the change of the spread: [L, 4].

    NaN where fewer than all trades happened, or the first before anyone was informed.
    """
    found = np.full((len(world.log.time), 4), np.nan)
    two_sided = is_row(world, BOOK) & (world.log.low > 0) & (world.log.high > 0)
    width = world.log.high - world.log.low
    for lane, (news, fills) in enumerate(zip(rows(world, NEWS), rows(world, FILL), strict=True)):
        if len(fills.time) < _TRADES or len(news.time) == 0 or news.time[0] > fills.time[0]:
            continue
        change = np.diff(fills.price[:_TRADES]) / world.settings.n_ticks
        quoted = np.flatnonzero(two_sided[lane])
        later = quoted[world.log.time[lane, quoted] > fills.time[_TRADES - 1]]
        if len(later) == 0:
            continue
        narrower = width[lane, later[0]] - width[lane, quoted[0]]
        found[lane] = [
            change.mean(), (change[1:] * change[:-1]).sum(), (change[1:] ** 2).sum(),
            narrower / world.settings.n_ticks,
        ]  # fmt: skip
    return found


PAPER = Paper(
    name="glosten_milgrom",
    title="Bid, ask and what trades tell",
    citation=(
        "Glosten & Milgrom (1985), Bid, ask and transaction prices in a specialist market "
        "with heterogeneously informed traders, Journal of Financial Economics 14:71."
    ),
    checked=(
        "The abstract; the five propositions in public slides on the paper; quotes as "
        "conditional expectations, the martingale and the serial correlation R in a public "
        "summary."
    ),
    says=(
        "Traders who know more make a spread even for a maker who expects to earn nothing: "
        "the ask is the value expected after a buy, the bid that after a sale. Trade prices "
        "are then a martingale, and the spread shrinks as trades tell what is known."
    ),
    given=(
        "One unit a trade, traders one after the other, a risk-neutral maker with zero "
        "expected profit."
    ),
    chosen=(
        "A value of 0 or 1, with the priors and shares informed shown, who know it exactly; "
        "others buy or sell with equal chance, whatever the price. The formulas of bid and "
        "ask are for that."
    ),
    left_out=(
        "The bound on volume times the squared spread (Proposition 3), elastic demand of the "
        "uninformed, and markets that close."
    ),
    run=run,
)
