"""Writers of recorded files, each after the specification of its format; they know no reader."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pyarrow as pa

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


def compressed(content: bytes, codec: str) -> bytes:
    """Return bytes as gzip or zstd writes them."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, codec) as stream:
        stream.write(content)
    return bytes(sink.getvalue())


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


def write_itch(folder: Path, venue: Exchange, stock: str = "PROT", others: int = 0) -> Path:
    """Write a day of ITCH 5.0: two bytes of length, then a big-endian message.

    ``others``: messages of another stock between those of this one.
    """
    out = []

    def message(kind: str, locate: int, ns: int, form: str, *fields: object) -> None:
        body = struct.pack(">cHH", kind.encode(), locate, 0) + ns.to_bytes(6, "big")
        body += struct.pack(">" + form, *fields)
        out.append(struct.pack(">H", len(body)) + body)

    padded = {1: b"OTHER   ", 7: stock.encode().ljust(8)}
    message("S", 0, 1, "c", b"O")
    for locate, name in padded.items():
        message("R", locate, 2, "8sccIcc2scccccIc", name, b"Q", b"N", 100, b"N", b"C", b"Z ",
                b"P", b"N", b"N", b"1", b"N", 0, b"N")  # fmt: skip
        message("H", locate, 3, "8scc4s", name, b"T", b" ", b"    ")
    for number, did in enumerate(venue.did):
        side = b"B" if did.side == BUY else b"S"
        if did.what == "add" and number % 3 == 0:
            message("F", 7, did.ns, "QcI8sI4s", did.order, side, did.lots, padded[7], did.price,
                    b"MPID")  # fmt: skip
        elif did.what == "add":
            message("A", 7, did.ns, "QcI8sI", did.order, side, did.lots, padded[7], did.price)
        elif did.what == "execute" and did.off:
            message("C", 7, did.ns, "QIQcI", did.order, did.lots, number,
                    b"N" if did.off < 0 else b"Y", did.price + abs(did.off))  # fmt: skip
        elif did.what == "execute":
            message("E", 7, did.ns, "QIQ", did.order, did.lots, number)
        elif did.what == "reduce":
            message("X", 7, did.ns, "QI", did.order, did.lots)
        elif did.what == "delete":
            message("D", 7, did.ns, "Q", did.order)
        elif did.what == "replace":
            message("U", 7, did.ns, "QQII", did.order, did.new, did.lots, did.price)
        else:
            message("P", 7, did.ns, "QcI8sIQ", 0, side, did.lots, padded[7], did.price, number)
        if number < others:
            message("A", 1, did.ns, "QcI8sI", 10**6 + number, b"B", 5, padded[1], 1)
    message("Q", 7, 50_000 * 10**9, "Q8sIQc", 1000, padded[7], 10_000, 9, b"C")
    message("B", 7, 50_000 * 10**9 + 1, "Q", 1)
    path = folder / "day.itch"
    path.write_bytes(b"".join(out))
    return path


def write_dbn(folder: Path, venue: Exchange, instrument: int = 15_144) -> Path:
    """Write DBN of version 2, schema MBO; a trade is T, then F and C of each resting order."""

    def cstr(text: str, width: int) -> bytes:
        return text.encode().ljust(width, b"\0")

    head = cstr("XNAS.ITCH", 16) + struct.pack("<HQQQ", 0, 0, 2**63, 0) + bytes([1, 0, 0])
    head += struct.pack("<H", 71) + bytes(53) + struct.pack("<I", 0)
    head += struct.pack("<I", 1) + cstr("PROT", 71) + struct.pack("<II", 0, 0)
    head += struct.pack("<I", 1) + cstr("PROT", 71) + struct.pack("<III", 1, 20_261_127, 20_261_128)
    head += cstr(str(instrument), 71)
    out = [b"DBN\x02", struct.pack("<I", len(head)), head]

    def record(ns: int, order: int, price: int, size: int, flags: int, action: str, side: str,
               instrument: int = instrument) -> None:  # fmt: skip
        received = ns + 500
        codes = action.encode(), side.encode()
        out.append(struct.pack("<BBHIQQqIBBccQiI", 14, 160, 2, instrument, ns, order, price, size,
                               flags, 0, *codes, received, 100, 1))  # fmt: skip

    names = {1: "B", -1: "A"}
    record(0, 0, 2**63 - 1, 0, 128, "R", "N")
    for at, did in enumerate(venue.did):
        side, price = names[did.side], did.price * 100_000
        if did.what == "execute":
            before = venue.did[at - 1] if at else None
            if before is None or before.ns != did.ns or before.what != "execute":
                run = [each for each in venue.did[at : at + 50] if each.ns == did.ns]
                record(did.ns, 0, price, sum(e.lots for e in run), 0, "T", names[-did.side])
            is_last = at + 1 == len(venue.did) or venue.did[at + 1].ns != did.ns
            record(did.ns, did.order, price, did.lots, 0, "F", side)
            record(did.ns, did.order, price, did.lots, 128 * is_last, "C", side)
        elif did.what == "hidden":
            record(did.ns, 0, price, did.lots, 128, "T", "N")
        elif did.what == "replace":  # under its own number, as venues with amendments do
            raise ValueError("this writer knows no replacements")
        else:
            action = "A" if did.what == "add" else "C"
            record(did.ns, did.order, price, did.lots, 128, action, side)
    path = folder / "day.dbn"
    path.write_bytes(b"".join(out))
    return path


