"""The measures of a lane, computed slowly from a log of what happened in it.

Written from the definitions (MODEL 19 and 23 to 28, the registry of variables), over whole lists,
with lookups in sorted times; shares no code with the engine's running sums. Money is in currency,
prices in ticks, times in ns.
"""

from __future__ import annotations

import bisect
import itertools
import math

import numpy as np

from tests.reference.lane_log import Fill, Log, Side

NS_PER_S = 10**9
ROLES = ("maker", "informed", "noise", "sniper")
CAUSES = (
    "filled", "expired", "cancelled", "self_trade", "priced_out", "refused", "trading_ended",
)  # fmt: skip


def measure(log: Log) -> dict[str, object]:
    """Return the measures by name."""
    return {
        **_time_averages(log),
        **_spreads(log),
        **_makers(log),
        **_risk(log),
        **_takers(log),
        **_incidences(log),
        **_ends(log),
        **_volatility(log),
        **_resilience(log),
    }


def _mean(pairs: list[tuple[float, float]]) -> float:
    """Average (value, weight) pairs."""
    total = sum(weight for _, weight in pairs)
    return sum(value * weight for value, weight in pairs) / total if total else math.nan


def _pieces(log: Log, times: list[int]) -> list[tuple[int, int]]:
    """Cut the measured time at the given times."""
    cuts = sorted({log.warmup, log.horizon, *(t for t in times if log.warmup < t < log.horizon)})
    return list(itertools.pairwise(cuts))


def _time_averages(log: Log) -> dict[str, object]:
    spread, covered = [], 0
    for start, end in _pieces(log, [state.time for state in log.states]):
        state = log.state_at(start)
        if state.bid is not None and state.ask is not None:
            spread.append((float(state.ask - state.bid), float(end - start)))
            covered += end - start
    total = log.horizon - log.warmup
    best = log.quotes or [(state.time, sum(state.lots)) for state in log.states]
    return {
        "quoted_spread": _mean(spread) / log.n_ticks,
        "quoted_coverage": covered / total,
        "depth_best": _integral(log, best) / 2 / total,
        "depth_near": _integral(log, log.near) / 2 / total,
    }


def _integral(log: Log, path: list[tuple[int, int]]) -> float:
    """Integrate a path of (time, value from then on) over the measured time; 0 before it."""
    times, area = [time for time, _ in path], 0.0
    for start, end in _pieces(log, times):
        at = bisect.bisect_right(times, start) - 1
        area += (path[at][1] if at >= 0 else 0) * (end - start)
    return area


def _against(log: Log, fill: Fill, side: Side) -> dict[str, float]:
    """Return the lots of one side of a fill by the class it met."""
    if fill.batch is None:
        (other,) = [each for each in fill.sides if each.sign != side.sign]
        return {other.role: float(fill.lots)}
    met: dict[str, int] = {}
    for each in log.fills:
        if each.batch == fill.batch:
            (other,) = [one for one in each.sides if one.sign != side.sign]
            met[other.role] = met.get(other.role, 0) + each.lots
    total = sum(met.values())
    return {role: fill.lots * lots / total for role, lots in met.items()}


def _spreads(log: Log) -> dict[str, object]:
    effective: list[tuple[float, float]] = []
    realised: list[list[tuple[float, float]]] = [[] for _ in log.horizons]
    impact: list[list[tuple[float, float]]] = [[] for _ in log.horizons]
    for fill in log.fills:
        for side in fill.sides:
            if side.role == "maker" or fill.time < log.warmup:
                continue
            lots = _against(log, fill, side).get("maker", 0.0)
            effective.append((2 * side.sign * (fill.price - side.reference), lots))
            for h, horizon in enumerate(log.horizons):
                if fill.time + horizon <= log.horizon:
                    later = log.reference_at(fill.time + horizon)
                    realised[h].append((2 * side.sign * (fill.price - later), lots))
                    impact[h].append((2 * side.sign * (later - side.reference), lots))
    return {
        "effective_spread": _mean(effective) / log.n_ticks,
        "realised_spread": [_mean(pairs) / log.n_ticks for pairs in realised],
        "price_impact": [_mean(pairs) / log.n_ticks for pairs in impact],
        "effective_lots": sum(lots for _, lots in effective),
        "realised_lots": [sum(lots for _, lots in pairs) for pairs in realised],
    }


