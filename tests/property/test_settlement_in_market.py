"""Settlement in whole markets against the plain-Python twin, and what it may never change."""

from collections import Counter
from random import Random

import pytest

from proteus.configuration.reading import read_cell
from proteus.market.agents.traders import CLASS_MAKER
from proteus.market.ledger.accounts import CONTRACT
from proteus.market.ledger.codes import TERM_REVERTED
from proteus.market.ledger.entries import worth_of_term
from proteus.market.setup.cell import set_up_cell
from proteus.recording.columns import FORK, is_kind, rows_of
from proteus.replaying.rerun import Rerun
from tests.helpers import twinning
from tests.helpers.budget import is_proof
from tests.helpers.cells import ROOT, RULED
from tests.helpers.random_cells import Tree, random_tree
from tests.helpers.settling import BLOCKS, DELAYED
from tests.helpers.twinning import assert_twins

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", RULED)
SLOTS = {"law": "slots", "interval_ms": 23, "missed": 0.0}
CELLS = 50 if is_proof() else 5  # of each mechanism


def random_delayed(chooser: Random) -> Tree:
    """A delayed settlement, fast beside the lane."""
    key, other = chooser.choice((("delay_ms", "cycle_ms"), ("cycle_ms", "delay_ms")))
    return DELAYED | {
        key: chooser.choice((5, 20, 60)),
        other: None,
        "netting": chooser.choice(("gross", "net")),
        "retries": chooser.randint(0, 2),
        "fail_penalty_ppm": chooser.choice((0, 100, 50_000)),
    }


def random_blocks(chooser: Random) -> Tree:
    """A settlement by blocks, with frequent forks."""
    finality = chooser.randint(1, 4)
    return BLOCKS | {
        "finality_blocks": finality,
        "fork_probability": chooser.choice((0.1, 0.5)),
        "fork_depth": chooser.randint(1, finality),
    }


def chained_tree(chooser: Random, mechanism: str, chain: Tree) -> Tree:
    """A random market with capital and blocks, which carry fills."""
    nothing = dict.fromkeys(("oracle", "congestion", "mempool"))
    return settled_tree(chooser, mechanism, chain) | {"environment": nothing | {"blocks": SLOTS}}


def settled_tree(chooser: Random, mechanism: str, settled: Tree) -> Tree:
    """A random market with capital that binds here and there."""
    tree = random_tree(chooser, mechanism) | {"settlement": settled, "horizon_s": 0.8}
    for group in tree["population"].values():
        group["capital"] = chooser.choice((None, 0.1, 0.1, 1))
    return tree


@pytest.mark.plain
@EVERY_MECHANISM
def test_delayed_settlement_equals_the_twin(mechanism: str) -> None:
    seen: Counter[str] = Counter()
    for number in range(CELLS):
        chooser = Random(f"settlement {mechanism} {number}")
        tree = settled_tree(chooser, mechanism, random_delayed(chooser))
        twin = assert_twins(read_cell(tree), number, plain=True)
        seen.update(row["kind"] for row in twin.rows)
        seen.update(row["code"] for row in twin.rows if row["kind"] == "posting")
    wanted = {"settlement_pending", "settlement_final", "settlement_failed", "endow", "close_out"}
    assert min(seen[what] for what in wanted) > 0, seen


@pytest.mark.plain
@pytest.mark.parametrize("mechanism", ["clob", "fba"])
def test_who_begins_with_nothing_fails_as_in_the_twin(mechanism):
    chooser = Random(f"nothing {mechanism}")
    tree = settled_tree(chooser, mechanism, random_delayed(chooser) | {"netting": "gross"})
    for group in tree["population"].values():
        group["capital"] = 0
    seen = Counter(row["kind"] for row in assert_twins(read_cell(tree), 1, plain=True).rows)
    assert seen["settlement_failed"] > 0


@pytest.mark.plain
@EVERY_MECHANISM
def test_settlement_by_blocks_equals_the_twin(mechanism):
    seen: Counter[str] = Counter()
    for number in range(CELLS):
        chooser = Random(f"blocks {mechanism} {number}")
        cell = read_cell(chained_tree(chooser, mechanism, random_blocks(chooser)))
        rows = assert_twins(cell, number, plain=True).rows
        seen.update(row["kind"] for row in rows)
        made = [row["version"] for row in rows if row["kind"] == "environment_block"]
        for row in rows:
            if row["kind"] == "environment_fork":
                assert row["version"] in made
                assert 1 <= row["depth"] <= min(cell.settlement.fork_depth, row["version"])
    assert min(seen[f"settlement_{what}"] for what in ("pending", "final", "reverted")) > 0, seen
    assert seen["environment_fork"] > 0, seen


@pytest.mark.plain
@EVERY_MECHANISM
def test_a_revert_takes_back_what_its_fill_made(mechanism):
    """A4: the term reverted is minus what was captured, lost and drifted since, so -q (v - P) now.

    The buyer's is that, the seller's its opposite; makers' inventories are what is settled at last.
    """
    reverted = 0
    for number in range(CELLS):
        chooser = Random(f"term {mechanism} {number}")
        chain = random_blocks(chooser) | {"fork_probability": 0.5}
        cell = read_cell(chained_tree(chooser, mechanism, chain))
        world = twinning.engine_block(cell, number, plain=True).world
        news, rows = twinning.EngineNews(cell, number), twinning.engine_rows(world)
        made: Counter[int] = Counter()
        for row in rows:
            if row["kind"] == "settlement_reverted":
                gain = row["lots"] * round(1e9 * news.value_at(row["time_ns"])) - row["amount"]
                made[row["giver"]] -= gain
                made[row["receiver"]] += gain
                reverted += 1
        for trader in range(len(world.traders.role)):
            assert worth_of_term(world.ledger, 0, trader, TERM_REVERTED) == made[trader]
            if world.traders.role[trader] == CLASS_MAKER:
                held = world.rules.settlement.held.settled[0, trader, CONTRACT]
                assert world.sums.risk.held[0, trader] == held
    assert reverted > 0


@pytest.mark.plain
@EVERY_MECHANISM
def test_a_log_replays_to_the_same_settlement(mechanism):
    """From the rows of traders alone: the same rows, forks, balances, inventories and sums."""
    lots = forks = 0
    for number in range(6):
        chooser = Random(f"replay {mechanism} {number}")
        settled = DELAYED | {"cycle_ms": 20, "fail_penalty_ppm": 1000}
        tree = settled_tree(chooser, mechanism, settled)
        if number % 2:
            tree = chained_tree(chooser, mechanism, random_blocks(chooser))
        setup = set_up_cell(read_cell(tree))
        world = twinning.engine_block(setup.cell, number, plain=True).world
        rows = rows_of(world.log, 0)
        again = Rerun(setup, ROOT, number, rows, len(rows["kind"]), 4)
        again.run()
        made = again.block.world
        for ours, theirs in (
            (made.ledger, world.ledger), (made.sums.risk, world.sums.risk),
            (made.rules.settlement.sums, world.rules.settlement.sums),
        ):  # fmt: skip
            assert [a.tobytes() for a in ours] == [a.tobytes() for a in theirs]
        lots += world.rules.settlement.sums.lots[0]
        forks += is_kind(rows, FORK).sum()
    assert lots > 0
    assert forks > 0
