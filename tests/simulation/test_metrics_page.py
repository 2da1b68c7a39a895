"""What docs/metrics.md says suffices to compute every variable from events, fills and traces.

Of every variable but those of credit, spoofers and episodes; other tests read their lanes.

``tests/reference/by_the_page.py`` does so, under all mechanisms, with requests whose side dealers
are told, with blind ones and last looks, and in two markets with rules: charged, with pools and
settlement that fails, and on a chain that forks, with an oracle, tips and stakes. A file lacks one
thing: v after T, which markouts of fills of the last moments are about. They are checked in the
lanes whose makers trade nothing that late, of which each mechanism has one.
"""

import json
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import proteus
from proteus.recording.files import read_file
from proteus.sweep import main
from tests.helpers.recorded import near_barriers as near_barriers
from tests.reference.by_the_page import Recorded, everything

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
WORDS = (
    "horizon_s=4", "metrics.tau_ms=1000", "metrics.horizons_ms=[0,20,100]", "delta=250",
    "population.noise.count=3", "latent.jump_rate_per_s=3", "record.warmup_s=1",
    "metrics.volatility_grid_ms=250", "metrics.elapsed_ms=[50,200,1000,2000]", "seeds.count=2",
    "record.events=all", "record.traces=all", "record.per_trader=true",
)  # fmt: skip
UPTIME = ("max_spread", "min_lots", "required_share")
RUNS = {
    "told": ("mechanism=clob,fba,dual_flow,rfq",),
    "blind": (
        "mechanism=rfq", "mechanism.shows_side=false", "mechanism.last_look=true",
        "mechanism.tolerance=0.002", "mechanism.dealers=3", "population.maker.count=3",
        "mechanism.request_ttl_ms=60", "mechanism.response.spread_ms=60",
    ),
    "charged": (
        "mechanism=clob,fba,dual_flow,rfq", "costs=parts",
        "costs.parts=[{model:binary_quadratic,taker_rate:0.01,maker_rate:-0.002,balance_to:0.001,"
        "balance_rebate:0.002},{model:gas,base_fee:0.0001}]",
        "population.noise.policy.reservation_scale=0.01", "incentives=maker_rebate",
        "incentives.policies.rebate.epoch_s=1", "settlement=cycle", "settlement.cycle_ms=500",
        "settlement.retries=1", "population.maker.capital=3", "population.noise.capital=2",
    ),
    "chained": (
        "mechanism=clob,fba,dual_flow", "costs=gas", "costs.tip=0.00002", "environment=chain",
        "channel@environment.oracle=oracle_value", "environment.oracle.lag_ms=100",
        "environment.blocks.interval_ms=50", "environment.blocks.missed=0.1",
        "execution.route=blocks", "execution.tips=edge_share", "settlement=blocks",
        "settlement.fork_probability=0.1", "incentives=staking",
        "incentives.policies.presence.epoch_s=1", "incentives.policies.slashing.epoch_s=1",
        *(f"~incentives.policies.slashing.measure.{key}" for key in UPTIME),
        "incentives.policies.slashing.measure.name=message_ratio",
        "+incentives.policies.slashing.measure.most_per_fill=2",
        "incentives.policies.slashing.sampling=null", "population.maker.capital=40",
        "risk@population.maker.risk=[loss_limit,order_size,inventory_limit,leverage,capital]",
        "population.maker.risk.order_size.lots=7", "population.maker.risk.loss_limit.loss=5",
        "population.maker.risk.loss_limit.pause_s=0.5", "population.maker.risk.leverage.most=1",
    ),
}  # fmt: skip
RICH = ("charged", "chained")
OF_RULES = "- Measured in sweeps in which some cell has"  # which the other cells have not
OF_CREDIT = "- Measured in sweeps in which some cell has credit"
OF_SPOOFERS = "- Measured in sweeps in which some cell has a spoofer"
OF_EPISODES = "- Measured where lanes are of episodes"
ROLES = ("maker", "informed", "noise", "sniper")
ACCOUNTS = ("network", "proposer", "pool", "stakes")
OF_V_AFTER_T = (
    "maker_adverse_selection", "maker_markout", "maker_adverse_selection_by_class",
)  # fmt: skip
S, MS = 10**9, 10**6


