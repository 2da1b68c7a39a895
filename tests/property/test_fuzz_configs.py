"""Random configurations, right and wrong: each is refused in one clear sentence, or runs.

A run ends, breaks no invariant, and every NaN in its results has a declared reason. Wrong ones are
right ones with a few values replaced; what is allowed but would take long is only planned.
"""

from collections.abc import Iterator
from math import inf, nan
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from proteus.configuration.reading import read_cell
from proteus.errors import ConfigError
from proteus.market.cell import CellConfig
from proteus.market.variables import VARIABLES
from proteus.runs.cell import run_cell
from tests.helpers.budget import budget, is_proof
from tests.helpers.cells import ROOT, RULED
from tests.helpers.random_cells import Tree, random_tree

VALUES: tuple[Any, ...] = (
    None, True, False, "", "x", "clob", "none", [], {}, [0], -1, 0, 1, 2, 0.5, 1.5, -0.5, 1e-9,
    1e-300, 1e300, nan, inf, -inf, 10**30, 2**63, "1e3", 3, 0.999999, 4097, 100_001, 1_000_001,
)  # fmt: skip
MOST_WAKE_UPS = 2_000
MOST_TICKS = 20_000
MISSING = {variable.name: variable.missing for variable in VARIABLES}


def branches(tree: Any, where: str = "") -> Iterator[tuple[Any, Any, str]]:
    """List (container, key, dotted path) of everything in a tree."""
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in list(pairs):
        yield tree, key, f"{where}{key}"
        if isinstance(value, dict | list):
            yield from branches(value, f"{where}{key}.")


def spoil(chooser: Random, tree: Tree) -> None:
    """Replace, remove or add something somewhere."""
    container, key, _ = chooser.choice(list(branches(tree)))
    action = chooser.random()
    if action < 0.8:
        container[key] = chooser.choice(VALUES)
    elif action < 0.9:
        del container[key]
    elif isinstance(container, dict):
        container[chooser.choice(("extra", "", "Delta", 7))] = chooser.choice(VALUES)


def is_short(cell: CellConfig) -> bool:
    """A run of this takes no more than a second or two."""
    horizon_s = cell.horizon_ns / 1e9
    rates = [group.count * group.schedule.rate_per_s for group in cell.population.values()]
    often = sum(rates) + 1e3 / min(cell.latent.dt, cell.delta) + cell.latent.jump_rate_per_s
    return often * horizon_s < MOST_WAKE_UPS and cell.n_ticks <= MOST_TICKS


def check(chooser: Random) -> str:
    """Read a random configuration, and run it if it is right; tell what became of it."""
    tree = random_tree(chooser, chooser.choice(RULED))
    for _ in range(chooser.choice((0, 0, 1, 1, 2))):
        spoil(chooser, tree)
    try:
        cell = read_cell(tree)
    except ConfigError as error:
        assert_is_one_sentence(str(error))
        return "refused"
    if not is_short(cell):
        return "long"
    try:
        outcome = run_cell(cell, np.arange(2), root=ROOT, workers=1, block_lanes=None)
    except ConfigError as error:  # news too strong to be tabulated
        assert_is_one_sentence(str(error))
        return "refused"
    # A market that feeds itself may outgrow every memory; that is said, and it is no broken book.
    assert {bad.reason for bad in outcome.violations} <= {"capacity"}, outcome.violations
    stopped = [bad.replicate for bad in outcome.violations]
    for name, values in outcome.values.items():
        without = np.delete(values, stopped, axis=0)
        assert MISSING[name] or not np.isnan(without).any(), f"{name} is NaN without a reason"
        assert not np.isinf(without).any(), f"{name} is infinite"
    return "ran"


def assert_is_one_sentence(text: str) -> None:
    assert "\n" not in text
    assert len(text) < 1_200  # a list of all allowed keys
    words = (
        "must",
        "unknown key",
        "is missing",
        "does not exist",
        "a group name",
        "choose another",
    )
    assert any(word in text for word in words), text
    assert not any(word in text for word in ("Error", "object at", "pydantic")), text


def test_any_configuration_is_refused_in_a_sentence_or_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    became: list[str] = []
    run = given(st.randoms(use_true_random=True))(lambda chooser: became.append(check(chooser)))
    run = settings(
        max_examples=budget("fuzz_configs"), deadline=None, database=None,
        phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow],
    )(run)  # fmt: skip
    if not is_proof():
        run = seed(11)(run)
    run()
    assert min(became.count("ran"), became.count("refused")) > len(became) / 5
