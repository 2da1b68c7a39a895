"""Corrupted fills, cancels, books and balances are caught, and the report says where.

The faults are injected into runs in plain Python: of three replicates, number 1 goes wrong.
"""

import numpy as np
import pytest

import proteus
from proteus.market.ledger import entries
from proteus.market.ledger.accounts import CASH, CONTRACT
from proteus.market.mechanisms.table import MECHANISMS
from proteus.market.metrics import sums
from proteus.market.setup import cell as cell_setup
from proteus.runs import blocks, running
from proteus.runs.cell import run_cell
from proteus.sweep import EXIT_VIOLATION, main
from tests.helpers import faulty
from tests.helpers.cells import MECHANISM_NAMES, ROOT, cell, run_plain, same_values

REPLICATES = np.arange(3)
BAD = 1
WORDS = (
    "horizon_s=1", "metrics.tau_ms=500", "record.warmup_s=0.1",
    "population.noise.schedule.rate_per_s=20",
)  # fmt: skip

FAULTS = {
    "one lot more": (faulty.in_fill(faulty.one_lot_more), "order_lots_not_conserved"),
    "one lot less": (faulty.in_fill(faulty.one_lot_less), "order_lots_not_conserved"),
    "no lots": (faulty.in_fill(faulty.no_lots), "fill_not_positive"),
    "negative lots": (faulty.in_fill(faulty.negative_lots), "fill_not_positive"),
    "one side swapped": (faulty.in_fill(faulty.swap_side), "fill_on_wrong_side"),
    "both sides swapped": (faulty.in_fill(faulty.swap_both_sides), "fill_price_beyond_limit"),
    "price 0": (faulty.in_fill(faulty.price_at(0)), "fill_price_off_tick"),
    "price 1000": (faulty.in_fill(faulty.price_at(1000)), "fill_price_off_tick"),
    "price -5": (faulty.in_fill(faulty.price_at(-5)), "fill_price_off_tick"),
    "beyond the limit of the incoming": (
        faulty.in_fill(faulty.beyond_limit(resting=False)), "fill_price_beyond_limit",
    ),
    "beyond the limit of the resting": (
        faulty.in_fill(faulty.beyond_limit(resting=True)), "fill_price_beyond_limit",
    ),
    "within one role": (faulty.in_fill(faulty.same_trader), "fill_within_one_role"),
    "lost fill": (faulty.lose_fill, "order_lots_not_conserved"),
    "lost cancel": (faulty.lose_cancel, "order_lots_not_conserved"),
    "lost requested cancel": (faulty.lose_requested_cancel, "order_lots_not_conserved"),
    "lost replace": (faulty.lose_acknowledged_replace, "order_lots_not_conserved"),
    "forgotten order": (faulty.forget_resting_order, "book_is_not_the_open_orders"),
    "wrong lots of a level": (faulty.lots_of_level, "book_is_not_the_open_orders"),
    "crossed book": (faulty.cross_book, "book_crossed"),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def plain_engine():
    """Barriers every 10 ms: a book that heals before the next barrier is not at fault there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "advance_block", run_plain)
        patch.setattr(running, "compile_ahead", lambda *_: None)  # nothing here is compiled
        patch.setattr(cell_setup, "BARRIER_STEPS", 1)
        yield


def run(mechanism="clob"):
    config = cell(f"mechanism={mechanism}", *WORDS)
    return run_cell(config, REPLICATES, root=ROOT, workers=1, block_lanes=3)


@pytest.fixture(scope="module")
def clean(plain_engine):
    outcomes = {mechanism: run(mechanism) for mechanism in MECHANISM_NAMES}
    assert not any(outcome.violations for outcome in outcomes.values())
    return {mechanism: outcome.values for mechanism, outcome in outcomes.items()}


def inject(monkeypatch, fault, mechanism="clob"):
    monkeypatch.setitem(MECHANISMS, mechanism, faulty.with_fault(mechanism, fault, BAD))


def check_report(outcome, clean, reason):
    (bad,) = outcome.violations
    assert (bad.replicate, bad.reason) == (BAD, reason)
    assert 0 < bad.event_id < 1_000
    assert 0 < bad.time_ns < 10**9
    assert bad.detail == f"{reason.replace('_', ' ')} at event {bad.event_id} of seed {BAD}"
    for name, column in outcome.values.items():
        assert np.isnan(column[BAD]).all(), name
        for lane in (0, 2):
            assert column[lane].tobytes() == clean[name][lane].tobytes(), name


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"within one role"}))
def test_a_faulty_mechanism_is_caught(monkeypatch, clean, fault):
    corrupt, reason = FAULTS[fault]
    inject(monkeypatch, corrupt)
    check_report(run(), clean["clob"], reason)


OF_BATCHES = (
    "one lot more", "no lots", "one side swapped", "price 0",
    "beyond the limit of the incoming", "beyond the limit of the resting",
    "lost fill", "wrong lots of a level",
)  # fmt: skip


@pytest.mark.parametrize(
    ("mechanism", "fault"),
    [
        *(("fba", fault) for fault in OF_BATCHES),
        *(("rfq", fault) for fault in OF_BATCHES),
        *(("dual_flow", fault) for fault in (*OF_BATCHES, "within one role")),
    ],
)
def test_a_faulty_batch_or_request_is_caught(monkeypatch, clean, mechanism, fault):
    corrupt, reason = FAULTS[fault]
    inject(monkeypatch, corrupt, mechanism)
    check_report(run(mechanism), clean[mechanism], reason)


@pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
def test_without_a_fault_nothing_is_caught(monkeypatch, clean, mechanism):
    inject(monkeypatch, lambda market, lane: False, mechanism)
    outcome = run(mechanism)
    assert outcome.violations == []
    assert same_values(outcome.values, clean[mechanism])


@pytest.mark.parametrize(
    "fault",
    [
        "one lot more",
        "price 0",
        "wrong lots of a level",
        "crossed book",
    ],
)
def test_the_report_names_the_event_at_fault(monkeypatch, fault):
    """The corruption happens while the reported event is processed, not later."""
    when = []

    def corrupt(market, lane):
        done = FAULTS[fault][0](market, lane)
        if done:
            when.append(int(current[-1].progress.events[lane]))
        return done

    inject(monkeypatch, corrupt)
    current, advance_block = [], blocks.advance_block

    def note(mechanism, world, until):
        current.append(world)
        advance_block(mechanism, world, until)

    monkeypatch.setattr(blocks, "advance_block", note)
    (bad,) = run().violations
    assert bad.event_id == when[-1]
    assert len(current) > 1  # the lane was run again, with every event audited


# --- a lost leg: the ledger itself goes wrong -----------------------------------------------------


def losing(asset, side, after=10):
    """Return a transfer that forgets one side, or both, once."""
    transfer, calls = entries.transfer, []

    def lose(ledger, lane, moved, giver, receiver, amount, code, cause):
        done = transfer(ledger, lane, moved, giver, receiver, amount, code, cause)
        if lane != BAD % ledger.balance.shape[0] or moved != asset:
            return done
        calls.append(amount)
        if len(calls) % after == 0:
            if side in ("giver", "both"):
                ledger.balance[lane, giver, moved] += amount
            if side in ("receiver", "both"):
                ledger.balance[lane, receiver, moved] -= amount
        return done

    return lose


@pytest.mark.parametrize(
    ("asset", "side", "reason"),
    [
        (CASH, "giver", "asset_not_conserved"),
        (CASH, "receiver", "asset_not_conserved"),
        (CONTRACT, "giver", "asset_not_conserved"),
        (CONTRACT, "receiver", "asset_not_conserved"),
        (CONTRACT, "both", "inventory_is_not_the_sum_of_fills"),
        (CASH, "both", "pnl_does_not_decompose"),
    ],
)
def test_a_lost_leg_is_caught(monkeypatch, clean, asset, side, reason):
    monkeypatch.setattr(entries, "transfer", losing(asset, side))
    outcome = run()
    (bad,) = outcome.violations
    assert (bad.replicate, bad.reason) == (BAD, reason)
    for name, column in outcome.values.items():
        assert np.isnan(column[BAD]).all(), name
        assert column[[0, 2]].tobytes() == clean["clob"][name][[0, 2]].tobytes(), name


def test_a_leg_lost_at_settlement_is_caught(monkeypatch):
    def settle(ledger, lane, payoff_nano):
        entries.settle(ledger, lane, payoff_nano)
        if lane == BAD % len(ledger.balance):
            ledger.balance[lane, 0, CASH] += 1

    monkeypatch.setattr(sums, "settle", settle)
    (bad,) = run().violations
    assert (bad.replicate, bad.reason) == (BAD, "asset_not_conserved")


# --- up to the exit code --------------------------------------------------------------------------


def test_the_command_ends_with_exit_code_3_and_names_the_lane(monkeypatch, tmp_path, capsys):
    inject(monkeypatch, FAULTS["one lot more"][0])
    folder = tmp_path / "out"
    words = ["mechanism=clob", *WORDS, "metrics.horizons_ms=[0,100]", "delta=100"]
    words += ["seeds.count=3", "executor.workers=1", f"output_dir={folder}"]
    assert main(words) == EXIT_VIOLATION
    (line,) = [text for text in capsys.readouterr().err.splitlines() if "violation" in text]
    assert "cell=0, mechanism=clob" in line
    assert f"seed={BAD}, reason=order_lots_not_conserved, event_id=" in line
    dataset = proteus.load(folder)
    assert np.isnan(dataset["pnl_maker"].sel(seed=BAD)).all()
    assert dataset["pnl_maker"].sel(seed=[0, 2]).notnull().all()


def test_python_callers_are_warned(monkeypatch):
    inject(monkeypatch, FAULTS["price 0"][0])
    keys = dict(word.split("=") for word in (*WORDS, "mechanism=clob", "delta=100"))
    with pytest.warns(RuntimeWarning, match=rf"1 lanes .* 'seed': {BAD}, .*fill_price_off_tick"):
        dataset = proteus.simulate(seeds=3, **keys)
    assert np.isnan(dataset["n_fills"].sel(seed=BAD)).all()
