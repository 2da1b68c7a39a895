"""Seeds under a design in the engine: any partition, pairs beside seeds alone, unbiased means."""

import numpy as np
import pytest

import proteus
from tests.helpers.budget import budget
from tests.helpers.cells import same_values

DESIGNS = {
    "antithetic": {"design": "antithetic", "streams": ["news", "intents"]},
    "sobol": {"design": "sobol", "points": 8},
}
CELL = {"mechanism": "clob", "horizon_s": 6, "latent.jump_rate_per_s": 1}


def run(seeds, first=0, count=32, **more):
    return proteus.simulate(seeds={"first": first, "count": count, **seeds}, **CELL, **more)


def values(data):
    names = ("maker_pnl_settled", "price_rmse", "n_events", "maker_volume_lots")
    return {name: data[name].to_numpy() for name in names}


@pytest.mark.parametrize("design", DESIGNS)
def test_a_seed_is_the_same_in_any_partition(design):
    whole = run(DESIGNS[design])
    odd = run(DESIGNS[design], **{"executor.block_lanes": 3, "executor.workers": 2})
    assert same_values(values(whole), values(odd))
    later = run(DESIGNS[design], first=16, count=16)
    assert same_values(values(whole.isel(seed=slice(16, None))), values(later))


def test_the_first_seed_of_a_pair_is_the_seed_alone():
    alone, pairs = run({}), run(DESIGNS["antithetic"])
    assert same_values(values(alone.isel(seed=slice(0, None, 2))),
                       values(pairs.isel(seed=slice(0, None, 2))))  # fmt: skip
    assert not (pairs["n_events"] == alone["n_events"]).isel(seed=slice(1, None, 2)).any()


@pytest.mark.parametrize("design", DESIGNS)
def test_means_are_those_of_independent_seeds(design):
    """Six standard errors of the difference: a false alarm in some hundred million."""
    count = budget("design_lanes")
    unit = {"antithetic": 2, "sobol": 8}[design]
    independent, other = values(run({}, first=2**20, count=count)), values(
        run(DESIGNS[design], count=count)
    )  # fmt: skip
    for name, of_seeds in independent.items():
        units = other[name].reshape(-1, unit).mean(axis=1)
        error = np.hypot(of_seeds.std(ddof=1) / np.sqrt(of_seeds.size),
                         units.std(ddof=1) / np.sqrt(units.size))  # fmt: skip
        assert abs(of_seeds.mean() - units.mean()) < 6 * error, name
