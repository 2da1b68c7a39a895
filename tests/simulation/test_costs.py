"""Costs from the command line to files: one data set, a ledger that adds up, lanes that replay."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

import proteus
from proteus.sweep import main
from tests.helpers.cells import MECHANISM_NAMES
from tests.helpers.recorded import near_barriers as near_barriers
from tests.helpers.recorded import plain_engine as plain_engine

pytestmark = pytest.mark.plain
NANO = 10**9
WORDS = (
    f"mechanism={','.join(MECHANISM_NAMES)}", "costs=none,kalshi,gas", "horizon_s=1",
    "metrics.tau_ms=500", "metrics.horizons_ms=[0,100]", "metrics.volatility_grid_ms=250",
    "record.warmup_s=0", "record.per_trader=true", "record.events=all", "seeds.count=2",
)  # fmt: skip
CHARGES = ("fee", "rebate", "gas_burned", "rounding")
OF_FILLS = {"fee": "fee", "rebate": "rebate", "rounding": "rounding"}  # column, code
OF_MESSAGES = {"gas": "gas_burned", "tip": "gas_tip"}
LANE = ["cell", "seed"]


@pytest.fixture(scope="module")
def run(plain_engine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("costs") / "out"
    assert main([*WORDS, f"output_dir={folder}"]) == 0
    return folder, proteus.load(folder)


def test_one_data_set_has_a_dim_for_costs(run):
    dataset = run[1]
    assert list(dataset["costs"].to_numpy()) == ["none", "kalshi", "gas"]
    paid = dataset["fees_paid"].sum("seed")
    assert (paid.sel(costs="none") == 0).all()
    assert (paid.sel(costs="kalshi") > 0).any()


def test_the_ledger_has_each_charge_with_its_two_sides(run):
    ledger = proteus.load_ledger(run[0])
    charged = ledger[ledger["code"].isin(CHARGES)]
    assert set(charged["code"]) == {*CHARGES}
    assert (charged["amount"] > 0).all()
    accounts = charged.groupby("code")[["giver", "receiver"]].agg(set)
    assert accounts.loc["fee", "receiver"] == accounts.loc["rounding", "receiver"] == {"venue"}
    assert accounts.loc["rebate", "giver"] == {"venue"}
    assert accounts.loc["gas_burned", "receiver"] == {"network"}


def both_sides(folder):
    """Every fill twice, once for each side, with the same columns."""
    fills = proteus.load_fills(folder)
    sides = []
    for side, order in (("buyer", "buy_order_id"), ("seller", "sell_order_id")):
        named = {f"{side}_{name}": name for name in {**OF_FILLS, **OF_MESSAGES}}
        part = fills.rename(columns={**named, order: "order", side: "trader"})
        sides.append(part[[*LANE, "event", "order", "trader", "quantity", *named.values()]])
    return pd.concat(sides, ignore_index=True)


@pytest.mark.parametrize("name", OF_FILLS)
def test_what_fills_cost_sums_to_the_ledger_by_lane_and_trader(run, name):
    """In whole numbers, also where what an order paid in a clear is split over its fills."""
    ledger, traders = proteus.load_ledger(run[0]), proteus.load_fills(run[0]).attrs["traders"]
    ledger = ledger[ledger["code"] == OF_FILLS[name]]
    payer = ledger["receiver"] if name == "rebate" else ledger["giver"]
    numbers = {cell: {who: at for at, who in enumerate(names)} for cell, names in traders.items()}
    ledger = ledger.assign(
        trader=[numbers[c][t] for c, t in zip(ledger["cell"], payer, strict=True)]
    )
    booked = ledger.groupby([*LANE, "trader"])["amount"].sum()
    charged = both_sides(run[0]).groupby([*LANE, "trader"])[name].sum()
    charged = charged[charged > 0]
    assert len(charged) > 5
    assert charged.to_dict() == booked.to_dict()


def test_messages_about_an_order_are_paid_by_its_fills(run):
    """Gas of every version that a filled order was or became; only other orders' is left out."""
    events, sides = proteus.load_events(run[0]), both_sides(run[0])
    sides = sides[sides["gas"] > 0]
    root = {}
    for row in events[events["kind"] == "replace"].itertuples():
        at = row.cell, row.seed
        root[*at, row.other_id] = root.get((*at, row.order_id), row.order_id)
    postings = events[events["code"] == "gas_burned"]
    paid, found = Counter(), Counter()
    for row in postings.itertuples():
        paid[row.cell, row.seed, root.get((row.cell, row.seed, row.order_id), row.order_id)] += (
            row.amount
        )
    for row in sides.itertuples():
        found[row.cell, row.seed, root.get((row.cell, row.seed, row.order), row.order)] += row.gas
    assert len(found) > 20
    assert found == {order: paid[order] for order in found}
    assert found.total() < paid.total()


def test_fills_of_an_order_in_a_clear_pay_by_their_lots(run):
    """Each within one unit of its exact part, and none is lost."""
    sides = both_sides(run[0])
    together = sides.groupby([*LANE, "event", "order"])
    split = together.filter(lambda part: len(part) > 1 and part["fee"].sum() > 0)
    groups = split.groupby([*LANE, "event", "order"])
    batched = 0
    for _, part in groups:
        exact = part["fee"].sum() * part["quantity"] / part["quantity"].sum()
        batched += int((abs(part["fee"] - exact) < 1).all())
    assert batched > 3


def test_lanes_replay_with_their_charges(run):
    """A posting stands before the message that it comes of, or after its fill."""
    folder, dataset = run
    replayed = proteus.replay_log(folder)
    assert len(replayed) == 2 * 3 * len(MECHANISM_NAMES)
    for lane in replayed:
        point = dataset.sel(seed=lane.seed, **lane.label)
        assert ("fees_paid" in lane.metrics) == (lane.label["costs"] != "none")
        for name in lane.metrics:
            assert lane.metrics[name].tobytes() == point[name].to_numpy().tobytes(), name


def test_what_is_measured_is_what_the_ledger_has(run):
    folder, dataset = run
    ledger = proteus.load_ledger(folder)
    fees = ledger[ledger["code"] == "fee"].groupby(["cell", "seed"])["amount"].sum()
    total = dataset["fees_paid"].sum(
        set(dataset["fees_paid"].dims) - {"mechanism", "costs", "seed"}
    )
    assert np.isclose(fees.sum() / NANO, float(total.sum()))
