"""The contract of the registries: every mechanism with every trader kind, whatever they are."""

import importlib
import pkgutil
from typing import get_args

import numpy as np
import pytest
import yaml

import proteus
from proteus.compiler import jit
from proteus.configuration.locate import conf_folder
from proteus.market.agents.kinds import KINDS
from proteus.market.agents.traders import CLASSES
from proteus.market.ledger.accounts import CASH, CONTRACT
from proteus.market.mechanisms.interface import clear, is_continuous, next_clear, skip_clears
from proteus.market.mechanisms.table import MECHANISMS
from proteus.market.metrics.execution import END_NAMES
from proteus.market.metrics.requests import RANKS
from proteus.market.setup.snapshots import arrays_of
from proteus.market.variables import VARIABLES, measure
from proteus.market.variables.dimensions import DIMENSIONS, OPTIONAL_DIMENSIONS
from tests.helpers.cells import (
    MECHANISM_NAMES,
    ORDINARY,
    TINY,
    build,
    cell,
    differing,
    finished,
    finished_plain,
    only,
)

LANES = 3
EVERY_MECHANISM = pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
EVERY_PAIR = pytest.mark.parametrize(
    ("mechanism", "kind"), [(name, kind) for name in MECHANISM_NAMES for kind in ORDINARY]
)


def probe_cell(mechanism, kind):
    """Two traders of one kind, a maker and a noise trader, so that no kind is among its own.

    Much news, so that those who wait for it act.
    """
    return cell(
        f"mechanism={mechanism}", *only(kind), "latent.jump_rate_per_s=3", "horizon_s=8",
        "metrics.tau_ms=5000",
    )  # fmt: skip


@EVERY_PAIR
def test_runs_and_conserves(mechanism, kind):
    world = finished(probe_cell(mechanism, kind), LANES, audit=True)
    assert not world.ledger.balance.sum(axis=1).any()
    assert not world.ledger.balance[:, :, CONTRACT].any()  # redeemed
    assert not world.totals.marked.sum(axis=1).any()
    assert not world.totals.settled.sum(axis=1).any()
    assert (world.ledger.bought.sum(axis=1) == world.ledger.sold.sum(axis=1)).all()
    probes = world.traders.kind == KINDS[kind].number
    assert (world.private.wakes[:, probes] > 0).all()
    assert (world.progress.messages > 10).all()
    assert (world.ledger.bought + world.ledger.sold)[:, probes].sum() > 0
    assert world.ledger.balance[:, :, CASH].any()


@EVERY_PAIR
def test_is_deterministic(mechanism, kind):
    config = probe_cell(mechanism, kind)
    assert differing(finished(config, LANES), finished(config, LANES)) == []


@EVERY_PAIR
def test_records_what_it_declares(mechanism, kind):
    world = finished(probe_cell(mechanism, kind), LANES)
    values = measure(world)
    assert list(values) == [variable.name for variable in VARIABLES]
    settings = world.settings
    sizes = {
        "horizon": len(settings.horizons_ns), "elapsed": len(settings.elapsed_ns),
        "trader_class": CLASSES, "quote_rank": RANKS, "intent_end": len(END_NAMES),
    }  # fmt: skip
    held = [array for _, array in arrays_of(world)]
    for variable in VARIABLES:
        value = values[variable.name]
        assert value.shape == (LANES, *(sizes[dim] for dim in variable.dims)), variable.name
        assert value.dtype == np.float64, variable.name
        assert not np.isinf(value).any(), variable.name
        # Blocks are used again: what is measured must not be a view of their state.
        assert not any(np.shares_memory(value, array) for array in held), variable.name


def policies():
    """List every value of every key of a mechanism that is chosen from a list."""
    return [
        (name, f"mechanism.{key}={value}")
        for name in MECHANISM_NAMES
        for key, field in MECHANISMS[name].config.model_fields.items()
        if key != "name"
        for value in get_args(field.annotation)
    ]


@pytest.mark.parametrize(("mechanism", "policy"), policies())
def test_every_policy_of_a_mechanism_conserves(mechanism, policy):
    """Many crossing orders of few sizes, so that margins are shared and traders meet themselves."""
    crowded = (
        "population.noise.count=6", "population.noise.policy.offset_high_ticks=2",
        "population.maker.policy.half_spread=0.001",
    )  # fmt: skip
    world = finished(cell(f"mechanism={mechanism}", policy, *crowded), 10, audit=True)
    assert not world.totals.settled.sum(axis=1).any()
    assert (world.progress.fills > 50).all()


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
    config = cell(f"mechanism={mechanism}", *TINY)
    world = finished(config, audit=True)
    assert world.progress.messages[0] > 5
    assert world.progress.fills[0] > 0
    assert differing(world, finished_plain(config, audit=True)) == []


@pytest.mark.nojit
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
    text = (conf_folder() / "mechanism" / f"{mechanism}.yaml").read_text()
    keys = yaml.safe_load(text)
    assert keys.keys() == MECHANISMS[mechanism].config.model_fields.keys()
    assert keys["name"] == mechanism
    block = build(cell(f"mechanism={mechanism}"))
    market, zero = block.world.market, np.int64(0)
    close = next_clear(block.mechanism, market, 0, zero)
    assert close > 0
    assert is_continuous(block.mechanism) in (True, False)
    clear(block.mechanism, market, 0)
    skip_clears(block.mechanism, market, 0, min(close, np.int64(10**12)))
    assert next_clear(block.mechanism, market, 0, close) >= close
    assert market.outbox.count[0] == 0


@pytest.mark.nojit
@pytest.mark.parametrize("kind", KINDS)
def test_a_trader_has_its_yaml_and_a_number_of_its_own(kind):
    keys = yaml.safe_load((conf_folder() / "trader" / f"{kind}.yaml").read_text())
    assert keys["kind"] == kind
    assert keys["policy"].keys() == KINDS[kind].policy.model_fields.keys()
    assert [row.number for row in KINDS.values()].count(KINDS[kind].number) == 1


@pytest.mark.nojit
def test_every_yaml_is_registered():
    for folder, table in (("mechanism", MECHANISMS), ("trader", KINDS)):
        assert {path.stem for path in (conf_folder() / folder).glob("*.yaml")} == set(table)


@pytest.mark.nojit
def test_every_module_is_initialised():
    found = [*pkgutil.walk_packages(proteus.__path__, "proteus.")]
    assert "proteus.market.mechanisms.fba" in {module.name for module in found}
    for module in found:
        assert importlib.import_module(module.name).__doc__ or module.ispkg, module.name
