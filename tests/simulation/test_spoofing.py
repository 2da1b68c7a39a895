"""Spoofers in a market: whom they move, who needs them not to, and what would detect them."""

import functools

import numpy as np
import pytest

import proteus
from proteus.errors import ConfigError
from proteus.market.agents.kinds import KINDS
from proteus.market.metrics.detection import Detection, NoDetection
from proteus.market.trading import desk
from proteus.market.variables import measure, variables_of
from proteus.market.variables.base import CLASS, GROUP, LOTS_END, TRADER
from proteus.market.variables.detection import DETECTION_VARIABLES
from proteus.market.variables.dimensions import labels_of, optional_of, widened
from proteus.sweep import main
from proteus.testing import contract
from proteus.testing.lanes import TINY, only
from tests.helpers.cells import BY_ORDERS, build, cell, finished_plain, run_plain
from tests.helpers.recorded import near_barriers as near_barriers
from tests.helpers.recorded import plain_engine as plain_engine
from tests.helpers.twinning import engine_block, engine_rows

SHORT = (
    "population=spoofed", "execution=depth", "population.noise.count=2", "horizon_s=2",
    "metrics.tau_ms=500", "metrics.elapsed_ms=[100]", "metrics.horizons_ms=[0]",
)  # fmt: skip
# Quotes that only signals move, beside those of the book.
BLIND = tuple(
    f"population.maker.policy.belief_gain_{name}=0" for name in ("trade", "fill")
)  # fmt: skip
NEVER_TRADES = "population.spoofer.policy.target_ticks=900"


@functools.cache
def spoofed(mechanism, *words):
    return cell(f"mechanism={mechanism}", *SHORT, *words)


def beliefs(mechanism, *words):
    """What makers believe each time they look, by group, with the time."""
    config = spoofed(mechanism, *BLIND, *words)
    block, found = build(config), {"maker": [], "reader": []}
    honest = desk.wake

    def watch(world, lane, trader, time, cause, number):
        honest(world, lane, trader, time, cause, number)
        kind = world.traders.kind[trader]
        if kind == KINDS["maker"].number:
            found["maker"].append((int(time), float(world.policies.maker.belief[0, trader])))
        elif kind == KINDS["lab_maker"].number:
            belief = world.policies.others.policy.maker.belief[0, trader]
            found["reader"].append((int(time), float(belief)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk, "wake", watch)
        run_plain(block.mechanism, block.world)
    return found


@pytest.mark.plain
@pytest.mark.parametrize("mechanism", ["clob", "fba"])
def test_a_maker_who_reads_depth_is_moved_and_a_blind_one_is_not(mechanism):
    """Makers who look on their schedule alone, so that both arms look at the same times."""
    by_clock = (
        "population.maker.schedule.on_fill=false",
        "population.reader.schedule.on_fill=false",
    )
    one = beliefs(mechanism, *by_clock)
    none = beliefs(mechanism, *by_clock, "population.spoofer.policy.large_lots=0")
    assert one["maker"] == none["maker"]
    moved = [a[1] - b[1] for a, b in zip(one["reader"], none["reader"], strict=True)]
    assert np.abs(moved).max() > 0.001


@pytest.mark.plain
def test_where_takers_rest_apart_nobody_who_reads_depth_sees_the_order():
    """It never trades, as no price moves that far; its large order may fill, at a batch's price."""
    config = spoofed("dual_flow", NEVER_TRADES)
    rows = engine_rows(engine_block(config, 0, plain=True).world)
    large = {row["order_id"] for row in rows if row["kind"] == "order" and row["lots"] == 200}
    shown = [row for row in rows if row["kind"] == "book"]
    assert large
    assert shown
    assert max(max(row["bid_lots"] or 0, row["ask_lots"] or 0) for row in shown) < 200


@pytest.mark.plain
@pytest.mark.parametrize("mechanism", BY_ORDERS)
def test_a_spoofer_without_a_large_order_changes_nothing(mechanism):
    """Every row of the log but the counts of events is that of a market without it."""
    rows = [
        engine_rows(engine_block(spoofed(mechanism, word), 1, plain=True).world)
        for word in ("population.spoofer.policy.large_lots=0", "population.spoofer.count=0")
    ]
    assert len(rows[0]) > 100
    ours, theirs = ([{**row, "event": None} for row in each] for each in rows)
    assert ours == theirs


@pytest.mark.plain
@pytest.mark.parametrize("mechanism", BY_ORDERS)
def test_it_conserves_acts_and_is_the_same_twice(mechanism):
    config = cell(f"mechanism={mechanism}", *only("spoofer"), "latent.jump_rate_per_s=3")
    worlds = [finished_plain(config, audit=True) for _ in range(2)]
    contract.check_conserves(worlds[0], KINDS["spoofer"].number)
    assert not contract.differing(*worlds)
    assert (worlds[0].totals.marked.sum(axis=1) == 0).all()


@pytest.mark.plain
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["+population.other=spoofer"],
         "population.other.kind=spoofer is not allowed: must be another one: nobody here reads "
         "depth; a group of kind lab_maker with policy.filter microprice or imbalance does"),
        ([*SHORT, "population.reader.count=0"], "nobody here reads depth"),
        ([*SHORT, "filter@population.reader.policy.filter=kalman"], "nobody here reads depth"),
        (["mechanism=rfq", "+population.other=spoofer"],
         "population.other.kind=spoofer is not allowed: must be another one: mechanism=rfq "
         "publishes no book"),
        (["population=spoofed"], "execution.leakage.fba.book.size=hidden is not allowed: must be "
         "public: population.reader.policy.filter.name=microprice reads it"),
    ],
    ids=["nobody", "no_readers", "another_filter", "no_book", "hidden"],
)  # fmt: skip
def test_a_study_without_victims_is_refused(words, sentence):
    with pytest.raises(ConfigError) as caught:
        cell(*words)
    assert sentence in str(caught.value)