def _makers(log: Log) -> dict[str, object]:
    shape = (len(log.horizons), len(ROLES))
    captured, adverse = np.zeros(len(ROLES)), np.zeros(shape)
    lots, public, left_out = np.zeros(len(ROLES)), np.zeros(shape[0]), np.zeros(shape[0])
    counted = np.zeros(shape[0])
    for fill in log.fills:
        for side in fill.sides:
            if side.role != "maker":
                continue
            price = fill.price / log.n_ticks
            for h, horizon in enumerate(log.horizons):
                if fill.time + horizon <= log.horizon:
                    later = log.reference_at(fill.time + horizon) / log.n_ticks
                    public[h] += side.sign * fill.lots * (later - price)
                    counted[h] += fill.lots
                else:
                    left_out[h] += fill.lots
            for role, part in _against(log, fill, side).items():
                k, q = ROLES.index(role), side.sign * part
                lots[k] += part
                captured[k] += q * (side.belief - price)
                adverse[:, k] += [q * (value - side.belief) for value in fill.values]
    return {
        "maker_spread_captured": captured.sum(),
        "maker_spread_captured_by_class": captured,
        "maker_adverse_selection": adverse.sum(axis=1),
        "maker_adverse_selection_by_class": adverse,
        "maker_markout": captured.sum() + adverse.sum(axis=1),
        "maker_markout_public": np.where(counted > 0, public, np.nan),
        "maker_public_left_out_lots": left_out,
        "maker_volume_lots": lots.sum(),
        "maker_volume_by_class": lots,
        "volume_lots": sum(fill.lots for fill in log.fills),
    }


def _inventory(log: Log, maker: int) -> list[tuple[int, int]]:
    """List (time, lots held from then on) of a maker."""
    path = [(0, 0)]
    for fill in log.fills:
        for side in fill.sides:
            if side.trader == maker:
                path.append((fill.time, path[-1][1] + side.sign * fill.lots))
    return path


def _risk(log: Log) -> dict[str, object]:
    times = sorted({0, *range(NS_PER_S, log.horizon + 1, NS_PER_S), log.horizon})
    equity = []
    for time in times:
        worth = 0.0
        for fill in log.fills:
            # At a grid point itself the mark comes before what happens then; T comes after all.
            if fill.time < time:
                for side in fill.sides:
                    if side.role == "maker":
                        value = round(log.values[time], 9)  # marks are whole nano
                        worth += side.sign * fill.lots * (value - fill.price / log.n_ticks)
        equity.append(worth)
    whole = [e for e, time in zip(equity, times, strict=True) if time % NS_PER_S == 0]
    moves = np.diff(whole)
    peaks = np.maximum.accumulate(equity)
    square, variance, most = [], [], []
    for maker in log.makers:
        path = _inventory(log, maker)
        most.append(max(abs(held) for _, held in path))
        ends = [time for time, _ in path[1:]] + [log.horizon]
        pieces = [(held, end - start) for (start, held), end in zip(path, ends, strict=True)]
        mean = sum(held * width for held, width in pieces) / log.horizon
        square.append(sum(held**2 * width for held, width in pieces) / log.horizon)
        variance.append(sum((held - mean) ** 2 * width for held, width in pieces) / log.horizon)
    return {
        "maker_sharpe": moves.mean() / moves.std(ddof=1) if len(moves) > 1 else math.nan,
        "maker_max_drawdown": float((peaks - equity).max()),
        "maker_inventory_square": np.mean(square),
        "maker_inventory_variance": np.mean(variance),
        "maker_inventory_most": max(most),
    }


def _takers(log: Log) -> dict[str, object]:
    error: dict[str, list[tuple[float, float]]] = {role: [] for role in ROLES}
    slippage: dict[str, list[tuple[float, float]]] = {role: [] for role in ROLES}
    for fill in log.fills:
        for side in fill.sides:
            if side.role != "maker":
                price = fill.price / log.n_ticks
                paid = side.sign * (price - fill.values[0])
                slipped = side.sign * (fill.price - side.reference) / log.n_ticks
                error[side.role].append((paid, fill.lots))
                slippage[side.role].append((slipped, fill.lots))
    sniped = {side.order for f in log.fills for side in f.sides if side.role == "sniper"}
    snipes = sum(role == "sniper" for role, _ in log.intents)
    return {
        "taker_execution_error": _mean(error["noise"]),
        "taker_execution_error_by_class": [_mean(error[role]) for role in ROLES],
        "taker_slippage": _mean(slippage["noise"]),
        "taker_slippage_by_class": [_mean(slippage[role]) for role in ROLES],
        "taker_volume_by_class": [sum(w for _, w in error[role]) for role in ROLES],
        "sniper_race_share": len(sniped) / snipes if snipes else math.nan,
        "sniper_orders": snipes,
    }


