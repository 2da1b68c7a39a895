"""Prices in a ladder too long for all its ticks to be levels: they shift, nothing else changes."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.streams import Stream, streams
from tests.property.test_metamorphic import (
    LAW,
    MECHANISMS,
    all_tables,
    policies,
    reference_of,
    run,
    shifted,
)


@pytest.mark.parametrize("mechanism", MECHANISMS)
@LAW
@given(stream=streams(), ticks=st.sampled_from((0, 10**6, 2**31 - 300)), data=st.data())
def test_shift_into_a_ladder_of_listed_prices(
    mechanism: str, stream: Stream, ticks: int, data: st.DataObject
) -> None:
    """Where all ticks cannot be levels, those that messages name are; nothing else changes."""
    chosen = data.draw(policies(mechanism)) | {"delta": stream.delta, "levels": 2}
    base = shifted(stream.rows, 1)
    reference = reference_of(stream)
    result = run(base, mechanism, reference_ticks=reference, n_ticks=300, **chosen)
    rows = shifted(base, ticks)
    other = run(rows, mechanism, reference_ticks=reference + ticks, n_ticks=2**31, **chosen)
    for frame in (result.fills, result.book, result.clears):
        frame["price_ticks"] += ticks
    low, high = result.clears["low"], result.clears["high"]
    result.clears["low"] = low.where(low == 0, low + ticks)  # infinite ends
    result.clears["high"] = (high + ticks).where(high != 300, 2**31)
    prices = [name for name in result.depth if "price" in name]
    result.depth[prices] += ticks
    assert all_tables(other) == all_tables(result)
    pd.testing.assert_frame_equal(other.depth, result.depth)
