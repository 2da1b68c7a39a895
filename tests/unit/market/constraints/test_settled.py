"""What counts of fills that are not final: closed forms, and a search over what may happen."""

import itertools
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proteus.errors import ConfigError
from proteus.market.book.codes import BUY, SELL
from proteus.market.constraints.funds import (
    cost_if_one,
    cost_if_zero,
    payable_lots,
    uncounted,
)
from proteus.market.constraints.models import Capital
from tests.helpers.cells import cell

NANO, WHOLE = 10**9, 10**6
HAIRCUTS = st.sampled_from([0, 1, 250_000, 333_333, WHOLE])
pytestmark = pytest.mark.plain


def payable(cash, position, coming, haircut, side, price, lots=1000):
    """Lots of a first order of an account to which cash and contracts are coming."""
    missing = uncounted(*coming, haircut)
    return payable_lots(cash, position, *missing, side, price, 0, haircut, lots)


@pytest.mark.parametrize(
    ("haircut", "lots"), [(0, 10), (250_000, 7), (500_000, 5), (WHOLE, 0)],
)  # fmt: skip
def test_a_seller_of_ten_lots_buys_as_many_again_as_count_of_its_cash(haircut, lots):
    """It held 10 and no cash; they went at 0.4 and none of that is final: 4 (1 - haircut) / 0.4."""
    price = 4 * NANO // 10
    assert payable(10 * price, 0, (10 * price, 0), haircut, BUY, price) == lots


@pytest.mark.parametrize(
    ("haircut", "lots"), [(0, 25), (500_000, 7), (WHOLE, 0)],
)  # fmt: skip
def test_lots_that_have_not_come_are_not_sold_as_if_they_had(haircut, lots):
    """10 bought for all cash. A lot sold at 0.6 takes 1 and brings 0.6, of which a share counts.

    Of 10 contracts that pay 1 the share 1 - h counts: 10 (1 - h) / (1 - 0.6 (1 - h)).
    """
    assert payable(0, 10, (0, 10), haircut, SELL, 6 * NANO // 10) == lots


def least_counted(cash, position, coming, haircut):
    """What counts at the worse payoff, by fractions."""
    keeps = 1 - Fraction(haircut, WHOLE)
    cash_in, lots_in = coming
    by_payoff = (
        cash - cash_in + keeps * cash_in + payoff * (position - lots_in + keeps * lots_in)
        for payoff in (0, NANO)
    )
    return min(by_payoff)


ORDERS = st.lists(
    st.tuples(st.sampled_from([BUY, SELL]), st.integers(1, 9), st.integers(1, 3)), max_size=4
)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 9 * NANO), st.integers(-5, 5), ORDERS, HAIRCUTS, st.integers(0, 2))
def test_no_set_of_fills_leaves_less_than_nothing_that_counts(cash, held, wanted, haircut, better):
    """Whatever fills of the orders let by, at their limits or better, none of it final."""
    if min(cash, cash + held * NANO) < 0:
        return
    sent, zero, one = [], 0, 0
    for side, tenths, lots in wanted:
        price = tenths * NANO // 10
        lots = payable_lots(cash, held, zero, one, side, price, 0, haircut, lots)
        zero += lots * cost_if_zero(side, price, 0, haircut)
        one += lots * cost_if_one(side, price, 0, haircut)
        sent.append((side, tenths, lots))
    for filled in itertools.product((0, 1), repeat=len(sent)):
        left, lots_left, cash_in, lots_in = cash, held, 0, 0
        for is_filled, (side, tenths, lots) in zip(filled, sent, strict=True):
            tenths = max(tenths - better, 1) if side == BUY else min(tenths + better, 9)
            value = is_filled * lots * tenths * NANO // 10
            left += value if side == SELL else -value
            lots_left += is_filled * (lots if side == BUY else -lots)
            cash_in += value if side == SELL else 0
            lots_in += is_filled * lots if side == BUY else 0
        assert least_counted(left, lots_left, (cash_in, lots_in), haircut) >= 0


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 9 * NANO), st.integers(-5, 5), st.integers(0, 5 * NANO), st.integers(0, 9),
    st.sampled_from([BUY, SELL]), st.integers(1, 9), HAIRCUTS, HAIRCUTS,
)  # fmt: skip
def test_a_larger_haircut_never_lets_more_by(
    cash, held, cash_in, lots_in, side, tenths, one, other
):
    price, coming = tenths * NANO // 10, (cash_in, lots_in)
    small, large = sorted((one, other))
    more = payable(cash, held, coming, small, side, price)
    assert payable(cash, held, coming, large, side, price) <= more


@pytest.mark.parametrize(
    ("counts", "haircut", "ppm"),
    [("economic", None, 0), ("settled", None, WHOLE), ("pending", 0.25, 250_000),
     ("pending", 0, 0), ("pending", 1, WHOLE)],
)  # fmt: skip
def test_ways_of_counting_are_haircuts(counts, haircut, ppm):
    rule = Capital(kind="capital", on_limit="clip", place=70, counts=counts, haircut=haircut)
    assert rule.numbers == (ppm,)


def test_what_counts_is_asked_only_where_fills_wait():
    maker = "population.maker"
    words = [f"risk@{maker}.risk=[capital]", f"{maker}.capital=20"]
    counts = f"{maker}.risk.capital.counts"
    cell("mechanism=clob", *words, "settlement=t_plus", f"{counts}=settled")
    with pytest.raises(ConfigError, match=rf"{counts}=settled is not allowed: .* economic when"):
        cell("mechanism=clob", *words, f"{counts}=settled")
    assert '"counts"' not in cell("mechanism=clob", *words).canonical()


def test_what_is_missing_of_a_nano_is_a_nano():
    assert uncounted(1, 0, 1) == (1, 1)
    assert uncounted(3 * WHOLE + 1, 2, 250_000) == (750_001, 750_001 + NANO // 2)
