"""A unit of seeds is one row of every statistic; controls leave the intercept of a regression."""

import numpy as np
import pytest
import yaml
from scipy import stats

import proteus
from proteus.analysis import controls, saving, units
from proteus.analysis.measures import arm, estimates, measures
from proteus.analysis.statistics.paired import Arm, alone, linear
from proteus.analysis.summary import summarise
from proteus.analysis.verdict import verdict
from proteus.errors import ResultsError
from proteus.plans.planner import from_words
from tests.helpers.sweeps import sweep

pytestmark = pytest.mark.plain

SEEDS = 60
OWN = ("endpoint.budgets=[]", "endpoint.companions=[]")


def dataset(*words, seeds=SEEDS, random=0):
    """A sweep of two cells under a design, with numbers that depend within a pair."""
    plan = from_words(["mechanism=clob,fba", f"seeds.count={seeds}", *OWN, *words])
    made = sweep()
    made = made.isel(delta=[0]).isel(seed=np.arange(seeds) % made.sizes["seed"])
    draws = np.random.default_rng(random)
    common = draws.normal(size=(1, 1, seeds))
    for name in ("price_rmse", "maker_adverse_selection"):
        shape = made[name].shape
        noise = draws.normal(size=shape) + common.reshape([1, 1, seeds, *[1] * (len(shape) - 3)])
        made[name] = made[name].dims, noise, made[name].attrs
    made = made.assign_coords(seed=np.arange(seeds))
    config = yaml.safe_dump(plan.settings.model_dump(mode="json"), sort_keys=False)
    return made.assign_attrs(config=config)


PAIRS = ("seeds.design=antithetic",)


def test_a_contrast_of_pairs_is_the_t_test_of_their_means():
    data = dataset(*PAIRS)
    row = proteus.compare(data, metrics=["price_rmse"]).iloc[0]
    values = data["price_rmse"].isel(delta=0).transpose("mechanism", "seed").to_numpy()
    pairs = values.reshape(2, -1, 2).mean(axis=2)
    expected = stats.ttest_rel(pairs[1], pairs[0])
    assert row["n"] == SEEDS // 2
    assert row["p"] == pytest.approx(expected.pvalue, rel=1e-10)
    interval = expected.confidence_interval(0.95)
    np.testing.assert_allclose([row["low"], row["high"]], interval, rtol=1e-10)
    boot = stats.bootstrap(
        (pairs[1] - pairs[0],), np.mean, method="BCa", n_resamples=2000, rng=1
    ).confidence_interval
    np.testing.assert_allclose([row["bca_low"], row["bca_high"]], boot, atol=0.05)