def _incidences(log: Log) -> dict[str, object]:
    last = log.horizon - log.tau
    started = sum(role == "noise" and time <= last for role, time in log.intents)
    first: dict[tuple[int, ...], int] = {}
    marketable: dict[tuple[int, ...], int] = {}
    for fill in log.fills:
        for side in fill.sides:
            if side.role == "noise" and not side.is_quote and side.intent <= last:
                first.setdefault(side.order, fill.time - side.intent)
                if side.at_once:
                    marketable.setdefault(side.order, fill.time - side.intent)
    ended = [
        end.time - end.intent
        for end in log.ends
        if end.role == "noise" and end.intent <= last and end.order not in first
    ]
    waits = [wait for wait in first.values() if wait <= log.tau]
    at_once = [wait for wait in marketable.values() if wait <= log.tau]

    def incidence(waited: list[int]) -> list[float]:
        return [
            sum(wait <= point for wait in waited) / started
            if started and point <= log.tau else math.nan
            for point in log.elapsed
        ]  # fmt: skip

    restricted = sum(waits) + (started - len(waits)) * log.tau
    return {
        "taker_intents": started,
        "taker_fill_probability": len(waits) / started if started else math.nan,
        "taker_time_to_execution": restricted / started / 1e6 if started else math.nan,
        "taker_intents_filled": len(waits),
        "taker_unfilled_share": 1 - len(waits) / started if started else math.nan,
        "taker_wait_filled": np.mean(waits) / 1e6 if waits else math.nan,
        "taker_wait_filled_median": _lower_median(waits) / 1e6,
        "taker_marketable_filled": len(at_once),
        "taker_wait_marketable": np.mean(at_once) / 1e6 if at_once else math.nan,
        "taker_fill_incidence": incidence(waits),
        "taker_end_incidence": incidence([wait for wait in ended if wait <= log.tau]),
    }


def _lower_median(waits: list[int]) -> float:
    return sorted(waits)[(len(waits) - 1) // 2] if waits else math.nan


def _ends(log: Log) -> dict[str, object]:
    """How the intents of each class ended: any fill first, else what took the order away."""
    sent = [sum(role == each for each, _ in log.intents) for role in ROLES]
    counts = np.zeros((len(ROLES), len(CAUSES)))
    filled = {
        (side.role, side.order) for fill in log.fills for side in fill.sides
        if side.role != "maker" and not side.is_quote
    }  # fmt: skip
    for role, _ in filled:
        counts[ROLES.index(role), CAUSES.index("filled")] += 1
    for end in log.ends:
        if (end.role, end.order) not in filled:
            counts[ROLES.index(end.role), CAUSES.index(end.cause)] += 1
    for row, number in zip(counts, sent, strict=True):
        row[CAUSES.index("trading_ended")] = number - row.sum()
        row[:] = row / number if number else math.nan
    return {"taker_end_share": counts, "taker_intents_by_class": sent}


def _volatility(log: Log) -> dict[str, object]:
    times = list(range(log.warmup, log.horizon + 1, log.grid))
    mids: list[float | None] = []
    for time in times:
        state = log.state_at(time - 1)  # the grid point comes before what happens then
        both = state.bid is not None and state.ask is not None
        mids.append((state.bid + state.ask) / 2 / log.n_ticks if both else None)
    moves, news = [], []
    for i in range(1, len(times)):
        if mids[i] is not None and mids[i - 1] is not None:
            moves.append(mids[i] - mids[i - 1])
            news.append(log.values[times[i]] - log.values[times[i - 1]])
    total, of_news = np.square(moves).sum(), np.square(news).sum()
    seconds = len(moves) * log.grid / NS_PER_S
    return {
        "realised_volatility": math.sqrt(total / seconds) if moves else math.nan,
        "volatility_ratio": math.sqrt(total / of_news) if of_news else math.nan,
    }


def _resilience(log: Log) -> dict[str, object]:
    jumps = [jump for jump in log.jumps if jump[0] >= log.warmup and jump[1] != jump[2]]
    watched, recovered = 0, 0
    every = [time for time, _, _ in log.jumps] + [log.horizon]
    for time, before, after in jumps:
        end = min(other for other in every if other > time)
        sign = math.copysign(1, after - before)
        shown = [(t, price) for t, price in log.moments if time <= t < end]
        followed = [
            t for t, price in [(time, log.reference_at(time - 1)), *shown]
            if sign * (price / log.n_ticks - (before + after) / 2) >= 0
        ]  # fmt: skip
        recovered += bool(followed)
        watched += (min(followed) if followed else end) - time
    return {
        "shock_half_life": watched / recovered / 1e6 if recovered else math.nan,
        "shock_jumps": len(jumps),
        "shock_recoveries": recovered,
    }
