"""Every format against the exchange that wrote it: each order after each record, and its trades."""

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

import proteus
from proteus.market.book.codes import BUY
from proteus.readers.events import joined
from proteus.readers.following import EXECUTE, STATUS, TRADE
from proteus.readers.orders import orders_of, table_of
from proteus.readers.reading import Reading
from proteus.readers.table import FORMATS, followed, format_of, open_recorded
from proteus.readers.tracking import Tracked, check_known
from tests.helpers import recorded_files as files
from tests.helpers.venue import Exchange, Flow, trade

pytestmark = pytest.mark.nojit

PLAIN = Flow(replaced=0.0, hidden=0.05)
BARE = Flow(replaced=0.0)
SECONDS = 20.0
MORNING = 34_200 * 10**9


class Case(NamedTuple):
    """A format, what writes it, and what it can say."""

    name: str
    flow: Flow
    write: Callable[[Path, Exchange], Path]
    unit: int = 1  # lots of the reader in one of the exchange
    symbol: str | None = None
    knows_orders: bool = True
    middle: int = 10_000
    first_ns: int = MORNING


CASES = [
    Case("lobster", PLAIN, files.write_lobster),
    Case("itch", Flow(hidden=0.05),
         lambda folder, venue: files.write_itch(folder, venue, "PROT", 9), symbol="PROT"),
    Case("dbn", PLAIN, files.write_dbn, symbol="PROT"),
    Case("hftbacktest", BARE, files.write_hft_orders, unit=10**6),
    Case("hftbacktest", BARE, files.write_hft_levels, unit=10**6, knows_orders=False),
    Case("kalshi", BARE, lambda folder, venue: files.write_kalshi(folder, venue, True), unit=100,
         knows_orders=False, middle=5000, first_ns=0),
    Case("kalshi", BARE, lambda folder, venue: files.write_kalshi(folder, venue, False), unit=100,
         knows_orders=False, middle=5000, first_ns=0),
    Case("polymarket", BARE, files.write_polymarket, unit=10**6, symbol="71321",
         knows_orders=False, middle=5000, first_ns=0),
    Case("csv", Flow(hidden=0.05), lambda folder, venue: files.write_csv(folder, venue)[0]),
]  # fmt: skip


def reading_of(case: Case, folder: Path) -> Reading:
    mapping = folder / "mapping.yaml" if case.name == "csv" else None
    return Reading(case.symbol, mapping, piece=64)  # small, so that orders live over pieces


