"""``ledger.parquet``: it adds up, agrees with the engine, and programs for accounts take it."""

import shutil
import subprocess
from decimal import Decimal

import numpy as np
import pyarrow.parquet as pq
import pytest
from beancount import loader

import proteus
from proteus.errors import ConfigError, ResultsError
from proteus.market.agents.identity import agent_uid
from tests.helpers.cells import MECHANISM_NAMES

NANO = 10**9
CAPITAL = 20
TINY = {"horizon_s": 3, "record.warmup_s": 1, "metrics.tau_ms": 500, "record.events": "all"}


def run(folder, **parameters):
    return proteus.sweep({**TINY, **parameters}, seeds=2, output_dir=folder)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Every mechanism, with capital of which nobody needs all, and the data set."""
    folder = tmp_path_factory.mktemp("ledger") / "run"
    words = {
        "mechanism": MECHANISM_NAMES, "population.maker.capital": CAPITAL,
        "record.per_trader": True,
    }  # fmt: skip
    return folder, run(folder, **words)


def balances(lane):
    """Add up the entries of a lane: asset to account to amount."""
    held: dict[str, dict[str, int]] = {"cash": {}, "contract": {}}
    for entry in lane.itertuples():
        for account, amount in ((entry.giver, -entry.amount), (entry.receiver, entry.amount)):
            of_asset = held[entry.asset]
            of_asset[account] = of_asset.get(account, 0) + int(amount)
    return held


def test_its_balances_are_those_of_the_engine_to_the_nano(recorded):
    """Settled as `replay_log` settles them; nobody but the issuer holds contracts at the end."""
    folder, _ = recorded
    ledger = proteus.load_ledger(folder).groupby(["cell", "seed"])
    replayed = proteus.replay_log(folder)
    assert len(replayed) == 2 * len(MECHANISM_NAMES)
    for lane in replayed:
        held = balances(ledger.get_group((lane.cell, lane.seed)))
        assert not any(held["contract"].values())
        settled = lane.balances["settled_nano"]
        settled = settled[settled != 0].to_dict()
        assert {name: cash for name, cash in held["cash"].items() if cash} == settled


def test_every_entry_has_two_sides_and_causes_never_go_back(recorded):
    frame = proteus.load_ledger(recorded[0])
    for _, lane in frame.groupby(["cell", "seed"]):
        causes = lane["cause"].to_numpy(np.int64)
        ordered = np.where(causes == -2, np.iinfo(np.int64).max, causes)
        assert (np.diff(ordered) >= 0).all()
        assert set(lane["code"]) <= {"endow", "fill", "payoff"}
        cash = lane[lane["code"] == "fill"]
        assert (cash["asset"] == "cash").sum() == (cash["asset"] == "contract").sum() > 0


def test_capital_is_in_the_ledger_and_in_no_pnl(recorded):
    """What the issuer gives is a claim; the data set is the one without capital, to the bit."""
    folder, dataset = recorded
    frame = proteus.load_ledger(folder)
    given = frame[frame["code"] == "endow"]
    assert set(given["giver"]) == {"issuer"}
    assert set(given["amount"]) == {CAPITAL * NANO}
    assert set(given["cause"]) == {-1}
    assert len(given) == 2 * 2 * len(MECHANISM_NAMES)  # makers, seeds
    words = {**TINY, "record.events": None, "mechanism": MECHANISM_NAMES}
    without = proteus.sweep(words, seeds=2)
    assert {"pnl_maker", "n_fills", "price_rmse"} <= {*without.data_vars}
    for name, values in without.data_vars.items():
        assert values.to_numpy().tobytes() == dataset[name].to_numpy().tobytes(), name


def test_the_terms_of_pnl_add_up_to_it(recorded):
    dataset = recorded[1]
    terms = dataset["pnl_by_term"]
    for role in dataset["trader_class"].to_numpy():
        pnl = dataset[f"pnl_{role}"]
        parts = terms.sel(trader_class=role).sum("pnl_term")
        np.testing.assert_allclose(parts, pnl, rtol=0, atol=1e-9)
    moved = terms.sel(pnl_term=["fills", "drift"])
    assert (abs(terms).sum() == abs(moved).sum()).item()
    assert (abs(moved) > 0).any()
    assert not dataset["fees_paid"].any()


def test_agents_have_the_same_number_in_every_run(recorded, tmp_path):
    """63 bits of a hash of cohort, group and member; the order of groups is of no account."""
    ours = recorded[1]["agent_uid"]
    assert ours.dtype == np.int64
    assert len(set(ours.to_numpy().tolist())) == len(ours)
    assert (ours >= 0).all()
    assert ours.sel(trader="noise2").item() == agent_uid("default", "noise", 2)
    fewer = run(tmp_path / "other", **{"record.per_trader": True, "population.maker.count": 1})
    assert fewer["agent_uid"].sel(trader="noise2").item() == ours.sel(trader="noise2").item()


# --- files ----------------------------------------------------------------------------------------


def test_an_altered_entry_is_located(recorded, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(recorded[0], folder)
    path = folder / "ledger.parquet"
    table = pq.read_table(path)
    amounts = table.column("amount").to_pylist()
    amounts[7] += 1
    number = table.schema.get_field_index("amount")
    pq.write_table(table.set_column(number, table.schema.field(number), [amounts]), path)
    with pytest.raises(ResultsError, match=r"ledger\.parquet, row 7: amount is \d+, and must be"):
        proteus.replay_log(folder)


def test_beancount_proves_the_balances(recorded, tmp_path):
    text = proteus.export_ledger(recorded[0], tmp_path / "lanes.beancount").read_text()
    entries, errors, _ = loader.load_string(text)
    assert errors == []
    assert {type(entry).__name__ for entry in entries} == {"Open", "Transaction", "Balance"}
    lines = text.splitlines()
    at = max(i for i, line in enumerate(lines) if " balance " in line and line.endswith("CASH"))
    *account, amount, sign, tolerance, asset = lines[at].split()
    wrong = f"{Decimal(amount) + Decimal('1e-9'):f}"  # by the smallest amount there is
    lines[at] = " ".join([*account, wrong, sign, tolerance, asset])
    assert len(loader.load_string("\n".join([*lines, ""]))[1]) == 1


@pytest.mark.skipif(shutil.which("hledger") is None, reason="hledger is not installed")
def test_hledger_proves_the_balances(recorded, tmp_path):
    path = proteus.export_ledger(recorded[0], tmp_path / "lanes.journal")
    done = subprocess.run(["hledger", "-f", path, "check"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_another_ending_is_refused(recorded, tmp_path):
    with pytest.raises(ConfigError, match=r"lanes\.csv is not allowed: it must end with"):
        proteus.export_ledger(recorded[0], tmp_path / "lanes.csv")
    assert not (tmp_path / "lanes.csv").exists()
