"""Costs, settlement, incentives and an environment at once, against the plain-Python twin.

Each has tests of its own; here is what only all of them together do: blocks carry fills and forks
drop them, gas is charged at the base fee of the block, fees fill pools, and what is paid for other
reasons is settled at once. Every number is compared exactly, so there are no false alarms.
"""

from collections import Counter
from random import Random

import pytest

from proteus.configuration.reading import read_cell
from proteus.market.setup.cell import set_up_cell
from proteus.recording.columns import rows_of
from proteus.replaying.rerun import Rerun
from tests.helpers import twinning
from tests.helpers.budget import budget
from tests.helpers.cells import ROOT, RULED
from tests.helpers.random_cells import Tree, random_surrounded_tree
from tests.helpers.random_costs import random_costs, without_tips
from tests.helpers.random_policies import with_incentives
from tests.helpers.settling import BLOCKS, DELAYED
from tests.helpers.twinning import assert_twins

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", RULED)
GAS = {"model": "gas", "base_fee": 0.0002, "tip": 0.00001}
FEES = {"model": "binary_quadratic", "taker_rate": 0.02, "maker_rate": -0.004}
FORKS = BLOCKS | {"fork_probability": 0.2, "fork_depth": 2}
CYCLES = DELAYED | {"cycle_ms": 15, "fail_penalty_ppm": 1000}
SHARED = {"pool": {"source": "fees", "share": 0.3}, "per_epoch": None, "halving_s": None}
HAPPENS = {
    "settlement_pending", "settlement_final", "settlement_reverted", "policy_epoch",
    "environment_block", "fee", "gas_burned", "fund", "reward", "revert",
}  # fmt: skip


def everything(chooser: Random, mechanism: str) -> Tree:
    """Draw a cell in which all rules are used; often a policy gets its pool from fees."""
    tree = with_incentives(chooser, random_surrounded_tree(chooser, mechanism))
    names = list(tree["population"])
    parts = [GAS, FEES, *random_costs(chooser, names).get("parts", [])]
    if tree["execution"].get("route") != "blocks":
        parts = without_tips(parts)
    tree["costs"] = {"model": "parts", "parts": parts}
    tree["settlement"] = chooser.choice((FORKS, FORKS, CYCLES))
    for policy in tree["incentives"]["policies"].values():
        if policy["kind"] == "reward" and chooser.random() < 0.5:
            policy |= SHARED
    pays = tree["environment"]["congestion"] and tree["execution"].get("route") == "blocks"
    if pays and chooser.random() < 0.5:
        tree["execution"]["leakage"][mechanism]["block"]["base_fee"] = "public"
    return tree | {"horizon_s": 0.4}


@pytest.mark.plain
@EVERY_MECHANISM
def test_every_event_equals_the_twin(mechanism: str) -> None:
    seen: Counter[str] = Counter()
    for number in range(budget("all_rules_twin")):
        tree = everything(Random(f"everything {mechanism} {number}"), mechanism)
        twin = assert_twins(read_cell(tree), number, plain=True)
        seen.update(row["kind"] for row in twin.rows)
        seen.update(row["code"] for row in twin.rows if row["kind"] == "posting")
    assert min(seen[what] for what in HAPPENS) > 0, seen


@pytest.mark.plain
@EVERY_MECHANISM
def test_a_log_replays_to_the_same_lane(mechanism: str) -> None:
    """From the rows of traders alone: the same rows, balances and sums."""
    for number in range(3):
        tree = everything(Random(f"everything again {mechanism} {number}"), mechanism)
        setup = set_up_cell(read_cell(tree))
        world = twinning.engine_block(setup.cell, number, plain=True).world
        rows = rows_of(world.log, 0)
        again = Rerun(setup, ROOT, number, rows, len(rows["kind"]), 4)
        again.run()
        made = again.block.world
        for ours, theirs in (
            (made.ledger, world.ledger), (made.sums.risk, world.sums.risk),
            (made.rules.settlement.sums, world.rules.settlement.sums),
            (made.rules.environment.trace, world.rules.environment.trace),
        ):  # fmt: skip
            assert [a.tobytes() for a in ours] == [a.tobytes() for a in theirs]
        assert (
            made.rules.environment.trace[0].tobytes() == world.rules.environment.trace[0].tobytes()
        )
