"""What was recorded of a lane, as docs/metrics.md speaks of it: paths over time, orders, fills.

NumPy and pandas, and nothing of the engine. Traces have v on the grid of the news; between its
points v changes where a row of the news says so. Prices are in ticks and times in ns until a value
is returned.
"""

import functools
from typing import NamedTuple

import numpy as np
import pandas as pd

ROLES = ("maker", "informed", "noise", "sniper")


class Recorded(NamedTuple):
    """What was recorded of one lane, and what its configuration says."""

    events: pd.DataFrame
    fills: pd.DataFrame
    ledger: pd.DataFrame
    v: pd.Series  # currency, by time
    mechanism: str
    classes: list[str]  # of each trader, by number
    groups: list[str]
    names: list[str]  # of each trader, as the ledger has them
    horizon: int  # T
    warmup: int
    grid: int  # of realised volatility
    tau: int
    markouts: list[int]  # h
    elapsed: list[int]
    ticks: int  # in the payoff
    near: int  # metrics.depth_ticks
    first: int  # p0, ticks
    dealers: int  # asked for each request
    shows_side: bool
    rules: dict  # what a cell with rules says of them: none of it in a plain one

    def rows(self, *kinds, source=None):
        """Return the rows of some kinds."""
        found = self.events[self.events.kind.isin(kinds)]
        return found if source is None else found[found.source == source]

    def members(self, role):
        """Return the numbers of the traders of a class."""
        return [at for at, each in enumerate(self.classes) if each == role]


def once_a_lane(table):
    """Compute a table of a lane once; many variables read it, and none changes it."""
    last = []

    @functools.wraps(table)
    def of(lane):
        if not last or last[0] is not lane:
            last[:] = lane, table(lane)
        return last[1]

    return of


@once_a_lane
def value_path(lane):
    """Return v by the time from which it holds."""
    news = lane.rows("news")
    jumps = pd.Series(news.value_nano.to_numpy(float) / 1e9, news.time_ns.to_numpy(int))
    whole = pd.concat([lane.v, jumps])
    return whole[~whole.index.duplicated(keep="last")].sort_index()


@once_a_lane
def public(lane):
    """Return the public states by the time from which they hold: bid, ask, lots, reference."""
    columns = ["bid_ticks", "ask_ticks", "bid_lots", "ask_lots", "price_ticks"]
    last = lane.rows("book").set_index("time_ns")[columns].astype(float)
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


@once_a_lane
def versions(lane):
    """Return every order, request and quote by its id, with its intent; a replace makes an id.

    Columns: trader, side, price_ticks, lots, lifetime, value_nano, intent_ns,
    reference_half_ticks, and ``root``, the id of the order that it began as.
    """
    columns = ["trader", "side", "price_ticks", "lots", "lifetime", "value_nano", "intent_ns",
               "reference_half_ticks", "time_ns"]  # fmt: skip
    new = lane.rows("order", "rfq_request", "rfq_quote").set_index("order_id")[columns]
    known = {order: row | {"root": order} for order, row in new.to_dict("index").items()}
    for row in lane.rows("replace").to_dict("records"):
        changed = {name: row[name] for name in ("price_ticks", "lots", "value_nano", "time_ns")}
        known[row["other_id"]] = known[row["order_id"]] | changed
    return pd.DataFrame.from_dict(known, orient="index")


@once_a_lane
def sides(lane):
    """Return both sides of every fill, each with its order, and the lots of each class it met.

    Where a clear trades, those are in proportion to the lots of the other side of its auction.
    """
    orders = versions(lane)
    parts = []
    for mine, other, sign in (("buy", "sell", 1), ("sell", "buy", -1)):
        who, whom = ("buyer", "seller") if sign > 0 else ("seller", "buyer")
        part = lane.fills[["event", "time_ns", "price_ticks", "quantity"]].assign(
            order=lane.fills[f"{mine}_order_id"], sign=sign, trader=lane.fills[who],
            met=[lane.classes[at] for at in lane.fills[whom]],
            owner=lane.fills[f"{other}_order_id"],
        )  # fmt: skip
        parts.append(part)
    both = pd.concat(parts, ignore_index=True).astype({"quantity": float})
    both["role"] = [lane.classes[at] for at in both.trader]
    about = orders.loc[both.order.to_numpy()].reset_index(drop=True)
    for name in ("root", "intent_ns", "reference_half_ticks", "value_nano"):
        both[name] = about[name]
    clears = set(lane.rows("batch_clear").event)
    dual = lane.mechanism == "dual_flow"
    for role in ROLES:
        both[f"from_{role}"] = both.quantity * (both.met == role)
    # One auction: a clear, a side, and under dual_flow the class that is on this side.
    auction = [both.event, both.sign, both.role.eq("maker") if dual else both.sign]
    total = both.groupby(auction)[["quantity", *(f"from_{role}" for role in ROLES)]].transform(
        "sum"
    )
    in_clear = both.event.isin(clears)
    for role in ROLES:
        shared = both.quantity * total[f"from_{role}"] / total.quantity
        both[f"from_{role}"] = both[f"from_{role}"].where(~in_clear, shared)
    return both


def mean(values, weights):
    """Average with weights; NaN without any."""
    total = float(np.sum(weights))
    return float(np.sum(values * weights)) / total if total else np.nan


def ratio(above, below):
    """Divide; NaN by zero."""
    return above / below if below else np.nan
