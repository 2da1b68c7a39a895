"""Random credit in whole markets against the plain-Python twin: every event, debt and share.

The twin has every row of the log: messages, interest, pledges, repayments, liquidations by the
treasury and by traders, bad debt, and each posting; and what is measured. Its pool is written in
fractions. Every number is compared exactly, so there are no false alarms.
"""

from collections import Counter
from random import Random

import pytest

from proteus.configuration.reading import read_cell
from tests.helpers.budget import budget, is_proof
from tests.helpers.cells import RULED
from tests.helpers.random_cells import Tree
from tests.helpers.random_credit import random_lent, settle_later
from tests.helpers.twinning import assert_twin_days, assert_twin_of, engine_block
from tests.property.test_days_against_twin import NEWS, POLICIES
from tests.reference.measured_credit import credit_of, engine_credit
from tests.reference.rules import AFTER_LAST

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", RULED)
LATER = (
    "settlement_final", "settlement_reverted", "open", "collateral_in", "collateral_out", "repay",
    "liquidation",
)  # fmt: skip
HAPPENS = ("offer", "open", "accrual", "repay", "collateral_in", "collateral_out", "reject")


@pytest.mark.plain
@EVERY_MECHANISM
def test_every_event_of_credit_equals_the_twin(mechanism: str) -> None:
    seen: Counter[str] = Counter()
    for number in range(budget("credit_twin")):
        cell = read_cell(random_lent(Random(f"credit {mechanism} {number}"), mechanism))
        world = engine_block(cell, number, plain=True).world
        twin = assert_twin_of(world, cell, number)
        assert engine_credit(world) == credit_of(twin)
        seen.update(row["kind"].removeprefix("credit_") for row in twin.rows)
        seen[f"{cell.credit.keeper} liquidates"] += len(twin.credit.seized)
    assert min(seen[what] for what in HAPPENS) > 0, seen
    assert seen["liquidation"] + seen["bad_debt"] > 0, seen
    if is_proof():
        assert min(seen["bad_debt"], seen["auto liquidates"], seen["traders liquidates"]) > 5, seen


@pytest.mark.plain
@EVERY_MECHANISM
def test_credit_equals_the_twin_where_fills_are_final_later(mechanism: str) -> None:
    """Delayed, gross and netted, and by blocks with forks: what counts, repays and is seized."""
    seen: Counter[str] = Counter()
    for number in range(7, 7 + budget("credit_settled_twin")):  # the first has loans in each
        chooser = Random(f"settled credit {mechanism} {number}")
        cell = read_cell(settle_later(chooser, random_lent(chooser, mechanism)))
        world = engine_block(cell, number, plain=True).world
        twin = assert_twin_of(world, cell, number)
        assert engine_credit(world) == credit_of(twin)
        seen.update(row["kind"].removeprefix("credit_") for row in twin.rows)
    assert min(seen["settlement_final"], seen["open"]) > 0, seen
    if is_proof():
        assert min(seen[what] for what in LATER) > 5, seen


@pytest.mark.plain
@EVERY_MECHANISM
def test_who_fails_at_the_end_is_liquidated_there_as_in_the_twin(mechanism: str) -> None:
    """MODEL2 A7: looked at once before T; by days, or with fills that are final later."""
    seen = 0
    for number in range(3, 3 + budget("credit_ends_twin")):  # the first have some
        chooser = Random(f"credit at the end {mechanism} {number}")
        tree = random_lent(chooser, mechanism, "auto")
        tree["credit"] |= {"base": chooser.choice((0.5, 3)), "year_s": chooser.choice((1, 4))}
        tree["population"]["white"]["policy"]["reservation_rate"] = 0
        if number % 3 == 1:
            tree = settle_later(chooser, tree)
        if number % 3 == 2:
            tree = by_days(chooser, tree)
            tree["credit"]["accrue_ms"] = 200
            days = assert_twin_days(read_cell(tree), number, plain=True)
        else:
            tree["credit"]["accrue_ms"] = chooser.choice((250, 300, 450))
            cell = read_cell(tree)
            world = engine_block(cell, number, plain=True).world
            days = [assert_twin_of(world, cell, number)]
            assert engine_credit(world) == credit_of(days[0])
        rows = (row for day in days for row in day.rows if row["source"] == "rules")
        seen += sum(
            row["kind"] == "credit_liquidation" and row["event"] == AFTER_LAST for row in rows
        )
    assert seen > 0


def by_days(chooser: Random, tree: Tree) -> Tree:
    """Let a random cell go on for three days; interest is due at the end of each."""
    tree["credit"]["accrue_ms"] = chooser.choice((8, 10, 40))
    carried = {"count": 3, "ruin_below": chooser.choice((0, 1, 3)), **POLICIES["continue"]}
    tree["record"] |= {"warmup_s": 0.1}
    return tree | {"horizon_s": 0.4, "latent": NEWS, "episodes": carried}


@pytest.mark.plain
@EVERY_MECHANISM
def test_loans_that_go_on_equal_the_twin_day_by_day(mechanism: str) -> None:
    """MODEL2 J2 and K8: debts, claims, pledges, the rate and the index go on; nothing else does."""
    seen: Counter[str] = Counter()
    for number in range(4, 4 + 3 * budget("credit_days_twin")):  # the first has loans in each
        chooser = Random(f"credit by days {mechanism} {number}")
        tree = random_lent(chooser, mechanism)
        if number % 3 == 2:
            tree = settle_later(chooser, tree)
        cell = read_cell(by_days(chooser, tree))
        for day in assert_twin_days(cell, number, plain=True):
            seen.update(row["kind"].removeprefix("credit_") for row in day.rows)
            seen["go on"] += sum(debt > 0 for debt in day.credit.debt)
    assert min(seen["open"], seen["go on"]) > 0, seen
    if is_proof():
        assert min(seen["liquidation"], seen["bad_debt"]) > 0, seen
