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
from tests.helpers.random_credit import random_lent, settle_later
from tests.helpers.twinning import assert_twin_of, engine_block
from tests.reference.measured_credit import credit_of, engine_credit

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
