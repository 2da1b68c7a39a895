"""Variables of the market and of makers' risk, by the text of docs/metrics.md."""

import itertools
from operator import itemgetter

import numpy as np
import pandas as pd

from tests.reference.page_data import (
    ROLES,
    average,
    held,
    once_a_lane,
    public,
    ratio,
    value_path,
    versions,
)

CLAIMS = ("endow", "fund", "stake", "unstake")
BEFORE_SAMPLES = (
    "environment_block", "environment_report", "settlement_final", "settlement_failed",
    "settlement_reverted", "policy_reward", "policy_penalty", "policy_epoch",
)  # fmt: skip


@once_a_lane
def entries(lane):
    """Return the entries that are PnL, with times 1 ns earlier where samples come after them."""
    made = lane.ledger[~lane.ledger.code.isin([*CLAIMS, "payoff"])]
    first = {-1, -2, *lane.rows(*BEFORE_SAMPLES).event}  # what ends with trading counts at T
    return made.assign(at=made.time_ns - made.cause.isin(first))


def equity(lane, members, times, final=False):
    """Return cash + lots v of traders together, before the fills of each time; at T after all."""
    moves, names = entries(lane), [lane.names[at] for at in members]
    sign = moves.receiver.isin(names).astype(int) - moves.giver.isin(names).astype(int)
    signed = (sign * moves.amount).astype(float)
    is_cash = moves.asset == "cash"
    moves = pd.DataFrame(
        {"lots": signed.where(~is_cash, 0), "cash": signed.where(is_cash, 0) / 1e9}
    )
    moves.index = entries(lane)["at"].to_numpy(int)
    start = pd.DataFrame({"lots": [0.0], "cash": [0.0]}, [-2])
    sums = pd.concat([start, moves.sort_index(kind="stable")]).cumsum()
    at = {name: held(sums[name], times, before=not final) for name in sums}
    return at["cash"] + at["lots"] * np.round(held(value_path(lane), times), 9), at


def pnl(lane):
    """Return PnL by class, group and trader, and what was traded."""
    found = {"pnl_venue": account(lane, "venue")}
    end = lane.rows("end").iloc[-1]

    def marked(members):
        _, at = equity(lane, members, np.array([lane.horizon]), final=True)
        settled = at["cash"][0] + at["lots"][0] * end.price_ticks / lane.ticks
        return at["cash"][0] + at["lots"][0] * end.value_nano / 1e9, settled

    def lots(members):
        both = (lane.fills.buyer.isin(members), lane.fills.seller.isin(members))
        return sum(lane.fills.quantity[each].sum() for each in both)

    for role in ROLES:
        found[f"pnl_{role}"], settled = marked(lane.members(role))
        if role == "maker":
            found["maker_pnl_settled"] = settled
            found["maker_pnl_marked"] = found["pnl_maker"]
    for name, of in parts(lane).items():
        found[f"pnl_marked_by_{name}"] = [marked(members)[0] for members in of]
        found[f"volume_lots_by_{name}"] = [lots(members) for members in of]
    found["volume_lots"], found["n_fills"] = lane.fills.quantity.sum(), len(lane.fills)
    messages = lane.events[lane.events.source == "trader"]
    messages = messages[~messages.kind.isin(["intent", "environment_wait"])]
    return found | {"n_messages": len(messages), "n_events": end.event}


def parts(lane):
    """Return the traders of each group, and each trader by itself."""
    names = dict.fromkeys(lane.groups)
    groups = [[at for at, each in enumerate(lane.groups) if each == name] for name in names]
    return {"group": groups, "trader": [[at] for at in range(len(lane.classes))]}


def account(lane, name):
    """Return the cash of an account at the end, less what it was funded with."""
    moves = lane.ledger[(lane.ledger.asset == "cash") & ~lane.ledger.code.isin(CLAIMS)]
    got = moves.amount[moves.receiver == name].sum() - moves.amount[moves.giver == name].sum()
    return float(got) / 1e9


def risk(lane):
    """Return Sharpe ratio, drawdown and inventory of the makers."""
    makers, found = lane.members("maker"), {}
    seconds = np.arange(0, lane.horizon + 1, 10**9)
    whole, _ = equity(lane, makers, seconds)
    steps = np.diff(whole)
    found["maker_sharpe"] = steps.mean() / steps.std(ddof=1)
    path, _ = equity(lane, makers, np.union1d(seconds, [lane.horizon]))
    found["maker_max_drawdown"] = (np.maximum.accumulate(path) - path).max()
    squares, variances, most = [], [], 0
    for maker in makers:
        own, name = entries(lane).query("asset == 'contract'"), lane.names[maker]
        own = own[(own.receiver == name) | (own.giver == name)]
        sign = (own.receiver == name).astype(int) - (own.giver == name).astype(int)
        lots = np.concatenate([[0], (sign * own.amount).cumsum()]).astype(float)
        widths = np.diff(np.concatenate([[0], own.time_ns, [lane.horizon]])) / lane.horizon
        squares.append((lots**2 * widths).sum())
        variances.append(squares[-1] - (lots * widths).sum() ** 2)
        most = max(most, np.abs(lots).max())
    found["maker_inventory_square"] = np.mean(squares)
    found["maker_inventory_variance"] = np.mean(variances)
    return found | {"maker_inventory_most": most}


