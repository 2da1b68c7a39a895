"""Each mistake gets one sentence: the key or the record, the value, and what is allowed."""

import json
import struct

import numpy as np
import pytest

from proteus.errors import ConfigError, MessageError
from proteus.readers.orders import orders_of
from proteus.readers.reading import Reading
from proteus.readers.table import followed, open_recorded
from proteus.whatif.words import read_words
from tests.helpers.recorded_files import HFT, LOBSTER_DAY, compressed, write_dbn, write_itch
from tests.helpers.venue import Flow, trade

pytestmark = pytest.mark.nojit

LOBSTER = LOBSTER_DAY.format(what="message", levels=1)
GOOD = "34200.1,1,7,10,1000000,1\n"


def read(path, symbol, mapping, name, tick):
    for piece in followed(open_recorded(path, name, Reading(symbol, mapping))):
        orders_of(piece, tick)


def said(path, *, symbol=None, mapping=None, name=None, tick=100_000):
    with pytest.raises((ConfigError, MessageError)) as error:
        read(path, symbol, mapping, name, tick)
    text = str(error.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("34200.2,9,7,10,1000000,1", "type=9 in record 1 is not allowed: must be 1 .. 7"),
        ("34200.2,1,8,10,1000000,2", "direction=2 in record 1"),
        ("34200.2,1,8,0,1000000,1", "size=0 in record 1 is not allowed: must be at least 1"),
        ("34200.2,1,8,5,-1,1", "price=-1 in record 1"),
        ("34200.2,1,8,5,92233720368548,1", "price=92233720368548 in record 1 is not allowed"),
        ("99999.0,1,8,5,1000000,1", "time=99999.0 in record 1 is not allowed: must be 0 .. 86400"),
        ("34200.2,1,8,,1000000,1", "size= in record 1 is not allowed: no number may be missing"),
        ("34200.2,1,8,x,1000000,1", "size=x in record 1 is not allowed: must be a number, whole"),
        ("34200.2,1,8,0x10,1,1", "size=0x10 in record 1 is not allowed: must be a number, whole"),
        ('"34200.2",1,"8",5.5,1,1', "size=5.5 in record 1 is not allowed: must be a number, whole"),
        ("34200.2,1,8,5,1000000", "columns=5 in record 1 is not allowed: a message has 6"),
        (f"34200.2,1,{10**20},5,1,1", f"order={10**20} in record 1 is not allowed: must be a"),
        ("9:30,1,8,5,1000000,1", "time=9:30 in record 1 is not allowed: must be a number, whole"),
    ],
)
def test_lobster(tmp_path, line, wanted):
    path = tmp_path / LOBSTER
    path.write_text(GOOD + line + "\n")
    assert wanted in said(path)


def test_lobster_has_no_symbols(tmp_path):
    path = tmp_path / LOBSTER
    path.write_text(GOOD)
    assert "symbol=AAPL is not allowed: such a file has no symbols" in said(path, symbol="AAPL")


def test_a_price_off_the_tick_names_its_record(tmp_path):
    path = tmp_path / LOBSTER
    path.write_text(GOOD + "34200.2,1,8,5,1000050,1\n")
    wanted = "price=100.005 in record 1 is not allowed: must be a multiple of the tick 0.01"
    assert wanted in said(path, tick=10_000_000)


def test_files(tmp_path):
    assert "file=nowhere.csv cannot be read: No such file" in said("nowhere.csv")
    strange = tmp_path / "x.txt"
    strange.write_text("hello")
    assert "looks like no format: say format=lobster|itch" in said(strange)
    assert "format=lobstr does not exist; did you mean lobster?" in said(strange, name="lobstr")
    empty = tmp_path / LOBSTER
    empty.write_bytes(compressed(GOOD.encode() * 999, "gzip")[:40])
    assert "cannot be read" in said(empty)


