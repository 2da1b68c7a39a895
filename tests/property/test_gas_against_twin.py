"""Who cannot pay for a message, and fines of who has capital, against the plain-Python twin.

The twin keeps the gas of every message by the message, and adds up what orders reserve anew each
time somebody is fined. Every number is compared exactly, so there are no false alarms.
"""

from collections import Counter
from random import Random

import numpy as np
import pytest

from proteus.configuration.reading import read_cell
from tests.helpers import twinning
from tests.helpers.budget import budget
from tests.helpers.cells import RULED
from tests.helpers.random_cells import Tree, random_surrounded_tree, random_tree

FINES = {
    "kind": "penalty", "sampling": None, "traders": "all", "epoch_s": 0.05,
    "measure": {"name": "message_ratio", "most_per_fill": 0},
    "charge": {"name": "fine", "amount": 0.1},
}  # fmt: skip


def paying_tree(chooser: Random, mechanism: str) -> Tree:
    """Draw a cell whose messages cost much of what traders have, by blocks or not, with fines."""
    by_blocks = chooser.random() < 0.5
    tree = (random_surrounded_tree if by_blocks else random_tree)(chooser, mechanism)
    capital = {"kind": "capital", "on_limit": chooser.choice(("clip", "drop")), "place": 70}
    size = {"kind": "order_size", "on_limit": "clip", "place": chooser.choice((30, 90)), "lots": 5}
    for group in tree["population"].values():
        group["risk"] = chooser.choice(({"capital": capital}, {"capital": capital,
                                                               "order_size": size}))  # fmt: skip
        group["capital"] = chooser.choice((0.5, 3, 8, 20))
        group["knows_costs"] = False  # or nothing would be sent
    gas = {
        "model": "gas", "base_fee": chooser.choice((0.01, 0.04, [[0, 0.01], [0.2, 0.1]])),
        "cancel_units": chooser.choice((0, 1)), "replace_units": chooser.choice((0.5, 2)),
    }  # fmt: skip
    tree["costs"] = gas
    if tree["execution"].get("tips") == "fixed":
        tree["execution"]["tip"] = 0.03
    if by_blocks and tree["environment"]["congestion"] and tree["execution"].get("route"):
        tree["environment"]["congestion"]["base_fee"] = 0.02
        tree["execution"]["max_fee"] = chooser.choice((None, 0.025))
        tree["execution"]["leakage"][mechanism]["block"]["base_fee"] = "public"
    if chooser.random() < 0.6:
        tree["incentives"] = {"policies": {"quiet": FINES}}
    return tree


@pytest.mark.plain
@pytest.mark.parametrize("mechanism", RULED)
def test_every_event_equals_the_twin(mechanism: str) -> None:
    seen: Counter[str] = Counter()
    for number in range(budget("gas_twin")):
        cell = read_cell(paying_tree(Random(f"gas {mechanism} {number}"), mechanism))
        world = twinning.engine_block(cell, number, plain=True).world
        twin = twinning.assert_twin_of(world, cell, number)
        seen.update(row.get("code", row["kind"]) for row in twin.rows)
        constraints = world.rules.constraints
        counted = [0] * constraints.no_gas.shape[1]
        for trader, memory in twin.memories.items():
            counted[trader] = memory.cuts["no_gas"] if memory else 0
            kept = sum(memory.gas.values()) if memory else 0
            assert constraints.gas[0, trader] == kept
        assert np.array_equal(constraints.no_gas[0], counted)
        seen["no_gas"] += sum(counted)
    assert min(seen[what] for what in ("fill", "no_gas", "penalty", "default")) > 0, seen
