"""Best prices and depth over time: at every moment what the book of that moment adds up to."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest

import proteus
from proteus.errors import ConfigError

LEVELS = 3
MS = 1_000_000


def stream(seed: int) -> list[dict[str, Any]]:
    """Draw orders, cancels and amends around one price, each millisecond one."""
    generator = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for number in range(60):
        row: dict[str, Any] = {"time_ns": number * MS, "kind": "limit", "order_id": number}
        if number > 5 and generator.random() < 0.4:
            row |= {"kind": "cancel", "order_id": int(generator.integers(number))}
        else:
            price, lots = 50 + generator.integers(-4, 5), generator.integers(1, 6)
            row |= {"side": generator.choice(["buy", "sell"]), "price_ticks": price}
            row |= {"quantity": lots, "role": generator.choice(["maker", "taker"])}
        rows.append(row)
    return rows


def best_levels(book: pd.DataFrame) -> list[Any]:
    """Add up a book: bid price, bid lots, ask price, ask lots of each level, or None."""
    sides = []
    for side, is_bid in (("buy", True), ("sell", False)):
        lots = book[book["side"] == side].groupby("price_ticks")["quantity"].sum()
        pairs = list(lots.sort_index(ascending=not is_bid).items())[:LEVELS]
        sides.append(pairs + [(None, None)] * (LEVELS - len(pairs)))
    return [number for bid, ask in zip(*sides, strict=True) for number in (*bid, *ask)]


@pytest.mark.parametrize("mechanism", ["clob", "fba", "dual_flow"])
@pytest.mark.parametrize("seed", [1, 2])
def test_depth_is_that_of_the_book_at_each_time(mechanism: str, seed: int) -> None:
    """The book after each message, or after each clear, is that of a replay that ends there."""
    rows, chosen = stream(seed), {"n_ticks": 100, "delta": 5}
    depth = proteus.replay(rows, mechanism, levels=LEVELS, **chosen).depth
    makers = {row["order_id"] for row in rows if row.get("role") == "maker"}
    seen = [[None] * 4 * LEVELS]
    ends = range(1, 61) if mechanism == "clob" else range(5, 61, 5)
    for end in ends:
        book = proteus.replay(rows[:end], mechanism, **chosen).book
        if mechanism == "dual_flow":
            book = book[book["order_id"].isin(makers)]  # takers' orders are no quotes
        at = (end - 1) * MS if mechanism == "clob" else end * MS
        known = depth[depth["time_ns"] <= at]
        numbers = known.iloc[-1, 2:].tolist() if len(known) else seen[0]
        assert [None if each is pd.NA else each for each in numbers] == best_levels(book)
        seen.append(numbers)
    changes = sum(str(now) != str(before) for now, before in itertools.pairwise(seen))
    assert len(depth) == changes > 5  # a row for each change and none besides
    assert (depth["row"].isna() == (mechanism != "clob")).all()


def test_there_is_no_depth_unless_it_is_asked_for() -> None:
    replayed = proteus.replay(stream(1), n_ticks=100)
    assert list(replayed.depth) == ["time_ns", "row"]
    assert not len(replayed.depth)


@pytest.mark.parametrize(("mechanism", "levels"), [("rfq", 1), ("clob", -1), ("fba", 1.0)])
def test_levels_that_are_not_allowed(mechanism: str, levels: Any) -> None:
    with pytest.raises(ConfigError, match=f"levels={levels} is not allowed"):
        proteus.replay([], mechanism, levels=levels)
