"""One recorded lane as a figure: price against fair value, quotes, trades, inventories, batches."""

from __future__ import annotations

import itertools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from proteus.basics.units import NS_PER_S
from proteus.market.book.codes import BUY
from proteus.market.events.log import MISSING
from proteus.plots.style import (
    CLASS_COLOURS,
    INK,
    LINE_STYLES,
    VALUE_COLOUR,
    mechanism_colour,
    rules,
)
from proteus.recording.watched import MAKER, WatchedLane, books, clears, fills
from proteus.results.coordinates import describe

_BOOK_COLOUR = "#9aa4ae"


def lane_figure(lane: WatchedLane, start_s: float = 0.0, end_s: float | None = None) -> Figure:
    """Draw one lane.

    Parameters
        lane: what :func:`proteus.recording.watched.read_lane` returns.
        start_s, end_s: the part to show, seconds; None is the end of the lane.

    Returns
        Figure with prices, volume of the batches where there are any, and inventories over time.
    """
    end = lane.end_ns / NS_PER_S if end_s is None else end_s
    has_batches = len(clears(lane)["time_ns"]) > 0
    heights = [3.2, 0.9, 1.5] if has_batches else [3.2, 1.5]
    with rules():
        figure = Figure(figsize=(11.0, 7.2))
        parts = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
        _prices(parts[0], lane, (start_s, end))
        if has_batches:
            _batches(parts[1], lane)
        _inventories(parts[-1], lane)
        for part in parts:
            part.set_xlim(start_s, end)
        parts[-1].set_xlabel("time (s)")
        figure.align_ylabels()
    return figure


def _seconds(times: NDArray[np.int64]) -> NDArray[np.float64]:
    return times / NS_PER_S


def _price(lane: WatchedLane, ticks: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(ticks == MISSING, np.nan, ticks / lane.cell.n_ticks)


def _held(lane: WatchedLane, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Append the last value, which holds until the end."""
    return np.append(values, values[-1:])


def _prices(part: Axes, lane: WatchedLane, shown: tuple[float, float]) -> None:
    end = lane.end_ns / NS_PER_S
    book, quotes = books(lane), lane.quotes
    times = np.append(_seconds(book["time_ns"]), end)
    bid, ask = (_held(lane, _price(lane, book[name])) for name in ("bid_ticks", "ask_ticks"))
    if len(bid):
        part.fill_between(
            times, bid, ask, step="post", color=_BOOK_COLOUR, alpha=0.28, lw=0,
            label="published book, bid to ask",
        )  # fmt: skip
    if len(quotes.time):
        at = np.append(_seconds(quotes.time), end)
        for name, side in (("best quotes of makers", quotes.bid), ("", quotes.ask)):
            part.step(
                at, _held(lane, _price(lane, side)), where="post", lw=0.9,
                color=CLASS_COLOURS[MAKER], label=name,
            )  # fmt: skip
    part.step(
        _seconds(lane.value_times), lane.values, where="post", color=VALUE_COLOUR, lw=1.5,
        label="fair value", zorder=3,
    )  # fmt: skip
    _trades(part, lane)
    _clear_prices(part, lane)
    part.set_ylim(*_range(lane, shown, (bid, ask, times)))
    part.set_ylabel("price (currency)")
    stopped = f"; stopped: {lane.stopped}" if lane.stopped else ""
    part.set_title(f"{lane.name}: {describe(lane.label)}{stopped}")
    part.legend(loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=8, columnspacing=1.2)


def _trades(part: Axes, lane: WatchedLane) -> None:
    """Mark each fill at its price, by the class and the side of the order that arrived later."""
    traded = fills(lane)
    classes = np.array(lane.classes)[traded["second"]] if len(traded["lots"]) else np.array([])
    is_buy = traded["side"] != BUY
    times, prices = _seconds(traded["time_ns"]), _price(lane, traded["price_ticks"])
    for name, colour in CLASS_COLOURS.items():
        for buys, marker in ((True, "^"), (False, "v")):
            chosen = (classes == name) & (is_buy == buys)
            if chosen.any():
                label = f"{name} {'buys' if buys else 'sells'}"
                part.scatter(
                    times[chosen], prices[chosen], s=20, marker=marker, color=colour, lw=0,
                    label=label, zorder=4,
                )  # fmt: skip


def _clear_prices(part: Axes, lane: WatchedLane) -> None:
    cleared = clears(lane)
    traded = cleared["lots"] > 0
    if traded.any():
        part.plot(
            _seconds(cleared["time_ns"][traded]), _price(lane, cleared["price_ticks"][traded]),
            ls="none", marker="_", ms=9, mew=1.4, color=INK, label="price of a batch", zorder=5,
        )  # fmt: skip


def _range(
    lane: WatchedLane, shown: tuple[float, float], book: tuple[NDArray[np.float64], ...]
) -> tuple[float, float]:
    """Return limits that hold the fair value and the trades shown, and most of the book."""
    bid, ask, times = book
    traded = fills(lane)
    near = [lane.values[_within(_seconds(lane.value_times), shown)]]
    near.append(_price(lane, traded["price_ticks"])[_within(_seconds(traded["time_ns"]), shown)])
    for side in (bid, ask):
        inside = side[_within(times, shown)] if len(side) else side
        inside = inside[~np.isnan(inside)]
        if len(inside):
            near.append(np.quantile(inside, [0.02, 0.98]))
    values = np.concatenate(near)
    if not len(values):
        return 0.0, 1.0
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    margin = max(0.06 * (high - low), 2 / lane.cell.n_ticks)
    return low - margin, high + margin


def _within(times: NDArray[np.float64], shown: tuple[float, float]) -> NDArray[np.bool_]:
    return np.asarray((times >= shown[0]) & (times <= shown[1]))


def _batches(part: Axes, lane: WatchedLane) -> None:
    cleared = clears(lane)
    colour = mechanism_colour(str(lane.label.get("mechanism", "")))
    part.vlines(_seconds(cleared["time_ns"]), 0, cleared["lots"], color=colour, lw=1.1)
    part.set_ylim(bottom=0)
    part.set_ylabel("batch (lots)")


def _inventories(part: Axes, lane: WatchedLane) -> None:
    """Draw the inventory of every maker, and of every other class together."""
    times = np.concatenate([[0.0], _seconds(lane.moves.time_ns), [lane.end_ns / NS_PER_S]])
    held = np.vstack([np.zeros((1, len(lane.traders))), lane.inventory])
    held = np.vstack([held, held[-1:]])
    classes = np.array(lane.classes)
    for name in dict.fromkeys(lane.classes):
        members = np.flatnonzero(classes == name)
        groups = members.reshape(-1, 1) if name == MAKER else members.reshape(1, -1)
        for group, style in zip(groups, itertools.cycle(LINE_STYLES), strict=False):
            label = lane.traders[group[0]] if name == MAKER else f"{name}, {len(group)}"
            part.step(
                times, held[:, group].sum(axis=1), where="post", lw=1.2, ls=style,
                color=CLASS_COLOURS.get(name, INK), label=label,
            )  # fmt: skip
    part.axhline(0, color=INK, lw=0.6)
    part.set_ylabel("inventory (lots)")
    part.legend(loc="upper left", ncols=6)