def quality(lane):
    """Return prices, quoted spread, depth, volatility and resilience."""
    book, v = public(lane), value_path(lane)
    found = {}
    reference, value, width = average(lane, book.reference / lane.ticks, v)
    measured = width.sum()
    found["price_rmse"] = np.sqrt(((reference - value) ** 2 * width).sum() / measured)
    shown = levels(lane)
    spread, width = average(lane, (shown.ask - shown.bid) / lane.ticks)
    both = ~np.isnan(spread) & (not (lane.mechanism == "rfq" and lane.shows_side))
    found["quoted_coverage"] = width[both].sum() / measured
    found["quoted_spread"] = ratio((spread * width)[both].sum(), width[both].sum())
    for name in ("best", "near"):
        depth, width = average(lane, shown[name] / 2)
        found[f"depth_{name}"] = (depth * width).sum() / measured
    times = np.arange(lane.warmup, lane.horizon + 1, lane.grid)
    moves = np.diff(held(book.mid / lane.ticks, times, before=True))
    kept = ~np.isnan(moves)
    squared, seconds = (moves[kept] ** 2).sum(), kept.sum() * lane.grid / 1e9
    found["realised_volatility"] = np.sqrt(ratio(squared, seconds))
    of_v = (np.diff(held(v, times))[kept] ** 2).sum()
    found["volatility_ratio"] = np.sqrt(ratio(squared, of_v))
    return found | resilience(lane, book.reference / lane.ticks, v)


def levels(lane):
    """Return best prices, lots at best and lots near them by the time from which they hold.

    A continuous book is what rests after a message, that of batches what rests after a clear; of
    dual_flow the orders of makers; under rfq all quotes that live.
    """
    open_lots, replaced, orders = {}, {}, versions(lane).to_dict("index")
    states = [[-1, np.nan, np.nan, 0.0, 0.0]]
    clears, is_batch = set(lane.rows("batch_clear").event), lane.mechanism in ("fba", "dual_flow")
    for event, rows in itertools.groupby(lane.events[_READ].to_dict("records"), _EVENT):
        for row in rows:
            _change(open_lots, replaced, row)
        open_lots = {at: lots for at, lots in open_lots.items() if lots}
        if not is_batch or event in clears:
            resting = [(orders[at], lots) for at, lots in open_lots.items()]
            if lane.mechanism in ("dual_flow", "rfq"):  # a request of a taker is no quote
                resting = [each for each in resting if lane.classes[each[0]["trader"]] == "maker"]
            states.append([row["time_ns"], *_levels(resting, lane.near)])
    found = pd.DataFrame(states, columns=["time", "bid", "ask", "best", "near"])
    return found.drop_duplicates("time", keep="last").set_index("time").astype(float)


_READ = ["event", "time_ns", "source", "kind", "order_id", "other_id", "lots"]
_EVENT = itemgetter("event")


def _change(open_lots, replaced, row):
    """Change what is open of each order by a row of the log; a replace holds when acknowledged."""
    kind, order = row["kind"], row["order_id"]
    if kind in ("order", "rfq_request", "rfq_quote"):
        open_lots[order] = row["lots"]
    elif kind == "replace":
        replaced[row["other_id"]] = order, row["lots"]
    elif kind == "ack" and order in replaced:
        before, open_lots[order] = replaced[order]
        open_lots[before] = 0
    elif kind == "fill":
        for each in (order, row["other_id"]):
            open_lots[each] -= row["lots"]
    elif row["source"] == "venue" and kind in ("cancel", "rfq_expire"):
        open_lots[order] -= row["lots"]
    elif row["source"] == "venue" and kind in ("reject", "rfq_reject"):
        open_lots[order] = 0


def _levels(resting, near):
    """Return best bid and ask, lots at both, and lots within some ticks of both."""
    best, at_best, close = [], 0, 0
    for side, sign in (("buy", 1), ("sell", -1)):
        own = [(sign * order["price_ticks"], lots)
               for order, lots in resting if order["side"] == side]  # fmt: skip
        top = max((price for price, _ in own), default=None)
        best.append(np.nan if top is None else sign * top)
        at_best += sum(lots for price, lots in own if price == top)
        close += sum(lots for price, lots in own if price >= top - near) if own else 0
    return [*best, at_best, close]


def resilience(lane, reference, v):
    """Return how long the reference price takes to follow half a jump of v."""
    times = lane.rows("news").time_ns.to_numpy(int)
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
