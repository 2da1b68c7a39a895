"""What is measured of requests for quotes; under mechanisms without requests there is nothing."""

from __future__ import annotations

from proteus.market.trading.world import World
from proteus.market.variables.base import RANK, Values, Variable, ratio


def _cover_gap(world: World) -> Values:
    sums = world.sums.requests
    return ratio(sums.cover_gap, sums.covered) / world.settings.n_ticks


REQUEST_VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="rfq_response_rate",
        unit="1",
        long_name="share of the dealers asked who answer in time",
        formula="dealers whose quote came while the request lived / dealers asked",
        source="Hendershott & Madhavan 2015",
        missing="nobody_asked",
        compute=lambda world: ratio(world.sums.requests.answered, world.sums.requests.asked),
    ),
    Variable(
        name="rfq_dealers_asked",
        unit="1",
        long_name="dealers asked, summed over requests",
        formula="sum over requests of mechanism.dealers, or of all makers where they are fewer",
        source="count",
        compute=lambda world: world.sums.requests.asked.astype(float),
    ),
    Variable(
        name="rfq_win_rate",
        unit="1",
        long_name="share of the answers that win the trade",
        formula="requests that trade / answers in time",
        source="Hendershott & Madhavan 2015",
        missing="no_answer",
        compute=lambda world: ratio(world.sums.requests.wins, world.sums.requests.answered),
    ),
    Variable(
        name="rfq_answers",
        unit="1",
        long_name="answers in time",
        formula="dealers whose quote came while the request lived, summed over requests",
        source="count",
        compute=lambda world: world.sums.requests.answered.astype(float),
    ),
    Variable(
        name="rfq_cover_gap",
        unit="currency",
        long_name="winner's improvement over the second best quote",
        sign="positive: the winner was better",
        formula=(
            "mean over trades with another quote for that side of the request alive of |P - the "
            "best price of these|, negative if it was better"
        ),
        source="Fermanian, Gueant & Pu 2017",
        missing="no_cover",
        compute=_cover_gap,
    ),
    Variable(
        name="rfq_covered_trades",
        unit="1",
        long_name="trades with another quote alive",
        formula="trades at which another quote for that side of the request lived",
        source="count",
        compute=lambda world: world.sums.requests.covered.astype(float),
    ),
    Variable(
        name="rfq_rejection_rate",
        unit="1",
        long_name="share of last looks that end with a refusal",
        formula="refusals / last looks",
        source="Oomen 2017",
        missing="no_last_look",
        compute=lambda world: ratio(world.sums.requests.refusals, world.sums.requests.last_looks),
    ),
    Variable(
        name="rfq_last_looks",
        unit="1",
        long_name="last looks that ended",
        formula="count of dealers' confirmations and refusals",
        source="count",
        compute=lambda world: world.sums.requests.last_looks.astype(float),
    ),
    Variable(
        name="rfq_late_quotes",
        unit="1",
        long_name="quotes that came after their request had ended",
        formula="count of quotes refused",
        source="count",
        compute=lambda world: world.sums.requests.late_quotes.astype(float),
    ),
    Variable(
        name="rfq_late_acceptances",
        unit="1",
        long_name="acceptances that came too late",
        formula="count of acceptances refused by the venue",
        source="count",
        compute=lambda world: world.sums.requests.late_acceptances.astype(float),
    ),
    Variable(
        name="rfq_markout_by_rank",
        dims=(RANK,),
        unit="currency",
        long_name="markout of one lot at the price of each rank",
        sign="positive: the dealer wins",
        formula=(
            "mean over trades of q (v(t) - P) of one lot at the price of the quote of that rank "
            "among those alive for that side of the request, the accepted one first, then the best "
            "price, q of its dealer; of the others what winning would have brought"
        ),
        source="Huang & Stoll 1996, of the maker",
        missing="no_quote_of_that_rank",
        compute=lambda world: ratio(world.sums.requests.markout, world.sums.requests.ranked),
    ),
    Variable(
        name="rfq_ranked_trades",
        dims=(RANK,),
        unit="1",
        long_name="trades at which a quote of each rank lived",
        formula="count, ranks as in rfq_markout_by_rank",
        source="count",
        compute=lambda world: world.sums.requests.ranked.astype(float),
    ),
)
