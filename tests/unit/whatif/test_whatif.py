"""A counterfactual against plain sums over ``proteus.replay``, and what its command writes."""

import json
import math

import pandas as pd
import pytest

import proteus
from proteus.readers.events import joined
from proteus.readers.orders import orders_of, table_of, trades_of
from proteus.readers.table import followed, open_recorded
from proteus.whatif import judging, measures
from proteus.whatif.__main__ import main
from proteus.whatif.page import HONEST, sentences
from proteus.whatif.words import Cell, read_words
from tests.helpers.recorded_files import write_csv, write_lobster
from tests.helpers.venue import Flow, trade

pytestmark = pytest.mark.nojit

FLOW = Flow(limits=12.0, takers=5.0, replaced=0.0, hidden=0.05)
MORNING = 34_200 * 10**9
TICK = 1e-4
DELTA_MS = 400


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_lobster(tmp_path_factory.mktemp("day"), trade(FLOW, 20, 3, MORNING), 3)


@pytest.fixture(scope="module")
def judged(path):
    return judging.judge(read_words([str(path), "mechanism=clob,fba", f"delta={DELTA_MS}"]))


def value_of(judged, cell, measure):
    table = judged.table.set_index(["cell", "measure"])
    return float(table.loc[(cell, measure), "value"])


def test_the_continuous_book_makes_the_record_again(judged):
    (day,) = judged.days
    assert day.fidelity.lots == day.fidelity.again > 100
    wanted = {"volume": 1, "price_variance": 1}
    for name in measures.NAMES:
        if name != "spread":
            assert value_of(judged, "clob", name) == wanted.get(name, 0), name
    assert day.recording.doubts.outside_lots > 0


