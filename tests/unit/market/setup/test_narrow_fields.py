"""A lane takes few bytes, and no field is too narrow for what may stand in it."""

import numpy as np
import pytest

import proteus
from proteus.basics.schema import MAX_TICKS
from proteus.market.book import codes
from proteus.market.metrics.execution import OFFER_INSIDE
from proteus.market.setup.block import block_bytes, build_block
from proteus.market.setup.cell import set_up_cell
from proteus.market.setup.snapshots import arrays_of
from proteus.market.trading.world import STAGE_ENDED
from tests.helpers.cells import RULED, cell
from tests.helpers.twinning import assert_twins
from tests.unit.reference.test_reference_twin import limit

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", RULED)

# Bytes of a lane of the default cell, at most; all int64, that of the order book took 262,038.
BYTES = {"clob": 123_000, "fba": 133_000, "dual_flow": 171_000, "rfq": 183_500}

LOTS = 2**58  # five of these can be shared out pro rata

_COUNTED = 2**31 - 1  # slots, envelopes and traders: as many bytes each would fill any machine
_REASONS = (
    codes.REJECT_NAMES, codes.RFQ_REJECT_NAMES, codes.EXPIRE_NAMES, codes.CANCEL_NAMES,
)  # fmt: skip
LARGEST = {
    # prices and ranks; the reference is doubled
    "rank": MAX_TICKS, "limit": MAX_TICKS, "quote_rank": MAX_TICKS, "price": MAX_TICKS,
    "print_price": MAX_TICKS, "best": MAX_TICKS, "last": MAX_TICKS,
    "reference_doubled": 2 * MAX_TICKS, "before": 2 * MAX_TICKS,
    # codes
    "side": codes.SELL, "ladder": 3, "lifetime": codes.FOK, "post_only": 1, "is_filled": 1,
    "is_quote": 1, "is_immediate": 1, "accepting": 1, "mark_sign": 1, "payoff": 1, "overflow": 1,
    "stage": STAGE_ENDED, "kind": max(codes.EVENT_NAMES), "offer": OFFER_INSIDE,
    "reason": max(max(names) for names in _REASONS),
    # places of other things
    "trader": _COUNTED, "owner": _COUNTED, "next": _COUNTED, "previous": _COUNTED, "free": _COUNTED,
    "head": _COUNTED, "tail": _COUNTED, "order": _COUNTED, "other": _COUNTED,
    "immediate": _COUNTED, "own_first": _COUNTED, "own_last": _COUNTED, "own_next": _COUNTED,
    "involved": _COUNTED, "request": _COUNTED, "held": _COUNTED, "first": _COUNTED,
    "live": _COUNTED, "place": _COUNTED, "quote": _COUNTED, "heard": _COUNTED,
    "origins.lifetime": _COUNTED, "messages.lifetime": _COUNTED, "other_order": _COUNTED,
    "wait_bins": _COUNTED,  # intents of a lane, each with a slot and a queue entry
    # jumps are slots of a ring at least once, so their number is counted
    "jumps_before": _COUNTED, "tails": _COUNTED,
}  # fmt: skip


def lane(mechanism):
    setup = set_up_cell(cell(f"mechanism={mechanism}"))
    return [
        build_block(setup, np.zeros((lanes, 2), np.uint32), growth=1, audit=False)
        for lanes in (1, 2)
    ]


@EVERY_MECHANISM
def test_a_lane_takes_no_more_than_it_took(mechanism):
    one, two = lane(mechanism)
    assert block_bytes(two) - block_bytes(one) <= BYTES[mechanism]


def test_the_order_book_takes_at_most_55_percent_of_what_it_took():
    assert BYTES["clob"] <= 0.55 * 262_038


@pytest.mark.plain
@EVERY_MECHANISM
def test_the_largest_value_of_every_narrow_field_fits(mechanism):
    found = {}
    for path, array in arrays_of(lane(mechanism)[0]):
        is_fixed = path.startswith(("world.traders", "world.schedules"))
        if array.dtype.kind == "i" and array.dtype.itemsize < 8 and not is_fixed:
            found[path] = np.iinfo(array.dtype).max
    assert len(found) > 20
    for path, most in found.items():
        name, short = ".".join(path.split(".")[-2:]), path.split(".")[-1]
        assert LARGEST.get(name, LARGEST[short]) <= most, path


@EVERY_MECHANISM
def test_the_largest_lots_ticks_and_crowds_equal_the_twin(mechanism):
    """A million lots an order, 100,000 ticks, more traders than a word has bits."""
    config = cell(
        f"mechanism={mechanism}", "contract.tick=0.00001", "horizon_s=1.2", "delta=300",
        "metrics.tau_ms=450", "metrics.elapsed_ms=[100]", "metrics.horizons_ms=[0]",
        "record.warmup_s=0.1", "seeds.count=1",
        "population.maker.policy.quote_lots=1000000", "population.maker.count=3",
        "population.maker.policy.inventory_limit_lots=1000000",
        "population.maker.policy.inventory_slope=0", "population.maker.policy.skew=0",
        "population.noise.policy.size_mean_lots=900000",
        "population.noise.policy.max_lots=1000000", "population.noise.count=70",
        "population.noise.policy.offset_high_ticks=3000",
    )  # fmt: skip
    assert config.n_ticks == MAX_TICKS
    rows = assert_twins(config, 0).rows
    assert sum(row["kind"] == "fill" for row in rows) > 5
    assert sum(row["lots"] for row in rows if row["kind"] == "fill") >= 1_000_000


@pytest.mark.parametrize("mechanism", ["clob", "fba", "dual_flow"])
@pytest.mark.parametrize("price", [1, MAX_TICKS - 1])
def test_levels_hold_more_lots_than_32_bits(mechanism, price):
    """Three large bids rest on one level at an end of the ladder, then trade."""
    bids = [limit(number, "buy", price, LOTS) for number in (1, 2, 3)]
    asks = [limit(number, "sell", price, LOTS) for number in (4, 5)]
    if mechanism == "dual_flow":
        bids = [row | {"role": "maker"} for row in bids]
        asks = [row | {"role": "taker"} for row in asks]
    result = proteus.replay(
        [*bids, *asks], mechanism=mechanism, n_ticks=MAX_TICKS,
    )  # fmt: skip
    assert set(result.fills["price_ticks"]) == {price}
    assert int(result.fills["quantity"].sum()) == 2 * LOTS
    assert int(result.book["quantity"].sum()) == LOTS
    assert set(result.book["price_ticks"]) == {price}
