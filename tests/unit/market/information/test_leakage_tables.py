"""The leakage tables: what they say, what they refuse, and what of them a view is made of."""

import copy
import json

import pytest

from proteus.configuration.compose import compose_words, hydra_session
from proteus.configuration.reading import read_config
from proteus.errors import ConfigError
from proteus.market.book.codes import BUY, IOC
from proteus.market.information import history
from proteus.market.information.leakage import COMPARED
from proteus.market.mechanisms.table import MECHANISM_MODELS
from proteus.market.trading import desk
from proteus.plans import parity, planner
from tests.helpers.cells import RULED
from tests.helpers.hand_market import (
    CLOB,
    DUAL_FLOW,
    FBA,
    MAKER,
    MS,
    NOISE,
    OTHER_MAKER,
    OTHER_NOISE,
    HandMarket,
    S,
    still_block,
)

WHERE = "execution.leakage"


@pytest.fixture(scope="module")
def tree():
    with hydra_session():
        return compose_words(["mechanism=clob"]).tree


def with_keys(tree, **keys):
    """A copy of the configuration with keys of the leakage tables set, as clob__trade__price."""
    changed = copy.deepcopy(tree)
    for key, value in keys.items():
        branch = changed["execution"]["leakage"]
        *parents, leaf = key.split("__")
        for part in parents:
            branch = branch[part]
        branch[leaf] = value
    return changed


# --- what the tables say --------------------------------------------------------------------------

# Events that only some mechanisms have, because their trading forces it. The rest is the same.
WITH_A_BOOK = {"clob", "fba", "dual_flow"}
FORCED = {
    "trade": {"clob", "rfq"}, "batch_clear": {"fba", "dual_flow"}, "order": WITH_A_BOOK,
    "book": WITH_A_BOOK, "request": {"rfq"}, "quote": {"rfq"}, "cover": {"rfq"},
}  # fmt: skip


def test_the_defaults_differ_only_where_a_mechanism_forces_it(tree):
    tables = tree["execution"]["leakage"]
    assert tables.keys() == MECHANISM_MODELS.keys()
    tables = {name: tables[name] for name in RULED}
    for event in {event for table in tables.values() for event in table}:
        having = {name: table[event] for name, table in tables.items() if event in table}
        assert having.keys() == FORCED.get(event, tables.keys()), event
        assert len({json.dumps(row, sort_keys=True) for row in having.values()}) == 1, event
    shown = [{COMPARED[event]: row for event, row in table.items() if event in COMPARED}
             for table in tables.values()]  # fmt: skip
    for row in shown:
        book = row.get("book", {"best_bid": "public", "best_ask": "public", "delay_ms": 0})
        assert book["best_bid"] == book["best_ask"] == row["print"]["price"]
        assert book["delay_ms"] == row["print"]["delay_ms"] == 0


def test_the_default_latencies_are_the_same_under_every_mechanism():
    cells = planner.from_words([f"mechanism={','.join(MECHANISM_MODELS)}"]).cells
    latencies = [
        {name: group.latency.model_dump() for name, group in cell.population.items()}
        for cell in cells
    ]
    assert len(cells) == len(MECHANISM_MODELS)
    assert all(found == latencies[0] for found in latencies)


def test_a_cell_holds_the_table_of_its_mechanism_and_no_other():
    price = f"{WHERE}.clob.trade.price=public,hidden"
    made = planner.from_words(["mechanism=clob,fba", price, f"parity.exceptions=[{WHERE}]"])
    assert made.cell_of[:, 0, :].tolist() == [[0, 1], [2, 2]]  # fba does not read clob's table
    assert [[*cell.execution.leakage] for cell in made.cells] == [["clob"], ["clob"], ["fba"]]
    kept = json.loads(made.cells[1].model_dump_json())["execution"]["leakage"]
    assert kept["clob"]["trade"] == {
        "price": "hidden", "parties": "hidden", "side": "hidden", "size": "hidden", "delay_ms": 0,
    }  # fmt: skip
    assert made.fairness["deliberate"] == {f"{WHERE}.print.price": ["hidden", "public"]}