def test_estimates_stay_and_only_their_intervals_count_units():
    plain, paired = dataset(), dataset(*PAIRS)
    left, right = summarise(plain), summarise(paired)
    np.testing.assert_allclose(left["value"], right["value"], rtol=1e-12)
    assert set(right["n"] + right["n_missing"]) == {SEEDS // 2}
    assert set(left["n"] + left["n_missing"]) == {SEEDS}


def test_a_part_of_the_seeds_keeps_its_pairs_together():
    """Seeds 3 to 8: two whole pairs, and half of two."""
    data = dataset(*PAIRS).isel(seed=slice(3, 9))
    folded = units.folded(data, Arm(np.arange(6.0)[:, None], np.ones((6, 1))))
    assert folded.above.ravel().tolist() == [0.0, 1 + 2, 3 + 4, 5.0]
    assert folded.below.ravel().tolist() == [1, 2, 2, 1]
    shuffled = data.isel(seed=[5, 0, 3, 1, 4, 2])
    again = units.folded(shuffled, Arm(shuffled["seed"].to_numpy()[:, None] - 3.0, np.ones((6, 1))))
    np.testing.assert_array_equal(again.above, folded.above)


def test_a_missing_seed_leaves_its_partner_and_a_missing_pair_is_missing():
    above = np.array([[1.0], [np.nan], [np.nan], [np.nan]])
    data = dataset(*PAIRS).isel(seed=slice(0, 4))
    folded = units.folded(data, Arm(above, np.ones((4, 1))))
    np.testing.assert_array_equal(folded.above, [[1.0], [np.nan]])
    np.testing.assert_array_equal(folded.below, [[1.0], [np.nan]])


def test_texts_name_units_and_what_is_saved():
    data = dataset(*PAIRS)
    assert f"{SEEDS // 2} pairs of seeds" in verdict(data)[0]
    said = saving.sentence(data)
    assert said.startswith("Antithetic pairs in news: the endpoint has ")
    assert f"so {SEEDS} seeds are worth" in said
    assert saving.sentence(dataset()) == ""


def test_cells_of_two_designs_are_not_paired():
    from proteus.analysis import bundles

    def cell(data):
        one = data.isel(mechanism=0, delta=0)
        return bundles.Cell({}, one, {}, "7", "code", (None, 0))

    with pytest.raises(ResultsError, match="only seeds of one design and with the same controls"):
        bundles.differences(cell(dataset()), cell(dataset(*PAIRS)))


def test_an_estimate_with_controls_is_the_intercept_of_a_regression():
    random = np.random.default_rng(3)
    c = random.normal(size=(50, 2))
    y = 1.0 + c @ [0.5, -2.0] + random.normal(size=50)
    made = Arm(controls.adjusted(Arm(y[:, None], np.ones((50, 1))), c, np.array([True])),
               np.ones((50, 1)))  # fmt: skip
    design = np.column_stack([np.ones(50), c])
    slope, rest = np.linalg.lstsq(design, y, rcond=None)[:2]
    found = alone(made)
    assert found.value[0] == pytest.approx(slope[0], rel=1e-12)
    assert found.deviation[0] == pytest.approx(np.sqrt(rest[0] / (50 - 3)), rel=1e-12)


def test_a_ratio_with_controls_is_regressed_by_its_influence():
    random = np.random.default_rng(4)
    lots, c = random.gamma(2.0, size=(80, 1)), random.normal(size=(80, 1))
    plain = Arm(0.3 * lots + c + 0.1 * random.normal(size=(80, 1)), lots)
    value, psi = linear(plain)
    slope = np.polyfit(c.ravel(), psi.ravel(), 1)[0]
    found, left = linear(Arm(controls.adjusted(plain, c, np.array([True])), lots))
    assert found[0] == pytest.approx(value[0] - slope * c.mean(), rel=1e-12)
    expected = (psi - slope * (c - c.mean())) * np.sqrt(79 / 78)
    np.testing.assert_allclose(left, expected, atol=1e-12)


def test_what_is_missing_somewhere_is_not_controlled():
    arm_ = Arm(np.array([[1.0], [np.nan], [2.0], [4.0], [3.0], [5.0]]), np.ones((6, 1)))
    kept = controls.adjusted(arm_, np.random.default_rng(0).normal(size=(6, 1)), np.array([True]))
    np.testing.assert_array_equal(kept, arm_.above)


@pytest.mark.parametrize("words", [(), PAIRS, ("seeds.design=sobol", "seeds.points=4")])
def test_every_table_takes_its_controls_from_one_place(words, monkeypatch):
    """With controls that are what is measured nothing is left of it."""
    data = dataset("seeds.controls=jumps", *words)
    rmse = data["price_rmse"].isel(delta=0)
    unit = units.of(data).seeds

    def of_lanes(config, delta_ns, seeds):
        mechanism = 1 if delta_ns else 0
        values = rmse.isel(mechanism=mechanism).to_numpy()
        return (values - values.mean())[np.frombuffer(seeds, np.int64)][:, None]

    monkeypatch.setattr(controls, "of_lanes", of_lanes)
    found = estimates(data, measures(data, ["price_rmse"])[0])
    assert (found.n == SEEDS // unit).all()
    np.testing.assert_allclose(found.deviation, 0, atol=1e-12)
    np.testing.assert_allclose(found.value.ravel(), rmse.mean("seed"), rtol=1e-9)
    alone_ = arm(data.isel(mechanism=1, delta=0), measures(data, ["price_rmse"]))
    np.testing.assert_allclose(linear(alone_)[0], found.value[1], rtol=1e-12)


def test_the_expected_square_of_a_jump_is_the_mean_over_its_law():
    rng = np.random.default_rng(5)
    at = controls._NODES // 4  # v = 1 / 4
    bayes = from_words([]).cells[0].latent
    is_one = rng.random(400_000) < 0.25
    right = rng.random(400_000) < bayes.jump_accuracy
    size = np.log(bayes.jump_accuracy / (1 - bayes.jump_accuracy))
    jumps = np.where(right == is_one, size, -size)
    for latent, drawn in (
        (bayes, jumps),
        (from_words(["latent=log_odds"]).cells[0].latent,
         np.where(rng.random(400_000) < 0.5, 1.0, -1.0) + 0.3 * rng.normal(size=400_000)),
    ):  # fmt: skip
        v = 1 / (1 + np.exp(-(np.log(1 / 3) + drawn)))
        squares = (v - 0.25) ** 2
        error = squares.std() / np.sqrt(len(squares))
        # Five standard errors: a false alarm in 1.7 million.
        assert abs(controls.mean_squares(latent)[at] - squares.mean()) < 5 * error