@pytest.mark.plain
def test_a_filter_said_of_one_group_counts_more_than_one_said_of_all():
    words = ["population.maker=lab", "filter=kalman"]
    ours = cell(*SHORT, *words, "filter@population.reader.policy.filter=imbalance").population
    assert ours["maker"].policy.filter.name == "kalman"
    assert ours["reader"].policy.filter.name == "imbalance"


# --- what would detect it -------------------------------------------------------------------------


def by_the_log(config, replicate=0):
    """Lots by what became of them, and the lean before fills, of each trader, from rows alone."""
    rows = engine_rows(engine_block(config, replicate, plain=True).world)
    traders = sum(group.count for group in config.population.values())
    lots, owner, replaced = np.zeros((traders, 3)), {}, {}
    lean, filled = np.zeros(traders), np.zeros(traders)
    open_lots, prices, before, event = {}, {}, (0, 0), -1

    def near():
        sides = []
        for side, sign in (("buy", 1), ("sell", -1)):
            own = [(sign * prices[at][1], n) for at, n in open_lots.items()
                   if n and prices[at][0] == side]  # fmt: skip
            top = max((price for price, _ in own), default=0)
            sides.append(sum(n for price, n in own if price >= top - config.metrics.depth_ticks))
        return tuple(sides)

    for row in rows:
        if row["event"] != event:
            event, before = row["event"], near()
        kind, order = row["kind"], row["order_id"]
        if kind == "order":
            owner[order], prices[order] = row["trader"], (row["side"], row["price_ticks"])
            open_lots[order] = row["lots"]
        elif kind == "replace":
            replaced[row["other_id"]] = order, row
        elif kind == "ack" and order in replaced:
            old, said = replaced.pop(order)
            owner[order], prices[order] = said["trader"], (said["side"], said["price_ticks"])
            lots[owner[order], 1] += open_lots.pop(old)
            open_lots[order] = said["lots"]
        elif kind == "fill":
            for each in (order, row["other_id"]):
                open_lots[each] -= row["lots"]
                trader, sign = owner[each], 1 if prices[each][0] == "buy" else -1
                lots[trader, 0] += row["lots"]
                if sum(before):
                    lean[trader] += row["lots"] * sign * (before[0] - before[1]) / sum(before)
                    filled[trader] += row["lots"]
        elif kind == "cancel" and row["source"] == "venue":
            open_lots[order] -= row["lots"]
            lots[owner[order], 1] += row["lots"]
    for order, left in open_lots.items():
        lots[owner[order], 2] += left
    return lots, lean, filled