def test_cells_that_show_their_traders_less_are_not_compared_unnamed(tree):
    one, other = (
        parity.tree(read_config({**with_keys(tree, **keys), "mechanism": mechanism}))
        for keys, mechanism in (
            ({"clob__trade__delay_ms": 5}, tree["mechanism"]),
            ({"fba__book__best_ask": "hidden"}, {**FBA_KEYS}),
        )
    )
    assert {key: values for key, *values in parity.differences(one, other)} == {
        f"{WHERE}.book.best_ask": ["public", "hidden"], f"{WHERE}.print.delay_ms": [5, 0],
    }  # fmt: skip


FBA_KEYS = {
    "name": "fba", "price_rule": "midpoint", "allocation": "time", "self_trade": "none",
    "random_close": 0.0,
}  # fmt: skip

# key of a table, value | what the sentence says after "is not allowed: ", or of an unknown key
MISTAKES = [
    ("clob__trade__price", "publik", "must be public, parties or hidden; did you mean public?"),
    ("clob__trade__price", None, "must be public, parties or hidden"),
    ("fba__book__best_bid", "parties", "must be public or hidden"),
    ("clob__order__price", "public", "must be parties: "),
    ("clob__fill__price", "hidden", "must be parties: "),
    ("dual_flow__fill__counterparty", "parties", "must be hidden: no rule of a trader reads it"),
    ("clob__trade__size", "public", "must be hidden: no rule of a trader reads it"),
    ("clob__book__delay_ms", -1, "must be at least 0"),
    ("clob__book__delay_ms", "late", "must be a number"),
    ("clob__book__delay_ms", 20_000, "must be less than horizon_s=20"),
    ("clob__trade__delay_ms", 30_000, "must be less than horizon_s=20"),
    ("clob__trade", "hidden", "must be a group of keys; allowed: "),
    ("clob__trade__prise", "hidden", "unknown key execution.leakage.clob.trade.prise; did you"),
    ("clob__traed", {}, "did you mean execution.leakage.clob.trade?"),
    ("fba__trade", {}, "unknown key execution.leakage.fba.trade"),
    ("cda", {}, "unknown key execution.leakage.cda; allowed: clob, dual_flow, fba"),
]


@pytest.mark.parametrize(("key", "value", "allowed"), MISTAKES)
def test_what_a_table_cannot_say_is_refused_in_one_sentence(tree, key, value, allowed):
    with pytest.raises(ConfigError) as caught:
        read_config(with_keys(tree, **{key: value}))
    sentence = str(caught.value)
    assert f"{WHERE}.{key.replace('__', '.')}" in sentence
    assert allowed in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    "keys",
    [
        {"clob__trade__price": "hidden", "clob__trade__delay_ms": 1},
        {"clob__book__best_bid": "hidden", "clob__book__best_ask": "hidden",
         "clob__book__delay_ms": 1},
    ],
)  # fmt: skip
def test_what_is_hidden_cannot_be_late(tree, keys):
    with pytest.raises(ConfigError, match=r"delay_ms=1 is not allowed: must be 0 when .* hidden"):
        read_config(with_keys(tree, **keys))


# --- what a view is made of -----------------------------------------------------------------------


def words(*changes):
    return [f"{WHERE}.{change}" for change in changes]


def quoted(*changes, bid=(490, 10), ask=(510, 10)):
    """A continuous market in which a maker quotes from 1.001 s on, under a changed table."""
    market = HandMarket(CLOB, *words(*changes))
    market.quote(1 * S, MAKER, bid, ask, 0.5)
    market.run(2 * S)
    return market


def view(market, trader, time, data_delay=0):
    """Executable prices (bid, ask), twice the reference, and the tape that a trader sees."""
    desk.observe(market.world, 0, trader, time, data_delay)
    seen = market.world.seen
    tape = [int(price) for price in seen.print_price[0, : seen.n_prints[0]]]
    return (*seen.executable[0].tolist(), int(seen.reference_doubled[0]), tape)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], (490, 510, 1000)),
        (["clob.book.best_bid=hidden"], (505, 510, 1010)),  # the last price, for a side and the mid
        (["clob.book.best_ask=hidden"], (490, 505, 1010)),
        (["clob.book.best_bid=hidden", "clob.book.best_ask=hidden"], (505, 505, 1010)),
        (["clob.trade.price=hidden"], (490, 510, 1000)),
        (["clob.book.best_ask=hidden", "clob.trade.price=hidden"], (490, 500, 1000)),  # p0
    ],
)
def test_a_hidden_price_falls_back_to_the_last_one_shown_and_then_to_p0(changes, expected):
    market = quoted(*changes)
    market.quote(2 * S, OTHER_MAKER, (480, 1), (505, 1), 0.5)
    market.order(3 * S, NOISE, BUY, 600, 1, IOC)
    market.run(4 * S)
    assert view(market, OTHER_NOISE, 4 * S)[:3] == expected
    data = market.world.data
    at = history.newest(data, 0)
    assert history.reference_doubled(data, 0, at, 500) == expected[2]  # measures use it too
    assert data.best[0, at].tolist() == [490, 510]  # the spread and depth are those of the book