HFT = np.dtype([("ev", "u8"), ("exch_ts", "i8"), ("local_ts", "i8"), ("px", "f8"), ("qty", "f8"),
                ("order_id", "u8"), ("ival", "i8"), ("fval", "f8")], align=True)  # fmt: skip


def write_hft_orders(folder: Path, venue: Exchange) -> Path:
    """Write events of orders; what is received apart from what happens is written twice."""
    codes = {"add": 10, "delete": 11, "execute": 13}
    both, rows = 1 << 31 | 1 << 30, []
    for did in venue.did:
        side = 1 << 29 if did.side == BUY else 1 << 28
        base = (did.ns, did.ns + 10, did.price / 10_000, float(did.lots), did.order, 0, 0.0)
        if did.what in codes:
            rows.append((codes[did.what] | both | side, *base))
            if did.what == "execute":
                rows.insert(-1, (2 | both | (1 << 28 if did.side == BUY else 1 << 29), *base))
                if did.left == 0:
                    rows.append((11 | both | side, *base))
                else:
                    rows.append((12 | both | side, *base[:3], float(did.left), did.order, 0, 0.0))
        elif did.what == "reduce":
            rows.append((12 | both | side, *base[:3], float(did.left), did.order, 0, 0.0))
        else:
            raise ValueError(did.what)
    rows.append((11 | 1 << 30, 0, 0, 0.0, 0.0, 1, 0, 0.0))  # only received: it changes nothing
    path = folder / "orders.npz"
    np.savez_compressed(path, data=np.array(rows, HFT))
    return path


def level_changes(venue: Exchange) -> list[tuple[int, str, int, int, int, int]]:
    """Every record as what it does to a level: ns, what, side, price, change, lots after it."""
    found = []
    before: dict[tuple[int, int], int] = {}
    for did, (bids, asks) in zip(venue.did, venue.books, strict=True):
        after = {(1, price): lots for price, lots in bids}
        after |= {(-1, price): lots for price, lots in asks}
        moved = [key for key in {**before, **after} if before.get(key, 0) != after.get(key, 0)]
        for side, price in sorted(moved, key=lambda key: after.get(key, 0)):
            lots = after.get((side, price), 0)
            found.append((did.ns, did.what, side, price, lots - before.get((side, price), 0), lots))
        before = after
    return found


def write_hft_levels(folder: Path, venue: Exchange) -> Path:
    """Write events of levels, a trade before the level that it takes from."""
    both, rows = 1 << 31 | 1 << 30, []
    for ns, what, side, price, change, lots in level_changes(venue):
        flag = 1 << 29 if side == BUY else 1 << 28
        if what == "execute":
            came = 1 << 28 if side == BUY else 1 << 29
            rows.append((2 | both | came, ns, ns, price / 10_000, float(-change), 0, 0, 0.0))
        rows.append((1 | both | flag, ns, ns, price / 10_000, float(lots), 0, 0, 0.0))
    path = folder / "levels.npz"
    np.savez(path, data=np.array(rows, HFT))
    return path


def write_kalshi(folder: Path, venue: Exchange, dollars: bool) -> Path:
    """Write messages of the feed, in cents or in dollars; no's bids are yes's offers."""
    empty = {"market_ticker": "FED", "yes": [], "no": []}
    lines = [{"type": "subscribed", "id": 1}, {"type": "orderbook_snapshot", "msg": empty}]
    for ns, what, side, price, change, _ in level_changes(venue):
        at = price if side == BUY else 10_000 - price
        stamp = f"1970-01-01T00:00:{ns / 1e9:09.6f}Z"
        inner = {"market_ticker": "FED", "side": "yes" if side == BUY else "no", "ts": stamp}
        if what == "execute":
            trade = {"market_ticker": "FED", "taker_side": "no" if side == BUY else "yes",
                     "ts": stamp}  # fmt: skip
            trade |= {"yes_price_dollars": f"{price / 10_000:.4f}", "count_fp": f"{-change}.00"} \
                if dollars else {"yes_price": price // 100, "no_price": 100 - price // 100,
                                 "count": -change}  # fmt: skip
            lines.append({"type": "trade", "msg": trade})
        inner |= {"price_dollars": f"{at / 10_000:.4f}", "delta_fp": f"{change}.00"} \
            if dollars else {"price": at // 100, "delta": change}  # fmt: skip
        lines.append({"type": "orderbook_delta", "msg": inner})
    path = folder / "kalshi.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def write_polymarket(folder: Path, venue: Exchange) -> Path:
    """Write messages of the market channel, in both forms that price changes have had."""
    asset, lines = "71321", []
    for number, (ns, what, side, price, change, lots) in enumerate(level_changes(venue)):
        stamp, text = str(ns // 10**6), f"{price / 10_000:.4f}"
        if what == "execute":
            lines.append({"event_type": "last_trade_price", "asset_id": asset, "price": text,
                          "side": "SELL" if side == BUY else "BUY", "size": str(-change),
                          "timestamp": stamp})  # fmt: skip
        one = {"asset_id": asset, "price": text, "size": str(lots),
               "side": "BUY" if side == BUY else "SELL"}  # fmt: skip
        if number % 2:
            lines.append({"event_type": "price_change", "market": "0x1", "timestamp": stamp,
                          "price_changes": [one, {**one, "asset_id": "9"}]})  # fmt: skip
        else:
            lines.append({"event_type": "price_change", **one, "timestamp": stamp})
    path = folder / "polymarket.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path
