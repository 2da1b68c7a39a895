"""Settlement and policies: the contract that ours and those of other packages obey."""

import numpy as np
import pytest

from proteus.compiler.jit import inline_kernel
from proteus.configuration.locate import options_of
from proteus.market.book.codes import BUY
from proteus.market.incentives import added as scores_added
from proteus.market.incentives.base import MOST_POINTS, Score, ScoreKind
from proteus.market.settlement import added as settlement_added
from proteus.testing import check_incentives, check_settlement
from proteus.testing import incentives as of_incentives
from proteus.testing import settlement as of_settlement

BLOCKS = ("environment=blocks", "environment.blocks.interval_ms=50")
WITH = {  # what a lane needs for a policy to move anything
    "maker_rebate": ("costs=kalshi",),
    "message_ratio": ("incentives.policies.messages.measure.most_per_fill=1",),
}
FORKS = ("settlement.fork_probability=0.5", "settlement.fork_depth=2")


@pytest.mark.nojit
@pytest.mark.parametrize("name", options_of("settlement"))
def test_every_settlement_obeys_the_contract(name):
    words = (*BLOCKS, *FORKS) if name == "blocks" else ()
    check_settlement(name, mechanisms=("fba",), words=words)


@pytest.mark.plain
@pytest.mark.parametrize("name", options_of("incentives"))
def test_every_policy_obeys_the_contract(name):
    check_incentives(name, mechanisms=("clob",), words=WITH.get(name, ()))


@pytest.mark.nojit
@pytest.mark.parametrize(
    ("due", "reason"),
    [
        (lambda terms, time: time, "not later"),
        (lambda terms, time: time + 10**9 - time // 3 * 2, "before an earlier one"),
        (lambda terms, time: time + 10**9 + 1, "later than pending_ns says"),
    ],
)
def test_times_that_are_none_are_noticed(monkeypatch, due, reason):
    monkeypatch.setattr(of_settlement, "due_after", inline_kernel(due))
    with pytest.raises(AssertionError, match=reason):
        check_settlement("t_plus", mechanisms=("clob",))


@pytest.mark.plain
def test_a_file_that_is_not_there_is_named():
    with pytest.raises(AssertionError, match=r"no conf/settlement/t_minus\.yaml"):
        check_settlement("t_minus")
    with pytest.raises(AssertionError, match=r"no conf/incentives/mine\.yaml"):
        check_incentives("mine")


@pytest.mark.plain
def test_policies_that_move_nothing_are_noticed():
    words = ("incentives.policies.liquidity.per_epoch=0",)
    with pytest.raises(AssertionError, match="nobody is ever rewarded or charged"):
        check_incentives("polymarket", ("clob",), words)


class OfLots(Score):
    """What a package would add."""

    READS_BOOK = True
    name: str = "of_lots"

    def numbers(self, tick_nano):
        return (3,)


@pytest.mark.plain
@pytest.mark.parametrize(
    ("points", "is_allowed"),
    [
        (lambda numbers, side, price, lots, middle: numbers[0] * lots, True),
        (lambda numbers, side, price, lots, middle: price - 50, False),
        (lambda numbers, side, price, lots, middle: lots / 3, False),
        (lambda numbers, side, price, lots, middle: lots * 10**9, False),
    ],
)
def test_points_out_of_range_are_noticed_and_count_as_the_end(monkeypatch, points, is_allowed):
    part = scores_added.or_order(scores_added.FIRST_ADDED, points, scores_added._no_order)
    kinds, codes = {"of_lots": ScoreKind(OfLots, points)}, {"of_lots": scores_added.FIRST_ADDED}
    monkeypatch.setattr(of_incentives, "ADDED_KINDS", kinds)
    monkeypatch.setattr(of_incentives, "SCORE_CODES", codes)
    monkeypatch.setattr(of_incentives, "points_of_order", part)
    monkeypatch.setattr(of_incentives, "compiled", lambda plain: plain)
    config = of_incentives.cell("mechanism=clob", "contract.tick=0.01")
    if is_allowed:
        of_incentives._check_points(OfLots(), "of_lots", config)
    else:
        with pytest.raises(AssertionError, match="no whole number in range"):
            of_incentives._check_points(OfLots(), "of_lots", config)
    given = np.array([3]), BUY, 1, 1000, 3
    assert 0 <= part(scores_added.FIRST_ADDED, *given) <= MOST_POINTS
    assert part(scores_added.FIRST_ADDED + 1, *given) == 0


@pytest.mark.plain
def test_nothing_is_due_before_it_happens():
    """Whatever a package says; a code that is not its own is another's."""
    due = settlement_added.or_else(16, lambda numbers, time: numbers[0], settlement_added._at_once)
    assert due(16, np.array([7]), np.int64(3)) == 7
    assert due(16, np.array([7]), np.int64(9)) == 10
    assert due(17, np.array([7]), np.int64(3)) == 4
