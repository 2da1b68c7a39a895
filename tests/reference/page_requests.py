"""What is measured of requests for quotes, by the text of docs/metrics.md."""

import numpy as np

from tests.reference.page_data import held, mean, ratio, value_path

RANKS = 4


def requests(lane):
    """Return who answers, who wins, by how much, and what each rank would have earned."""
    asked = lane.rows("rfq_request")
    refused = lane.rows("rfq_reject", source="venue")
    quotes = lane.rows("rfq_quote")
    in_time = quotes[~quotes.order_id.isin(refused[refused.lots > 0].order_id)]
    answers = len(in_time[["other_id", "trader"]].drop_duplicates())
    trades = lane.rows("fill")
    looks = lane.rows("rfq_accept", "rfq_reject", source="trader")
    looks = looks[looks.trader.isin(lane.members("maker"))]
    dealers = min(lane.dealers, len(lane.members("maker"))) * len(asked)
    is_rfq = lane.mechanism == "rfq"
    ranked, markouts, gaps = ranks(lane, in_time, trades) if is_rfq else ([], [], [])
    counts = [sum(len(each) > rank for each in ranked) for rank in range(RANKS)]
    refusals = (looks.kind == "rfq_reject").sum()
    return {
        "rfq_dealers_asked": dealers, "rfq_answers": answers,
        "rfq_response_rate": ratio(answers, dealers),
        "rfq_win_rate": ratio(len(trades), answers),
        "rfq_last_looks": len(looks), "rfq_rejection_rate": ratio(refusals, len(looks)),
        "rfq_late_quotes": (refused.lots > 0).sum(),
        "rfq_late_acceptances": (refused.lots == 0).sum(),
        "rfq_cover_gap": mean(np.array(gaps), np.ones(len(gaps))), "rfq_covered_trades": len(gaps),
        "rfq_ranked_trades": counts,
        "rfq_markout_by_rank": [
            ratio(sum(each[rank] for each in markouts if len(each) > rank), counts[rank])
            for rank in range(RANKS)
        ],
    }  # fmt: skip


def ranks(lane, quotes, trades):
    """Return of each trade the quotes that lived, the accepted one first, and what they earn."""
    ends = lane.rows("rfq_expire").set_index("order_id").event
    filled = lane.rows("fill").set_index("order_id").event
    over = {**ends.to_dict(), **filled.to_dict()}
    v = value_path(lane)
    ranked, markouts, gaps = [], [], []
    for trade in trades.itertuples():
        won = quotes[quotes.order_id == trade.order_id].iloc[0]
        live = quotes[
            (quotes.other_id == won.other_id) & (quotes.side == won.side)
            & (quotes.event < trade.event) & (quotes.order_id != won.order_id)
        ]  # fmt: skip
        ended = live.order_id.map(lambda order: over.get(order, np.inf)).to_numpy(float)
        live = live[ended >= trade.event]
        sign = 1 if won.side == "buy" else -1  # of the dealer
        others = sorted(live.price_ticks, key=lambda price: -sign * price)[: RANKS - 1]
        prices = np.array([won.price_ticks, *others], float)
        ranked.append(prices)
        markouts.append(sign * (held(v, [trade.time_ns])[0] - prices / lane.ticks))
        if len(prices) > 1:
            gaps.append(sign * (prices[0] - prices[1]) / lane.ticks)
    return ranked, markouts, gaps
