"""Phase 5 beside its sweep: the spot arm, risk over seeds, and the figure of cascades."""

import numpy as np
import pytest
import xarray as xr

from proteus.configuration.study import Endpoint
from proteus.errors import ConfigError
from proteus.plans import planner
from proteus.studies import figures, leverage, phase

WORDS = ("size=quick", "seeds.count=4", "seeds.root=11")

pytestmark = pytest.mark.plain


@pytest.fixture(scope="module")
def plan():
    return planner.from_words(["+experiment=phase5", *WORDS])


def test_phase_5_is_declared_as_the_model_says(plan):
    """K7: mechanism x signal gain x oracle; who borrows, how makers learn, how the news jumps."""
    assert "5" in phase.PHASES
    assert plan.axes["mechanism"] == ("clob", "fba", "rfq")
    sources = [cell.environment.oracle.source for cell in plan.cells[:3]]
    assert sources == ["public", "twap", "value"]
    declared: Endpoint = plan.settings.endpoint
    assert (declared.variable, declared.per) == ("bad_debt_rest", "credit_lent")
    assert {"cascade_size", "effective_spread", "price_rmse", "depth_best"} <= {
        *declared.companions
    }
    cell = plan.cells[0]
    maker, group = cell.population["maker"].policy, cell.population["leveraged"]
    assert (maker.belief_gain_trade, maker.belief_gain_signal) == (0.3, 0.05)
    assert (group.count, group.target_leverage) == (4, 2)
    assert [limit.lots for limit in group.risk.values() if limit.kind == "inventory_limit"] == [60]
    assert cell.latent.model == "log_odds"
    assert max(abs(part.mean) for part in cell.latent.jumps) <= 0.2


def test_the_spot_arm_differs_in_the_leverage_alone(plan):
    words = leverage.spot_words(plan)
    spot = planner.from_words(words)
    leverage.check_arms(plan, spot)
    assert {cell.population["leveraged"].target_leverage for cell in spot.cells} == {1}
    assert len(spot.cells) * 3 == len(plan.cells)
    other = planner.from_words([*words, "population.noise.count=5"])
    with pytest.raises(ConfigError, match=r"population\.noise\.count"):
        leverage.check_arms(plan, other)


def dataset_of(losses):
    units = {"units": "currency"}
    return xr.Dataset(
        {"lost": (("mechanism", "seed"), losses, units)},
        {"mechanism": ["clob", "fba"], "seed": np.arange(losses.shape[1])},
    )


def test_var_is_what_a_twentieth_exceeds_and_cvar_its_mean():
    losses = np.stack([np.arange(100.0), np.zeros(100)])
    table = leverage.risk(dataset_of(losses), ["lost"]).set_index("mechanism")
    row = table.loc["clob"]
    assert (row["mean"], row["var"], row["cvar"]) == (49.5, 94, 97)
    assert row["var_low"] < 94 < row["var_high"]
    assert row["cvar_low"] < 97 < row["cvar_high"] <= 99
    nothing = table.loc["fba", ["var", "var_low", "var_high", "cvar", "cvar_low", "cvar_high"]]
    assert (nothing == 0).all()


def test_cascades_are_drawn_with_their_intervals(tmp_path):
    import pandas as pd

    rows = [
        {"mechanism": name, "environment": oracle, "maker_gain": gain, "variable": "cascade_size",
         "value": 2.0, "low": 1.0, "high": 3.0}
        for name in ("clob", "fba") for oracle in ("oracle", "oracle_value") for gain in (0.05, 0.5)
    ]  # fmt: skip
    figures.cascades(pd.DataFrame(rows), tmp_path / "cascades.svg")
    text = (tmp_path / "cascades.svg").read_text()
    for word in ("clob", "fba", "oracle: public", "oracle: value", "maker gain 0.5"):
        assert word in text
