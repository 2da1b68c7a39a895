"""Random message streams in which everything that can happen to an order happens often.

Few ticks, prices near the middle, small sizes and few agents make crossings, ties, partial fills
and self-trades common; ids are drawn so that live, dead, unknown and repeated orders are met.
Each message is drawn from a seed of its own: shrinking removes messages and keeps the others.
"""

from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import strategies as st

Row = dict[str, Any]

NS_PER_MS = 1_000_000
UNKNOWN_ID = 77
ID_STEP = 90_000_000_000_000_000  # order ids are arbitrary int64 and not in order of arrival
MAX_MESSAGES = 60

ACTIONS = ("limit",) * 12 + ("market",) + ("cancel",) * 2 + ("amend",) * 4
QUANTITIES = (1, 2, 2, 3, 3, 4, 4, 5, 7, 9, 12) * 4 + (0, -1)
AMENDED_BY = (-2, -1, -1, 0, 0, 1, 2)
TIFS = (None, "gtc") * 6 + ("ioc", "fok")
AGENTS = (0, 0, 1, 1, 2, None)
ROLES = ("maker", "maker", "taker", None)
WAITS = ("none",) * 8 + ("one", "half", "end", "before_end", "long", "back")


@dataclass(frozen=True)
class Stream:
    """A message stream and the contract it is about."""

    n_ticks: int
    delta: int  # ms
    reference_ticks: int | None
    rows: list[Row]


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    """Draw a stream of 1 to ``MAX_MESSAGES`` messages."""
    n_ticks = draw(st.integers(5, 20))
    delta = draw(st.integers(1, 2))
    reference = draw(st.none() | st.integers(1, n_ticks - 1))
    size = draw(st.integers(1, MAX_MESSAGES))  # a list of free size would mostly be short
    seeds = draw(st.lists(st.integers(0, 2**32 - 1), min_size=size, max_size=size))
    rows: list[Row] = []
    new_orders: list[Row] = []
    time_ns = 0
    for seed in seeds:
        chooser = Random(seed)
        time_ns = later(time_ns, chooser.choice(WAITS), delta * NS_PER_MS)
        action = chooser.choice(ACTIONS)
        if action in ("limit", "market"):
            row = new_order(chooser, action, n_ticks, len(new_orders))
            if action == "market" and chooser.random() < 0.4:
                row["tif"] = "gtc"  # of which it cannot be
            new_orders.append(row)
        else:
            row = change(chooser, action, n_ticks, new_orders)
            row |= said_besides(chooser, row, n_ticks, new_orders)
        rows.append({"time_ns": time_ns} | row)
    return Stream(n_ticks, delta, reference, rows)


def is_valid(row: Row, n_ticks: int) -> bool:
    """Tell whether a row is a new order that is valid in itself."""
    if row["kind"] not in ("limit", "market") or row["quantity"] <= 0:
        return False
    can_wait = row["kind"] == "limit" or row.get("tif") != "gtc"
    return can_wait and 0 < row.get("price_ticks", 1) < n_ticks


def order_id(number: int) -> int:
    """The id of the k-th new order: distinct for 101 orders, in no order."""
    return (number * 37 % 101 - 50) * ID_STEP


def later(time_ns: int, wait: str, delta_ns: int) -> int:
    """The time of the next message: often the same, often at the edge of a batch."""
    end = (time_ns // delta_ns + 1) * delta_ns
    return {
        "none": time_ns,
        "one": time_ns + 1,
        "half": time_ns + delta_ns // 2,
        "end": end,
        "before_end": end - 1,
        "long": time_ns + 3 * delta_ns,
        "back": max(0, time_ns - 1),
    }[wait]


def some_price(chooser: Random, n_ticks: int) -> int:
    """A price, mostly near the middle, now and then at or beyond the ends."""
    if chooser.random() < 0.08:
        return chooser.choice((0, 1, n_ticks - 1, n_ticks))
    middle = n_ticks // 2
    return chooser.randint(max(1, middle - 2), min(n_ticks - 1, middle + 3))


def new_order(chooser: Random, action: str, n_ticks: int, number: int) -> Row:
    """A new order; some repeat an earlier id, some cells are left to their defaults."""
    repeats = number > 0 and chooser.random() < 0.05
    price = some_price(chooser, n_ticks)
    passive, aggressive = ("buy", "sell") if price <= n_ticks // 2 else ("sell", "buy")
    row: Row = {
        "kind": action,
        "order_id": order_id(chooser.randrange(number) if repeats else number),
        "side": chooser.choice((passive, passive, aggressive)),
        "quantity": chooser.choice(QUANTITIES),
        "agent": chooser.choice(AGENTS),
        "tif": chooser.choice(TIFS),
        "post_only": True if chooser.random() < 0.12 else None,
        "price_ticks": price if action == "limit" else None,
        "role": chooser.choice(ROLES),
    }
    if action == "market" and row["tif"] == "gtc":
        del row["tif"]
    return {column: cell for column, cell in row.items() if cell is not None}


def change(chooser: Random, action: str, n_ticks: int, new_orders: list[Row]) -> Row:
    """A cancel or amend, mostly of a recent order that may rest, around its own price and size."""
    resting = [row for row in new_orders if row["kind"] == "limit" and "tif" not in row]
    known = resting[-12:] if chooser.random() < 0.9 else new_orders
    if not known or chooser.random() < 0.05:
        return {"kind": action, "order_id": UNKNOWN_ID}
    order = chooser.choice(known)
    row: Row = {"kind": action, "order_id": order["order_id"]}
    if action == "cancel":
        return row
    if chooser.random() < 0.6:
        near = chooser.random() < 0.4 and "price_ticks" in order
        row["price_ticks"] = order["price_ticks"] if near else some_price(chooser, n_ticks)
    if chooser.random() < 0.7:
        row["quantity"] = order["quantity"] + chooser.choice(AMENDED_BY)
    return row


def said_besides(chooser: Random, row: Row, n_ticks: int, new_orders: list[Row]) -> Row:
    """What a cancel or amend says of its order without changing it, mostly what is so.

    Now and then a cancel is of some lots only.
    """
    order: Row = next((each for each in new_orders if each["order_id"] == row["order_id"]), {})
    said = {name: order[name] for name in ("agent", "side") if name in order}
    said = {name: value for name, value in said.items() if chooser.random() < 0.2}
    if chooser.random() < 0.3:
        name, values = chooser.choice((
            ("agent", (0, 1, 2)), ("side", ("buy", "sell")), ("tif", ("gtc", "ioc")),
            ("post_only", (True, False)), ("role", ("maker", "taker")),
        ))  # fmt: skip
        said[name] = chooser.choice(values)
    if row["kind"] == "cancel" and chooser.random() < 0.4:
        said["quantity"] = chooser.choice((0, 1, 1, 2, 3, 20))
    if row["kind"] == "cancel" and chooser.random() < 0.1 and "price_ticks" in order:
        said["price_ticks"] = order["price_ticks"] + chooser.choice((0, 0, 1, n_ticks))
    return said
