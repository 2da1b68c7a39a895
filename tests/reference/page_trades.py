"""What makers and takers got and paid, and how intents ended, by the text of docs/metrics.md."""

import numpy as np

from tests.reference.page_data import ROLES, held, mean, public, ratio, sides, value_path

ENDS = (
    "filled", "expired", "cancelled", "self_trade", "priced_out", "refused", "trading_ended",
)  # fmt: skip
END_OF = {
    "requested": "expired", "request_ttl": "expired", "rest_unfilled": "expired",
    "withdrawn": "cancelled", "self_trade": "self_trade", "immediate_or_cancel": "priced_out",
}  # fmt: skip


def makers(lane):
    """Return spread captured, adverse selection and markouts; NaN where v after T would count."""
    own = sides(lane).query("role == 'maker'")
    q, price = own.sign * own.quantity, own.price_ticks.astype(float) / lane.ticks
    belief, times = own.value_nano.astype(float) / 1e9, own.time_ns.to_numpy(int)
    shares = {role: own.sign * own[f"from_{role}"] for role in ROLES}
    found = {
        "maker_volume_lots": own.quantity.sum(),
        "maker_volume_by_class": [own[f"from_{role}"].sum() for role in ROLES],
        "maker_spread_captured": (q * (belief - price)).sum(),
        "maker_spread_captured_by_class": [
            (share * (belief - price)).sum() for share in shares.values()
        ],
    }
    reference = public(lane).reference / lane.ticks
    adverse, markout, by_class, shown, left = [], [], [], [], []
    for h in lane.markouts:
        v = np.round(held(value_path(lane), times + h), 9)
        v = np.where((times + h <= lane.horizon).all(), v, np.nan)  # v after T is in no file
        adverse.append((q * (v - belief)).sum(skipna=False))
        markout.append((q * (v - price)).sum(skipna=False))
        by_class.append([(share * (v - belief)).sum(skipna=False) for share in shares.values()])
        seen = times + h <= lane.horizon
        later = held(reference, times + h)
        shown.append((q * (later - price))[seen].sum() if seen.any() else np.nan)
        left.append(own.quantity[~seen].sum())
    return found | {
        "maker_adverse_selection": adverse, "maker_markout": markout,
        "maker_adverse_selection_by_class": by_class,
        "maker_markout_public": shown, "maker_public_left_out_lots": left,
    }  # fmt: skip


def spreads(lane):
    """Return effective spread, realised spread and impact of takers against makers."""
    own = sides(lane).query("role != 'maker'")
    own = own[own.time_ns >= lane.warmup]
    before = own.reference_half_ticks.astype(float) / 2 / lane.ticks
    price, lots, times = own.price_ticks / lane.ticks, own.from_maker, own.time_ns.to_numpy(int)
    reference = public(lane).reference / lane.ticks
    realised, impact, later_lots = [], [], []
    for h in lane.markouts:
        seen = times + h <= lane.horizon
        later = held(reference, times + h)
        realised.append(mean((2 * own.sign * (price - later))[seen], lots[seen]))
        impact.append(mean((2 * own.sign * (later - before))[seen], lots[seen]))
        later_lots.append(lots[seen].sum())
    return {
        "effective_spread": mean(2 * own.sign * (price - before), lots),
        "effective_lots": lots.sum(),
        "realised_spread": realised, "price_impact": impact, "realised_lots": later_lots,
    }  # fmt: skip


def paid(lane):
    """Return execution error, slippage and lots of takers, by class and of noise."""
    own = sides(lane).query("role != 'maker'")
    price = own.price_ticks / lane.ticks
    v = held(value_path(lane), own.time_ns.to_numpy(int))
    before = own.reference_half_ticks.astype(float) / 2 / lane.ticks
    error, slippage, lots = [], [], []
    for role in ROLES:
        at = own.role == role
        error.append(mean((own.sign * (price - v))[at], own.quantity[at]))
        slippage.append(mean((own.sign * (price - before))[at], own.quantity[at]))
        lots.append(own.quantity[at].sum())
    noise = ROLES.index("noise")
    return {
        "taker_execution_error": error[noise], "taker_slippage": slippage[noise],
        "taker_execution_error_by_class": error, "taker_slippage_by_class": slippage,
        "taker_volume_by_class": lots,
    }  # fmt: skip


