"""Random chains in whole markets against the plain-Python twin: every event, cut and refusal.

The twin adds up what orders may cost anew each time it is asked, and lets a bucket fill by
fractions. Every number is compared exactly, so there are no false alarms.
"""

from collections import Counter
from random import Random

import numpy as np
import pytest

from proteus.configuration.reading import read_cell
from proteus.market.constraints.state import cuts_by_kind
from tests.helpers import twinning
from tests.helpers.budget import budget
from tests.helpers.cells import RULED
from tests.helpers.random_cells import Tree, random_tree

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", RULED)
KINDS = (
    "loss_limit", "message_rate", "order_size", "exposure_per_side", "inventory_limit", "leverage",
    "capital",
)  # fmt: skip


def random_chain(chooser: Random) -> Tree:
    """Draw a chain of one to all of the constraints, in any order."""
    chain: Tree = {}
    for kind in chooser.sample(KINDS, chooser.randint(1, len(KINDS))):
        chain[kind] = {
            "kind": kind, "on_limit": chooser.choice(("clip", "clip", "drop")),
            "place": chooser.choice((20, 30, 40)),
        }  # fmt: skip
        if kind == "message_rate":
            chain[kind] |= {"per_s": chooser.choice((7.5, 20, 100)), "burst": chooser.randint(1, 9)}
        elif kind == "loss_limit":
            chain[kind] |= {
                "loss": chooser.choice((0.01, 0.5, 3)), "pause_s": chooser.choice((None, 0.1, 1)),
            }  # fmt: skip
        elif kind == "leverage":
            chain[kind]["most"] = chooser.choice((0.5, 1, 2.75))
        elif kind == "inventory_limit":
            chain[kind]["lots"] = chooser.choice((None, 3, 10))
        elif kind != "capital":
            chain[kind]["lots"] = chooser.choice((2, 6, 15))
    return chain


def chained_tree(chooser: Random, mechanism: str) -> Tree:
    """Draw a cell whose groups have chains, and capital that often binds."""
    tree = random_tree(chooser, mechanism)
    for group in tree["population"].values():
        group["risk"] = random_chain(chooser)
        group["capital"] = chooser.choice((1, 3, 3, 8, 40))
    return tree


@pytest.mark.plain
@EVERY_MECHANISM
def test_every_event_equals_the_twin(mechanism: str) -> None:
    seen: Counter[str] = Counter()
    for number in range(budget("constraints_twin")):
        cell = read_cell(chained_tree(Random(f"chains {mechanism} {number}"), mechanism))
        world = twinning.engine_block(cell, number, plain=True).world
        twin = twinning.assert_twin_of(world, cell, number)
        seen.update(row["kind"] for row in twin.rows)
        constraints = world.rules.constraints
        for kind, cuts in cuts_by_kind(constraints).items():
            counted = [0] * cuts.shape[1]
            for trader, memory in twin.memories.items():
                counted[trader] = memory.cuts[kind] if memory else 0
            assert np.array_equal(cuts[0], counted), kind
            seen[kind] += sum(counted)
        refused = sum("no_funds" in row.get("reason", "") for row in twin.rows)
        assert constraints.no_funds.sum() == refused
        seen["no_funds"] += refused
    assert min(seen[kind] for kind in ("fill", *KINDS)) > 0, seen