@pytest.fixture(scope="module")
def checked(near_barriers, tmp_path_factory):
    """What the page gives and what the run stored, by run, mechanism and seed."""
    found = {}
    for run, words in RUNS.items():
        folder = tmp_path_factory.mktemp("page") / run
        assert main([*WORDS, *words, f"output_dir={folder}"]) == 0
        stored = proteus.unique_cells(proteus.load(folder))
        for lane, cell, seed in lanes(folder):
            of_run = stored.sel(cell=cell, seed=seed)
            found[run, lane.mechanism, seed] = lane, everything(lane), of_run
    return found


def lanes(folder):
    """Yield every recorded lane with its cell and seed."""
    file, traces = read_file(folder), proteus.load_traces(folder)
    tables = proteus.load_events(folder), proteus.load_fills(folder), proteus.load_ledger(folder)
    channels = None
    if (folder / "environment.parquet").exists():
        channels = proteus.load_environment(folder)
    for lane in file.lanes:
        about = file.cells[lane.cell]
        metrics, mechanism = about.config["metrics"], about.config["mechanism"]
        v = traces[lane.cell].sel(seed=lane.seed).v.to_series()
        kinds = [name.rstrip("0123456789") for name in about.traders]  # here a group is a class
        yield Recorded(
            *(of[(of.cell == lane.cell) & (of.seed == lane.seed)] for of in tables),
            v=v.set_axis(v.index.to_numpy().astype("timedelta64[ns]").astype(int)),
            mechanism=mechanism["name"], classes=kinds, groups=kinds, names=about.traders,
            horizon=4 * S, warmup=S, grid=250 * MS, tau=S,
            markouts=[round(h * MS) for h in metrics["horizons_ms"]],
            elapsed=[round(h * MS) for h in metrics["elapsed_ms"]],
            ticks=1000, near=metrics["depth_ticks"], first=500,
            dealers=mechanism.get("dealers", 0), shows_side=mechanism.get("shows_side", False),
            rules=rules_of(about.config, lane, channels, kinds),
        ), lane.cell, lane.seed  # fmt: skip


class Row(NamedTuple):
    """A row of environment.parquet."""

    channel: str
    time_ns: int
    version: int
    value: int


def rules_of(config, lane, channels, kinds):
    """What a configuration says of rules; nothing of a plain cell."""
    costs, settlement, policies, world = (
        config[key] for key in ("costs", "settlement", "incentives", "environment")
    )
    if costs["model"] == "none":
        return {}
    names = sorted(policies["policies"])
    told = [policies["policies"][name] for name in names]
    groups = config["population"].items()
    rows, oracle, congestion = [], world["oracle"], world["congestion"]
    if channels is not None:
        own = channels[(channels.cell == lane.cell) & (channels.seed == lane.seed)]
        for row in own.itertuples():
            value = next(iter(json.loads(row.fields).values()))
            rows.append(Row(row.channel, int(row.time_ns), int(row.version), int(value)))
        assert oracle["source"] == "value"  # all channels are exogenous
        assert congestion["message_gas"] == 0
    return {
        "elastic": [name for name, of in groups if of["policy"].get("reservation_scale")],
        "settlement": settlement["mode"], "netting": settlement.get("netting"),
        "policies": [
            {
                "kind": of["kind"], "traders": of["traders"],
                "name": of.get("score", of.get("measure"))["name"],
                "samples": round(of["epoch_s"] * 1e3 / of["sampling"]["every_ms"])
                if of["sampling"] else 0,
            }
            for of in told
        ],
        "oracle": oracle is not None, "lag": round(oracle["lag_ms"] * MS) if oracle else 0,
        "blocks": world["blocks"] is not None, "channels": rows,
        "by_blocks": config["execution"]["route"] == "blocks",
        "with_capital": {
            at: of["capital"] for at, kind in enumerate(kinds) for name, of in groups
            if kind == name and "capital" in of["risk"]
        },
    }  # fmt: skip


