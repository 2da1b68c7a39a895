"""Watching a lane: what is shown at an instant is what the log, the traces and the replay say."""

import re

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import proteus
from proteus.basics import units
from proteus.errors import ResultsError
from proteus.market.agents.identity import agent_uid
from proteus.market.book.codes import BUY, SELL
from proteus.market.events.log import MISSING
from proteus.pages.lane import busiest, lane_page
from proteus.plots.lane import lane_figure
from proteus.recording.watched import MAKER, books, read_lane
from proteus.sweep import main as sweep
from proteus.watch import main
from tests.helpers.browser import PHONE, is_wider_than_its_window, opened
from tests.helpers.browser import chromium as chromium
from tests.helpers.recorded import WORDS
from tests.helpers.recorded import near_barriers as near_barriers

MECHANISMS = ("clob", "fba", "dual_flow", "rfq")
LANES = [f"mechanism:{name}/seed:1" for name in MECHANISMS]
INSTANTS_MS = (0, 330, 740, 1500)  # on the grid of the traces


@pytest.fixture(scope="module")
def folder(near_barriers, tmp_path_factory):
    folder = tmp_path_factory.mktemp("watch") / "out"
    words = [word for word in WORDS if not word.startswith("mechanism")]
    recorded = ["seeds.first=1", "seeds.count=1", "record.events=all", "record.traces=all"]
    assert sweep([*words, f"mechanism={','.join(MECHANISMS)}", *recorded,
                  f"output_dir={folder}"]) == 0  # fmt: skip
    return folder


@pytest.fixture(scope="module", params=LANES)
def lane(request, folder):
    return read_lane(str(folder), request.param)


@pytest.fixture(scope="module")
def replayed(folder):
    return {f"cell:{one.cell}/seed:{one.seed}": one for one in proteus.replay_log(folder)}


def ladders(lane, until, keep):
    """Sum the open lots of some traders after the rows before ``until``: price to lots."""
    found = ({}, {})
    for row, side, price, trader, lots in zip(*lane.changes, strict=True):
        if row < until and keep[trader]:
            found[side][int(price)] = found[side].get(int(price), 0) + int(lots)
    return [{price: lots for price, lots in side.items() if lots} for side in found]


def test_open_orders_give_every_published_book(lane):
    # The book of dual_flow is the quotes of makers; that of rfq is empty.
    in_book = {"dual_flow": {MAKER}, "rfq": set()}.get(lane.label["mechanism"], set(lane.classes))
    keep = [name in in_book for name in lane.classes]
    rows = np.flatnonzero((lane.rows["bid_lots"] != MISSING) | (lane.rows["ask_lots"] != MISSING))
    published = books(lane)
    assert len(rows) == len(published["time_ns"]) > 10
    for at, row in enumerate(rows):
        bids, asks = ladders(lane, row, keep)
        for ladder, best, name in ((bids, max, "bid"), (asks, min, "ask")):
            price = best(ladder, default=MISSING)
            assert published[f"{name}_ticks"][at] == price
            assert published[f"{name}_lots"][at] == ladder.get(price, 0)


def test_open_orders_and_inventories_end_as_the_replay_does(lane, replayed):
    one = replayed[lane.name]
    resting = {
        name: dict(one.book[one.book.side == name].groupby("price_ticks")["lots"].sum())
        for name in ("buy", "sell")
    }
    rests = [name == MAKER or lane.label["mechanism"] != "rfq" for name in lane.classes]
    ours = ladders(lane, len(lane.rows["kind"]), rests)  # requests never rest
    assert {"buy": ours[BUY], "sell": ours[SELL]} == resting
    assert lane.inventory[-1].tolist() == one.balances["lots"].tolist()[: len(lane.traders)]
    assert list(one.balances.index[: len(lane.traders)]) == lane.traders


