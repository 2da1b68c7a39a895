"""Capital under settlement: what counts before it is final, against the twin.

Whole random markets with chains of capital in each of its ways of counting; every event, cut and
refusal is compared exactly, so there are no false alarms.
"""

from collections import Counter
from random import Random

import numpy as np
import pytest

from proteus.configuration.reading import read_cell
from proteus.market.constraints.state import cuts_by_kind
from proteus.market.ledger.accounts import CASH
from proteus.market.setup.cell import set_up_cell
from proteus.recording.columns import rows_of
from proteus.replaying.rerun import Rerun
from tests.helpers.budget import is_proof
from tests.helpers.cells import ROOT, RULED
from tests.helpers.random_cells import Tree, random_tree
from tests.helpers.settling import BLOCKS, DELAYED
from tests.helpers.twinning import assert_twin_of, engine_block

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", RULED)
CELLS = 40 if is_proof() else 6  # of each mechanism
SLOTS = {"law": "slots", "interval_ms": 23, "missed": 0.0}
NOTHING = dict.fromkeys(("oracle", "congestion", "mempool"))


def random_capital(chooser: Random) -> Tree:
    """A chain of capital alone, which counts in any of its ways."""
    counts = chooser.choice(("economic", "settled", "pending"))
    haircut = chooser.choice((0, 0.25, 0.333333, 1)) if counts == "pending" else None
    on_limit = chooser.choice(("clip", "clip", "drop"))
    rule = {"kind": "capital", "on_limit": on_limit, "place": 70}
    return {"capital": rule | {"counts": counts, "haircut": haircut}}


def waiting_tree(chooser: Random, mechanism: str) -> Tree:
    """A random market whose fills wait, and whose capital often binds."""
    tree = random_tree(chooser, mechanism)
    if chooser.random() < 0.5:
        cycles = chooser.choice((("delay_ms", "cycle_ms"), ("cycle_ms", "delay_ms")))
        after = {cycles[0]: chooser.choice((5, 60, 200)), cycles[1]: None, "retries": 0}
        tree["settlement"] = DELAYED | after | {"netting": chooser.choice(("gross", "net"))}
    else:
        finality = chooser.randint(1, 4)
        tree["settlement"] = BLOCKS | {
            "finality_blocks": finality, "fork_probability": 0.0,
            "fork_depth": chooser.randint(1, finality),
        }  # fmt: skip
        tree["environment"] = NOTHING | {"blocks": SLOTS}
    for group in tree["population"].values():
        group["risk"] = random_capital(chooser)
        group["capital"] = chooser.choice((1, 3, 3, 8, 40))
    return tree


def forked_tree(chooser: Random, mechanism: str) -> Tree:
    """The same with deep forks, and little capital, which mostly counts what may be dropped."""
    tree = waiting_tree(chooser, mechanism)
    depths = {"finality_blocks": 4, "fork_probability": 0.5, "fork_depth": 3}
    tree |= {"settlement": BLOCKS | depths, "environment": NOTHING | {"blocks": SLOTS}}
    for group in tree["population"].values():
        if chooser.random() < 0.8:
            group["risk"]["capital"] |= {"counts": "economic", "haircut": None}
        group["capital"] = chooser.choice((0.6, 1.2, 3))
    return tree


@pytest.mark.plain
@EVERY_MECHANISM
def test_every_event_equals_the_twin(mechanism: str) -> None:
    seen: Counter[str] = Counter()
    for number in range(CELLS):
        cell = read_cell(waiting_tree(Random(f"settled {mechanism} {number}"), mechanism))
        world = engine_block(cell, number, plain=True).world
        twin = assert_twin_of(world, cell, number)
        seen.update(row["kind"] for row in twin.rows)
        cuts = cuts_by_kind(world.rules.constraints)["capital"][0]
        counted = [0] * len(cuts)
        for trader, memory in twin.memories.items():
            counted[trader] = memory.cuts["capital"]
        assert np.array_equal(cuts, counted)
        seen["cuts"] += cuts.sum()
    assert min(seen[what] for what in ("fill", "settlement_final", "cuts")) > 0, seen


@pytest.mark.plain
@EVERY_MECHANISM
def test_what_is_taken_back_leaves_nobody_short(mechanism: str) -> None:
    """Forks: newest orders go first, then the venue pays; against the twin.

    Whoever keeps to capital is never worth less than nothing at either payoff, a default follows
    only what was taken back, and pays only what no order could be cancelled for.
    """
    seen: Counter[str] = Counter()
    for number in range(2 * CELLS):
        chooser = Random(f"short {mechanism} {number}")
        cell = read_cell(forked_tree(chooser, mechanism))
        world = engine_block(cell, number, plain=True).world
        twin = assert_twin_of(world, cell, number)
        taken_back = {row["event"] for row in twin.rows if row["kind"] == "settlement_reverted"}
        for row in twin.rows:
            is_default = row["kind"] == "posting" and row["code"] == "default"
            if is_default and row["giver"] == len(twin.traders):  # the venue
                assert row["event"] in taken_back
                seen["default"] += 1
            if row["kind"] == "cancel" and row["source"] == "venue" and row["event"] in taken_back:
                seen["cancel"] += 1
        assert world.ledger.balance[0, : len(twin.traders), CASH].min() >= 0  # contracts are paid
    assert seen["default"] > 0, seen
    assert seen["cancel"] > 0 or mechanism == "rfq", seen


@pytest.mark.plain
@EVERY_MECHANISM
def test_a_log_replays_to_the_same_cancels_and_defaults(mechanism: str) -> None:
    """From the rows of traders alone: the same rows and balances."""
    for number in range(3):
        cell = read_cell(forked_tree(Random(f"short {mechanism} {number}"), mechanism))
        setup = set_up_cell(cell)
        world = engine_block(cell, number, plain=True).world
        rows = rows_of(world.log, 0)
        again = Rerun(setup, ROOT, number, rows, len(rows["kind"]), 4)
        again.run()
        made = again.block.world
        assert made.ledger.balance.tobytes() == world.ledger.balance.tobytes()