def test_the_book_is_seen_exactly_the_delay_of_the_table_later():
    market = quoted("clob.book.delay_ms=30")
    shown = 1001 * MS + 30 * MS
    assert view(market, NOISE, shown - 1)[:3] == (500, 500, 1000)
    assert view(market, NOISE, shown)[:3] == (490, 510, 1000)
    assert view(market, OTHER_NOISE, shown + 4 * MS - 1, 4 * MS)[:3] == (500, 500, 1000)
    assert view(market, OTHER_NOISE, shown + 4 * MS, 4 * MS)[:3] == (490, 510, 1000)
    assert view(market, OTHER_NOISE, shown + 5 * MS, 9 * MS)[:2] == (490, 510)  # never goes back


def test_a_print_is_seen_exactly_the_delay_of_the_table_later():
    market = quoted("clob.trade.delay_ms=30", ask=(510, 2))
    market.order(3 * S, NOISE, BUY, 600, 2, IOC)  # at 510, and then there is no ask
    market.run(4 * S)
    printed = 3 * S + MS
    assert view(market, OTHER_MAKER, printed + 30 * MS - 1)[3] == []
    assert view(market, OTHER_MAKER, printed + 30 * MS)[3] == [510]
    assert view(market, OTHER_NOISE, printed + 30 * MS - 1)[:3] == (490, 500, 1000)
    assert view(market, OTHER_NOISE, printed + 30 * MS)[:3] == (490, 510, 1020)


@pytest.mark.parametrize("mechanism", [(CLOB,), FBA, DUAL_FLOW])
def test_a_print_to_its_parties_is_the_last_price_of_those_who_took_part(mechanism):
    name = mechanism[0].removeprefix("mechanism=")
    event = "trade" if name == "clob" else "batch_clear"
    seen = {}
    for audience in ("public", "parties", "hidden"):
        market = HandMarket(*mechanism, *words(f"{name}.{event}.price={audience}"))
        market.quote(1 * S, MAKER, (480, 4), (520, 4), 0.5)
        market.order(2 * S, NOISE, BUY, 520, 4)
        market.run(3 * S)
        price = int(market.world.progress.last_price[0])
        seen[audience] = {
            trader: view(market, trader, 3 * S)
            for trader in (NOISE, OTHER_NOISE, MAKER, OTHER_MAKER)
        }
    no_ask = {trader: found[1] for trader, found in seen["public"].items()}
    assert no_ask == dict.fromkeys(no_ask, price)
    assert seen["public"][OTHER_MAKER][3] == [price]
    assert seen["public"][MAKER][3] == seen["parties"][MAKER][3] == []
    assert {trader: found[1] for trader, found in seen["parties"].items()} == {
        NOISE: price, MAKER: price, OTHER_NOISE: 500, OTHER_MAKER: 500,
    }  # fmt: skip
    assert {found[1] for found in seen["hidden"].values()} == {500}
    for audience in ("parties", "hidden"):
        assert seen[audience][OTHER_MAKER][3] == []


def test_the_history_is_long_enough_for_what_is_shown_late():
    prompt, late = (still_block(CLOB, *words(f"clob.{event}.delay_ms={delay}")).world.data
                    for event, delay in (("book", 0), ("trade", 5000)))  # fmt: skip
    assert prompt.time.shape == prompt.print_time.shape == (1, 256)
    # 82 wake-ups a second, two messages each, for 5 s, and 256: rounded up to a power of two.
    assert late.time.shape == late.print_time.shape == (1, 2048)
