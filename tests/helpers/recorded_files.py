"""Writers of recorded files, each after the specification of its format; they know no reader."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.venue import BUY, Exchange

LOBSTER_DAY = "AAPL_2012-06-21_34200000_57600000_{what}_{levels}.csv"


def write_lobster(folder: Path, venue: Exchange, levels: int = 3, first: int = 0) -> Path:
    """Write a message and an order-book file; replacements are a deletion and a submission.

    ``first``: records before it are left out, as of a file that begins in the day.
    """
    codes = {"add": 1, "reduce": 2, "delete": 3, "execute": 4, "hidden": 5}
    messages, books = [], []
    for did, book in zip(venue.did[first:], venue.books[first:], strict=True):
        second, ns = divmod(did.ns, 10**9)
        rows = [(codes.get(did.what), did.order, did.lots, did.price, did.side, book)]
        if did.what == "replace":
            raise ValueError("LOBSTER has no replacements")
        for code, order, lots, price, side, (bids, asks) in rows:
            messages.append(f"{second}.{ns:09d},{code},{order},{lots},{price},{side}")
            row = []
            for at in range(levels):
                row += asks[at] if at < len(asks) else (9_999_999_999, 0)
                row += bids[at] if at < len(bids) else (-9_999_999_999, 0)
            books.append(",".join(map(str, row)))
    path = folder / LOBSTER_DAY.format(what="message", levels=levels)
    path.write_text("".join(f"{line}\n" for line in messages))
    beside = folder / LOBSTER_DAY.format(what="orderbook", levels=levels)
    beside.write_text("".join(f"{line}\n" for line in books))
    return path


def write_csv(folder: Path, venue: Exchange) -> tuple[Path, Path]:
    """Write a CSV file with columns of its own, and the mapping that says what they mean."""
    words = {"add": "A", "reduce": "X", "delete": "D", "execute": "E", "replace": "U",
             "hidden": "P"}  # fmt: skip
    lines = ["when,what,id,new,side,price,qty"]
    for did in venue.did:
        side = "B" if did.side == BUY else "S"
        new = did.new or ""
        what, order = words[did.what], did.order or ""
        price = f"{did.price // 10_000}.{did.price % 10_000:04d}"
        lines.append(f"{did.ns / 1000:.3f},{what},{order},{new},{side},{price},{did.lots}")
    path, mapping = folder / "orders.csv", folder / "mapping.yaml"
    path.write_text("\n".join(lines) + "\n")
    mapping.write_text(
        "columns: {time: when, kind: what, order_id: id, new_id: new, side: side, price: price,"
        " lots: qty}\n"
        "kinds: {A: add, X: reduce, D: delete, E: execute, U: replace, P: trade}\n"
        "sides: {B: buy, S: sell}\n"
        "time_unit: us\n"
    )
    return path, mapping
