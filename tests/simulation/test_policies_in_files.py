"""What epochs of policies move, in the ledger of recorded lanes: for whom, when and why."""

import numpy as np
import pytest

import proteus
from proteus.plans import planner
from proteus.sweep import main
from tests.helpers.recorded import near_barriers as near_barriers
from tests.helpers.recorded import plain_engine as plain_engine

pytestmark = pytest.mark.plain
WORDS = (
    "mechanism=clob", "costs=kalshi", "horizon_s=6", "metrics.tau_ms=500", "record.events=all",
    "seeds.count=1", "incentives=staking",
    "incentives.policies.slashing.measure.required_share=0.95",
    "incentives.policies.presence.pool.currency=0.5",  # of 1 that an epoch is worth
    "+incentives.policies.volume_rebate={kind: reward, traders: makers, epoch_s: 2, sampling: null,"
    " score: {name: volume, role: maker, lowest_price: 0, highest_price: 1},"
    " pool: {source: fees, share: 0.5}, per_epoch: null, halving_s: null, most_per_lot: null}",
)  # fmt: skip
OF_EPOCHS = {
    "reward": "reward",
    "slash": "penalty",
}  # code to the row of the log that stands behind


@pytest.fixture(scope="module")
def run(plain_engine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("policies") / "out"
    assert main([*WORDS, f"output_dir={folder}"]) == 0
    return proteus.load_ledger(folder), proteus.load_events(folder), folder


def test_every_transfer_has_its_policy_its_version_its_epoch_and_its_score(run):
    """The rows of the log say the same, one for one."""
    ledger, events, _ = run
    names = [*planner.from_words(WORDS).cells[0].incentives.versions]
    for code, kind in OF_EPOCHS.items():
        entries = ledger[ledger.code == code]
        rows = events[events.kind == f"policy_{kind}"]
        assert len(entries) == len(rows) > 0
        assert entries.policy.tolist() == [names[number] for number in rows.policy]
        for column in ("seed", "epoch", "score", "amount"):
            assert entries[column].tolist() == rows[column].tolist(), column
        trader = entries.receiver if code == "reward" else entries.giver
        assert trader.tolist() == [f"maker{number}" for number in rows.trader]


def test_a_version_is_the_hash_of_what_is_configured(run):
    ledger, _, _ = run
    versions = planner.from_words(WORDS).cells[0].incentives.versions
    told = ledger.dropna(subset="policy")
    assert set(zip(told.policy, told.policy_version, strict=True)) == set(versions.items())


def test_fees_that_flow_into_a_pool_have_its_policy_and_no_score(run):
    ledger, _, _ = run
    flown = ledger[(ledger.code == "fund") & (ledger.giver == "venue")]
    assert set(flown.policy) == {"volume_rebate"}
    assert flown.groupby("seed").epoch.apply(list).tolist() == [[0, 1, 2]]
    assert flown.score.isna().all()
    fees = ledger[ledger.code == "fee"].groupby("seed").amount.sum().to_numpy(float)
    given = flown.groupby("seed").amount.sum().to_numpy(float)
    assert np.allclose(given, fees / 2, rtol=0, atol=3)  # of each epoch the half, rounded down


def test_what_no_epoch_moves_has_none(run):
    ledger, _, _ = run
    others = ledger[ledger.code.isin(["fill", "fee", "payoff", "stake"])]
    assert others[["policy", "policy_version", "epoch", "score"]].isna().all(axis=None)
    back = ledger[ledger.code == "unstake"]
    lost = ledger[ledger.code == "slash"]
    assert back.epoch.notna().sum() == len(lost) > 0  # the others are given back at the end
    assert back[back.epoch.isna()].cause.tolist() == [-2] * 2


def test_an_epoch_that_its_pool_cannot_pay_is_said(run):
    """Only the one of ``presence`` (number 0 by name), which gets all that there is."""
    ledger, events, folder = run
    epochs = events[events.kind == "policy_epoch"]
    short = epochs[epochs.reason == "pool_short"]
    assert short[["policy", "epoch"]].to_numpy().tolist() == [[0, 0]]
    assert epochs.reason.isna().sum() == len(epochs) - 1
    paid = ledger[(ledger.code == "reward") & (ledger.policy == "presence")].amount.sum()
    assert 5 * 10**8 - 2 <= paid <= 5 * 10**8
    assert proteus.load(folder)["epochs_short"].item() == 1


def test_the_lanes_replay(run):
    assert len(proteus.replay_log(run[2])) == 1
