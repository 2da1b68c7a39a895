"""Files that are cut, damaged or strange are read or refused in a sentence, and no reader hangs."""

import json
import struct

import numpy as np
import pytest

from proteus.errors import ConfigError, MessageError
from proteus.readers.orders import orders_of, trades_of
from proteus.readers.reading import Reading
from proteus.readers.table import followed, open_recorded
from tests.helpers import recorded_files as files
from tests.helpers.venue import Exchange, Flow, trade

pytestmark = pytest.mark.nojit

MORNING = 34_200 * 10**9
BARE = Flow(replaced=0.0)
FED = {"market_ticker": "FED", "ts": 1}
WRITTEN = {  # of each format: what writes it, its symbol, and the middle of its prices
    "lobster": (files.write_lobster, None, 10_000),
    "itch": (files.write_itch, "PROT", 10_000),
    "dbn": (files.write_dbn, "PROT", 10_000),
    "hftbacktest": (files.write_hft_orders, None, 10_000),
    "kalshi": (lambda folder, venue: files.write_kalshi(folder, venue, True), None, 5_000),
    "polymarket": (files.write_polymarket, "71321", 5_000),
    "csv": (lambda folder, venue: files.write_csv(folder, venue)[0], None, 10_000),
}


def read(path, name=None, symbol=None, mapping=None):
    """Read all of a file; returns how many records it has."""
    records = 0
    for piece in followed(open_recorded(path, name, Reading(symbol, mapping, piece=64))):
        records += len(piece.events.kind)
        orders_of(piece, 100_000)
        trades_of(piece)
    return records


def said(path, **words):
    with pytest.raises((ConfigError, MessageError)) as error:
        read(path, **words)
    assert "\n" not in str(error.value)
    return str(error.value)


def damaged(whole, draw):
    """Change some bytes, leave some out, or put letters of numbers between them."""
    data = bytearray(whole)
    for _ in range(draw.integers(1, 4)):
        at = int(draw.integers(min(len(data), 400) if draw.random() < 0.3 else len(data)))
        kind = draw.integers(3)
        if kind == 0:
            data[at] = int(draw.integers(256))
        elif kind == 1:
            del data[at : at + int(draw.integers(1, 6))]
        else:
            data[at:at] = draw.choice([b"9", b"-", b".", b"e", b"[]", b"{}", b'"', b",", b"\0\0"])
    return bytes(data)


@pytest.mark.parametrize("name", WRITTEN)
def test_damaged_files_are_read_or_refused(tmp_path, name):
    write, symbol, middle = WRITTEN[name]
    path = write(tmp_path, trade(BARE, 1, 3, 0 if middle == 5_000 else MORNING, middle))
    whole, draw, refused = path.read_bytes(), np.random.default_rng(27), []
    mapping = tmp_path / "mapping.yaml" if name == "csv" else None
    for _ in range(40):
        path.write_bytes(damaged(whole, draw))
        try:
            read(path, name, symbol, mapping)
        except (ConfigError, MessageError) as error:
            refused.append(str(error))
    assert refused
    assert not any("\n" in each for each in refused)


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
def test_several_frames_are_one_file_and_half_a_frame_is_none(tmp_path, codec):
    path = files.write_itch(tmp_path, trade(Flow(), 2, 3))
    whole, records = path.read_bytes(), read(path, symbol="PROT")
    first, second = (files.compressed(part, codec) for part in (whole[:500], whole[500:]))
    path.write_bytes(first + second)
    assert read(path, symbol="PROT") == records
    path.write_bytes(first + second[:-3])
    assert "Truncated compressed stream" in said(path, symbol="PROT")
    if codec == "zstd":
        path.write_bytes(b"\x50\x2a\x4d\x18\x04\x00\x00\x00skip" + first + second)
        assert read(path, symbol="PROT") == records


def test_an_empty_file_is_said_to_be_empty(tmp_path):
    path = tmp_path / "day.itch"
    path.write_bytes(b"")
    assert said(path) == said(path, name="itch") == f"file={path} is empty"


def test_a_block_may_have_one_message_of_a_stock(tmp_path):
    venue = Exchange()
    venue.add(MORNING, 1, 1, 9900, 5)
    path = files.write_itch(tmp_path, venue, others=1)
    whole = path.read_bytes()
    halt = whole.index(b"H\x00\x01") - 2
    path.write_bytes(whole[:halt] + whole[halt + 27 :])
    (piece,) = followed(open_recorded(path, None, Reading("OTHER")))
    assert piece.events.lots.tolist() == [5]
    assert piece.events.price.tolist() == [100_000]


