"""``panel.parquet``: its rows are those of the results, and tools of econometricians take it."""

import io
import json
import math
import subprocess
import sys

import duckdb
import numpy as np
import pandas as pd
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import statsmodels.formula.api as smf
import xarray as xr
from linearmodels import PanelOLS
from rich.console import Console

import proteus
from proteus import plots
from proteus.analysis import measures, summary
from proteus.analysis.lives import Lives, at_stake, lives, survival, transitions
from proteus.analysis.persistence import STATISTICS, lifetimes, survival_curves
from proteus.analysis.statistics import longitudinal
from proteus.analysis.summary import show, summarise
from proteus.basics.versions import csv_text
from proteus.errors import ConfigError, ResultsError
from proteus.pages.bundle import read
from proteus.pages.report import report_page
from proteus.results import merge
from proteus.results import panel as panels
from tests.helpers.budget import is_proof
from tests.helpers.days import DAY

pytestmark = pytest.mark.nojit
EPISODES, SEEDS = 6, 4


def run(folder, **words):
    return proteus.sweep(
        {**DAY, "record.per_trader": False, "record.panel": True, "mechanism": ["clob", "fba"],
         "episodes.count": EPISODES, "episodes.carryover": "capital_only",
         "population.maker.capital": 20, "population.maker.count": 3, **words},
        seeds=SEEDS, output_dir=folder,
    )  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("panel") / "run"
    return folder, run(folder)


@pytest.fixture
def panel(made):
    return proteus.load_panel(made[0])


def test_the_terminal_shows_the_last_episode_as_the_verdict_does(made):
    """Its table is that of a dataset of that episode alone; it was that of the first."""
    _, dataset = made

    def shown(episodes):
        stream = io.StringIO()
        chosen = summarise(dataset.isel(episode=episodes))
        show(chosen, ["mechanism", "delta"], Console(width=120, file=stream))
        return stream.getvalue()

    assert shown(slice(None)) == shown([-1]) != shown([0])
    assert f"{SEEDS} seeds, episode {EPISODES - 1}" in shown(slice(None))


def test_a_row_is_what_the_results_say_of_that_agent_in_that_episode(made, panel):
    _, dataset = made
    assert len(panel) == 2 * SEEDS * EPISODES * 9
    assert not panel.duplicated([*panels.KEY]).any()
    mechanisms = dataset["mechanism"].to_numpy().tolist()
    for row in panel.sample(40, random_state=1).itertuples():
        at = {"mechanism": mechanisms[row.cell], "seed": row.seed, "episode": row.run_index}
        place = dataset["agent_uid"].to_numpy().tolist().index(row.agent_uid)
        assert dataset["trader"].to_numpy()[place] == row.instance
        there = dataset.sel(at).isel(trader=place, delta=0)
        assert row.mechanism == at["mechanism"]
        assert row.equity_start == there["wealth_start_by_trader"].item()
        assert row.equity_end == there["wealth_end_by_trader"].item()
        assert row.pnl_marked == there["pnl_marked_by_trader"].item()
        assert row.volume_lots == there["volume_lots_by_trader"].item()
        assert row.status == ("ruined" if there["ruined_by_trader"].item() else "active")
        assert row.entity == f"{row.seed}:{row.agent_uid}"
    assert set(panel["carryover"]) == {"capital_only"}
    assert json.loads(panel["labels"].iloc[0]) == {"delta": 50, "mechanism": "clob"}


def test_the_file_says_units_formulas_versions_and_agents(made):
    schema = pq.read_schema(made[0] / panels.PANEL)
    assert schema.names == [*panels.FIELDS]
    assert schema.field("equity_end").metadata == {
        b"units": b"currency", b"formula": b"endowment + PnL at X; v_T where positions go on",
    }  # fmt: skip
    assert schema.metadata[b"panel_version"] == b"1"
    assert schema.metadata[b"config_hash"].decode() == made[1].attrs["config_hash"]
    assert {each["group"] for each in json.loads(schema.metadata[b"agents"])} == {
        "maker", "informed", "noise", "sniper",
    }  # fmt: skip


def test_as_labelled_arrays(made, panel, tmp_path):
    arrays = proteus.load_panel(made[0], to="xarray")
    assert dict(arrays.sizes) == {"cell": 2, "seed": SEEDS, "agent_uid": 9, "run_index": EPISODES}
    row = panel.iloc[7]
    at = {key: row[key] for key in ("cell", "seed", "agent_uid", "run_index")}
    assert arrays["equity_end"].sel(at).item() == row["equity_end"]
    assert arrays["status"].sel(at).item() == row["status"]
    assert arrays["mechanism"].to_numpy().tolist() == ["clob", "fba"]
    for name in ("instance", "group"):
        assert arrays[name].sel(agent_uid=row["agent_uid"]).item() == row[name]
    arrays.to_netcdf(tmp_path / "panel.nc")
    assert xr.load_dataset(tmp_path / "panel.nc").identical(arrays)


