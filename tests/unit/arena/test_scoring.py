"""Scores by hand on boards that are written down, and laws that no scoring may break."""

import numpy as np
import pytest

from proteus.arena.matches import BASELINE, PLAIN, REFERENCE, Match
from proteus.arena.playing import Forfeit, Played
from proteus.arena.scoring import Games, board_of, scale_of, scores_of, wins_of
from proteus.arena.season import read_season
from proteus.errors import ConfigError
from tests.helpers.seasons import small_file

pytestmark = pytest.mark.plain
SEEDS, SCALE = 12, 60
NOWHERE = None


@pytest.fixture
def season(tmp_path):
    return read_season([small_file(tmp_path)])


def match(form, seats, is_scale=False, stress=PLAIN):
    return Match("calm", stress, form, seats, is_scale, (), NOWHERE)


def scale_board(season, jump=2.0, noise=0.0):
    """Return games in which the reference is better than the baseline by ``jump`` everywhere."""
    generator = np.random.default_rng(1)
    games = {}
    for name, level in ((BASELINE, 1.0), (REFERENCE, 1.0 + jump)):
        for form, stress, count in (("solo", PLAIN, 1), ("duel", PLAIN, 2), ("solo", "news", 1)):
            won = np.full((SCALE, count), level) + noise * generator.normal(size=(SCALE, count))
            games["calm", stress, form, name] = Games(won, np.full(SCALE, 10.0 - level))
    return games


def board(won):
    """Return games of everybody: PnL by entrant, the same in all formats; what noise pays is 8."""
    return {
        ("calm", stress, form, name): Games(
            np.repeat(np.asarray(values, float)[:, None], count, axis=1), np.full(SEEDS, 8.0)
        )
        for name, values in won.items()
        for form, stress, count in (("solo", PLAIN, 1), ("duel", PLAIN, 4), ("solo", "news", 1))
    }  # fmt: skip


def test_baseline_stands_at_0_and_reference_at_1(season):
    scale = scale_of(season, scale_board(season))
    first = [unit for unit in scale if unit.criterion == "profitability"]
    assert {(unit.baseline, unit.reference) for unit in first} == {(1, 3)}
    levels = {
        "plain": np.full(SEEDS, 1.0),
        "wide": np.full(SEEDS, 3.0),
        "lean": np.full(SEEDS, 9.0),
    }
    scores = scores_of(season, board(levels), scale)
    # Profitability and robustness: 0, 1, and clipped at 2. Quality: (-8 - -9) / 2 for all.
    np.testing.assert_allclose(scores.value[:, 0], [0, 1, 2])
    np.testing.assert_allclose(scores.value[:, 1], 0.5)
    np.testing.assert_allclose(scores.value[:, 2], [0, 1, 2])
    np.testing.assert_allclose(scores.overall, [0.5 / 3, 2.5 / 3, 4.5 / 3])


def test_more_is_better_where_the_reference_is_the_worse_one(season):
    scale = scale_of(season, scale_board(season, jump=-2.0))
    levels = {
        "plain": np.full(SEEDS, 1.0),
        "wide": np.full(SEEDS, -1.0),
        "lean": np.full(SEEDS, 2.0),
    }
    np.testing.assert_allclose(scores_of(season, board(levels), scale).value[:, 0], [0, -1, 0.5])


def test_no_lane_is_left_out_of_profitability(season):
    scale = scale_of(season, scale_board(season))
    one = np.full(SEEDS, 3.0)
    one[0] -= 12.0  # the mean falls by 1, half a unit
    levels = {"plain": np.full(SEEDS, 3.0), "wide": one, "lean": np.full(SEEDS, 3.0)}
    assert scores_of(season, board(levels), scale).value[:, 0] == pytest.approx([1, 0.5, 1])


