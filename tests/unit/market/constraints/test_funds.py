"""What can be paid: against a search over all outcomes, which knows no running sums."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proteus.market.book.codes import BUY, SELL
from proteus.market.constraints.funds import payable_lots

NANO = 10**9
pytestmark = pytest.mark.plain
FEES = st.integers(0, NANO // 4)
ORDERS = st.lists(
    st.tuples(st.sampled_from([BUY, SELL]), st.integers(1, 9), FEES, st.integers(1, 3)),
    max_size=4,
)


def worst(cash, position, orders):
    """The least that is left over all sets of orders that fill whole, and both payoffs."""
    least = None
    for filled in itertools.product((0, 1), repeat=len(orders)):
        for payoff in (0, NANO):
            left = cash + position * payoff
            for is_filled, (side, tenths, fee, lots) in zip(filled, orders, strict=True):
                price = tenths * NANO // 10
                gain = payoff - price if side == BUY else price - payoff
                left += is_filled * lots * (gain - fee)
            least = left if least is None else min(least, left)
    return least


def sums(orders):
    """The two sums by their definition: only what an order can lose, never what it can gain."""
    zero = one = 0
    for side, tenths, fee, lots in orders:
        price = tenths * NANO // 10
        loss_at_zero = price + fee if side == BUY else fee - price
        loss_at_one = price - NANO + fee if side == BUY else NANO - price + fee
        zero += lots * max(loss_at_zero, 0)
        one += lots * max(loss_at_one, 0)
    return zero, one


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 12 * NANO), st.integers(-6, 6), ORDERS,
    st.sampled_from([BUY, SELL]), st.integers(1, 9), FEES, st.integers(1, 8),
)  # fmt: skip
def test_the_most_lots_that_no_outcome_makes_unpayable(
    cash, position, orders, side, tenths, fee, wanted
):
    """Those that are allowed can always be paid; one more could not."""
    if worst(cash, position, orders) < 0:
        return  # it never comes to this
    price = tenths * NANO // 10
    lots = payable_lots(cash, position, *sums(orders), side, price, fee, 0, wanted)
    assert 0 <= lots <= wanted
    assert worst(cash, position, [*orders, (side, tenths, fee, lots)] if lots else orders) >= 0
    if lots < wanted:
        assert worst(cash, position, [*orders, (side, tenths, fee, lots + 1)]) < 0


@pytest.mark.parametrize(
    ("cash", "position", "side", "tenths", "lots"),
    [
        # the page of the rule by hand: equality fits, a nano less does not
        (2 * NANO, 0, BUY, 4, 5),
        (2 * NANO - 1, 0, BUY, 4, 4),
        (3 * NANO, 0, SELL, 4, 5),
        (3 * NANO - 1, 0, SELL, 4, 4),
        (0, 3, SELL, 5, 6),  # what is held pays for the rest: 3 lots worth 1, 6 x 0.5 at risk
        (0, 3, BUY, 5, 0),
        (2 * NANO, -2, SELL, 5, 0),
        (2 * NANO, -2, BUY, 5, 4),
    ],
)
def test_cases_by_hand(cash, position, side, tenths, lots):
    assert payable_lots(cash, position, 0, 0, side, tenths * NANO // 10, 0, 0, 100) == lots


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 9 * NANO), st.integers(-5, 5), st.integers(0, 5 * NANO),
    st.integers(0, 5 * NANO), st.integers(1, 9), FEES, st.integers(1, 20),
)  # fmt: skip
def test_mirrored_accounts_can_pay_the_same(cash, position, zero, one, tenths, fee, wanted):
    """The contract that pays when this one does not: sides, prices and sums change places."""
    bought = payable_lots(cash, position, zero, one, BUY, tenths * NANO // 10, fee, 0, wanted)
    mirrored = NANO - tenths * NANO // 10
    sold = payable_lots(
        cash + position * NANO, -position, one, zero, SELL, mirrored, fee, 0, wanted
    )
    assert bought == sold