def test_every_variable_of_the_page_is_computed(checked):
    entries = re.split(r"^### ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    elsewhere = OF_EPISODES, OF_CREDIT, OF_SPOOFERS  # read by tests of panels, credit, spoofing
    entries = [entry for entry in entries if not any(note in entry for note in elsewhere)]
    plain = [entry.split("`")[1] for entry in entries if OF_RULES not in entry]
    every = [entry.split("`")[1] for entry in entries]
    assert len(plain) > 70
    assert len(every) > 110
    for (run, *_), (_, found, stored) in checked.items():
        named = every if run in RICH else plain
        assert sorted(found) == sorted(named)
        assert set(map(str, stored.data_vars)) == {*named, "violation"}


def test_the_page_suffices(checked):
    wrong = {}
    for lane, (_, found, stored) in checked.items():
        for name, value in found.items():
            ours, theirs = np.asarray(value, float), stored[name].to_numpy()
            assert ours.shape == theirs.shape, name
            unknown = np.isnan(ours) if name in OF_V_AFTER_T else np.zeros(ours.shape, bool)
            same = np.isclose(ours, theirs, rtol=1e-9, atol=1e-9, equal_nan=True)
            if not (same | unknown).all():
                wrong[*lane, name] = (value, theirs.tolist())
    assert not wrong


def test_only_v_after_the_end_is_not_in_a_file(checked):
    whole = set()
    for (run, mechanism, _), (lane, found, stored) in checked.items():
        makers = lane.members("maker")
        mine = lane.fills.buyer.isin(makers) | lane.fills.seller.isin(makers)
        last = lane.fills.time_ns[mine].max()
        for name in OF_V_AFTER_T:
            unknown = np.isnan(np.asarray(found[name], float)).reshape(len(lane.markouts), -1)
            late = [last + h > lane.horizon for h in lane.markouts]
            assert unknown.all(axis=1).tolist() == unknown.any(axis=1).tolist() == late
        if not any(late):
            whole.add((run, mechanism))
        assert not np.isnan(stored["maker_markout"]).any()
    assert len(whole) >= 5


def test_the_lanes_have_what_the_page_speaks_of(checked):
    for (run, mechanism, _), (_, found, _) in checked.items():
        assert found["n_fills"] > 3
        assert found["shock_recoveries"] > 0
        assert (found["rfq_dealers_asked"] > 0) == (mechanism == "rfq")
        assert (found["rfq_last_looks"] > 0) == (run == "blind")
        if run not in RICH:
            assert np.isnan(found["quoted_spread"]) == (run == "told" and mechanism == "rfq")
    every = [found for _, found, _ in checked.values()]
    for name in ("rfq_rejection_rate", "rfq_late_quotes", "rfq_covered_trades", "rfq_cover_gap"):
        assert any(found[name] > 0 for found in every), name
    shares = [np.array(found["taker_end_share"]) for _, found, _ in checked.values()]
    ends = np.flatnonzero((np.nan_to_num(shares) > 0).any(axis=(0, 1)))
    assert {0, 1, 4, 6} <= {*ends.tolist()}  # filled, expired, priced out, trading ended


def test_everything_of_rules_happens_in_a_lane(checked):
    """Each variable is another number than 0 somewhere, and so is each term that has codes here."""
    rich = [found for (run, *_), (lane, found, _) in checked.items() if lane.rules]
    only = {*rich[0]} - {*next(found for _, found, _ in checked.values())}
    assert len(only) > 40
    for name in only - {"pnl_stakes", "epochs_short"}:  # its traders'; pools that last
        assert any(np.nan_to_num(np.asarray(found[name], float)).any() for found in rich), name
    terms = np.any([np.any(found["pnl_by_term"], axis=0) for found in rich], axis=0)
    assert np.flatnonzero(~terms).tolist() == [6, 7]  # interest and liquidation


def test_what_all_accounts_win_sums_to_zero(checked):
    """Exactly, but for what float64 rounds: what one account pays another gets."""
    accounts = [f"pnl_{name}" for name in (*ROLES, "venue", *ACCOUNTS)]
    for lane, _, stored in checked.values():
        names = accounts if lane.rules else accounts[: len(ROLES) + 1]
        assert abs(sum(float(stored[name]) for name in names)) < 1e-8
