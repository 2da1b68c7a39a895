"""DBN as its authors' own encoder writes it, versions 1 to 3; made with databento-dbn 0.72.0.

The records, of one made-up instrument: a clear; three orders; one trade, told by its aggressor
(T), by both orders that it met (F), by the cancellation of one and the amendment of the other; half
a cancellation that was captured before it happened; a trade of nobody's order; an amendment.
"""

import base64
import zlib

import pytest

from proteus.errors import MessageError
from proteus.readers.events import joined
from proteus.readers.following import CLEAR, EXECUTE, MODIFY, NO_PRICE, NO_TIME, STATUS, TRADE
from proteus.readers.orders import orders_of, trades_of
from proteus.readers.reading import Reading
from proteus.readers.table import followed, open_recorded
from tests.helpers.recorded_files import compressed

pytestmark = pytest.mark.nojit

BYTES = {
    1: (
        "eNpzcfJjPMbAwBDh5xis5xni7MGAAFpm/+ZMF/8PBTBRGJ+RgRwA0hUQ5B9CjgqQDLumKSMHEBuaGpqYYKjg"
        "W8DEoGGNcDuam+tB7I7/QX5fGFHlYfpeMEPEU2ESois8QYqMgLjhv6PjHVbs+i6wQ8TToOINdfxgfXJQfUc4"
        "sevbwQ0RT4eKNwbecwcp0oDoc9rIjV3fAn5UcZh9bmDPhjhNEcSvD5s7Gf67ORLShx4uGkTqw26fM8n2cYHD"
        "xRenvg5h7OHJD9bn7NQojF1fgTiqOMOLMg8Qhx2sL8QvRRK7vghpVHc2rHbwQnanjyyqPgBvs6rv"
    ),
    2: (
        "eNpzcfJjimRkYIjwcwzW8wxx9mBAAC2zf3Omi/+HApgoULE7A9kAqJshIMg/hIF6gIpGgoxi1zRl5ABiQ1ND"
        "ExPKjeRbwMSgYY0ITpg4NFTrQeyO/0F+XxhR5WH6XjBDxFNhEqIrPEGKjIC44b+j4x1W7PousEPE06DiDXX8"
        "YH1yUH1HOLHr28ENEU+HijcG3nMHKdKA6HPayI1d3wJ+VHGYfW5gz4Y4TRHErw+bOxn+uzkS0oceLhpE6sNu"
        "nzPJ9nGBw8UXp74OYezhyQ/W5+zUKIxdX4E4qjjDizIPEIcdrC/EL0USu74IaVR3Nqx28EJ2p48sqj4AN1ai"
        "0w=="
    ),
    3: (
        "eNpzcfJjTmBkYIjwcwzW8wxx9mBAAC2zf3Omi/+HApgoULE7A9kAqJshIMg/hIF6gIpGgoxi1zRl5ABiQ1ND"
        "ExOqOZJvARODhjUiVGHi0MCtB7E7/gf5fWFElYfpe8EMEU+FSYiu8AQpMgLihv+OjndYseu7wA4RT4OKN9Tx"
        "g/XJQfUd4cSubwc3RDwdKt4YeM8dpEgDos9pIzd2fQv4UcVh9rmBPRviNEUQvz5s7mT47+ZISB96uGgQqQ+7"
        "fc4k28cFDhdfnPo6hLGHJz9Yn7NTozB2fQXiqOIML8o8QBx2sL4QvxRJ7PoipFHd2bDawQvZnT6yqPoA3IWi"
        "2w=="
    ),
}  # fmt: skip
FIRST = 1_700_000_000_000_000_000


@pytest.fixture(params=[1, 2, 3])
def path(request, tmp_path):
    made = tmp_path / "day.dbn.zst"
    made.write_bytes(compressed(zlib.decompress(base64.b64decode(BYTES[request.param])), "zstd"))
    return made


@pytest.mark.parametrize("symbol", [None, "PROT", "15144"])
def test_one_trade_is_counted_once_and_takes_lots_once(path, symbol):
    pieces = list(followed(open_recorded(path, None, Reading(symbol, piece=3))))
    events, found = (joined([piece[part] for piece in pieces]) for part in (0, 1))
    assert found.kind.tolist() == [
        CLEAR, 0, 0, 0, STATUS, EXECUTE, EXECUTE, STATUS, STATUS, 1, TRADE, MODIFY,
    ]  # fmt: skip
    assert found.left.tolist() == [0, 50, 30, 40, 0, 0, 10, 0, 10, 25, 0, 10]
    assert events.price[0] == NO_PRICE
    assert events.price[3] == 99_990_000_001
    assert events.time_ns[1] == FIRST + 1000
    ahead = events.time_ns - events.recv_ns
    assert ahead[events.recv_ns != NO_TIME].max() == 7
    trades = joined([trades_of(piece) for piece in pieces])
    assert trades.lots.tolist() == [30, 40, 7]
    assert trades.price.tolist() == [100_010_000_000, 100_020_000_000, 100_000_000_000]
    assert len({*trades.came.tolist()[:2]}) == 1  # one order came for both


def test_a_billionth_is_refused_by_a_tick_that_does_not_divide_it(path):
    with pytest.raises(MessageError) as said:
        [orders_of(piece, 100_000) for piece in followed(open_recorded(path))]
    assert "price=99.990000001 in record 3 is not allowed: must be a multiple of the tick" in str(
        said.value
    )


def test_a_time_of_capture_that_is_none_is_none_before_anything_is_subtracted(tmp_path):
    """All ones: as a signed number that would be a nanosecond before 1970."""
    whole = zlib.decompress(base64.b64decode(BYTES[3]))
    path = tmp_path / "day.dbn"
    path.write_bytes(whole[:-16] + b"\xff" * 8 + whole[-8:])
    events = joined(list(open_recorded(path)))
    assert events.recv_ns.tolist()[-1] == NO_TIME
    assert (events.recv_ns[:-1] > FIRST - 10).all()