@pytest.mark.parametrize(
    ("mapping", "row", "wanted"),
    [
        ("columns: {time: t, kind: k, price: p}", "", "kinds of mapping="),
        ("columns: {time: t}\nkinds: {A: add}", "", "columns.kind of mapping="),
        ("columns: {time: t, kind: k, prize: p}\nkinds: {A: add}", "", "columns.prize of"),
        ("columns: {time: t, kind: k}\nkinds: {A: ad}", "", "kinds.A='ad' of mapping="),
        ("columns: {time: t, kind: w}\nkinds: {A: add}", "1,A,1,buy,1,1", "has no column w"),
        (None, "1,B,1,buy,1,1", "kind=B in record 1 is not allowed: must be A, X"),
        (None, "1,A,,buy,1,1", "order_id="),
        (None, "1,A,1,bye,1,1", "side=bye in record 1 is not allowed: must be buy, sell"),
        (None, "1,A,1,buy,1.0000000001,1", "price=1.0000000001 in record 1"),
        (None, "1,A,1,buy,one,1", "price=one in record 1 is not allowed: must be a decimal number"),
        (None, "1,A,1,buy,,1", "price=nothing in record 1 is not allowed: must be given"),
        (None, "1,A,1,buy,1,0", "lots=0 in record 1 is not allowed: must be at least 1"),
        (None, "1.5,A,1,buy,1,1", "time=1.5 in record 1 is not allowed: must be a whole number"),
        (None, ",A,1,buy,1,1", "time=nothing in record 1"),
    ],
)
def test_csv(tmp_path, mapping, row, wanted):
    columns = "columns: {time: t, kind: k, order_id: i, side: s, price: p, lots: q}"
    (tmp_path / "m.yaml").write_text(mapping or f"{columns}\nkinds: {{A: add, X: reduce}}")
    path = tmp_path / "x.csv"
    path.write_text(f"t,k,i,s,p,q\n1,A,9,buy,1,1\n{row}\n")
    assert wanted in said(path, mapping=tmp_path / "m.yaml")


