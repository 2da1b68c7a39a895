"""Designs, declared axes and sizes: many points without words, and what an experiment sweeps."""

import numpy as np
import pytest

import proteus
from proteus.configuration import design
from proteus.errors import ConfigError
from proteus.plans import planner
from tests.helpers.fake_engine import FakeEngine, install

HALF = {"key": "population.maker.policy.half_spread", "low": 0.005, "high": 0.05, "scale": "log"}
LOTS = {"key": "population.maker.policy.quote_lots", "low": 2, "high": 20, "whole": True}


def planned(name, factors, **more):
    return planner.from_mapping({"design": {"name": name, "factors": factors, **more}}, 10)


def test_a_grid_has_every_combination_and_the_last_key_changes_fastest():
    made = planned("grid", [{**HALF, "levels": 3}, {**LOTS, "levels": 2}])
    half = np.repeat([0.005, 0.005 * 10**0.5, 0.05], 2)
    assert made.axes["point"] == tuple(range(6))
    np.testing.assert_allclose(made.designed["maker_policy_half_spread"], half, rtol=1e-3)
    assert made.designed["maker_policy_quote_lots"] == (2, 20) * 3
    policies = [cell.population["maker"].policy for cell in made.cells]
    assert [policy.quote_lots for policy in policies] == [2, 20] * 3


@pytest.mark.parametrize("name", ["latin_hypercube", "sobol"])
def test_points_meet_each_of_the_equal_parts_of_every_key_once(name):
    """The definition of a Latin hypercube; a scrambled Sobol sequence of 2^m points has it too."""
    model = {"name": name, "points": 64, "seed": 3, "factors": [HALF, LOTS]}
    shares = design.DESIGN_MODELS[name].model_validate(model).shares()
    for factor in range(2):
        assert sorted((shares[:, factor] * 64).astype(int)) == list(range(64))


def test_a_design_crosses_the_listed_axes_and_cells_are_shared_as_ever():
    keys = {"mechanism": ["clob", "fba"], "delta": [50, 100]}
    made = planner.from_mapping(
        {**keys, "design": {"name": "sobol", "points": 4, "factors": [HALF]}}
    )
    assert made.cell_of.shape == (2, 2, 4)
    assert len(made.cells) == 4 + 2 * 4
    assert (made.cell_of[0, 0] == made.cell_of[0, 1]).all()


def test_the_values_are_coordinates_of_the_results_and_columns_of_the_summary(
    monkeypatch, tmp_path
):
    install(monkeypatch, FakeEngine())
    word = {"design": {"name": "grid", "factors": [{**LOTS, "levels": 3}]}}
    found = proteus.sweep(word, seeds=3, output_dir=tmp_path / "x")
    assert found["maker_policy_quote_lots"].dims == ("point",)
    assert found["maker_policy_quote_lots"].values.tolist() == [2, 11, 20]
    assert found["maker_policy_quote_lots"].attrs["units"] == "lots"
    assert "maker_policy_quote_lots" in (tmp_path / "x" / "summary.csv").read_text().split("\n")[0]


@pytest.mark.parametrize(
    ("factors", "more", "sentence"),
    [
        ([], {}, r"design.factors=\[\] is not allowed"),
        ([{**HALF, "key": "dleta"}], {}, "design.factors has unknown key dleta; did you mean"),
        ([HALF, HALF], {}, "lists population.maker.policy.half_spread twice"),
        ([{**HALF, "low": 1}], {}, "low=1 is not allowed: must be less than high=0.05"),
        ([{**HALF, "low": 0}], {}, "low=0 is not allowed: must be more than 0 with scale=log"),
        ([HALF], {"points": 9}, "design.points=9 is not allowed: must be a power of 2"),
        ([{**HALF, "low": -3, "scale": "linear"}], {}, "half_spread=-.* is not allowed"),
    ],
)
def test_a_wrong_design_is_one_sentence(factors, more, sentence):
    with pytest.raises(ConfigError, match=sentence):
        planned("sobol", factors, **more)


def test_a_swept_key_of_one_mechanism_leaves_the_others_alone():
    words = ["mechanism=clob,fba", "delta=50,100", "mechanism.price_rule=lower,upper"]
    made = planner.from_words(words)
    assert made.cell_of.tolist() == [[[0, 0], [0, 0]], [[1, 2], [3, 4]]]
    assert [cell.mechanism.name for cell in made.cells] == ["clob"] + 4 * ["fba"]


def test_axes_of_an_experiment_are_swept_and_words_win():
    made = planner.from_words(["+experiment=phase2", "size=quick"])
    assert made.axes["mechanism"] == ("clob", "fba")
    assert {50, 100, 250, 500, 1000} < set(made.axes["delta"])
    fixed = planner.from_words(
        ["+experiment=phase2", "size=quick", "delta=50", "population=baseline"]
    )
    assert fixed.axes == {"mechanism": ("clob", "fba"), "delta": (50,)}
    assert fixed.settings.study == "phase2"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["size=quick"], "size=quick is not allowed: give a study that has sizes"),
        (["+experiment=phase2", "size=huge"], "size=huge does not exist; allowed: quick, standard"),
        (["axes={delta:[1,2]}"], "only a file of conf/experiment has it"),
        (["point=1,2"], "unknown key point"),
    ],
)
def test_a_wrong_size_or_axis_is_one_sentence(words, sentence):
    with pytest.raises(ConfigError, match=sentence):
        planner.from_words(words)
