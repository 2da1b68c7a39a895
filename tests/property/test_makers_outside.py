"""Makers outside against the same makers inside, over random markets with all their rules.

All traders of the first group, which are baseline makers, are decided for by ``BaselineMaker``, in
NumPy. Every array of the lanes, every row of their logs and all that is measured is compared to the
bit, so there are no false alarms.
"""

from collections import Counter
from random import Random

import numpy as np
import pytest

import proteus
from proteus.configuration.reading import read_cell
from proteus.market.constraints.state import cuts_by_kind
from proteus.market.setup.snapshots import arrays_of_lanes
from proteus.market.variables import measure
from proteus.policies import BaselineMaker
from tests.helpers.budget import budget, is_proof
from tests.helpers.cells import ROOT, RULED, same_values
from tests.helpers.random_cells import Tree, random_surrounded_tree, random_tree
from tests.helpers.random_costs import random_charged
from tests.helpers.random_policies import with_incentives
from tests.helpers.random_stress import random_stressed_tree
from tests.helpers.sessions import in_plain_python, inside, odd, play, play_together, recorded
from tests.property.test_all_rules_against_twin import everything
from tests.property.test_constraints_against_twin import chained_tree
from tests.property.test_settled_capital import waiting_tree

KINDS = {
    "plain": random_tree,
    "costs": random_charged,
    "constraints": chained_tree,
    "settlement": waiting_tree,
    "environment": random_surrounded_tree,
    "incentives": lambda chooser, name: with_incentives(chooser, random_tree(chooser, name)),
    "everything": everything,
    "stress": lambda chooser, name: random_stressed_tree(chooser, name, 0.5),
}


def drawn(kind: str, mechanism: str, number: int) -> Tree:
    """Draw a market; the first group has baseline makers, with or without knowledge of costs."""
    chooser = Random(f"outside {kind} {mechanism} {number}")
    tree = KINDS[kind](chooser, mechanism)
    group = next(iter(tree["population"].values()))
    assert group["kind"] == "maker"
    group["count"], group["knows_costs"] = chooser.randint(1, 2), chooser.random() < 0.7
    if "capacity" in tree["execution"]:
        tree["execution"]["capacity"] = None  # it may be too small for another maker
    return tree if is_proof() else tree | {"horizon_s": 0.5}


@pytest.mark.plain
@pytest.mark.parametrize("mechanism", RULED)
def test_makers_outside_do_what_makers_inside_do(mechanism: str) -> None:
    seen: Counter[str] = Counter()
    kinds = list(KINDS)
    for number in range(budget("makers_outside")):
        kind = kinds[number % len(kinds)]
        tree = drawn(kind, mechanism, number)
        seen.update(compared(tree, mechanism, number))
    assert min(seen[what] for what in ("fills", "quotes", "cuts", "costs")) > 0, seen


def compared(tree: Tree, mechanism: str, number: int) -> Counter[str]:
    """Play a market both ways; returns what happened in it."""
    cell, name = read_cell(tree), next(iter(tree["population"]))
    control = [f"{name}.{at}" for at in range(tree["population"][name]["count"])]
    decisions = "requests" if mechanism == "rfq" else "schedule"
    with recorded(), in_plain_python():
        session = proteus.Session(
            cell, 1, control=control, decisions=decisions, root=ROOT, seed=number, growth=4,
            log_rows=1024,
        )  # fmt: skip
        play_together(session, [BaselineMaker(session, at) for at in range(len(control))])
    world = inside(cell, 1, number).world
    assert session.world.progress.fault.tolist() == world.progress.fault.tolist()
    assert odd(session.world, world) == [], tree
    ours, theirs = measure(session.world), measure(world)
    assert same_values(ours, theirs), tree
    traders = session.traders
    assert session.equity_nano.tolist() == world.totals.marked[:, traders].tolist()
    cuts = 0
    if cell.needs_rules:
        kept = cuts_by_kind(world.rules.constraints).values()
        cuts = sum(int(np.asarray(each).sum()) for each in kept)
    return Counter(
        fills=int(world.ledger.bought[:, traders].sum()), cuts=cuts,
        quotes=int(world.log.count.sum()), costs=int(cell.has_costs),
    )  # fmt: skip


@pytest.mark.plain
def test_who_has_lost_too_much_takes_back_its_quotes_after_it_was_decided_for() -> None:
    """Its loss limit stops it at the very decision that its lane waits for (found so)."""
    tree = drawn("constraints", "clob", 51) | {"horizon_s": 0.8}
    assert compared(tree, "clob", 51)["cuts"] > 0


@pytest.mark.plain
def test_a_lane_that_starts_over_finds_all_rules_as_they_were() -> None:
    """Costs, legs, policies, blocks and limits of the episode before are forgotten, by it alone."""
    cell = read_cell(drawn("everything", "clob", 4))
    name = next(iter(cell.population))
    with recorded(), in_plain_python():
        both, fresh = (
            proteus.Session(cell, lanes, control=name, root=ROOT, growth=4, log_rows=1024)
            for lanes in (2, 1)
        )
        maker = BaselineMaker(both)
        for _ in range(12):
            both.act(maker.act(both.observe()))
            both.step()
        first = np.array([True, False])
        both.reset(lanes=first)
        maker.reset(first)
        play(both, maker)
        fresh.reset()
        play(fresh, BaselineMaker(fresh))
    untouched = inside(cell, 2).world
    ours, theirs, alone = (
        dict(arrays_of_lanes(each)) for each in (both.world, untouched, fresh.world)
    )
    shared = [path for path in ours if path.split(".")[0] in ("rules", "ledger", "sums", "totals")]
    used = [path for path in shared if len(ours[path])]
    assert [path for path in used if ours[path][0].tobytes() != alone[path][0].tobytes()] == []
    assert [path for path in used if ours[path][1].tobytes() != theirs[path][1].tobytes()] == []
    assert sum(path.startswith("rules") for path in used) > 20
