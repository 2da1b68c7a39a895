"""The contract of the registries: every mechanism with every trader kind, whatever they are."""

import importlib
import importlib.util
import pkgutil

import numpy as np
import pytest

import proteus
from proteus.compiler import jit
from proteus.configuration.locate import options_of
from proteus.market.agents.kinds import KINDS
from proteus.market.mechanisms.table import MECHANISMS
from proteus.market.variables import VARIABLES
from proteus.market.variables.dimensions import DIMENSIONS, OPTIONAL_DIMENSIONS
from proteus.testing import contract
from tests.helpers.cells import MECHANISM_NAMES, ORDINARY, TINY, cell

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
EVERY_PAIR = pytest.mark.parametrize(
    ("mechanism", "kind"), [(name, kind) for name in MECHANISM_NAMES for kind in ORDINARY]
)


@EVERY_PAIR
def test_every_mechanism_with_every_kind(mechanism, kind):
    contract.check_pair(mechanism, kind)


@pytest.mark.parametrize(
    ("mechanism", "policy"),
    [(name, policy) for name in MECHANISM_NAMES for policy in contract.policies_of(name)],
)
def test_every_policy_of_a_mechanism_conserves(mechanism, policy):
    contract.check_policy(mechanism, policy)


@pytest.mark.boundscheck
@pytest.mark.skipif(not jit.BOUNDSCHECK, reason="reads outside an array")
def test_bounds_are_checked_in_the_leg_that_asks_for_it():
    """Also in a part of a part: otherwise the leg would pass whatever the kernels do."""
    with pytest.raises(IndexError):
        jit.compiled(_read_part)(np.zeros(4), 4)


@jit.inline_kernel
def _read(array, at):
    return array[at]


@jit.inline_kernel
def _read_part(array, at):
    return _read(array, at)


@pytest.mark.nojit
@pytest.mark.boundscheck
@EVERY_MECHANISM
def test_a_tiny_run_of_the_baseline(mechanism):
    """The smallest complete run; also with bounds checks, and without the JIT."""
    contract.check_in_plain_python(cell(f"mechanism={mechanism}", *TINY))


@pytest.mark.plain
def test_variables_are_declared_in_full():
    names = [variable.name for variable in VARIABLES]
    assert len(set(names)) == len(names)
    for variable in VARIABLES:
        assert set(variable.dims) <= {*DIMENSIONS} - {*OPTIONAL_DIMENSIONS}, variable.name
        assert variable.unit, variable.name
        assert variable.long_name, variable.name
        assert variable.formula, variable.name
        assert variable.source, variable.name


@EVERY_MECHANISM
def test_the_dataset_has_the_declared_variables(mechanism):
    dataset = proteus.simulate(
        mechanism=mechanism, seeds=2, horizon_s=3, delta=100, metrics={"tau_ms": 1000}
    )
    for variable in VARIABLES:
        found = dataset[variable.name]
        assert found.dims == ("mechanism", "delta", "seed", *variable.dims), variable.name
        assert found.attrs["units"] == variable.unit, variable.name
        assert found.attrs["long_name"] == variable.long_name.format(tau="1 s"), variable.name


def test_all_mechanisms_make_one_dataset():
    """One clock for all; what a mechanism cannot measure is NaN and counted under its reason."""
    grid = {"mechanism": MECHANISM_NAMES, "delta": [100], "horizon_s": 3, "metrics.tau_ms": 1000}
    dataset = proteus.sweep(grid, seeds=3)
    assert dataset["mechanism"].values.tolist() == MECHANISM_NAMES
    for variable in VARIABLES:
        found = dataset[variable.name]
        assert found.sizes["mechanism"] == len(MECHANISM_NAMES), variable.name
        counted = [found.attrs[key] for key in found.attrs if key.startswith("missing_")]
        assert int(found.isnull().sum()) == sum(counted), variable.name
    assert (dataset["n_fills"] > 0).all()


@EVERY_MECHANISM
def test_a_mechanism_has_its_yaml_and_its_functions(mechanism):
    contract.check_declaration(mechanism)


@pytest.mark.plain
@pytest.mark.parametrize("kind", KINDS)
def test_a_trader_has_its_yaml_and_a_number_of_its_own(kind):
    contract.check_kind(kind)


@EVERY_MECHANISM
def test_a_mechanism_is_replayed_from_its_log_and_at_the_door(mechanism):
    contract.check_replays(mechanism)


@pytest.mark.plain
def test_every_yaml_is_registered():
    for folder, table in (("mechanism", MECHANISMS), ("trader", KINDS)):
        assert set(options_of(folder)) == set(table)


NEEDS = {"proteus.envs.vec_env": "stable_baselines3"}  # no dependency: make learners has it


@pytest.mark.plain
def test_every_module_is_initialised():
    found = [*pkgutil.walk_packages(proteus.__path__, "proteus.")]
    assert "proteus.market.mechanisms.fba" in {module.name for module in found}
    for module in found:
        if module.name in NEEDS and importlib.util.find_spec(NEEDS[module.name]) is None:
            continue
        assert importlib.import_module(module.name).__doc__ or module.ispkg, module.name
