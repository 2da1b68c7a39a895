"""What costs, settlement, policies and an environment move, by the text of docs/metrics.md."""

from collections import defaultdict
from itertools import groupby

import numpy as np
import pandas as pd

from tests.helpers.philox import plain_philox
from tests.reference.page_data import (
    ROLES,
    average,
    held,
    mean,
    ratio,
    sides,
    value_path,
    versions,
)
from tests.reference.page_market import CLAIMS, account, parts

COSTS = ("fee", "rebate", "gas_burned", "gas_tip", "rounding")
MOVED = {  # the codes, and whether what is received counts
    "fees_paid": (("fee",), -1), "rebates_received": (("rebate",), 1),
    "gas_paid": (("gas_burned",), -1), "tips_paid": (("gas_tip",), -1),
    "rounding_paid": (("rounding",), -1), "rewards_received": (("reward",), 1),
}  # fmt: skip
TERMS = {
    "fills": ("fill",), "fees": ("fee", "rounding"), "rebates": ("rebate",),
    "gas": ("gas_burned", "gas_tip"), "rewards": ("reward",),
    "penalties": ("fail_penalty", "close_out", "penalty", "slash"), "interest": (),
    "liquidation": (), "defaults": ("default",), "reverted": ("revert",),
}  # fmt: skip
REASONS = (
    "loss_limit", "message_rate", "order_size", "exposure_per_side", "inventory_limit", "leverage",
    "capital", "no_gas", "no_funds",
)  # fmt: skip
OF_ORDERS = ("ack", "fill", "cancel", "rfq_expire")  # what changes how much of one is open
CHANNELS = {"oracle": 0, "blocks": 1, "congestion": 2}


def moved(lane, codes, weights=None):
    """Return what each trader got under codes, nano-currency; or lots with weights, by entry."""
    found = dict.fromkeys(lane.names, 0)
    made = lane.ledger[lane.ledger.code.isin(codes)]
    made = made[made.asset == ("cash" if weights is None else "contract")]
    worth = made.amount if weights is None else made.amount * weights[made.index]
    for row, amount in zip(made.itertuples(), worth, strict=True):
        for name, sign in ((row.receiver, 1), (row.giver, -1)):
            if name in found:
                found[name] += sign * amount
    return np.array([float(found[name]) for name in lane.names])


def by_all(lane, name, values, over=np.sum):
    """Return a value of each trader by class, by group and by trader."""
    of_class = [over(values[lane.members(role)]) for role in ROLES]
    found = {name: of_class}
    for part, members in parts(lane).items():
        found[f"{name}_by_{part}"] = [over(values[each]) for each in members]
    return found


def mean_of(values):
    """Return the mean of those that there are."""
    return np.nan if np.isnan(values).all() else np.nanmean(values)


def amounts(lane):
    """Return what was paid and received, by code and by term."""
    found = {}
    for name, (codes, sign) in MOVED.items():
        found |= by_all(lane, name, sign * moved(lane, codes) / 1e9)
    fines = moved(lane, ("penalty", "slash"))
    pool = lane.ledger[(lane.ledger.code == "default") & (lane.ledger.giver == "pool")]
    unpaid = [float(pool.amount[pool.receiver == name].sum()) for name in lane.names]
    found |= by_all(lane, "penalties_paid", (-fines - unpaid) / 1e9)
    for name in ("network", "proposer", "pool", "stakes"):
        found[f"pnl_{name}"] = account(lane, name)
    v = np.round(held(value_path(lane), lane.ledger.time_ns.to_numpy(int)), 9)
    then = pd.Series(v * 1e9, lane.ledger.index)
    end = float(lane.rows("end").value_nano.iloc[-1])
    values = [moved(lane, codes) + moved(lane, codes, then) for codes in TERMS.values()]
    every = [code for code in lane.ledger.code.unique() if code not in (*CLAIMS, "payoff")]
    values.append(moved(lane, every, end - then))
    by_class = [[term[lane.members(role)].sum() / 1e9 for term in values] for role in ROLES]
    by_trader = np.transpose(values) / 1e9
    return found | {"pnl_by_term": by_class, "pnl_by_term_by_trader": by_trader}


def costs(lane):
    """Return what takers paid with their costs, and what trading gained them."""
    own = sides(lane)
    fills = pd.concat([lane.fills, lane.fills], ignore_index=True)
    is_buyer = np.arange(len(own)) < len(lane.fills)
    charged = sum(
        sign * np.where(is_buyer, fills[f"buyer_{name}"], fills[f"seller_{name}"]).astype(float)
        for name, sign in (("fee", 1), ("rounding", 1), ("rebate", -1))
    )
    takes = (own.role != "maker") & (own.time_ns >= lane.warmup)
    before = own.reference_half_ticks.astype(float) / 2 / lane.ticks
    price = own.price_ticks.astype(float) / lane.ticks
    paid = 2 * own.sign * (price - before) + 2 * charged / 1e9 / own.quantity
    noise = own.role == "noise"
    v = held(value_path(lane), own.time_ns.to_numpy(int))
    error = own.quantity * own.sign * (price - np.round(v, 9))
    all_costs = -moved(lane, COSTS) / 1e9
    spent = error[noise].sum() + all_costs[lane.members("noise")].sum()
    elastic = [at for at, each in enumerate(lane.groups) if each in lane.rules.get("elastic", ())]
    wants = own.trader.isin(elastic)
    worth = own.quantity * own.value_nano.astype(float) / 1e9 - error
    surplus = worth[wants].sum() - all_costs[elastic].sum()
    return {
        "effective_spread_net": mean(paid[takes], own.from_maker[takes]),
        "taker_execution_error_net": ratio(spent, own.quantity[noise].sum()),
        "surplus_noise": surplus if elastic else np.nan,
    }  # fmt: skip


