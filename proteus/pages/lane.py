"""One recorded lane as a page that can be scrubbed in time, in one file and without a network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from proteus.basics import units
from proteus.market.book.codes import BUY, EVENT_NAMES, SELL
from proteus.market.trading.recorder import MISSING, SOURCE_NEWS, SOURCE_TRADER, SOURCE_VENUE
from proteus.pages.templates import embedded, render
from proteus.plots.style import CLASS_COLOURS, VALUE_COLOUR, mechanism_colour
from proteus.recording.columns import REASONS
from proteus.recording.watched import WatchedLane, books, clears, fills

_EVENT_COLUMNS = (
    "event", "time_ns", "source", "kind", "trader", "side", "price_ticks", "lots", "reason",
    "value_nano",
)  # fmt: skip


def lane_page(lane: WatchedLane, start_s: float = 0.0, end_s: float | None = None) -> str:
    """Return the page of one lane as HTML.

    Parameters
        lane: what :func:`proteus.recording.watched.read_lane` returns.
        start_s, end_s: the part shown at first, seconds; None is the end of the lane.
    """
    where = ", ".join(f"{key}={value}" for key, value in lane.label.items())
    shown = [round(start_s * units.NS_PER_S), lane.end_ns]
    if end_s is not None:
        shown[1] = round(end_s * units.NS_PER_S)
    return render(
        "watch.html",
        title=f"{lane.name} ({where})",
        stopped=lane.stopped,
        data=embedded({**_about(lane), "shown": shown, **_series(lane)}),
    )


def _about(lane: WatchedLane) -> dict[str, Any]:
    """Return what does not change over time."""
    return {
        "end_ns": lane.end_ns,
        "n_ticks": lane.cell.n_ticks,
        "digits": len(f"{1 / lane.cell.n_ticks:.9f}".rstrip("0").partition(".")[2]),
        "traders": lane.traders,
        "classes": lane.classes,
        "colours": {**CLASS_COLOURS, "value": VALUE_COLOUR, "mechanism": _colour(lane)},
        "sources": {SOURCE_TRADER: "trader", SOURCE_VENUE: "venue", SOURCE_NEWS: "news"},
        "kinds": EVENT_NAMES,
        "sides": {BUY: "buy", SELL: "sell"},
        "reasons": REASONS,
    }


def _colour(lane: WatchedLane) -> str:
    return mechanism_colour(str(lane.label.get("mechanism", "")))


def _series(lane: WatchedLane) -> dict[str, Any]:
    """Return what happens over time, column by column; what is missing is null."""
    return {
        "value": {"t": _list(lane.value_times), "v": np.round(lane.values, 9).tolist()},
        "book": {name: _list(column) for name, column in books(lane).items()},
        "quotes": {"time_ns": _list(lane.quotes.time), "bid_ticks": _list(lane.quotes.bid),
                   "ask_ticks": _list(lane.quotes.ask)},
        "fills": {name: _list(column) for name, column in fills(lane).items()},
        "clears": {name: _list(column) for name, column in clears(lane).items()},
        "events": {name: _list(lane.rows[name]) for name in _EVENT_COLUMNS},
        "open": {name: _list(column) for name, column in lane.changes._asdict().items()},
    }  # fmt: skip


def _list(numbers: Iterable[Any]) -> list[int | None]:
    return [None if number == MISSING else int(number) for number in numbers]
