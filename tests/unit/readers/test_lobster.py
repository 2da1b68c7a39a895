"""The order-book file of LOBSTER against the book that the orders make; both may be compressed."""

from decimal import Decimal

import pytest

from proteus.errors import MessageError
from proteus.readers import sources
from proteus.readers.events import joined
from proteus.readers.lobster_book import check_book
from proteus.readers.orders import orders_of
from proteus.readers.table import followed, open_recorded
from tests.helpers.recorded_files import compressed, write_lobster
from tests.helpers.venue import Flow, trade

pytestmark = pytest.mark.nojit

FLOW = Flow(replaced=0.0, hidden=0.05)
MORNING = 34_200 * 10**9


@pytest.fixture(scope="module")
def venue():
    return trade(FLOW, 20, 3, MORNING)


def change(path, row, column, value):
    """Write another number into a row of a file."""
    lines = path.read_text().splitlines()
    cells = lines[row].split(",")
    cells[column] = str(value)
    lines[row] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n")


def book_of(path):
    return path.with_name(path.name.replace("_message_", "_orderbook_"))


@pytest.mark.parametrize("first", [0, 100])
@pytest.mark.parametrize("levels", [1, 3, 12])
def test_the_book_is_that_of_the_file_at_every_row(tmp_path, venue, first, levels):
    """Also of a file that begins in the day, whose first orders it does not name."""
    path = write_lobster(tmp_path, venue, levels, first)
    checked = check_book(path, is_whole=first == 0)
    assert checked.rows == len(venue.did) - first
    assert (checked.entered == 0) == (levels == 12)
    deepest = [[len(side[:levels]) for side in book] for book in venue.books[first:]]
    shown = sum(map(sum, deepest))
    assert checked.levels + checked.entered == shown - sum(deepest[0])


@pytest.mark.parametrize("column", range(4))
def test_a_row_that_differs_is_named(tmp_path, venue, column):
    path = write_lobster(tmp_path, venue, 3)
    cells = book_of(path).read_text().splitlines()[60].split(",")
    change(book_of(path), 60, column, int(cells[column]) + 1)
    with pytest.raises(MessageError, match=r"in row 60, and the orders up to it leave"):
        check_book(path)


@pytest.mark.parametrize(
    ("what", "column", "by", "said"),
    [("execute", 3, 1, "more lots"), ("delete", 3, -1, "all lots that are left"),
     ("delete", 2, 10**6, "the order must have come before")],
)  # fmt: skip
def test_an_order_that_is_not_what_it_was_is_named(tmp_path, venue, what, column, by, said):
    path = write_lobster(tmp_path, venue, 3)
    row, did = next(
        (row, did) for row, did in enumerate(venue.did)
        if did.what == what and did.lots > 1 and did.left == 0
    )  # fmt: skip
    change(path, row, column, {2: did.order, 3: did.lots}[column] + by)
    with pytest.raises(MessageError, match=f"in record {row} is not allowed: .*{said}"):
        check_book(path, is_whole=True)


def test_a_book_of_another_length_is_refused(tmp_path, venue):
    path = write_lobster(tmp_path, venue, 3)
    lines = book_of(path).read_text().splitlines()
    book_of(path).write_text("\n".join(lines[:-1]) + "\n")
    with pytest.raises(MessageError, match="must have a row for each message"):
        check_book(path)


@pytest.mark.parametrize(("codec", "ending"), [("gzip", ".gz"), ("zstd", ".zst")])
def test_a_compressed_file_is_read_as_the_plain_one(tmp_path, venue, codec, ending):
    path = write_lobster(tmp_path, venue, 3)
    packed = path.with_name(path.name + ending)
    packed.write_bytes(compressed(path.read_bytes(), codec))
    book_of(packed).write_bytes(compressed(book_of(path).read_bytes(), codec))
    assert check_book(packed) == check_book(path)
    plain, other = (
        joined([orders_of(piece, 100_000) for piece in followed(open_recorded(each))])
        for each in (path, packed)
    )
    assert [column.tolist() for column in plain] == [column.tolist() for column in other]


def odd(lines):
    """The same messages in other spellings that CSV allows, and one empty line."""
    lines = [*lines]
    for row, how in enumerate((
        lambda cells: f'"{cells[0]}",' + ",".join(cells[1:]),
        lambda cells: ",".join([cells[0] + "0000", *cells[1:]]),
        lambda cells: ",".join(cells) + "\n",
        lambda cells: ",".join(["+" + cells[0], *cells[1:]]),
    )):  # fmt: skip
        lines[40 * (row + 1)] = how(lines[40 * (row + 1)].split(","))
    return lines


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("spelled", [list, odd])
@pytest.mark.parametrize("block", [700, 1 << 22])
def test_spelling_and_blocks_change_nothing(tmp_path, venue, monkeypatch, end, spelled, block):
    """Lines as LOBSTER writes them are read here, others by Arrow: times to the nanosecond."""
    path = write_lobster(tmp_path, venue, 1)
    lines = path.read_text().splitlines()
    monkeypatch.setattr(sources.blocks, "__defaults__", (block,))
    path.write_text(end.join(spelled(lines)), newline="")
    read = joined(list(open_recorded(path)))
    read = read._replace(**{name: column[read.record >= 0]
                            for name, column in read._asdict().items()})  # fmt: skip
    cells = [line.split(",") for line in lines]
    assert read.time_ns.tolist() == [int(Decimal(row[0]) * 10**9) for row in cells]
    assert read.record.tolist() == list(range(len(lines)))
    assert (read.price // 100_000).tolist() == [int(row[4]) for row in cells]
    assert read.lots.tolist() == [int(row[3]) for row in cells]


@pytest.mark.parametrize("row", [3, 90])
@pytest.mark.parametrize("line", ["34200.1,1,7,5", "34200.1,1,7,5,x,1", "34200.1,1,7,5,,1"])
def test_a_line_that_is_none_is_refused_wherever_it_stands(tmp_path, venue, row, line):
    path = write_lobster(tmp_path, venue, 1)
    lines = path.read_text().splitlines()
    lines[row] = line
    path.write_text("\n".join(lines))
    with pytest.raises(MessageError, match=r"in record|got 4|to int64"):
        list(open_recorded(path))