def test_measures_are_plain_sums_over_the_replay(path, judged):
    pieces = list(followed(open_recorded(path)))
    orders = joined([orders_of(piece, 100_000) for piece in pieces])
    trades = joined([trades_of(piece) for piece in pieces])
    ticks = int(orders.price.max()) + 2
    found = proteus.replay(
        table_of(orders), "fba", n_ticks=ticks, reference_ticks=int(orders.price[0]), delta=DELTA_MS
    )
    recorded: dict[int, list[int]] = {}
    for came, rested, price, lots in zip(
        *(each.tolist() for each in (trades.came, trades.rested, trades.price, trades.lots)),
        strict=True,
    ):
        if came < 0 and came != -(2**63):  # of the visible book
            for one in (came, rested):
                recorded.setdefault(one, []).append((price // 100_000, lots))
    takers = set(orders.order_id[orders.is_taker].tolist())
    sent = dict(zip(orders.order_id.tolist(), orders.time_ns.tolist(), strict=True))
    better = {True: 0.0, False: 0.0}
    lots_of = {True: 0, False: 0}
    got: dict[int, int] = {}
    waited = 0.0
    for fill in found.fills.to_dict("records"):
        for order, sign in ((fill["buy_order_id"], 1), (fill["sell_order_id"], -1)):
            lots = fill["quantity"]
            got[order] = got.get(order, 0) + lots
            is_taker = order in takers
            if is_taker:
                waited += (fill["time_ns"] - sent[order]) / 1e6 * lots
            if order in recorded:
                mean = sum(p * q for p, q in recorded[order]) / sum(q for _, q in recorded[order])
                better[is_taker] += sign * (mean - fill["price_ticks"]) * lots * TICK
                lots_of[is_taker] += lots
    label = f"fba {DELTA_MS} ms"
    for name, is_taker in (("taker_improvement", True), ("maker_improvement", False)):
        truth = better[is_taker] / lots_of[is_taker]
        assert value_of(judged, label, name) == pytest.approx(truth, rel=1e-9)
        assert truth != 0
    traded = {one: sum(q for _, q in many) for one, many in recorded.items()}
    for name, group in (
        ("taker_unfilled", takers), ("maker_unfilled", {*recorded} - takers)
    ):  # fmt: skip
        missing = sum(max(traded[one] - got.get(one, 0), 0) for one in group)
        truth = missing / sum(traded[one] for one in group)
        assert value_of(judged, label, name) == pytest.approx(truth, rel=1e-12)
    volume = found.fills["quantity"].sum() / sum(traded[one] for one in takers)
    assert value_of(judged, label, "volume") == pytest.approx(volume, rel=1e-12)
    truth = waited / sum(got.get(one, 0) for one in takers)
    assert value_of(judged, label, "waiting") == pytest.approx(truth, rel=1e-9)


def test_the_spread_is_its_integral_over_time(path, judged):
    pieces = followed(open_recorded(path))
    orders = joined([orders_of(piece, 100_000) for piece in pieces])
    depth = proteus.replay(
        table_of(orders), "clob", n_ticks=int(orders.price.max()) + 2, levels=1
    ).depth.astype("Float64")
    blocks = judged.days[0].true.blocks
    ends = [*depth["time_ns"].tolist()[1:], blocks.first_ns + blocks.number * blocks.length_ns]
    above = below = 0.0
    for row, end in zip(depth.to_dict("records"), ends, strict=True):
        if not (pd.isna(row["bid_price_ticks_1"]) or pd.isna(row["ask_price_ticks_1"])):
            lasts = end - row["time_ns"]
            above += (row["ask_price_ticks_1"] - row["bid_price_ticks_1"]) * TICK * lasts
            below += lasts
    assert value_of(judged, "clob", "spread") == pytest.approx(above / below, rel=1e-9)


def test_intervals_cover_their_values_and_need_enough_blocks(path, judged):
    fba = judged.table[judged.table["cell"] != "clob"]
    some = fba[fba["low"].notna()]
    assert len(some) >= 7
    assert (some["low"] <= some["value"]).all()
    assert (some["value"] <= some["high"]).all()
    few = judging.judge(read_words([str(path), "mechanism=clob", "block_s=5"]))
    assert few.units == 4
    assert few.table["low"].isna().all()


def test_a_cell_that_trades_at_once_is_there_once():
    words = read_words(["x", "mechanism=clob,fba", "delta=50,0.5"])
    assert words.cells == [Cell("clob", None), Cell("fba", "50"), Cell("fba", "0.5")]


def test_the_command_writes_a_page_tables_and_the_honest_sentence(tmp_path, capfd):
    path, mapping = write_csv(tmp_path, trade(Flow(), 20, 4))
    folder = tmp_path / "out"
    words = [str(path), f"mapping={mapping}", "mechanism=fba", f"delta={DELTA_MS}"]
    assert main([*words, f"output_dir={folder}"]) == 0
    said = capfd.readouterr().out.splitlines()
    assert said[-1] == str(folder)
    assert said[-2] == HONEST
    page = (folder / "whatif.html").read_text()
    assert HONEST in page
    assert "http" not in page.replace("http://www.w3.org", "")
    assert "the book is known well" in page
    table = pd.read_parquet(folder / "measures.parquet")
    blocks = pd.read_parquet(folder / "blocks.parquet")
    sums = blocks.groupby(["cell", "measure"])[["above", "below"]].sum()
    for row in table.to_dict("records"):
        above, below = sums.loc[(row["cell"], row["measure"])]
        assert above / below == pytest.approx(row["value"]) or math.isnan(row["value"])
    assert {*pd.read_parquet(folder / "paths.parquet")["cell"]} == {
        "recorded", "clob", f"fba {DELTA_MS} ms",
    }  # fmt: skip
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["files"][0]["lots"] == manifest["files"][0]["again"] > 0
    assert main([*words, f"output_dir={folder}"]) == 2
    assert "is not empty" in capfd.readouterr().err
    assert main([*words, f"output_dir={path / 'out'}"]) == 2
    assert f"output_dir={path / 'out'} is not allowed: {path} is a file" in capfd.readouterr().err
    assert main([*words, "block_s=1e-9", f"output_dir={tmp_path / 'new'}"]) == 2
    assert "blocks, and 10000 are the most" in capfd.readouterr().err
    assert not (tmp_path / "new").exists()
    assert main([str(path), "mechanism=fba"]) == 2
    assert "mapping is missing" in capfd.readouterr().err


def test_times_are_never_shifted_and_skew_is_counted(tmp_path):
    """A record that goes back in time keeps its place; one captured too early is only counted."""
    path, mapping = tmp_path / "x.csv", tmp_path / "m.yaml"
    path.write_text(
        "t,r,k,i,s,p,q\n100,110,A,1,buy,1,5\n300,290,A,2,sell,2,5\n200,210,A,3,sell,2,5\n"
        "400,401,E,2,sell,2,5\n"
    )
    mapping.write_text(
        "columns: {time: t, received: r, kind: k, order_id: i, side: s, price: p, lots: q}\n"
        "kinds: {A: add, E: execute}\n"
    )
    words = read_words([str(path), f"mapping={mapping}", "mechanism=clob"])
    day = judging.run_day(path, words)
    doubts = day.recording.doubts
    assert (doubts.skewed, doubts.skew_ns) == (1, 10)
    assert (doubts.backward, doubts.backward_ns) == (1, 100)
    assert day.recording.orders.time_ns.tolist() == [100, 300, 300, 400]
    assert day.fidelity.again == day.fidelity.lots == 5


def test_a_file_without_trades_says_so_and_no_numbers(tmp_path, capfd):
    path, mapping = tmp_path / "x.csv", tmp_path / "m.yaml"
    path.write_text("t,k,i,s,p,q\n1,A,1,buy,1,5\n2000,A,2,sell,1.5,5\n")
    mapping.write_text(
        "columns: {time: t, kind: k, order_id: i, side: s, price: p, lots: q}\nkinds: {A: add}\n"
    )
    words = [str(path), f"mapping={mapping}", "mechanism=clob", f"output_dir={tmp_path / 'o'}"]
    assert main(words) == 0
    first, *_ = capfd.readouterr().out.splitlines()
    assert first.startswith("Nothing traded at the visible book of the venue")


def test_a_recorded_book_that_is_crossed_is_said_to_be(judged, tmp_path):
    """Two orders rest across each other, 7 lots on both sides; nothing of the exchange does."""
    (day,) = judged.days
    assert day.recording.doubts.crossed_lots == 0
    path, mapping = tmp_path / "x.csv", tmp_path / "m.yaml"
    mapping.write_text(
        "columns: {time: t, kind: k, order_id: i, side: s, price: p, lots: q}\n"
        "kinds: {A: add, E: execute, D: delete}\n"
    )
    rows = ["1,A,1,buy,1.02,7", "2,A,2,sell,1.00,9", "3,A,3,sell,1.05,4", "4,E,3,sell,1.05,4"]
    path.write_text("t,k,i,s,p,q\n" + "\n".join([*rows, "9000,D,2,,,"]) + "\n")
    found = judging.judge(read_words([str(path), f"mapping={mapping}", "mechanism=clob"]))
    assert found.days[0].recording.doubts.crossed_lots == 7
    assert any("its recorded book is crossed there" in each for each in sentences(found))


def test_a_spread_that_is_the_same_all_day_has_no_interval_and_no_traceback(tmp_path, capfd):
    """Twelve records with a hidden trade, a halt and a cross: each spread is one tick of 0.01."""
    path = tmp_path / "A_2012-06-21_34200000_57600000_message_2.csv"
    path.write_text(
        "34200.000000001,1,1,100,1000000,1\n34200.1,1,2,50,1000100,-1\n"
        "34200.2,5,0,30,1000050,1\n34200.3,4,2,20,1000100,-1\n34200.3,5,0,10,1000050,1\n"
        "34200.4,7,0,0,-1,-1\n34200.5,7,0,0,0,-1\n34200.6,6,-1,500,1000100,-1\n"
        "34200.7,7,0,0,1,-1\n34201.0,2,1,40,1000000,1\n34201.5,3,1,60,1000000,1\n"
        "34202.0,4,2,30,1000100,-1\n"
    )
    folder = tmp_path / "out"
    words = [str(path), "mechanism=clob,fba", "delta=50", f"output_dir={folder}"]
    assert main(words) == 0
    assert "40 lots traded outside of the visible book" in capfd.readouterr().out
    table = pd.read_parquet(folder / "measures.parquet").set_index(["measure", "cell"])
    spread = table.loc["spread"]
    assert spread["value"].to_list() == pytest.approx([0.01, 0.01], rel=1e-12)
    assert spread[["difference_low", "difference_high"]].isna().all(axis=None)