def test_rows_are_the_same_whatever_is_written_at_once(made, panel, tmp_path, monkeypatch):
    monkeypatch.setattr(panels, "ROWS_AT_ONCE", 60)
    run(tmp_path / "small")
    assert panel.equals(proteus.load_panel(tmp_path / "small"))
    assert pq.ParquetFile(tmp_path / "small" / panels.PANEL).num_row_groups == 2 * SEEDS


# --- how much is in memory ------------------------------------------------------------------------


def test_a_file_of_results_keeps_one_chunk_of_each_variable(made):
    """One slab in all; by default netCDF keeps 16 MiB, or ten chunks, of each."""
    store = merge.opened_store(made[0] / "results.nc")
    chunked = [each for each in store.ds.variables.values() if each.chunking() != "contiguous"]
    kept = [each.get_var_chunk_cache()[0] for each in chunked]
    held = [math.prod(each.chunking()) * each.dtype.itemsize for each in chunked]
    store.close()
    assert len(kept) > 100
    assert kept == held


def test_a_summary_is_the_same_whatever_is_made_at_once(made, tmp_path, monkeypatch):
    _, dataset = made
    whole = summarise(dataset)
    monkeypatch.setattr(measures, "READ_AT_ONCE", 50)
    monkeypatch.setattr(summary, "_ROWS_AT_ONCE", 500)
    assert len([*summary.summaries(dataset)]) > 10
    last = summary.write(dataset, tmp_path / "summary.csv")
    assert (tmp_path / "summary.csv").read_text() == csv_text(whole)
    assert last.equals(whole[whole["episode"] == EPISODES - 1].reset_index(drop=True))


@pytest.mark.skipif(not is_proof(), reason="PROTEUS_PROOF=1")
def test_memory_of_a_whole_run_does_not_grow_with_seeds(tmp_path):
    """Resident at the peak, MiB, of 4 mechanisms and 8 agents: 100 episodes of 20 and 100 seeds.

    The first fill a slab, 65 MiB; the numbers of the others are 174 MiB. 1,000 seeds take 8 more.
    """
    words = [
        "mechanism=clob,fba,rfq,dual_flow", "episodes.count=100", "record.panel=true",
        "episodes.carryover=capital_only", "population.maker.capital=60", "executor.workers=1",
        "delta=50", "horizon_s=0.3", "record.warmup_s=0.1", "metrics.tau_ms=100",
        "metrics.horizons_ms=[0,20]", "metrics.elapsed_ms=[50]", "metrics.volatility_grid_ms=100",
    ]  # fmt: skip
    code = (
        "import resource, sys; from proteus.sweep import main; assert main(sys.argv[1:]) == 0; "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )

    def peak(seeds):
        more = [f"seeds.count={seeds}", f"output_dir={tmp_path / str(seeds)}"]
        child = subprocess.run(
            [sys.executable, "-c", code, *words, *more], capture_output=True, text=True, check=True
        )
        return int(child.stdout.split()[-1])

    few, many = peak(20), peak(100)
    assert many < 700
    assert many - few < 100


# --- what others make of it -----------------------------------------------------------------------


def test_linearmodels_fits_entity_and_time_effects_with_clustered_errors(panel):
    """The slope is that of least squares on what is left after both means, taken here."""
    clob = panel[panel["mechanism"] == "clob"].set_index(["entity", "run_index"])
    clob.index = clob.index.set_levels(clob.index.levels[0].astype(str), level=0)
    fitted = PanelOLS(
        clob["pnl_settled"], clob[["volume_lots"]], entity_effects=True, time_effects=True
    ).fit(cov_type="clustered", cluster_entity=True)
    assert fitted.nobs == SEEDS * EPISODES * 9

    def within(column):
        wide = clob[column].unstack("run_index").to_numpy()
        return wide - wide.mean(0) - wide.mean(1, keepdims=True) + wide.mean()

    x, y = within("volume_lots"), within("pnl_settled")
    assert fitted.params["volume_lots"] == pytest.approx((x * y).sum() / (x * x).sum(), rel=1e-9)
    assert fitted.std_errors["volume_lots"] > 0


def test_statsmodels_fits_a_mixed_model(panel):
    makers = panel[(panel["group"] == "maker") & (panel["mechanism"] == "fba")]
    fitted = smf.mixedlm("pnl_settled ~ 1", makers, groups=makers["entity"].astype(str)).fit()
    assert fitted.nobs == SEEDS * EPISODES * 3
    assert fitted.params["Intercept"] == pytest.approx(makers["pnl_settled"].mean(), abs=1e-6)