def test_robustness_is_the_worst_quarter_less_its_fall_under_stress(season):
    scale = scale_of(season, scale_board(season))
    won = np.arange(SEEDS, dtype=float)  # the worst quarter: 0, 1, 2
    games = board(dict.fromkeys(("plain", "wide", "lean"), won))
    games["calm", "news", "solo", "plain"] = Games((won - 4)[:, None], np.full(SEEDS, 8.0))
    games["calm", "news", "solo", "wide"] = Games((won + 4)[:, None], np.full(SEEDS, 8.0))
    # Solo: 1 - 4 = -3 to (-3 - 1) / 2, clipped at -1; a rise counts as none: (1 - 1) / 2. Duel: 0.
    assert scores_of(season, games, scale).value[:, 2] == pytest.approx([-0.5, 0, 0])


def test_who_only_raises_its_variance_does_not_rise(season):
    """A mirrored gamble adds nothing to the mean, whatever its size, and makes the worst worse."""
    scale = scale_of(season, scale_board(season))
    calm = np.random.default_rng(2).normal(2.0, 0.5, SEEDS)
    gamble = np.repeat([1.0, -1.0], SEEDS // 2)
    found = []
    for size in (0.0, 1.0, 5.0, 25.0):
        levels = {"plain": calm, "wide": calm + size * gamble, "lean": calm}
        scores = scores_of(season, board(levels), scale)
        assert scores.value[1, 0] == pytest.approx(scores.value[0, 0])
        found.append(scores.overall[1] - scores.overall[0])
    assert found[0] == pytest.approx(0)
    assert (np.diff(found) <= 1e-12).all()
    assert found[-1] < -0.1


def test_a_scenario_without_a_scale_is_refused(season):
    with pytest.raises(ConfigError, match=r"calm is not allowed: in solo the profit.*no scale"):
        scale_of(season, scale_board(season, jump=0.01, noise=1.0))


def test_a_forfeited_lane_is_the_worst_that_anybody_had(season):
    """Or what its entrant had lost by then; and nobody else's lanes move."""
    won = np.arange(2.0 * SEEDS).reshape(SEEDS, 2)
    lost = won.copy()
    lost[4, 0], lost[5, 0] = np.nan, np.nan
    forfeits = (
        Forfeit(0, 0, "plain", 3 + 4, -0.5, "x"), Forfeit(0, 0, "plain", 3 + 5, 7.0, "x"),
    )  # fmt: skip
    nothing = np.full(SEEDS, np.nan)
    matches = [match("duel", ("plain", "wide")), match("duel", ("wide", "plain"))]
    played = [Played(lost, nothing, forfeits), Played(won + 1, nothing)]
    games = board_of(matches, played, {True: 0, False: 3}, is_scale=False)
    plain = games["calm", PLAIN, "duel", "plain"].won
    assert plain[4, 0] == -0.5
    assert plain[5, 0] == 0.0 + 1.0 - 1.0  # the least of all, which is won[0, 0]
    np.testing.assert_array_equal(games["calm", PLAIN, "duel", "wide"].won[:, 0], won[:, 1])
    wins = wins_of(season, matches, played)
    assert wins[0, 1] + wins[1, 0] == 2 * SEEDS
    assert wins[1, 0] == SEEDS  # it is second in each lane of the first match, and has lost none


def test_resamples_draw_the_same_seeds_for_everybody(season):
    """Entrants that differ by a constant differ by it in every resample."""
    scale = scale_of(season, scale_board(season))
    calm = np.random.default_rng(3).normal(2.0, 0.3, SEEDS)
    scores = scores_of(season, board({"plain": calm, "wide": calm + 0.1, "lean": calm}), scale)
    drawn = scores.resampled_overall
    np.testing.assert_allclose(drawn[:, 0], drawn[:, 2])
    np.testing.assert_allclose(drawn[:, 1] - drawn[:, 0], drawn[0, 1] - drawn[0, 0])
    assert drawn[:, 0].std() > 0.01
