"""What is known of the news: when jumps come before a clear, and sums whose mean is zero."""

from itertools import pairwise

import numpy as np
import pytest
import yaml

from proteus.analysis import controls
from proteus.plans.planner import from_words


def plain(part):
    """Return a kernel as Python."""
    return getattr(part, "py_func", part)


def test_phases_before_a_clear_take_all_time_once():
    edges = np.array([0, 20, 40, 2**60])
    for delta in (15, 30, 100):
        for time in (0, 7, 99, 250):
            parts = [plain(controls._before)(time, phase, delta, edges) for phase in range(3)]
            late = [delta - t % delta for t in range(time)]
            expected = [sum(a < left <= b for left in late) for a, b in pairwise(edges)]
            assert parts == expected
            left = delta - time % delta
            phase = plain(controls._phase_at)(time, delta, edges)
            assert edges[phase] < left <= edges[phase + 1]


@pytest.mark.parametrize("words", [(), ("seeds.design=antithetic",), ("seeds.design=sobol",)])
@pytest.mark.parametrize("model", ["bayesian", "log_odds"])
def test_controls_have_mean_zero_in_every_unit(words, model):
    """Five standard errors of 200 units, t distributed: a false alarm in 200,000 of each number."""
    lanes = 200
    plan = from_words([f"latent={model}", "latent.dt=500", "latent.jump_rate_per_s=1",
                       "horizon_s=6", "seeds.count=96",
                       "contract.initial_probability=0.3", *words])  # fmt: skip
    config = yaml.safe_dump(plan.settings.model_dump(mode="json"), sort_keys=False)
    unit = plan.settings.seeds.unit
    found = controls.of_lanes(config, 10**9, np.arange(lanes * unit).tobytes())
    means = found.reshape(lanes, unit, -1).mean(axis=1)
    t = means.mean(axis=0) / (means.std(axis=0, ddof=1) / np.sqrt(lanes))
    often = (found != 0).any(axis=0)  # late jumps of some phases are seldom
    assert often[[2, 5]].all()
    assert (np.abs(t[[2, 5]]) < 5).all()