def settlement(lane):
    """Return what was pending, for how long, and what never became final."""
    kinds = [f"settlement_{kind}" for kind in ("pending", "final", "failed", "reverted")]
    pending, value, most = {}, [(-1, 0.0)], 0.0
    owed = {name: [(-1, 0.0)] for name in lane.names}
    waits, lots, fails, at_end = [], defaultdict(int), 0, 0.0
    for row in lane.rows(*kinds).itertuples():
        kind = row.kind.removeprefix("settlement_")
        fails += kind == "failed"
        if kind == "pending":
            pending[row.fill] = row
        elif kind != "failed" or row.reason == "closed_out":
            since = pending.pop(row.fill)
            lots[row.reason if kind == "failed" else kind] += row.lots
            if kind == "final" and row.time_ns < lane.horizon:
                waits.append(row.time_ns - since.time_ns)
            at_end += row.amount / 1e9 if kind == "final" and row.time_ns == lane.horizon else 0
        value.append((row.time_ns, sum(each.amount for each in pending.values()) / 1e9))
        most = max(most, value[-1][1])
        for trader, name in enumerate(lane.names):
            bought = sum(each.amount for each in pending.values() if each.giver == trader)
            sold = sum(each.amount for each in pending.values() if each.receiver == trader)
            net = max(bought - sold, 0) if lane.rules.get("netting") == "net" else bought
            owed[name].append((row.time_ns, net / 1e9))
    locked = np.array([np.round(over_time(lane, owed[name]), 9) for name in lane.names])
    filled = lane.fills.quantity.sum()
    is_immediate = lane.rules.get("settlement", "immediate") == "immediate"
    return {
        "pending_value_mean": over_time(lane, value), "pending_value_most": most,
        "pending_at_end": at_end, "settlement_fails": fails,
        "time_to_finality": 0.0 if is_immediate else ratio(sum(waits), len(waits)) / 1e6,
        "reverted_share": lots["reverted"] / filled,
        "volume_lots_final": filled if is_immediate else lots["final"],
        **by_all(lane, "capital_locked", locked),
    }  # fmt: skip


def over_time(lane, path):
    """Return the mean over time up to T of what holds from each time on."""
    times, values = np.array(path, float).T
    widths = np.diff(np.append(times.clip(0), lane.horizon))
    return float((values * widths).sum() / lane.horizon)


def policies(lane):
    """Return shares of scores, and presence."""
    epochs, scores = lane.rows("policy_epoch"), lane.rows("policy_reward")
    shares, met = np.zeros(len(lane.names)), np.zeros(len(lane.names))
    scored, could = shares.copy(), met.copy()
    for row in epochs.itertuples():
        policy = lane.rules["policies"][row.policy]
        own = scores[(scores.policy == row.policy) & (scores.epoch == row.epoch)]
        takes_part = np.array([(role == "maker") or policy["traders"] == "all"
                               for role in lane.classes])  # fmt: skip
        of_trader = np.zeros(len(lane.names))
        of_trader[own.trader.to_numpy(int)] = own.score.to_numpy(float)
        if policy["kind"] == "reward" and row.score > 0:
            scored += takes_part
            shares += takes_part * of_trader / row.score
        if policy["name"] == "uptime":
            could += takes_part * policy["samples"]
            met += takes_part * of_trader
    share, there = (np.divide(above, below, np.full(len(lane.names), np.nan), where=below > 0)
                    for above, below in ((shares, scored), (met, could)))  # fmt: skip
    found = by_all(lane, "reward_score", share, mean_of)
    found["epochs_short"] = int((epochs.reason == "pool_short").sum())
    return found | by_all(lane, "uptime_share", there, mean_of)


def cuts(lane):
    """Return what was cut, by its reason, and what could not be paid."""
    rows = lane.rows("constraint_cut", "reject", "rfq_reject")
    rows = rows[~rows.reason.isna()]
    reasons = rows.reason.str.removeprefix("rfq_")
    of = [[((rows.trader == at) & (reasons == reason)).sum() for reason in REASONS]
          for at in range(len(lane.names))]  # fmt: skip
    found = by_all(lane, "constraint_cuts", np.array(of, float), lambda each: each.sum(axis=0))
    return found | by_all(lane, "capital_used_most", used_most(lane))


