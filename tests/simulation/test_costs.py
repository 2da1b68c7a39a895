"""Costs from the command line to files: one data set, a ledger that adds up, lanes that replay."""

import numpy as np
import pytest

import proteus
from proteus.sweep import main
from tests.helpers.cells import MECHANISM_NAMES
from tests.helpers.recorded import plain_engine as plain_engine

pytestmark = pytest.mark.nojit
NANO = 10**9
WORDS = (
    f"mechanism={','.join(MECHANISM_NAMES)}", "costs=none,kalshi,gas", "horizon_s=1",
    "metrics.tau_ms=500", "metrics.horizons_ms=[0,100]", "metrics.volatility_grid_ms=250",
    "record.warmup_s=0", "record.per_trader=true", "record.events=all", "seeds.count=2",
)  # fmt: skip
CHARGES = ("fee", "rebate", "gas_burned", "rounding")


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
