"""The fingerprint of a trace."""

import numpy as np
import pytest

from proteus.market.environment.trace import allocate_trace, fold, trace_hash

pytestmark = pytest.mark.plain

ROWS = [(0, 500, 12), (1, 500, 0), (2, 500, 2**40 + 5), (1, 10**12, 1)]


def folded(rows, lanes=1, lane=0):
    trace = allocate_trace(lanes)
    for channel, time, value in rows:
        fold(trace, lane, channel, np.int64(time), np.int64(value))
    return trace


def test_every_part_of_every_row_and_their_order_count():
    seen = {folded(ROWS).words.tobytes(), folded(ROWS[::-1]).words.tobytes()}
    for at in range(len(ROWS)):
        for part in range(3):
            for change in (1, 2**33 if part else 2):
                row = list(ROWS[at])
                row[part] += change
                seen.add(folded([*ROWS[:at], tuple(row), *ROWS[at + 1 :]]).words.tobytes())
    assert len(seen) == 2 + 2 * 3 * len(ROWS)


def test_a_lane_alone_has_the_fingerprint_that_it_has_among_others():
    alone, among = folded(ROWS), folded(ROWS, lanes=3, lane=2)
    np.testing.assert_array_equal(alone.words[0], among.words[2])
    assert not among.words[:2].any()
    assert among.rows.tolist() == [0, 0, 4]


def test_the_hash_is_of_replicates_in_their_order():
    words = np.array([[1, 2], [3, 4]], np.uint32)
    rows = np.array([1, 1])
    made = trace_hash(words, rows)
    assert made == trace_hash(words.copy(), rows)
    assert len({made, trace_hash(words[::-1], rows), trace_hash(words, rows + 1)}) == 3
    assert len(made) == 64
