"""Variables computed from what a run recorded, by the text of docs/metrics.md alone.

NumPy and pandas, and nothing of the engine: events, fills and traces of one lane come in, numbers
come out. Traces have v on the grid of the news; between its points v changes where a row of the
news says so. Prices are in ticks and times in ns until a value is returned.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd


class Recorded(NamedTuple):
    """What was recorded of one lane, and what its configuration says."""

    events: pd.DataFrame
    fills: pd.DataFrame
    v: pd.Series  # currency, by time
    classes: list[str]  # of each trader, by number
    horizon: int  # T
    warmup: int
    grid: int  # of realised volatility
    tau: int
    ticks: int  # in the payoff
    first: int  # p0, ticks


def value_path(lane):
    """Return v by the time from which it holds."""
    news = lane.events[lane.events.kind == "news"]
    jumps = pd.Series(news.value_nano.to_numpy(float) / 1e9, news.time_ns.to_numpy(int))
    whole = pd.concat([lane.v, jumps])
    return whole[~whole.index.duplicated(keep="last")].sort_index()


def public(lane):
    """Return the public states by the time from which they hold: bid, ask, lots, reference."""
    books = lane.events[lane.events.kind == "book"]
    columns = ["bid_ticks", "ask_ticks", "bid_lots", "ask_lots", "price_ticks"]
    last = books.set_index("time_ns")[columns].astype(float)
    last = last[~last.index.duplicated(keep="last")]
    start = pd.DataFrame([[np.nan, np.nan, 0, 0, np.nan]], [-1], columns)
    whole = pd.concat([start, last])
    mid = (whole.bid_ticks + whole.ask_ticks) / 2
    return whole.assign(mid=mid, reference=mid.fillna(whole.price_ticks).fillna(lane.first))


def held(path, times, before=False):
    """Look up a path at times, or just before what happens then."""
    side = "left" if before else "right"
    return path.to_numpy()[np.searchsorted(path.index.to_numpy(), times, side=side) - 1]


def average(lane, *paths):
    """Yield the paths' values between all their changes after the warm-up, and the widths."""
    cuts = np.unique(np.concatenate([path.index.to_numpy() for path in paths]))
    inside = cuts[(cuts > lane.warmup) & (cuts < lane.horizon)]
    edges = np.concatenate([[lane.warmup], inside, [lane.horizon]])
    return *(held(path, edges[:-1]) for path in paths), np.diff(edges)


def equity(lane, members, times, final=False):
    """Return cash + lots v of traders together, before the fills of each time; at T after all."""
    bought, sold = lane.fills.buyer.isin(members), lane.fills.seller.isin(members)
    signed = (bought.astype(int) - sold.astype(int)) * lane.fills.quantity
    moves = pd.DataFrame({"lots": signed, "cash": -signed * lane.fills.price_ticks / lane.ticks})
    moves.index = lane.fills.time_ns.to_numpy(int)
    sums = pd.concat([pd.DataFrame({"lots": [0], "cash": [0.0]}, [-1]), moves]).cumsum()
    at = {name: held(sums[name], times, before=not final) for name in sums}
    return at["cash"] + at["lots"] * np.round(held(value_path(lane), times), 9), at


def risk(lane):
    """Return PnL by class, and Sharpe ratio, drawdown and inventory of the makers."""
    found = {}
    end = lane.events[lane.events.kind == "end"].iloc[-1]
    of = {role: [at for at, each in enumerate(lane.classes) if each == role]
          for role in ("maker", "informed", "noise", "sniper")}  # fmt: skip
    for role, members in of.items():
        _, at = equity(lane, members, np.array([lane.horizon]), final=True)
        found[f"pnl_{role}"] = at["cash"][0] + at["lots"][0] * end.value_nano / 1e9
        if role == "maker":
            found["maker_pnl_settled"] = (
                at["cash"][0] + at["lots"][0] * end.price_ticks / lane.ticks
            )
            found["maker_pnl_marked"] = found["pnl_maker"]
    seconds = np.arange(0, lane.horizon + 1, 10**9)
    whole, _ = equity(lane, of["maker"], seconds)
    steps = np.diff(whole)
    found["maker_sharpe"] = steps.mean() / steps.std(ddof=1)
    path, _ = equity(lane, of["maker"], np.union1d(seconds, [lane.horizon]))
    found["maker_max_drawdown"] = (np.maximum.accumulate(path) - path).max()
    squares, variances, most = [], [], 0
    for maker in of["maker"]:
        own = lane.fills[(lane.fills.buyer == maker) | (lane.fills.seller == maker)]
        sign = (own.buyer == maker).astype(int) - (own.seller == maker).astype(int)
        lots = np.concatenate([[0], (sign * own.quantity).cumsum()])
        widths = np.diff(np.concatenate([[0], own.time_ns, [lane.horizon]])) / lane.horizon
        squares.append((lots**2 * widths).sum())
        variances.append(squares[-1] - (lots * widths).sum() ** 2)
        most = max(most, np.abs(lots).max())
    found["maker_inventory_square"] = np.mean(squares)
    found["maker_inventory_variance"] = np.mean(variances)
    found["maker_inventory_most"] = most
    found["volume_lots"], found["n_fills"] = lane.fills.quantity.sum(), len(lane.fills)
    return found