def told_of(case: Case, trades: Iterable[tuple[bool, int, int]]) -> list[tuple[bool, int, int]]:
    """Trades one by one; of levels, where nobody knows whose lots they are, by side and price."""
    if case.knows_orders:
        return [*trades]
    return [
        (*key, sum(lots for _, _, lots in some))
        for key, some in itertools.groupby(trades, lambda each: each[:2])
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_order_has_after_every_record_what_the_exchange_left_of_it(tmp_path, case):
    venue = trade(case.flow, SECONDS, 3, case.first_ns, case.middle)
    path = case.write(tmp_path, venue)
    assert format_of(path).name == case.name
    pieces = list(followed(open_recorded(path, None, reading_of(case, tmp_path))))
    for piece in pieces:
        check_known(piece)
    events, found = (joined([piece[part] for piece in pieces]) for part in (0, 1))
    told = found.kind < TRADE
    if case.knows_orders:
        wanted = [did for did in venue.did if did.what != "hidden"]
        assert found.left[told].tolist() == [case.unit * did.left for did in wanted]
    executed = found.kind == EXECUTE
    wanted = [did for did in venue.did if did.what == "execute"]
    traded = zip(
        (found.side[executed] == BUY).tolist(), found.limit[executed].tolist(),
        found.lots[executed].tolist(), strict=True,
    )  # fmt: skip
    truth = [(did.side == 1, 100_000 * did.price, case.unit * did.lots) for did in wanted]
    assert told_of(case, traded) == told_of(case, truth)
    hidden = [case.unit * did.lots for did in venue.did if did.what == "hidden"]
    assert events.lots[events.kind == TRADE].tolist() == hidden


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_door_trades_as_the_exchange_did_and_leaves_its_book(tmp_path, case):
    venue = trade(case.flow, SECONDS, 4, case.first_ns, case.middle)
    path = case.write(tmp_path, venue)
    pieces = followed(open_recorded(path, None, reading_of(case, tmp_path)))
    rows = joined([orders_of(piece, 100_000) for piece in pieces])
    found = proteus.replay(table_of(rows), "clob", n_ticks=20_000)
    assert found.rejects.empty
    wanted = [did for did in venue.did if did.what == "execute"]
    buys = found.fills["maker_order_id"] == found.fills["buy_order_id"]
    traded = zip(buys, found.fills["price_ticks"], found.fills["quantity"], strict=True)
    truth = [(did.side == 1, did.price, case.unit * did.lots) for did in wanted]
    assert told_of(case, traded) == told_of(case, truth)
    levels = found.book.groupby(["side", "price_ticks"])["quantity"].sum().to_dict()
    bids, asks = venue.books[-1]
    assert levels == {("buy", price): case.unit * lots for price, lots in bids} | {
        ("sell", price): case.unit * lots for price, lots in asks
    }


def test_every_format_has_a_case():
    assert {case.name for case in CASES} == {*FORMATS}


def test_pieces_do_not_change_what_is_read(tmp_path):
    venue = trade(Flow(), SECONDS, 5)
    path = files.write_itch(tmp_path, venue)
    parts = []
    for piece in (7, 10**6):
        found = list(followed(open_recorded(path, "itch", Reading("PROT", piece=piece))))
        parts.append(joined([orders_of(each, 100_000) for each in found]))
        assert (len(found) > 20) == (piece == 7)
    for left, right in zip(*parts, strict=True):
        assert left.tolist() == right.tolist()


def test_a_replacement_at_its_own_price_goes_behind_those_who_wait(tmp_path):
    """Nasdaq: it is a new order; to the door an amendment to no more keeps its place."""
    venue = Exchange()
    venue.add(1000, 1, 1, 9900, 5)
    venue.add(2000, 2, 1, 9900, 5)
    venue.replace(3000, 1, 3, 9900, 5)
    venue.take(4000, -1, 5)
    assert venue.did[-1].order == 2
    path = files.write_itch(tmp_path, venue)
    pieces = followed(open_recorded(path, None, Reading("PROT")))
    rows = joined([orders_of(piece, 100_000) for piece in pieces])
    found = proteus.replay(table_of(rows), "clob", n_ticks=20_000)
    assert found.fills["maker_order_id"].tolist() == [2]
    assert found.book["order_id"].tolist() == [3]


def test_executions_at_another_price_and_unprinted_ones_take_lots_and_only_one_is_volume(tmp_path):
    """C of ITCH: printable at a better price, and not printable, as in a cross."""
    venue = Exchange()
    venue.add(1000, 1, 1, 9900, 30)
    for ns, lots, off in ((2000, 10, 5), (3000, 8, -7)):
        venue.open[1][2] -= lots
        venue.note(ns, "execute", 1, 1, 9900, lots, left=venue.open[1][2], off=off)
    path = files.write_itch(tmp_path, venue)
    pieces = list(followed(open_recorded(path, None, Reading("PROT"))))
    piece = Tracked(*(joined([each[part] for each in pieces]) for part in (0, 1)))
    at = piece.events.kind == EXECUTE
    assert piece.found.left[at].tolist() == [20, 12]
    assert piece.events.price[at].tolist() == [990_500_000, 990_700_000]
    assert piece.events.is_printed[at].tolist() == [True, False]
    table = table_of(orders_of(piece, 100_000)).to_pandas()
    assert table["kind"].tolist() == ["limit", "limit", "cancel"]
    assert table["quantity"].tolist() == [30, 10, 8]
    assert table["price_ticks"].tolist()[1] == 9900  # what the order that came is known to pay
    assert (piece.events.kind == STATUS).sum() == 1