def fates(lane):
    """Return every intent with its first fill, and the end of its order without any."""
    sent = lane.rows("intent").set_index("order_id")
    sent = sent.assign(role=[lane.classes[at] for at in sent.trader])
    first = sides(lane).groupby("root").time_ns.min()
    sent["filled_ns"] = first.reindex(sent.index).to_numpy()
    ended = lane.rows("cancel", "reject", "rfq_expire", source="venue")
    ended = ended[ended.order_id.isin(sent.index)].drop_duplicates("order_id", keep="last")
    ended = ended.set_index("order_id").reindex(sent.index)
    reasons = [END_OF.get(reason, "refused") if isinstance(reason, str) else "trading_ended"
               for reason in ended.reason]  # fmt: skip
    missed = sent.index.isin(beyond_the_limit(lane)) & (ended.reason == "request_ttl").to_numpy()
    reasons = np.where(missed, "priced_out", reasons)
    sent["end"] = np.where(sent.filled_ns.notna(), "filled", reasons)
    sent["ended_ns"] = ended.time_ns.where(sent.filled_ns.isna())
    return sent


def beyond_the_limit(lane):
    """Return the requests that were quoted, each time beyond their limit, and took nothing."""
    refused = lane.rows("rfq_reject", source="venue")
    quotes = lane.rows("rfq_quote")
    quotes = quotes[~quotes.order_id.isin(refused[refused.lots > 0].order_id)]
    taken = lane.rows("rfq_accept").dropna(subset="other_id")
    taken = taken[~taken.event.isin(refused[refused.lots == 0].event)].order_id
    asked = lane.rows("rfq_request").set_index("order_id").loc[quotes.other_id.to_numpy()]
    sign = np.where(asked.side == "buy", 1, -1)
    price, limit = (each.price_ticks.to_numpy(float) for each in (quotes, asked))
    for_it = (quotes.side.to_numpy() != asked.side.to_numpy()).astype(bool)
    inside = for_it & (sign * (limit - price) >= 0)
    met = {*quotes.other_id[inside], *taken}
    return {*quotes.other_id[for_it]} - met


def intents(lane):
    """Return how intents ended, by class; and of noise whether and when they filled."""
    sent = fates(lane)
    counts = [(sent.role == role).sum() for role in ROLES]
    share = [
        [ratio(((sent.role == role) & (sent.end == end)).sum(), number) for end in ENDS]
        for role, number in zip(ROLES, counts, strict=True)
    ]
    snipes = sent[sent.role == "sniper"]
    noise = sent[(sent.role == "noise") & (sent.time_ns <= lane.horizon - lane.tau)]
    fill = (noise.filled_ns - noise.time_ns).astype(float)
    end = (noise.ended_ns - noise.time_ns).astype(float)
    is_filled = (fill <= lane.tau).to_numpy(bool)
    waits, count = fill[is_filled].to_numpy(), len(noise)
    at_once = fill[is_filled & noise.lifetime.isin(["ioc", "fok"]).to_numpy()]
    never = count - len(waits)
    return {
        "taker_end_share": share, "taker_intents_by_class": counts,
        "sniper_orders": len(snipes),
        "sniper_race_share": ratio((snipes.end == "filled").sum(), len(snipes)),
        "taker_intents": count, "taker_intents_filled": len(waits),
        "taker_marketable_filled": len(at_once),
        "taker_fill_probability": ratio(len(waits), count),
        "taker_unfilled_share": ratio(never, count),
        "taker_wait_filled": ratio(waits.sum(), len(waits)) / 1e6,
        "taker_wait_marketable": ratio(at_once.sum(), len(at_once)) / 1e6,
        "taker_time_to_execution": ratio(waits.sum() + never * lane.tau, count) / 1e6,
        "taker_wait_filled_median": median(waits) / 1e6,
        "taker_fill_incidence": incidence(lane, waits, count),
        "taker_end_incidence": incidence(lane, end[end <= lane.tau], count),
    }  # fmt: skip


def incidence(lane, waited, count):
    """Return the share that has waited no longer, by the times of the page; NaN beyond tau."""
    return [ratio((waited <= at).sum(), count) if at <= lane.tau else np.nan for at in lane.elapsed]


def median(waits):
    """Return the time by which half have filled, those of a bin spread evenly over it, ns."""
    if not len(waits):
        return np.nan
    powers = 2.0 ** np.arange(16, 63)
    edges = np.concatenate([[0.0], *(power * (1 + np.arange(16) / 16) for power in powers)])
    counts, _ = np.histogram(waits, edges)
    reached, half = counts.cumsum(), len(waits) / 2
    at = int(np.argmax(reached >= half))
    inside = (half - reached[at] + counts[at]) / counts[at]
    return edges[at] + inside * (edges[at + 1] - edges[at])