@pytest.fixture
def folder_of_files(made, tmp_path):
    """The first file has whole numbers only: readers that guess types would take them for int."""
    table = pq.read_table(made[0] / panels.PANEL)
    whole = table.slice(0, 50)
    for name, column in panels.FIELDS.items():
        if column.kind == "float64":
            at = table.schema.get_field_index(name)
            rounded = pa.array(np.round(whole.column(name).to_numpy()))
            whole = whole.set_column(at, table.schema.field(name), rounded)
    pq.write_table(whole, tmp_path / "0.parquet")
    pq.write_table(table.slice(50), tmp_path / "1.parquet")
    expected = np.round(table.column("equity_end").to_numpy()[:50]).sum()
    return tmp_path, expected + table.column("equity_end").to_numpy()[50:].sum(), table.num_rows


def test_polars_reads_a_folder(folder_of_files):
    folder, total, rows = folder_of_files
    found = polars.scan_parquet(folder / "*.parquet").select(
        polars.col("equity_end").sum(), polars.len().alias("rows")
    ).collect()  # fmt: skip
    assert found.schema["equity_end"] == polars.Float64
    assert found.row(0) == (pytest.approx(total), rows)


def test_duckdb_reads_a_folder(folder_of_files):
    folder, total, rows = folder_of_files
    query = f"""
        select sum(equity_end), count(*), any_value(typeof(equity_end)),
        any_value(typeof(agent_uid)), count(distinct (cell, seed, run_index, agent_uid))
        from '{folder}/*.parquet'
    """
    (found,) = duckdb.sql(query).fetchall()
    assert found == (pytest.approx(total), rows, "DOUBLE", "BIGINT", rows)


# --- measures -------------------------------------------------------------------------------------


def test_what_lasts_has_an_interval_over_seeds(panel):
    found = proteus.persistence(panel)
    assert found["statistic"].tolist() == [*STATISTICS, *STATISTICS]
    assert (found["long_name"].str.len() > 0).all()
    assert set(found["unit"]) == {"1", "shifts per agent"}
    assert (found["n"] == SEEDS).all()
    ar = found[found["statistic"] == "autoregression"]
    assert (ar["low"] < ar["value"]).all()
    assert ar["bias"].tolist() == pytest.approx((-(1 + ar["value"]) / (EPISODES - 2)).tolist())
    assert found["bias"].notna().sum() == 2
    makers = proteus.persistence(panel, "equity_end", group="maker")
    name = "intraclass_correlation"
    wealth, gains = (table[table["statistic"] == name]["value"] for table in (makers, found))
    assert (wealth.to_numpy() > gains.to_numpy()).all()
    assert wealth.between(-1 / (EPISODES - 1), 1).all()


def test_lifetimes_end_with_the_episode_of_ruin(panel):
    lived = lifetimes(panel, "maker", ruin_below=1)
    assert len(lived) == 2 * SEEDS * 3
    for row in lived.itertuples():
        own = panel[(panel["cell"] == row.cell) & (panel["seed"] == row.seed)]
        own = own[own["agent_uid"] == row.agent_uid].sort_values("run_index")
        below = np.flatnonzero(own["equity_end"].to_numpy() < 1)
        assert row.is_ruined == bool(len(below))
        assert row.episodes == (below[0] + 1 if len(below) else EPISODES)


def test_survival_is_that_of_kaplan_and_meier(panel):
    """By the library, over all agents of a cell: nobody is lost from sight before the end."""
    curves = survival_curves(panel, "maker", ruin_below=15)
    lived = lifetimes(panel, "maker", ruin_below=15)
    assert lived["is_ruined"].any()
    for cell, own in lived.groupby("cell"):
        found = curves[curves["cell"] == cell].set_index("episodes")
        library = longitudinal.survival(own["episodes"].to_numpy(), own["is_ruined"].to_numpy())
        for episode, share in zip(library.episode, library.survival, strict=True):
            assert found.loc[episode, "value"] == pytest.approx(share)
        assert (found["n"] == SEEDS).all()
        assert (found["low"] <= found["value"]).all()
        assert found["high"].between(found["value"], 1).all()
    later = panel[(panel["run_index"] > 1) & (panel["seed"] < 2)].copy()
    later["status"] = later["status"].where(later["equity_start"] >= 15, "ruined")
    short = lifetimes(later, "maker", ruin_below=15)
    was = later[(later["run_index"] == 2) & (later["group"] == "maker")]
    assert (short["episodes"] == 0).sum() == (was["status"] == "ruined").sum() > 0
    assert short["episodes"].max() == EPISODES - 2


# --- what a report shows --------------------------------------------------------------------------