def quality(lane):
    """Return prices, quoted spread, depth, volatility and resilience."""
    book, v = public(lane), value_path(lane)
    found = {}
    reference, value, width = average(lane, book.reference / lane.ticks, v)
    measured = width.sum()
    found["price_rmse"] = np.sqrt(((reference - value) ** 2 * width).sum() / measured)
    spread, width = average(lane, (book.ask_ticks - book.bid_ticks) / lane.ticks)
    both = ~np.isnan(spread)
    found["quoted_coverage"] = width[both].sum() / measured
    ever = width[both].sum()
    found["quoted_spread"] = (spread * width)[both].sum() / ever if ever else np.nan
    depth, width = average(lane, (book.bid_lots + book.ask_lots) / 2)
    found["depth_best"] = (depth * width).sum() / measured
    times = np.arange(lane.warmup, lane.horizon + 1, lane.grid)
    moves = np.diff(held(book.mid / lane.ticks, times, before=True))
    kept = ~np.isnan(moves)
    squared, seconds = (moves[kept] ** 2).sum(), kept.sum() * lane.grid / 1e9
    found["realised_volatility"] = np.sqrt(squared / seconds) if seconds else np.nan
    of_v = (np.diff(held(v, times))[kept] ** 2).sum()
    found["volatility_ratio"] = np.sqrt(squared / of_v) if of_v else np.nan
    return found | resilience(lane, book.reference / lane.ticks, v)


def resilience(lane, reference, v):
    """Return how long the reference price takes to follow half a jump of v."""
    times = lane.events[lane.events.kind == "news"].time_ns.to_numpy(int)
    times = times[times >= lane.warmup]
    waited, followed = 0, 0
    for jump, until in zip(times, [*times[1:], lane.horizon], strict=True):
        before, after = held(v, [jump, jump - 1])[::-1]
        moments = np.array([jump, *reference.index[(reference.index > jump)
                                                   & (reference.index < until)]])  # fmt: skip
        there = (held(reference, moments) - (before + after) / 2) * np.sign(after - before) >= 0
        followed += there.any()
        waited += (moments[there.argmax()] if there.any() else until) - jump
    found = {"shock_jumps": len(times), "shock_recoveries": followed}
    return found | {"shock_half_life": waited / 1e6 / followed if followed else np.nan}


def noise(lane):
    """Return what noise traders paid, and how long they waited."""
    sent = lane.events[lane.events.kind == "intent"]
    sent = sent[sent.trader.map(lambda at: lane.classes[at] == "noise")]
    orders = lane.events[lane.events.kind.isin(["order"])].set_index("order_id")
    sides = []
    for name, sign in (("buy", 1), ("sell", -1)):
        part = lane.fills[["time_ns", "price_ticks", "quantity", f"{name}_order_id"]]
        sides.append(part.rename(columns={f"{name}_order_id": "order"}).assign(sign=sign))
    both = pd.concat(sides)
    both = both[both.order.isin(orders.index)]
    for name in ("trader", "intent_ns", "reference_half_ticks"):
        both[name] = orders[name].reindex(both.order).to_numpy(np.int64)
    both = both[both.trader.map(lambda at: lane.classes[at] == "noise")]
    price, v = both.price_ticks / lane.ticks, held(value_path(lane), both.time_ns.to_numpy(int))
    lots = both.quantity.sum()
    early = sent.time_ns <= lane.horizon - lane.tau
    waits = (both.groupby(["trader", "intent_ns"]).time_ns.min()).reset_index()
    waits = waits[waits.intent_ns <= lane.horizon - lane.tau]
    waited = (waits.time_ns - waits.intent_ns).to_numpy(int)
    waited = waited[waited <= lane.tau]
    count = early.sum()
    missed = both.reference_half_ticks / 2 / lane.ticks
    return {
        "taker_execution_error": (both.sign * (price - v) * both.quantity).sum() / lots,
        "taker_slippage": (both.sign * (price - missed) * both.quantity).sum() / lots,
        "taker_intents": count,
        "taker_fill_probability": len(waited) / count,
        "taker_unfilled_share": 1 - len(waited) / count,
        "taker_wait_filled": waited.mean() / 1e6,
        "taker_time_to_execution": (waited.sum() + (count - len(waited)) * lane.tau) / count / 1e6,
    }


def everything(lane):
    """Return every variable that is computed here, by name."""
    return risk(lane) | quality(lane) | noise(lane)