def test_quotes_of_makers_are_their_best_open_orders(lane):
    keep = [name == MAKER for name in lane.classes]
    for at in (0, len(lane.quotes.time) // 2, len(lane.quotes.time) - 1):
        until = int(np.searchsorted(lane.rows["time_ns"], lane.quotes.time[at], side="right"))
        bids, asks = ladders(lane, until, keep)
        assert lane.quotes.bid[at] == max(bids, default=MISSING)
        assert lane.quotes.ask[at] == min(asks, default=MISSING)


def test_the_fair_value_is_that_of_the_traces(folder, lane):
    traces = proteus.load_traces(folder)[int(lane.name[5])].sel(seed=1)
    times = traces["time"].to_numpy().astype("timedelta64[ns]").astype(np.int64)
    at = np.searchsorted(lane.value_times, times, side="right") - 1
    assert lane.values[at].tolist() == traces["v"].to_numpy().tolist()


def test_news_of_another_code_are_refused(folder, tmp_path):
    file = pq.ParquetFile(folder / "events.parquet")
    table = file.read().replace_schema_metadata(file.metadata.metadata)
    frame = proteus.load_events(folder)
    values = table.column("value_nano").to_pylist()
    at = frame.index[(frame.kind == "news") & (frame.cell == 1)][1]
    values[at] += 1_000
    column = table.schema.get_field_index("value_nano")
    changed = table.set_column(column, table.schema.field(column), [values])
    pq.write_table(changed, tmp_path / "events.parquet")
    time = frame.time_ns[at] / 1e9
    with pytest.raises(ResultsError, match=rf"cell:1/seed:1: the news .* at {time:g} s"):
        read_lane(str(tmp_path), "cell:1/seed:1")
    assert read_lane(str(tmp_path), "cell:0/seed:1").name == "cell:0/seed:1"


@pytest.fixture(scope="module")
def log(folder):
    """The log as anybody reads it: events, fills, traces."""
    return proteus.load_events(folder), proteus.load_fills(folder), proteus.load_traces(folder)


def expected_at(log, words, time):
    """Look up in the log itself what holds at a time."""
    cell = MECHANISMS.index(words.split("/")[0].partition(":")[2])
    events, fills, traces = log
    events = events[(events.cell == cell) & (events.time_ns <= time)]
    fills = fills[(fills.cell == cell) & (fills.time_ns <= time)]
    held = fills.groupby("buyer").quantity.sum().sub(
        fills.groupby("seller").quantity.sum(), fill_value=0
    )  # fmt: skip
    traders = events.attrs["traders"][cell]
    book = events[events.kind == "book"]
    return {
        "inventory": {name: int(held.get(n, 0)) for n, name in enumerate(traders)},
        "book": None if book.empty else book.iloc[-1],
        "fills": len(fills),
        "events": events.iloc[-12:][::-1],
        "v": traces[cell].v.sel(seed=1).to_numpy()[time // (10 * units.NS_PER_MS)],
    }


def shown_side(book, name):
    if book is None or pd.isna(book[f"{name}_ticks"]):
        return "none"
    return f"{book[f'{name}_lots']} at {book[f'{name}_ticks'] / 1000:.3f}"


@pytest.mark.parametrize("words", LANES)
def test_the_page_shows_at_each_instant_what_the_log_says(folder, log, tmp_path, chromium, words):
    assert main([str(folder), words, "--into", str(tmp_path)]) == 0
    (page,) = tmp_path.glob("*.html")
    with opened(chromium, page) as browser:
        for instant in INSTANTS_MS:
            browser.page.locator("#slider").fill(str(instant))
            expected = expected_at(log, words, instant * units.NS_PER_MS)
            text = browser.page.locator("#clock").inner_text()
            assert text == f"{instant / 1000:.6f} s"
            held = {
                row.get_attribute("data-trader"): int(row.locator("td").last.inner_text())
                for row in browser.page.locator("#inventory tr[data-trader]").all()
            }
            assert held == expected["inventory"]
            who = browser.page.locator("#inventory tr[data-trader=maker0] .agent").inner_text()
            assert who == str(agent_uid("default", "maker", 0))
            for name in ("bid", "ask"):
                shown = browser.page.locator(f"#now-{name}").inner_text()
                assert shown == shown_side(expected["book"], name)
            assert float(browser.page.locator("#now-value").inner_text()) == pytest.approx(
                expected["v"], abs=0.5e-5
            )
            assert browser.page.locator("#now-fills").inner_text() == str(expected["fills"])
            kinds = browser.page.locator("#events td:nth-child(3)").all_inner_texts()
            assert kinds == expected["events"].kind.astype(str).tolist()
        assert browser.complaints == []
        assert browser.requests == []


def test_the_page_is_steered_by_buttons_keys_and_clicks(folder, tmp_path, chromium):
    assert main([str(folder), LANES[1], "--into", str(tmp_path), "--format", "svg"]) == 0
    (path,) = tmp_path.glob("*.html")
    times = read_lane(str(folder), LANES[1]).rows["time_ns"]
    with opened(chromium, path, PHONE) as browser:
        page = browser.page
        clock = page.locator("#clock")
        assert not is_wider_than_its_window(page)
        page.locator("#slider").fill("700")
        page.locator("#forward").click()
        later = times[times > 700 * units.NS_PER_MS][0]
        assert clock.inner_text() == f"{later / 1e9:.6f} s"
        page.locator("#back").click()
        earlier = times[times < later][-1]
        assert clock.inner_text() == f"{earlier / 1e9:.6f} s"
        page.locator("#window").select_option("0.5")
        assert page.evaluate("state.to - state.from") == 0.5e9
        page.locator("#chart").click(position={"x": 60, "y": 60})
        before = page.evaluate("state.time")
        assert before < earlier
        page.locator("#speed").select_option("0.1")
        page.locator("#play").click()
        page.wait_for_function(f"state.time > {before} + 1e6")
        page.locator("#play").click()
        assert page.locator("#play").inner_text() == "Play"
        held = page.evaluate("state.time")
        page.wait_for_timeout(60)
        assert page.evaluate("state.time") == held
        assert browser.complaints == []


def test_fills_and_cancels_say_whose_they_are_and_the_wheel_zooms(folder, log, tmp_path, chromium):
    assert main([str(folder), LANES[0], "--into", str(tmp_path)]) == 0
    (path,) = tmp_path.glob("*.html")
    events, fills, _ = log
    traders = events.attrs["traders"][0]
    chosen = fills[fills.cell == 0].iloc[0]
    with opened(chromium, path) as browser:
        page = browser.page
        page.evaluate(f"show({chosen.time_ns})")
        rows = [row.locator("td").all_inner_texts() for row in page.locator("#events tr").all()[1:]]
        told = [row for row in rows if row[2] == "fill"]
        at = (events.cell == 0) & (events.kind == "fill") & (events.time_ns == chosen.time_ns)
        for row, (_, event) in zip(told, events[at].iloc[::-1].iterrows(), strict=False):
            assert row[7] == str(event.order_id)
            name, _, other = row[8].partition(", order ")
            assert other == str(event.other_id)
            assert {name, row[3]} == {traders[chosen.buyer], traders[chosen.seller]}
        gone = events[(events.cell == 0) & (events.kind == "cancel") & (events.source == "trader")]
        gone = gone[gone.order_id.notna()].iloc[-1]
        page.evaluate(f"show({gone.time_ns})")
        rows = [row.locator("td").all_inner_texts() for row in page.locator("#events tr").all()[1:]]
        row = next(row for row in rows if row[2] == "cancel" and row[7] == str(gone.order_id))
        assert row[4] in ("buy", "sell")
        assert float(row[5]) > 0
        before = page.evaluate("[state.from, state.to]")
        page.locator("#chart").hover(position={"x": 300, "y": 100})
        assert page.locator("#tip").is_visible()
        page.mouse.wheel(0, -100)
        page.wait_for_function(f"state.to - state.from < {0.9 * (before[1] - before[0])}")
        assert browser.complaints == []


def test_the_page_opens_where_the_lane_is_busiest(lane):
    times = lane.rows["time_ns"]
    short = lane._replace(end_ns=10 * units.NS_PER_S, rows={
        **lane.rows, "time_ns": np.sort(np.r_[times[:20], 6 * units.NS_PER_S + times[20:]])
    })  # fmt: skip
    start, end = busiest(short)
    assert end - start == 2 * units.NS_PER_S
    assert start <= 6 * units.NS_PER_S + times[20] <= end
    assert busiest(lane) == (0, lane.end_ns)  # shorter than two seconds: whole


def test_the_figure_has_units_and_the_part_asked_for(lane):
    figure = lane_figure(lane, 0.2, 0.9)
    labels = [part.get_ylabel() for part in figure.axes]
    batches = [] if lane.label["mechanism"] in ("clob", "rfq") else ["batch (lots)"]
    assert labels == ["price (currency)", *batches, "inventory (lots)"]
    assert figure.axes[-1].get_xlabel() == "time (s)"
    assert figure.axes[0].get_xlim() == (0.2, 0.9)
    low, high = figure.axes[0].get_ylim()
    inside = (lane.value_times >= 0.2e9) & (lane.value_times <= 0.9e9)
    assert low < lane.values[inside].min() <= lane.values[inside].max() < high


@pytest.mark.parametrize("words", ["mechanism:clob/delta:50", "mechanism:clob/delta:100/seed:1"])
def test_a_mechanism_without_a_delta_stands_on_every_one(folder, words):
    # A sweep with fba at 50 and 100 ms labels the cell of clob with both.
    lane = read_lane(str(folder), words)
    assert lane.name == "cell:0/seed:1"
    assert "<h1>cell:0/seed:1: clob</h1>" in lane_page(lane)
    assert lane_figure(lane).axes[0].get_title(loc="left") == "cell:0/seed:1: clob"


MISTAKES = [
    ("seed:1", "LANE=seed:1 names 4 lanes: choose cell:0/seed:1 (mechanism=clob), cell:1"),
    ("cell:0/seed:7", "cell:0/seed:7 was not recorded: there is cell:0/seed:1 (mechanism=clob"),
    ("mechanism:rfqs/seed:1", "there is cell:0/seed:1 (mechanism=clob)"),
    ("violations", "LANE=violations was not recorded: there is cell:0/seed:1"),
    ("mech:fba/seed:1", "mech must be seed, cell or one of mechanism, delta"),
    ("7", "LANE=7 is not allowed: must name lanes, as seed:0..3"),
    ("seed:x", "LANE=seed:x is not allowed: seed:x must name seeds"),
    ("cell:0/seed:1 --format gif", "--format=gif is not allowed: it must be one of png, svg, pdf"),
    ("cell:0/seed:1 --from 2 --to 1", "--from=2 is not allowed: it must be before --to, here 1 s"),
    ("cell:0/seed:1 --from x", "--from=x is not allowed: it must be a time in seconds"),
    ("cell:0/seed:1 --to nan", "--to=nan is not allowed: it must be a time in seconds"),
    ("cell:0/seed:1 --to 9", "--to=9 is not allowed: the lane ends at 1.5 s"),
    ("cell:0/seed:1 --from 1.5", "--from=1.5 is not allowed: it must be before --to, here 1.5 s"),
    ("cell:0/seed:1 --into results.nc", "--into=results.nc cannot be written"),
    ("", "the following arguments are required: LANE"),
]


@pytest.mark.parametrize(("words", "part"), MISTAKES)
def test_a_mistake_is_one_sentence(folder, monkeypatch, capsys, words, part):
    monkeypatch.chdir(folder)
    assert main([".", *words.split()]) == 2
    printed = capsys.readouterr()
    (sentence,) = printed.err.splitlines()
    assert re.match("error: ", sentence)
    assert part in sentence
    assert printed.out == ""
    assert not (folder / "watch").exists()


def test_a_folder_without_a_log_says_how_to_record_one(tmp_path, capsys):
    assert main([str(tmp_path), "seed:0"]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.endswith("events.parquet does not exist: record.events=seed:0..3 writes it")
