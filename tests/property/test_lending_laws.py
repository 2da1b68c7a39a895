"""Laws of lending over random actions: what is conserved, mirrored, and changed by nobody.

Small here; 2,000 sequences of 200 actions with PROTEUS_PROOF=1.
"""

import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proteus.market.lending import aave, codes, compound, curves, pool
from proteus.market.lending.accrual import SIMPLE
from proteus.market.lending.pool_actions import act_pool
from tests.helpers import random_lending
from tests.helpers.budget import budget
from tests.helpers.random_lending import NANO, act, market, proteus_pool, proteus_terms, steps

pytestmark = pytest.mark.plain

ACTIONS = budget("lending_actions")
VIRTUAL_SHARES = 1_000  # of a pool, so that the first share has a price
seeds = st.integers(0, 2**32)
tried = settings(
    max_examples=budget("lending_laws"), deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip


def frozen(state):
    """Every number of a state but its last result."""
    return [np.copy(each) for name, each in zip(state._fields, state, strict=True)
            if isinstance(each, np.ndarray) and name != "result"]  # fmt: skip


def same(before, after):
    return all(np.array_equal(*each) for each in zip(before, after, strict=True))


def check_proteus(state, number, first):
    """Cash + debt = supply + treasury, to the nano; nothing is made or lost."""
    claims = state.supply_assets[0] + state.treasury[0]
    assert state.cash[0] + state.borrow_assets[0] == claims
    assert state.supplied[0].sum() == state.supply_shares[0]
    assert state.borrowed[0].sum() == state.borrow_shares[0]
    assert state.wallet[0, :, 0].sum() + state.cash[0] == first.wallet[0, :, 0].sum()
    lots = state.wallet[0, :, 1].sum() + state.pledged[0].sum() + state.seized[0].sum()
    assert lots == first.wallet[0, :, 1].sum()
    assert min(each.min() for each in state if getattr(each, "dtype", None) == np.int64) >= 0
    debts = [int(pool.debt_of(state, 0, account)) for account in range(3)]
    total, shares = int(state.borrow_assets[0]), int(state.borrow_shares[0])
    virtual = Fraction(VIRTUAL_SHARES * (total + 1), shares + VIRTUAL_SHARES)  # owed by nobody
    assert min(total, total + 1 - virtual) <= sum(debts) <= total + 3  # each is rounded up


def check_morpho(state, number, first):
    """Tokens held are never less than what lenders have and nobody owes."""
    assert state.cash[0] + state.borrow_assets[0] >= state.supply_assets[0]
    assert state.supplied[0].sum() == state.supply_shares[0]
    assert state.borrowed[0].sum() == state.borrow_shares[0]
    assert state.wallet[0, :, 0].sum() + state.cash[0] == first.wallet[0, :, 0].sum()
    assert state.wallet[0, :, 1].sum() + state.held[0] == first.wallet[0, :, 1].sum()
    assert state.collateral[0].sum() == state.held[0]


def check_compound(state, number, first):
    """Debts add up to the total but for a unit an action; tokens and the underlying, exactly."""
    for place in range(2):
        held = state.wallet[0, :, place].sum() + state.cash[0, place] + state.paid[0, place]
        assert held == first.wallet[0, :, place].sum()
        assert state.claims[0, :, place].sum() == state.tokens[0, place]
        debts = sum(int(compound.debt_of(state, 0, account, place)) for account in range(2))
        assert abs(debts - int(state.borrows[0, place])) <= 2 * number


def check_aave(state, number, first):
    """Scaled claims and debts add up; what lenders could claim is short by a unit an action."""
    now = state.updated_s.max()
    for place in range(2):
        held = state.wallet[0, :, place].sum() + state.cash[0, place]
        assert held == first.wallet[0, :, place].sum()
        assert state.supplied[0, :, place].sum() == state.supply[0, place]
        assert state.owed[0, :, place].sum() == state.debt[0, place]
    claims = aave.scaled_up(
        state.supply[0, 1] + state.accrued[0, 1], aave.ray_at(state.income_index, 0, 1)
    )
    debt = aave.scaled_up(state.debt[0, 1], aave.ray_at(state.debt_index, 0, 1))
    assert state.cash[0, 1] + debt - claims >= -2 * number
    assert now >= 0


def test_what_the_virtual_shares_owe_grows_with_the_debt():
    """A debt of 5 and 10 nano that grows 10,000-fold is short of its total by 10,000, not by 1."""
    state = market("proteus", random.Random(1))[1]
    state.borrowed[0, :2] = 5_000, 10_000
    for growth in (1, 10_000):
        state.borrow_shares[0], state.borrow_assets[0] = 15_000, 16 * growth - 1
        debts = [int(pool.debt_of(state, 0, account)) for account in range(2)]
        assert debts == [5 * growth, 10 * growth]
    assert state.borrow_assets[0] - sum(debts) == 9_999


CHECKS = {
    "proteus": check_proteus,
    "morpho": check_morpho,
    "compound": check_compound,
    "aave": check_aave,
}
MOST = {"proteus": random_lending.CASH, "morpho": 10**12, "compound": 10**12, "aave": 10**13}
PRICE = {"proteus": NANO // 2, "morpho": 10**6, "compound": 10**18, "aave": 10**8}


@pytest.mark.parametrize("rules", CHECKS)
@tried
@given(seed=seeds)
def test_nothing_is_made_or_lost_and_a_refusal_changes_nothing(rules, seed):
    draw = random.Random(seed)
    terms, state, kept = market(rules, draw)
    first = type(state)(*(np.copy(each) for each in state))
    accepted = set()
    for number, step in enumerate(steps(rules, draw, ACTIONS, MOST[rules], PRICE[rules]), 1):
        if rules == "proteus":  # its accruals go on, whatever comes of an action
            pool.accrue(terms, state, 0, np.int64(step.time))
        before = frozen(state)
        refusal = act(rules, terms, state, kept, step)
        accepted.add((step.action, refusal == codes.ACCEPTED))
        assert refusal != codes.AMOUNT_LEAVES_INT64 or same(before, frozen(state))
        if refusal != codes.ACCEPTED:
            assert same(before, frozen(state)), (step, refusal)
        CHECKS[rules](state, number, first)
    assert len(accepted) > 4


@tried
@given(seed=seeds)
def test_a_mirrored_market_has_the_same_health_to_the_bit(seed):
    """Shorts at 1 - p for longs at p: every decision, liquidation and loss is the same."""
    draw = random.Random(seed)
    terms = proteus_terms(draw)
    state, mirrored = proteus_pool(terms), proteus_pool(terms)
    mirrored.is_short[:] = True
    mirrored.price[:] = NANO - state.price
    for step in steps("proteus", draw, ACTIONS, 10**12, NANO // 2):
        other = step
        if step.action == codes.PRICE:
            other = step._replace(amount=max(0, NANO - step.amount))
            step = step._replace(amount=NANO - other.amount)
        results = [act("proteus", terms, each, None, row)
                   for each, row in ((state, step), (mirrored, other))]  # fmt: skip
        assert results[0] == results[1]
        assert np.array_equal(state.result, mirrored.result)
        assert np.array_equal(state.seized, mirrored.seized[:, :, ::-1])
        for name in ("borrow_assets", "pledged", "wallet", "bad_debt", "treasury", "rest"):
            assert np.array_equal(getattr(state, name), getattr(mirrored, name)), name


@tried
@given(seed=seeds)
def test_how_often_others_act_changes_no_interest(seed):
    """Pledges, releases, prices and refused messages of others, at any times."""
    draw = random.Random(seed)
    terms = proteus_terms(draw)
    quiet, noisy = proteus_pool(terms), proteus_pool(terms)
    opening = [
        (codes.SUPPLY, 0, 10**14), (codes.ADD_COLLATERAL, 1, 10**6), (codes.BORROW, 1, 10**13),
    ]  # fmt: skip
    for state in (quiet, noisy):
        for action, account, amount in opening:
            refusal = act_pool(
                terms, state, 0, np.int64(0), action, account, np.int64(amount), np.int64(0), -1
            )
            assert refusal == codes.ACCEPTED
    end = 40 * terms.grid + draw.randrange(terms.grid)
    for time in sorted(draw.randrange(end) for _ in range(30)):
        action, account, amount = draw.choice(
            ((codes.ADD_COLLATERAL, 2, 5), (codes.WITHDRAW_COLLATERAL, 2, 5),
             (codes.PRICE, -1, draw.randrange(NANO)), (codes.BORROW, 0, 10**14),
             (codes.ACCRUE, -1, 0), (codes.REPAY, 2, 7))
        )  # fmt: skip
        time = np.int64(time)
        act_pool(terms, noisy, 0, time, action, account, np.int64(amount), np.int64(0), -1)
    for state in (quiet, noisy):
        pool.accrue(terms, state, 0, np.int64(end))
    for name in ("borrow_assets", "supply_assets", "treasury", "interest", "rest", "rate"):
        assert np.array_equal(getattr(quiet, name), getattr(noisy, name)), name
    assert quiet.interest[0] == quiet.borrow_assets[0] - 10**13  # the change of debt, exactly
    assert quiet.interest[0] > 0


@tried
@given(debt=st.integers(1, 10**15), rate=st.integers(0, 3 * 10**18), steps=st.integers(1, 300))
def test_simple_interest_on_a_constant_debt_is_the_same_on_every_grid(debt, rate, steps):
    """The rest is carried: one step, or many, differ by less than a nano."""
    draw = random.Random(debt ^ rate)
    terms = proteus_terms(draw)._replace(accrual=SIMPLE, year=curves.YEAR_S)
    whole = 12_345 * steps
    found = []
    for count in (1, steps):
        state = proteus_pool(terms)
        state.borrow_assets[0], state.rate[0] = debt, rate
        parts = [pool.interest_of(terms, state, 0, np.int64(whole // count)) for _ in range(count)]
        found.append(sum(int(each) for each in parts))
    assert found[0] == found[1] == debt * rate * whole // (10**18 * curves.YEAR_S)
