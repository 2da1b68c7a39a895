"""One recorded lane as a page that can be scrubbed in time, in one file and without a network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from proteus.basics import units
from proteus.market.book.codes import BUY, EVENT_NAMES, SELL
from proteus.market.events.log import (
    MISSING,
    SOURCE_NEWS,
    SOURCE_RULES,
    SOURCE_TRADER,
    SOURCE_VENUE,
)
from proteus.market.ledger.accounts import ACCOUNT_NAMES
from proteus.market.ledger.codes import POSTINGS, TERM_NAMES
from proteus.pages.templates import embedded, render
from proteus.plots.style import CLASS_COLOURS, TERM_COLOURS, VALUE_COLOUR, mechanism_colour
from proteus.recording import watched_rules
from proteus.recording.columns import REASONS
from proteus.recording.watched import WatchedLane, books, clears, fills
from proteus.results.agents import uids_of
from proteus.results.coordinates import describe

_EVENT_COLUMNS = (
    "event", "time_ns", "source", "kind", "trader", "side", "price_ticks", "lots", "reason",
    "value_nano", "order_id", "other_id", "giver", "receiver", "amount", "asset", "code", "fill",
    "policy", "epoch", "version", "messages", "depth", "tip",
)  # fmt: skip
_OF_RULES = ("charges", "rewards", "blocks", "reports", "settlements", "pending", "cuts")

_OPENED_NS = 2 * units.NS_PER_S


def lane_page(lane: WatchedLane, start_s: float | None = None, end_s: float | None = None) -> str:
    """Return the page of one lane as HTML.

    Parameters
        lane: what :func:`proteus.recording.watched.read_lane` returns.
        start_s, end_s: the part shown at first, seconds; where neither is given, where the lane is
            busiest.
    """
    if start_s is None and end_s is None:
        shown = list(busiest(lane))
        time = round(shown[0] + 0.7 * (shown[1] - shown[0]))
    else:
        shown = [round((start_s or 0.0) * units.NS_PER_S), lane.end_ns]
        if end_s is not None:
            shown[1] = round(end_s * units.NS_PER_S)
        time = shown[0]
    return render(
        "watch.html",
        title=f"{lane.name}: {describe(lane.label)}",
        stopped=lane.stopped,
        data=embedded({**_about(lane), "shown": shown, "time": time, **_series(lane)}),
    )


def busiest(lane: WatchedLane) -> tuple[int, int]:
    """Return the window of two seconds with the most rows of the log, ns; a short lane whole."""
    width = min(_OPENED_NS, lane.end_ns)
    times = np.asarray(lane.rows["time_ns"])
    starts = np.minimum(times, lane.end_ns - width)
    rows = np.searchsorted(times, starts + width, "right") - np.searchsorted(times, starts)
    first = int(starts[int(rows.argmax())])
    return first, first + width


def _about(lane: WatchedLane) -> dict[str, Any]:
    """Return what does not change over time."""
    return {
        "end_ns": lane.end_ns,
        "n_ticks": lane.cell.n_ticks,
        "digits": len(f"{1 / lane.cell.n_ticks:.9f}".rstrip("0").partition(".")[2]),
        "traders": lane.traders,
        "agents": [str(uid) for uid in uids_of(lane.cell)],  # too long for numbers
        "classes": lane.classes,
        "colours": {**CLASS_COLOURS, "value": VALUE_COLOUR, "mechanism": _colour(lane)},
        "accounts": [*lane.traders, *ACCOUNT_NAMES.values()],
        "terms": TERM_COLOURS,
        "codes": {
            code: {"name": row.name.replace("_", " "), "term": TERM_NAMES[row.term]}
            for code, row in POSTINGS.items()
        },
        "fates": watched_rules.FATES,
        "sources": {
            SOURCE_TRADER: "trader",
            SOURCE_VENUE: "venue",
            SOURCE_NEWS: "news",
            SOURCE_RULES: "rules",
        },
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
        "moves": {name: _list(column) for name, column in lane.moves._asdict().items()},
        "clears": {name: _list(column) for name, column in clears(lane).items()},
        "events": {name: _list(lane.rows[name]) for name in _EVENT_COLUMNS},
        "open": {name: _list(column) for name, column in lane.changes._asdict().items()},
        **{
            name: {key: _list(column) for key, column in getattr(watched_rules, name)(lane).items()}
            for name in _OF_RULES
        },
    }  # fmt: skip


def _list(numbers: Iterable[Any]) -> list[int | None]:
    return [None if number == MISSING else int(number) for number in numbers]
