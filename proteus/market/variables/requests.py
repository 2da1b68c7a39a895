"""What is measured of requests for quotes; under mechanisms without requests there is nothing."""

from __future__ import annotations

from proteus.market.trading.world import World
from proteus.market.variables.base import RANK, Values, Variable, ratio


def _cover_gap(world: World) -> Values:
    sums = world.sums.requests
    return ratio(sums.cover_gap, sums.covered) / world.settings.n_ticks


REQUEST_VARIABLES: tuple[Variable, ...] = (
    Variable(
        "rfq_response_rate", (), "1", "share of the dealers asked who answer in time", "",
        "dealers whose quote came while the request lived / dealers asked",
        "Hendershott & Madhavan 2015", "nobody_asked",
        lambda world: ratio(world.sums.requests.answered, world.sums.requests.asked),
    ),
    Variable(
        "rfq_dealers_asked", (), "1", "dealers asked, summed over requests", "",
        "sum over requests of the dealers asked", "count", "",
        lambda world: world.sums.requests.asked.astype(float),
    ),
    Variable(
        "rfq_win_rate", (), "1", "share of the answers that win the trade", "",
        "requests that trade / answers in time", "Hendershott & Madhavan 2015", "no_answer",
        lambda world: ratio(world.sums.requests.wins, world.sums.requests.answered),
    ),
    Variable(
        "rfq_answers", (), "1", "answers in time", "",
        "dealers whose quote came while the request lived", "count", "",
        lambda world: world.sums.requests.answered.astype(float),
    ),
    Variable(
        "rfq_cover_gap", (), "currency", "winner's improvement over the second best quote",
        "positive: the winner was better",
        "mean over trades with another quote alive of |P - its price|, negative if it was better",
        "Fermanian, Gueant & Pu 2017", "no_cover", _cover_gap,
    ),
    Variable(
        "rfq_covered_trades", (), "1", "trades with another quote alive", "",
        "trades at whose acceptance another quote of that side lived", "count", "",
        lambda world: world.sums.requests.covered.astype(float),
    ),
    Variable(
        "rfq_rejection_rate", (), "1", "share of last looks that end with a refusal", "",
        "refusals / last looks", "Oomen 2017", "no_last_look",
        lambda world: ratio(world.sums.requests.refusals, world.sums.requests.last_looks),
    ),
    Variable(
        "rfq_last_looks", (), "1", "last looks that ended", "", "count", "count", "",
        lambda world: world.sums.requests.last_looks.astype(float),
    ),
    Variable(
        "rfq_late_quotes", (), "1", "quotes that came after their request had ended", "",
        "count of quotes refused", "count", "",
        lambda world: world.sums.requests.late_quotes.astype(float),
    ),
    Variable(
        "rfq_late_acceptances", (), "1", "acceptances that came too late", "",
        "count of acceptances refused by the venue", "count", "",
        lambda world: world.sums.requests.late_acceptances.astype(float),
    ),
    Variable(
        "rfq_markout_by_rank", (RANK,), "currency", "markout of one lot at the price of each rank",
        "positive: the dealer wins",
        "mean over trades of q (v(t) - P) of one lot at the price of the quote of that rank, the "
        "accepted one first; of the others what winning would have brought",
        "Huang & Stoll 1996, of the maker", "no_quote_of_that_rank",
        lambda world: ratio(world.sums.requests.markout, world.sums.requests.ranked),
    ),
    Variable(
        "rfq_ranked_trades", (RANK,), "1", "trades at which a quote of each rank lived", "",
        "count", "count", "", lambda world: world.sums.requests.ranked.astype(float),
    ),
)  # fmt: skip