def test_csv_needs_a_mapping_and_only_csv_has_one(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    assert "mapping is missing" in said(path)
    path = tmp_path / LOBSTER
    path.write_text(GOOD)
    assert "format=lobster has none" in said(path, mapping=tmp_path / "m.yaml")


def test_itch(tmp_path):
    venue = trade(Flow(), 3, 3)
    path = write_itch(tmp_path, venue)
    assert "symbol is missing: the file has 2 stocks, as OTHER, PROT" in said(path)
    assert "symbol=NONE is not in file=" in said(path, symbol="NONE")
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    assert "ends in the middle of record" in said(path, symbol="PROT")
    at = whole.index(b"A\x00\x07")
    path.write_bytes(whole[: at + 19] + b"Q" + whole[at + 20 :])
    assert "side=Q in record" in said(path, symbol="PROT")
    long = struct.pack(">H", 12) + whole[at : at + 12] + whole[at + 36 :]
    path.write_bytes(whole[: at - 2] + long)
    assert "a message A has 36" in said(path, symbol="PROT")


def test_dbn(tmp_path):
    path = write_dbn(tmp_path, trade(Flow(replaced=0.0), 3, 3))
    whole = bytearray(path.read_bytes())
    assert "symbol=OTHER is not in file=" in said(path, symbol="OTHER")
    path.write_bytes(b"DBN\x09" + whole[4:])
    assert "version=9 of file=" in said(path)
    last = len(whole) - 56
    path.write_bytes(whole[: last + 38] + b"Z" + whole[last + 39 :])
    assert "action=b'Z' in record" in said(path)
    path.write_bytes(whole[:-1])
    assert "ends in the middle of record" in said(path)
    other = whole[-56:]
    other[4:8] = (9).to_bytes(4, "little")
    path.write_bytes(whole + other)
    assert "symbol is missing: the file has several instruments, as 9, 15144" in said(path)


def test_hftbacktest(tmp_path):
    path = tmp_path / "x.npz"
    add = (10 | 1 << 31 | 1 << 29, 1, 1, 0.5, 1.0, 1, 0, 0.0)
    for wrong, wanted in (
        ((99, *add[1:]), "ev=99 in record 1"),
        ((1 | 1 << 31 | 1 << 29, *add[1:]), "not both"),
        ((*add[:3], np.nan, *add[4:]), "px=nan in record 1"),
        ((*add[:4], 0.0, *add[5:]), "qty=0.0 in record 1"),
        ((10 | 1 << 31, *add[1:]), "an order must buy or sell"),
    ):
        np.savez(path, data=np.array([add, wrong], HFT))
        assert wanted in said(path)
    np.savez(path, data=np.zeros(3))
    assert "must have the columns ev, exch_ts" in said(path)
    assert "such a file has no symbols" in said(path, symbol="X")


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"price": None}, "price=nothing in record 1 is not allowed: must be given as price or"),
        ({"price_dollars": "0.41"}, "price=price=40 and price_dollars=0.41 in record 1"),
        ({"delta": 5, "delta_fp": "7.00"}, "both must say the same"),
        ({"price": 0.4}, "price=0.4 in record 1 is not allowed: must be a decimal number"),
        ({"price": 100}, "price=1.0 in record 1 is not allowed: must be between 0 and 1 dollar"),
        ({"side": "maybe"}, "side='maybe' in record 1 is not allowed: must be yes or no"),
        ({"market_ticker": "OTHER"}, "symbol is missing: the file has FED and OTHER"),
        ({"ts": "noon"}, "ts='noon' in record 1"),
    ],
)
def test_kalshi(tmp_path, changed, wanted):
    good = {"market_ticker": "FED", "side": "yes", "ts": 1, "price": 40, "delta": 5}
    lines = [{"type": "orderbook_delta", "msg": msg} for msg in (good, good | changed)]
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    assert wanted in said(path)


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"size": 0.29}, "size=0.29 in record 1 is not allowed: must be a decimal number"),
        ({"size": "-1"}, "size='-1' in record 1"),
        ({"size": "1_0"}, "size='1_0' in record 1 is not allowed: must be a decimal number"),
        ({"size": f"3.{30 * '0'}1"}, "in record 1 is not allowed: must be a decimal number with"),
        ({"size": f"3.{300 * '0'}1"}, "in record 1 is not allowed: must be a decimal number with"),
        ({"price": "1.0"}, "price=1.0 in record 1 is not allowed: must be between 0 and 1"),
        ({"side": "buy"}, "side='buy' in record 1 is not allowed: must be BUY or SELL"),
        ({"timestamp": None}, "timestamp=nothing in record 1"),
    ],
)
def test_polymarket(tmp_path, changed, wanted):
    good = {"event_type": "price_change", "asset_id": "7", "price": ".5", "size": "3",
            "side": "BUY", "timestamp": "1700000000000"}  # fmt: skip
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(map(json.dumps, (good, good | changed))))
    assert wanted in said(path)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("mechanism=clob", "a file is missing"),
        ("x mechansm=clob", "key=mechansm does not exist; did you mean mechanism?"),
        ("x mechanism=fbs", "mechanism=fbs does not exist; did you mean fba?"),
        ("x mechanism=rfq", "recorded orders are no requests"),
        ("x mechanism=clob delta=50", "no mechanism of these trades in batches"),
        ("x delta=0", "delta=0 is not allowed: must be more than 0 ms"),
        ("x delta=50,50", "delta=50,50 is not allowed: values must differ"),
        ("x mechanism=fba delta=50,50.0", "delta=50.0 is not allowed: it is 50 again"),
        ("x delta=fast", "delta=fast is not allowed: a time in"),
        ("x tick=0", "tick=0 is not allowed: must be more than 0"),
        ("x block_s=0", "block_s=0 is not allowed: must be more than 0 s"),
        ("x format=itsh", "format=itsh does not exist; did you mean itch?"),
        ("x symbol=", "symbol= is not allowed: it must not be empty"),
        ("x tick=1 tick=2", "tick is given twice"),
        ("x x", "a file is given twice"),
    ],
)
def test_words_of_a_counterfactual(words, wanted):
    with pytest.raises(ConfigError) as error:
        read_words(words.split())
    assert wanted in str(error.value)