def test_courses_of_survival_are_those_of_the_panel(made, panel):
    """What is left at the start of an episode is what the panel has left after the one before."""
    _, dataset = made
    assert at_stake(dataset) == ["maker"]
    curves = survival_curves(panel, "maker", ruin_below=1)
    for cell, found in enumerate(lives(dataset, "maker")):
        course, own = survival(found), curves[curves["cell"] == cell].set_index("episodes")
        assert course.value[0] == 1
        after = own.loc[range(1, EPISODES), "value"].to_numpy()
        assert course.value[1:] == pytest.approx(after)
        assert (course.low <= course.value).all()
        assert (course.value <= course.high).all()
        matrix = transitions(found)
        assert matrix.shape == (5, 5)
        assert matrix.sum(axis=1) == pytest.approx(np.ones(5))


def test_a_course_by_hand():
    """Two seeds of two agents: one is ruined from episode 1 on, two from 3, one never."""
    ruined = np.zeros((2, 2, 4), bool)
    ruined[0, 0, 1:] = ruined[0, 1, 3:] = ruined[1, 0, 3:] = True
    course = survival(Lives("clob", "clob", ruined, np.zeros(ruined.shape)))
    assert course.value == pytest.approx([1, 0.75, 0.75, 0.25])
    half = 12.7062 * np.std([0.5, 1], ddof=1) / np.sqrt(2)  # t with one degree of freedom
    assert course.low[1] == pytest.approx(max(0.75 - half, 0), abs=1e-4)
    one = survival(Lives("clob", "clob", ruined[:1], np.zeros((1, 2, 4))))
    assert np.isnan(one.low).all()


def test_a_report_of_episodes_shows_who_lasts_and_says_which_episode_the_rest_is_of(made):
    folder, _ = made
    page = report_page([read(folder)])
    assert "Survival of group maker" in page
    assert "moves of agents of group maker between classes of wealth" in page
    assert f"is of the last of {EPISODES} episodes, number {EPISODES - 1}." in page
    with pytest.raises(ResultsError, match="group=noise is not allowed: the dataset has maker"):
        plots.survivors(proteus.load(folder), "noise")
    with pytest.raises(ResultsError, match="no group of episodes with capital"):
        plots.movers(proteus.load(folder).isel(episode=0, drop=True))


# --- mistakes -------------------------------------------------------------------------------------


def test_mistakes_are_told_in_a_sentence(made, panel, tmp_path):
    with pytest.raises(ConfigError, match=r"record\.panel=true is not allowed: lanes must be of"):
        proteus.simulate(seeds=1, output_dir=tmp_path / "a", **{**DAY, "record.panel": True})
    with pytest.raises(ConfigError, match=r"record\.panel=true is not allowed: it must have an"):
        proteus.simulate(seeds=1, **{**DAY, "record.panel": True, "episodes.count": 2})
    with pytest.raises(ResultsError, match=r"panel\.parquet does not exist: record\.panel=true"):
        proteus.load_panel(tmp_path)
    with pytest.raises(ResultsError, match="to=csv is not allowed"):
        proteus.load_panel(made[0], to="csv")
    with pytest.raises(ResultsError, match="measure=mood is not allowed"):
        proteus.persistence(panel, "mood")
    with pytest.raises(ResultsError, match="group=bank is not in the panel"):
        proteus.persistence(panel, group="bank")
    with pytest.raises(ResultsError, match="fewer than 4 episodes"):
        proteus.persistence(panel[panel["run_index"] < 3])
    with pytest.raises(ResultsError, match="a dict is not allowed"):
        proteus.persistence({})
    with pytest.raises(ResultsError, match=r"group=\['maker'\] is not in the panel"):
        proteus.persistence(panel, group=["maker"])
    with pytest.raises(ResultsError, match="measure=pnl_marked is not allowed"):
        proteus.persistence(panel.drop(columns="pnl_marked"), "pnl_marked")
    with pytest.raises(ResultsError, match=r"has \d rows of 6 episodes: an agent must have one"):
        proteus.persistence(panel[panel["status"] == "active"])
    with pytest.raises(ResultsError, match="has 12 rows of 6 episodes"):
        survival_curves(pd.concat([panel, panel]), "maker", ruin_below=1)


def test_a_key_that_is_there_twice_and_another_version_are_refused(made, tmp_path):
    table = pq.read_table(made[0] / panels.PANEL)
    twice = tmp_path / "twice.parquet"
    pq.write_table(pa.concat_tables([table, table.slice(3, 1)]), twice)
    with pytest.raises(ResultsError, match=r"cell=0, seed=\d, run_index=\d, .* is there twice"):
        proteus.load_panel(twice)
    newer = tmp_path / "newer.parquet"
    about = {**table.schema.metadata, b"panel_version": b"2"}
    pq.write_table(table.replace_schema_metadata(about), newer)
    with pytest.raises(ResultsError, match="panel_version is 2; this Proteus reads version 1"):
        proteus.load_panel(newer)