def test_a_head_of_dbn_that_says_too_much_is_refused(tmp_path):
    path = files.write_dbn(tmp_path, trade(BARE, 1, 3))
    whole = path.read_bytes()
    count = whole.index(b"PROT\0") - 4
    width = 8 + 16 + 2 + 24 + 3
    for changed in (
        whole[:count] + struct.pack("<I", 2**32 - 1) + whole[count + 4 :],
        whole[:width] + bytes(2) + whole[width + 2 :],
    ):
        path.write_bytes(changed)
        assert "has a head that says more than it holds" in said(path, symbol="PROT")


def test_arrays_that_are_none(tmp_path):
    path = tmp_path / "x.npz"
    add = (10 | 1 << 31 | 1 << 29, 1, 1, 0.5, 1.0, 1, 0, 0.0)
    np.savez(path, data=np.array([add, (*add[:3], 1e308, *add[4:])], files.HFT))
    assert "px=1e+308 in record 1 is not allowed: must be a number that fits" in said(path)
    np.savez_compressed(path, data=np.array([add] * 999, files.HFT))
    whole = bytearray(path.read_bytes())
    whole[80:90] = bytes(10)
    path.write_bytes(whole)
    assert said(path, name="hftbacktest").endswith("is no npz file with an array")


def test_times_that_are_none_or_cannot_be_subtracted(tmp_path):
    """What is none has the time of the record before it; beyond 2**62 ns is no time."""
    path = tmp_path / "x.npz"
    add = (10 | 1 << 31 | 1 << 29, 5, 5, 0.5, 1.0, 1, 0, 0.0)
    none, far = np.iinfo(np.int64).min, 2**62 + 1
    times = [none, none, 7, none, 9]
    rows = [(add[0], time, 5, 0.5, 1.0, number, 0, 0.0) for number, time in enumerate(times)]
    for size in (1, 2, 64):
        np.savez(path, data=np.array(rows, files.HFT))
        pieces = followed(open_recorded(path, None, Reading(piece=size)))
        found = [time for piece in pieces for time in piece.events.time_ns.tolist()]
        assert found[2:] == [7, 7, 9]
        assert max(found[:2]) <= 7
    for wrong in ((add[0], far, *add[2:]), (*add[:2], -far, *add[3:])):
        np.savez(path, data=np.array([add, wrong], files.HFT))
        assert "in record 1 is not allowed: must be within 2**62 ns of 0" in said(path)


@pytest.mark.parametrize(
    ("kind", "message", "wanted"),
    [
        ("trade", 5, "message=5 in record 0 is not allowed: must be an object of JSON"),
        ("orderbook_snapshot", FED | {"yes": 5}, "yes=5 in record 0 is not allowed: must be a"),
        ("orderbook_snapshot", FED | {"yes": [5]}, "yes=5 in record 0 is not allowed: a level"),
        ("orderbook_snapshot", FED | {"yes": [[0, 5]]}, "must be between 0 and 1 dollar"),
        ("orderbook_snapshot", FED | {"yes": "[[1, "}, "must be a list of JSON"),
        ("trade", FED | {"ts": "0001-01-01T00:00:00Z"}, "must fit 64 bits in nanoseconds"),
        ("trade", FED | {"taker_side": "no", "yes_price_dollars": "1e999999999999999999"},
         "must be a decimal number"),
    ],
)  # fmt: skip
def test_messages_of_kalshi(tmp_path, kind, message, wanted):
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({"type": kind, "msg": message}) + "\n")
    assert wanted in said(path, name="kalshi")


def test_messages_that_are_nested_without_end(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text("[" * 100_000)
    assert "record 0 of file=" in said(path, name="kalshi")


def test_a_book_of_polymarket_in_csv_has_its_levels_as_json(tmp_path):
    path = tmp_path / "x.csv"
    levels = json.dumps([{"price": "0.5", "size": "3"}]).replace('"', '""')
    line = f'book,7,1700000000000,"{levels}"\n'
    path.write_text(f"event_type,asset_id,timestamp,bids\n{line}")
    (piece,) = followed(open_recorded(path, "polymarket", Reading()))
    assert (piece.events.price[0], piece.events.lots[0]) == (500_000_000, 3_000_000)
    path.write_text(f"event_type,asset_id,timestamp,bids\n{line.replace('[', '[1, ')}")
    assert "message=1 in record 0" in said(path, name="polymarket")


def test_heads_of_csv(tmp_path):
    mapping, path = tmp_path / "m.yaml", tmp_path / "x.csv"
    mapping.write_text("columns: {time: t, kind: k}\nkinds: {S: status}\n")
    path.write_bytes(b"t,k,t\n1,S,1\n")
    assert "has 2 columns t, which its mapping names" in said(path, mapping=mapping)
    path.write_bytes(b"t,k,\xbe\n1,S,1\n")
    assert "cannot be read" in said(path, mapping=mapping)