@pytest.mark.plain
@pytest.mark.parametrize("replicate", [0, 1])
def test_what_detects_is_what_the_log_says(replicate):
    config = spoofed("clob", "metrics.depth_ticks=15")
    world = engine_block(config, replicate, plain=True).world
    found = {k: v[0] for k, v in measure(world, (GROUP, TRADER, LOTS_END)).items()}
    lots, lean, filled = by_the_log(config, replicate)
    ours = found["order_lots_by_trader"]
    assert np.array_equal(ours, lots)
    assert ours[-1, 1] > 300
    assert np.array_equal(found["sent_lots_by_trader"], ours.sum(axis=1))
    assert np.array_equal(found["imbalance_lots_by_trader"], filled)
    share = np.where(lots.sum(axis=1), lots[:, 1] / lots.sum(axis=1), np.nan)
    assert np.allclose(found["cancel_ratio_by_trader"], share, rtol=1e-12, equal_nan=True)
    with np.errstate(invalid="ignore"):
        assert np.allclose(
            found["imbalance_before_fill_by_trader"], lean / filled, rtol=1e-9, equal_nan=True
        )
    groups = world.traders.group
    both = found["order_lots_by_trader"][groups == groups[0]].sum(axis=0)
    assert np.array_equal(found["order_lots_by_group"][0], both)


@pytest.mark.plain
def test_the_class_of_spoofers_is_there_where_they_are():
    config, plain = spoofed("clob"), cell("mechanism=clob", *TINY)
    assert labels_of([plain])[CLASS].tolist() == ["maker", "informed", "noise", "sniper"]
    assert labels_of([config, plain])[CLASS].tolist()[4:] == ["spoofer"]
    assert optional_of(plain) == (GROUP,)
    assert optional_of(plain, config) == (GROUP, LOTS_END)
    world = finished_plain(config)
    values = measure(world, (GROUP, LOTS_END))
    names = [name for name in values if name.startswith("pnl_") and values[name].ndim == 1]
    assert "pnl_spoofer" in names
    assert abs(sum(values[name] for name in names)) < 1e-9
    assert values["taker_volume_by_class"][0, 4] == values["volume_lots_by_group"][0, -1] > 0
    assert values["maker_volume_by_class"].sum() == values["maker_volume_lots"].sum()


@pytest.mark.plain
def test_without_a_spoofer_nothing_is_summed_and_a_sweep_says_so():
    plain = finished_plain(cell("mechanism=clob", *TINY))
    assert isinstance(plain.sums.detection, NoDetection)
    labels = labels_of(
        [spoofed("clob"), plain_cell := cell("mechanism=clob", *TINY)], (GROUP, LOTS_END)
    )
    for variable in DETECTION_VARIABLES:
        if TRADER in variable.dims or variable.name == "pnl_spoofer":
            continue
        assert variable in variables_of((GROUP, LOTS_END))
        assert variable not in variables_of((GROUP,))
        values = widened(variable.compute(plain), variable, plain_cell, labels)
        assert values.shape[1:] == tuple(len(labels[dim]) for dim in variable.dims)
        assert np.isnan(values).all()


@pytest.mark.plain
def test_all_lots_add_up():
    world = finished_plain(spoofed("clob"), 2)
    sums = world.sums.detection
    assert isinstance(sums, Detection)
    assert np.array_equal(sums.filled, world.ledger.bought + world.ledger.sold)
    still_open = sums.submitted - sums.filled - sums.cancelled
    assert (still_open >= 0).all()
    orders = world.market.orders
    rest = (orders.client_id != 0) & (orders.previous != np.arange(orders.client_id.shape[1]))
    assert still_open.sum() == orders.lots[rest].sum() > 0


@pytest.mark.plain
def test_a_spoofed_lane_is_replayed_from_its_log_to_the_bit(plain_engine, tmp_path):
    words = [*SHORT, "mechanism=clob", "record.warmup_s=0.5", "seeds.count=1", "record.events=all"]
    assert main([*words, f"output_dir={tmp_path / 'out'}"]) == 0
    dataset = proteus.load(tmp_path / "out")
    for lane in proteus.replay_log(tmp_path / "out"):
        point = dataset.sel(seed=0, **lane.label)
        assert set(lane.metrics) == set(dataset.data_vars) - {"violation"}
        for name, value in lane.metrics.items():
            assert value.tobytes() == point[name].to_numpy().tobytes(), name
        assert lane.metrics["sent_lots_by_group"][-1] > 200
