"""Tell a story to the engine, and write down what came of it as a table."""

from __future__ import annotations

from typing import Any

import numpy as np

from proteus.market.book.codes import BUY, GTC, IOC, SELL
from proteus.market.events.latency import MARKET_DATA, SUBMISSION
from proteus.market.ledger.accounts import CASH, CONTRACT, LEDGER_CODES
from proteus.market.ledger.audit import audit_entries
from proteus.market.setup.cell import set_up_cell
from proteus.market.setup.members import Member
from proteus.recording.columns import rows_of
from tests.golden.asking import act, only_the_story_decides
from tests.golden.stories import MS, Story
from tests.helpers.hand_market import HandMarket, small_cell
from tests.helpers.twinning import engine_rows

SIDES = {"buy": BUY, "sell": SELL}
END_NS = 350 * MS  # stories are over by then
ALL_ENDED_NS = 600 * MS  # and all requests
LEGS = {"submission": SUBMISSION, "market_data": MARKET_DATA}
# Dealers think for 5 ms, as links take 1 ms: constant, so that times can be followed by hand.
THINKING = ("mechanism.response={law: constant, base_ms: 5, spread_ms: 0, shape: 0}",)
HEADS = (
    "event", "time_ms", "source", "kind", "trader", "order", "other", "side", "price", "lots",
    "bid", "ask", "why",
)  # fmt: skip
_NAMES = {"order": "order_id", "other": "other_id", "price": "price_ticks", "why": "reason"}


def outcome(story: Story, mechanism: str) -> list[str]:
    """Run a story under a mechanism, every event audited, and return the table of its log.

    Raises
        AssertionError: an invariant is broken; names it, and the event.
    """
    words = [f"mechanism={mechanism}", "delta=100", *story.words.get("", ())]
    words += THINKING if mechanism == "rfq" else ()
    words += story.words.get(mechanism, ())
    market = HandMarket(*words, jump_ns=story.jump_ns, recorded=True)
    members = set_up_cell(small_cell(tuple(words))).members
    traders = {_name(member): number for number, member in enumerate(members)}
    for name, leg, latency_ns in story.latencies:
        legs = slice(None) if leg is None else LEGS[leg]
        market.world.traders.latency_base[traders[name], legs] = latency_ns
    if mechanism == "rfq":
        _ask(market, story, traders)
    else:
        _order(market, story, traders)
    return [*_table(market, list(traders)), "", *_held(market, list(traders))]


def _ask(market: HandMarket, story: Story, traders: dict[str, int]) -> None:
    """Let takers ask for what they would order."""
    with only_the_story_decides() as wants:
        for action in story.actions:
            _checked(market, act, market, wants, action, traders[action.trader])
        _checked(market, market.run, ALL_ENDED_NS)


def _order(market: HandMarket, story: Story, traders: dict[str, int]) -> None:
    """Let traders send their orders and quotes."""
    for action in story.actions:
        number, side = traders[action.trader], SIDES.get(action.side, BUY)
        if action.does == "quote":
            bid, ask = zip(action.prices, action.lots, strict=True)
            _checked(market, market.quote, action.at_ns, number, bid, ask, 0.5)
        else:
            lifetime = GTC if action.does == "order" else IOC
            _checked(
                market, market.order, action.at_ns, number, side, action.prices[0],
                action.lots[0], lifetime, action.for_ns,
            )  # fmt: skip
    _checked(market, market.run, END_NS)


def _name(member: Member) -> str:
    return f"{member.group_name}.{member.number}"


def _checked(market: HandMarket, do: Any, *arguments: Any) -> None:
    """Do something, and say which invariant it breaks, if it does."""
    progress = market.world.progress
    try:
        with np.errstate(over="ignore"):
            do(*arguments)
    finally:
        fault, event = int(progress.fault[0]), int(progress.fault_event[0])
        assert fault == 0, f"invariant {LEDGER_CODES.get(fault, fault)} is broken in event {event}"
    assert audit_entries(market.world.ledger, 0) == 0, "cash or contracts do not sum to zero"


def _table(market: HandMarket, names: list[str]) -> list[str]:
    rows = [HEADS]
    for row in engine_rows(market.world):
        cells = {head: row.get(_NAMES.get(head, head)) for head in HEADS}
        cells["time_ms"] = f"{row['time_ns'] / MS:.6f}".rstrip("0").rstrip(".")
        cells["trader"] = None if row["trader"] is None else names[row["trader"]]
        for side in ("bid", "ask"):
            price, lots = row[f"{side}_ticks"], row[f"{side}_lots"]
            cells[side] = None if price is None else f"{lots}@{price}"
        if row["kind"] == "batch_clear" and row["low_ticks"] is not None:
            cells["why"] = f"W={row['low_ticks']}..{row['high_ticks']}"
        rows.append(tuple("-" if cells[head] is None else str(cells[head]) for head in HEADS))
    assert len(rows) - 1 == len(rows_of(market.world.log, 0)["kind"])
    return aligned(rows)


def _held(market: HandMarket, names: list[str]) -> list[str]:
    """What each trader that traded holds in the end, and what rests."""
    balance = market.world.ledger.balance[0]
    rows = [("trader", "cash_nano", "lots")]
    for number, name in enumerate(names):
        cash, lots = int(balance[number, CASH]), int(balance[number, CONTRACT])
        if cash or lots:
            rows.append((name, str(cash), str(lots)))
    book = [("rests", "side", "price", "lots")]
    for trader, side, price, lots in market.book():
        book.append((names[trader], ("buy", "sell")[side], str(price), str(lots)))
    return [*aligned(rows), "", *aligned(book)]


def aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Write cells in columns."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
