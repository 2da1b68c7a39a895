"""The statistics against published examples, SciPy, statsmodels and closed forms."""

import numpy as np
import pytest
from scipy import stats

from proteus.analysis.statistics import bootstrap, multiplicity, power
from proteus.analysis.statistics.paired import Arm, contrast

# Student (1908), extra hours of sleep of ten patients under two drugs; R prints for the paired
# test t = -4.0621, p = 0.002833 and the interval -2.4598858 to -0.7001142.
FIRST = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]

# Holm and Benjamini-Hochberg at 0.05 reject one and two of these (facts F).
EIGHT = np.array([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205])


def mean_arm(*columns):
    values = np.array(columns, dtype=float).T
    return Arm(values, np.ones_like(values))


def random(seed=0):
    return np.random.default_rng(seed)


def test_student_is_reproduced():
    found = contrast(mean_arm(FIRST), mean_arm(SECOND))
    assert found.difference[0] == pytest.approx(-1.58)
    assert found.difference[0] / found.standard_error[0] == pytest.approx(-4.0621, abs=5e-5)
    assert found.p[0] == pytest.approx(0.002833, abs=5e-7)
    assert (found.low[0], found.high[0]) == pytest.approx((-2.4598858, -0.7001142), abs=5e-8)
    assert found.effect_size[0] == pytest.approx(-4.0621 / np.sqrt(10), abs=5e-5)


def test_means_are_scipys_paired_t_test_column_by_column():
    a, b = random().lognormal(size=(2, 40, 5))
    b = b + 0.5 * a
    found = contrast(Arm(a, np.ones_like(a)), Arm(b, np.ones_like(b)), level=0.9)
    expected = stats.ttest_rel(a, b)
    interval = expected.confidence_interval(0.9)
    np.testing.assert_allclose(found.p, expected.pvalue, rtol=1e-9)
    np.testing.assert_allclose(found.low, interval.low, rtol=1e-9)
    np.testing.assert_allclose(found.high, interval.high, rtol=1e-9)
    variances = a.var(axis=0, ddof=1) + b.var(axis=0, ddof=1)
    np.testing.assert_allclose(
        found.variance_reduction, variances / (a - b).var(axis=0, ddof=1), rtol=1e-9
    )


def test_a_seed_without_a_value_in_one_arm_is_left_out_of_both():
    a, b = np.array(FIRST), np.array(SECOND)
    a[2], b[7] = np.nan, np.nan
    kept = [0, 1, 3, 4, 5, 6, 8, 9]
    found = contrast(mean_arm(a), mean_arm(b))
    expected = stats.ttest_rel(a[kept], b[kept])
    assert found.n[0] == 8
    assert found.p[0] == pytest.approx(expected.pvalue)
    assert found.low[0] == pytest.approx(expected.confidence_interval().low)


def test_a_ratio_of_totals_is_no_mean_of_ratios():
    # By hand: (1 + 90) / (1 + 99) = 0.91, while the mean of 1/1 and 90/99 is 0.9545.
    found = contrast(
        Arm(np.array([[1.0], [90.0]]), np.array([[1.0], [99.0]])), mean_arm([0.0, 0.0])
    )
    assert found.treated[0] == pytest.approx(0.91)


def test_the_error_of_a_ratio_is_cochrans():
    # Cochran (1977), 6.4: v(R) = sum (y - R w)^2 / ((n - 1) n mean(w)^2).
    y, w = random(3).gamma(2.0, size=(2, 30, 1))
    zero = Arm(np.zeros_like(y), np.ones_like(y))
    found = contrast(Arm(y, w), zero)
    ratio = y.sum() / w.sum()
    variance = ((y - ratio * w) ** 2).sum() / (29 * 30 * w.mean() ** 2)
    assert found.difference[0] == pytest.approx(ratio)
    assert found.standard_error[0] == pytest.approx(np.sqrt(variance))


def test_a_contrast_of_ratios_is_fiellers_where_one_ratio_is_zero():
    # Fieller (1954): the interval of y/w solves a quadratic; for precise w both agree to O(1/n).
    generator = random(4)
    w = generator.normal(10.0, 0.2, 4000)
    y = 0.3 * w + generator.normal(0.0, 1.0, 4000)
    found = contrast(Arm(y[:, None], w[:, None]), Arm(0 * y[:, None], np.ones((4000, 1))))
    t = stats.t.ppf(0.975, 3999)
    yy, ww, yw = (np.cov(y, w, ddof=1) / 4000)[[0, 1, 0], [0, 1, 1]]
    quadratic = [
        w.mean() ** 2 - t**2 * ww,
        -2 * (y.mean() * w.mean() - t**2 * yw),
        y.mean() ** 2 - t**2 * yy,
    ]
    low, high = sorted(np.roots(quadratic))
    width = high - low
    assert found.low[0] == pytest.approx(low, abs=0.001 * width)
    assert found.high[0] == pytest.approx(high, abs=0.001 * width)


@pytest.mark.parametrize("shift", [0.0, 2.5])
def test_arms_that_do_not_vary_have_no_test(shift):
    a = np.array(FIRST)
    found = contrast(mean_arm(a + shift), mean_arm(a))
    assert found.difference[0] == pytest.approx(shift)
    assert found.low[0] == found.high[0] == found.difference[0]
    assert np.isnan(found.p[0])
    assert np.isnan(found.effect_size[0])
    assert np.isnan(found.variance_reduction[0])