def used_most(lane):
    """Return how much of the capital of each trader was not free, at its most."""
    orders, used = versions(lane), np.zeros(len(lane.names))
    opened, balance = {}, np.zeros((len(lane.names), 2))
    number = {name: at for at, name in enumerate(lane.names)}
    entries = lane.ledger[lane.ledger.cause >= -1].to_dict("records")
    replaces = dict(lane.rows("replace")[["other_id", "order_id"]].itertuples(index=False))
    told = lane.events[(lane.events.source == "venue") & lane.events.kind.isin(OF_ORDERS)]
    columns = ["event", "kind", "order_id", "other_id", "lots"]
    told = told[columns].sort_values("event", kind="stable")
    for event, rows in groupby(told.itertuples(index=False), key=lambda row: row.event):
        while entries and entries[0]["cause"] <= event:
            entry = entries.pop(0)
            asset = int(entry["asset"] == "contract")
            for name, sign in ((entry["receiver"], 1), (entry["giver"], -1)):
                if name in number:
                    balance[number[name], asset] += sign * entry["amount"]
        touched = set()
        for row in rows:
            if row.kind == "ack":
                opened[row.order_id] = orders.lots[row.order_id]
                opened.pop(replaces.get(row.order_id), None)
            of = (row.order_id, row.other_id) if row.kind == "fill" else (row.order_id,)
            for order in of if row.kind != "ack" else ():
                opened[order] = opened.get(order, 0) - row.lots
            touched |= {int(orders.trader[order]) for order in of}
        for trader in touched & {*lane.rules.get("with_capital", {})}:
            own = [order for order in opened if orders.trader[order] == trader]
            price = {order: orders.price_ticks[order] / lane.ticks for order in own}
            buys = sum(price[at] * opened[at] for at in own if orders.side[at] == "buy")
            sells = sum((1 - price[at]) * opened[at] for at in own if orders.side[at] == "sell")
            cash, position = balance[trader, 0] / 1e9, balance[trader, 1]
            free = min(cash - buys, cash + position - sells)
            capital = lane.rules["with_capital"][trader]
            used[trader] = max(used[trader], capital - free)
    return used


def environment(lane):
    """Return what the oracle and blocks did, and how long messages waited for these."""
    reports, blocks = lane.rows("environment_report"), lane.rows("environment_block")
    has_oracle, has_blocks = lane.rules.get("oracle"), lane.rules.get("blocks")
    found = {
        "oracle_reports": len(reports) if has_oracle else np.nan,
        "blocks_made": len(blocks) if has_blocks else np.nan,
        "oracle_error_rmse": np.nan, "environment_trace": fingerprint(lane),
    }  # fmt: skip
    if has_oracle:
        arrives = reports.time_ns.to_numpy(int) + lane.rules["lag"]
        told = pd.Series(reports.value_nano.to_numpy(float) / 1e9, arrives)
        told = pd.concat([pd.Series([lane.first / lane.ticks], [-1]), told])
        read, v, width = average(lane, told, value_path(lane))
        found["oracle_error_rmse"] = np.sqrt(((read - v) ** 2 * width).sum() / width.sum())
    return found | waits_for_blocks(lane)


def waits_for_blocks(lane):
    """Return how long messages waited for their block, which overtook others, and which stayed."""
    if not lane.rules.get("by_blocks"):
        return {"block_wait": np.nan, "messages_stuck": np.nan, "reordered_share": np.nan}
    rows = lane.events[lane.events.source == "trader"]
    waiting, waited, reordered = [], [], 0
    for row in rows[rows.kind != "intent"].itertuples():
        if row.kind == "environment_wait":
            waiting.append(row)
            continue
        heads = {}
        for each in waiting:
            if each.time_ns < row.time_ns:
                heads.setdefault(each.trader, each)
        own = next(each for each in waiting if (each.trader, each.cause) == (row.trader, row.cause))
        first = min(heads.values(), key=lambda each: (each.time_ns, each.tie))
        reordered += first is not own
        waited.append(row.time_ns - own.time_ns)
        waiting.remove(own)
    return {
        "block_wait": ratio(sum(waited), len(waited)) / 1e6, "messages_stuck": len(waiting),
        "reordered_share": ratio(reordered, len(waited)),
    }  # fmt: skip


def fingerprint(lane):
    """Return 53 bits of the fold of the rows of exogenous channels."""
    key, rows = (0, 0), 0
    for row in lane.rules.get("channels", ()):
        if row.channel == "forks":
            continue  # drawn for settlement
        number = CHANNELS[row.channel]
        what = row.version if row.channel == "blocks" else row.value
        for part, of in ((0, row.time_ns), (1, what)):
            counter = (2 * number + part, of % 2**32, of >> 32, 0)
            key = plain_philox(counter, key)[:2]
        rows += 1
    return key[0] * 2.0**21 + (key[1] >> 11) if rows else np.nan