def test_one_seed_or_no_denominator_has_no_interval():
    one = contrast(mean_arm([1.0]), mean_arm([0.5]))
    assert one.difference[0] == 0.5
    assert np.isnan([one.low[0], one.high[0], one.p[0]]).all()
    nothing = contrast(Arm(np.zeros((5, 1)), np.zeros((5, 1))), mean_arm([1.0] * 5))
    assert np.isnan([nothing.difference[0], nothing.p[0]]).all()


def test_bca_is_scipys_to_the_last_bits(monkeypatch):
    generator = random(5)
    a, b = generator.lognormal(size=(2, 60, 1))
    weights = generator.integers(1, 9, (60, 1)).astype(float)

    def difference_of_ratios(y, w, z, axis):
        return y.sum(axis) / w.sum(axis) - z.mean(axis)

    expected = stats.bootstrap(
        (a[:, 0], weights[:, 0], b[:, 0]), difference_of_ratios, paired=True, method="BCa",
        n_resamples=999, rng=np.random.default_rng(bootstrap._SEED),
    ).confidence_interval  # fmt: skip
    low, high = bootstrap.bca(Arm(a, weights), Arm(b, np.ones_like(b)), resamples=999)
    assert (low[0], high[0]) == pytest.approx((expected.low, expected.high), rel=1e-9)
    monkeypatch.setattr(bootstrap, "_LARGEST", 60 * 100)  # ten chunks instead of one
    chunked = bootstrap.bca(Arm(a, weights), Arm(b, np.ones_like(b)), resamples=999)
    assert (chunked[0][0], chunked[1][0]) == pytest.approx((low[0], high[0]), rel=0.05)


def test_bca_says_nothing_of_few_seeds_or_of_arms_that_do_not_vary():
    few = bootstrap.bca(mean_arm(FIRST), mean_arm(SECOND))
    assert np.isnan(few).all()
    a = random(6).normal(size=50)
    assert np.isnan(bootstrap.bca(mean_arm(a, a), mean_arm(a, a - 1))).all()


def test_bca_says_nothing_where_arms_differ_by_what_was_rounded_off_alone():
    """Two ratios of 0.01 in every row, as a spread of one tick over time: they are equal."""
    weights = random(7).uniform(size=(2, 40, 1))
    one, other = (Arm(0.01 * each, each) for each in weights)
    assert np.isnan(bootstrap.bca(one, other)).all()


def test_holm_and_benjamini_hochberg_on_the_published_example():
    holm = multiplicity.adjusted(EIGHT, multiplicity.HOLM)
    assert (holm <= 0.05).tolist() == [True] + [False] * 7
    assert holm[:2] == pytest.approx([0.008, 0.056])
    grid = multiplicity.adjusted(EIGHT, multiplicity.BENJAMINI_HOCHBERG)
    assert (grid <= 0.05).tolist() == [True, True] + [False] * 6
    np.testing.assert_allclose(grid, stats.false_discovery_control(EIGHT))


def test_a_test_that_was_not_made_is_not_in_the_family():
    with_gaps = np.insert(EIGHT, [0, 4], np.nan)
    found = multiplicity.adjusted(with_gaps, multiplicity.HOLM)
    np.testing.assert_allclose(
        found[~np.isnan(with_gaps)], multiplicity.adjusted(EIGHT, multiplicity.HOLM)
    )
    assert np.isnan(found[np.isnan(with_gaps)]).all()
    assert multiplicity.adjusted(np.array([np.nan, 0.03]), multiplicity.HOLM)[1] == 0.03


@pytest.mark.parametrize(("d_z", "seeds"), [(0.1, 787), (0.2, 199)])
def test_seeds_for_an_effect_are_those_of_the_tables(d_z, seeds):
    assert power.seeds_for(d_z * 3.0, 3.0) == seeds


def test_no_fewer_seeds_than_the_policy_allows():
    assert power.seeds_for(0.5, 1.0) == power.LEAST_SEEDS  # 34 would do for the t test
    assert power.seeds_for(3.0, 1.0) == power.LEAST_SEEDS
    assert power.seeds_for(1.0, 0.0) == power.LEAST_SEEDS


def test_very_small_effects_follow_the_normal_law():
    small, exact = power.seeds_for(0.00999, 1.0), power.seeds_for(0.0101, 1.0)
    assert small / exact == pytest.approx((0.0101 / 0.00999) ** 2, rel=1e-3)


@pytest.mark.parametrize(
    ("n", "expected"),
    [(8, 1.156), (20, 0.660), (100, 0.283), (992, 0.0890), (1000, 0.0887), (10**6, 0.0028016)],
)
def test_the_detectable_effect_is_that_of_the_tables(n, expected):
    found = power.detectable(np.array([2.0]), np.array([n]))
    assert found[0] == pytest.approx(2 * expected, rel=1e-3)


def test_two_seeds_detect_nothing():
    assert np.isnan(power.detectable(np.array([1.0]), np.array([2]))).all()
