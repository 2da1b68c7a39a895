"""What few recordings reach: limits hit exactly, claims taken, reserves sent away, one unit left.

Figures are those of ``facts/lending`` (running contracts), or follow from the sources by hand.
"""

import numpy as np
import pytest

from proteus.market.arithmetic.wide import of_int, to_int
from proteus.market.lending import aave, codes, compound, curves, morpho
from proteus.market.lending.aave_door import act_aave
from proteus.market.lending.compound_door import act_compound
from proteus.market.lending.morpho_door import act_morpho
from tests.helpers.lending import RAY, WAD, aave_pool, at, compound_pool, morpho_pool, words

pytestmark = pytest.mark.plain

UNIT = 10**6
NOW = np.int64(1_000)


def aave_account(price, collateral=1000 * UNIT, debt=800 * UNIT, fee=0, **given):
    """Account 0 with collateral in C and a debt in D; both reserves last updated at 100."""
    return aave_pool(
        (6, 6), (price, 10**8), fee, supplied=at(0, (collateral, 0), (1, 3, 2)),
        owed=at(0, (0, debt), (1, 3, 2)), supply=np.array([[collateral, 0]]),
        debt=np.array([[0, debt]]), cash=np.array([[collateral, 10 * debt]]), updated_s=100,
        is_collateral=np.array([[True, False, False]]),
        is_borrowing=np.array([[True, False, False]]), **given,
    )  # fmt: skip


def liquidate(terms, pool, kept, amount=codes.ALL, takes_claims=False):
    return act_aave(
        terms, pool, kept, 0, NOW, codes.LIQUIDATE, 1, 1, np.int64(amount), 0, takes_claims
    )


@pytest.mark.parametrize(
    ("price", "refusal", "left"),
    [
        (10**8, codes.HEALTH_NOT_BELOW, 800), (99_999_999, codes.ACCEPTED, 400),
        (95_000_001, codes.ACCEPTED, 400), (95_000_000, codes.ACCEPTED, 0),
    ],
)  # fmt: skip
def test_limits_of_aave(price, refusal, left):
    """A health of exactly 1 is refused; of exactly 0.95 all may be repaid, just above it half."""
    terms, pool, kept = aave_account(price)
    assert liquidate(terms, pool, kept) == refusal
    assert pool.owed[0, 0, 1] == left * UNIT


def test_a_liquidator_of_aave_may_take_claims_and_leaves_the_reserve_alone():
    """Claims move by the index of now, become collateral, and C is not updated (1.04: 5 % fee)."""
    index = 104 * RAY // 100
    terms, pool, kept = aave_account(94_000_000, fee=1000, income_index=words(index))
    total = pool.supply[0, 0]
    assert liquidate(terms, pool, kept, 100 * UNIT, takes_claims=True) == codes.ACCEPTED
    seized = pool.result[0, 0]
    scaled = (int(seized) * RAY + index // 2) // index
    assert seized == 111_170_212  # of the vector with six decimals
    assert pool.supplied[0, 1, 0] == scaled
    assert pool.supplied[0, 2, 0] == (531_915 * RAY + index // 2) // index  # the treasury's
    assert (pool.updated_s[0, 0], pool.updated_s[0, 1]) == (100, NOW)
    assert pool.supply[0, 0] == total == pool.supplied[0, :, 0].sum()
    assert pool.is_collateral[0].tolist() == [True, True, False]
    assert pool.wallet[0, 1, 0] == 10**18


def test_after_all_collateral_is_gone_the_rest_of_a_debt_stays_in_aave():
    terms, pool, kept = aave_account(50_000_000)
    assert liquidate(terms, pool, kept) == codes.ACCEPTED
    assert pool.owed[0, 0, 1] == 800 * UNIT - 476_190_476
    assert liquidate(terms, pool, kept) == codes.NOT_LIQUIDATABLE


def test_one_unit_of_collateral_cannot_be_liquidated_in_aave_and_two_can():
    for collateral, refusal in ((1, codes.BURN_ROUNDS_TO_ZERO), (2, codes.ACCEPTED)):
        terms, pool, kept = aave_account(50_000_000, collateral=collateral)
        assert liquidate(terms, pool, kept) == refusal


def test_covering_nothing_is_refused_in_aave_as_what_rounds_to_nothing():
    terms, pool, kept = aave_account(94_000_000)
    assert liquidate(terms, pool, kept, 0) == codes.BURN_ROUNDS_TO_ZERO


def test_debt_of_aave_below_a_unit_of_the_base_currency_is_none():
    terms, _, _ = aave_account(10**8)
    assert aave.health_of(terms, np.int64(0), np.int64(0)) == aave.NO_DEBT_HEALTH
    assert to_int(aave.health_of(terms, np.int64(0), np.int64(1))) == 0


def test_an_optimum_of_nothing_has_no_rate_without_debt():
    curve = curves.KinkedRay(words(0), words(0), words(RAY), words(RAY))
    assert not curves.kinked_ray(curve, of_int(1), of_int(0), 0)[2]
    assert curves.kinked_ray(curve, of_int(1), of_int(1), 0)[2]


def test_reserves_of_venus_leave_at_the_first_accrual_and_a_year_later():
    year, day = curves.YEAR_S, 86_400
    start = 1_700_000_000
    terms, pool, kept = compound_pool(
        curves.KinkedWad(WAD // year, 0, 0, 0), cash=100, borrows=10**12, reserves=30,
        tokens=10**12, updated_s=start,
    )  # fmt: skip

    def accrue(time_s):
        assert act_compound(
            terms, pool, kept, 0, np.int64(time_s), codes.ACCRUE, -1, 1, np.int64(0), -1
        ) == codes.ACCEPTED  # fmt: skip
        return [int(each[0, 1]) for each in (pool.cash, pool.reserves, pool.paid)]

    assert accrue(start) == [100, 30, 0]  # no time has passed
    cash, reserves, paid = accrue(start + 1)
    earned = int(pool.borrows[0, 1] - 10**12) // 10
    assert (cash, paid) == (0, 100)  # all the cash there was, of more reserves
    assert reserves == 30 + earned - 100
    pool.cash[0, 1] = 10**12
    assert accrue(start + 1 + day)[2] == 100
    assert accrue(start + year)[2] == 100  # a second short of a year
    held = accrue(start + year + 1)
    assert held[1] == 0
    assert held[0] + held[2] == 10**12 + 100


def test_the_last_borrower_of_venus_cannot_repay_in_full():
    """Floored totals: debts of 2 and a total of 1."""
    terms, pool, kept = compound_pool(
        curves.KinkedWad(0, 0, 0, 0), principal=at(0, (0, 2), (1, 2, 2)), noted=WAD, borrows=1,
    )  # fmt: skip
    refusal = act_compound(terms, pool, kept, 0, NOW, codes.REPAY, 0, 1, np.int64(codes.ALL), -1)
    assert refusal == codes.UNDERFLOW
    assert compound.debt_of(pool, 0, 0, 1) == 2


def test_one_share_of_morpho():
    """It costs 1 to supply, withdraws 0, borrows 0 and owes 1, repays 1."""
    for action, assets in (
        (codes.SUPPLY, 1), (codes.WITHDRAW, 0), (codes.BORROW, 0), (codes.REPAY, 1),
    ):  # fmt: skip
        terms, pool, kept = morpho_pool(
            86 * WAD // 100, UNIT, UNIT, supply_assets=1000, supply_shares=10**9, cash=500,
            borrow_assets=500, borrow_shares=5 * 10**8, collateral=at(0, 10**6, (1, 3)),
            supplied=at(0, 10**9, (1, 3)), borrowed=at(0, 5 * 10**8, (1, 3)), held=10**6,
        )  # fmt: skip
        refusal = act_morpho(terms, pool, kept, 0, np.int64(0), action, 0, np.int64(0), 1, -1)
        assert refusal == codes.ACCEPTED
        assert tuple(pool.result[0]) == (assets, 1)


def test_interest_of_morpho_is_floored_at_each_accrual():
    """A debt of 900,000: 1,000 accruals in ten days charge nothing, one charges 777."""
    charged = []
    for count in (1000, 1):
        terms, pool, _ = morpho_pool(
            86 * WAD // 100, UNIT, UNIT, rate=10**9, borrow_assets=900_000,
            borrow_shares=9 * 10**11, supply_assets=10**6, supply_shares=10**12,
        )  # fmt: skip
        for time_s in range(864_000 // count, 864_001, 864_000 // count):
            assert morpho.accrue(terms, pool, 0, np.int64(time_s)) == codes.ACCEPTED
        charged.append(int(pool.borrow_assets[0]) - 900_000)
    assert charged == [0, 777]


def test_what_leaves_64_bits_is_named_and_changes_nothing():
    terms, pool, kept = morpho_pool(
        86 * WAD // 100, UNIT, UNIT, rate=10**18, borrow_assets=10**12, borrow_shares=10**18,
        supply_assets=10**12, supply_shares=10**18,
    )  # fmt: skip
    late = np.int64(10**9)
    refusal = act_morpho(terms, pool, kept, 0, late, codes.ACCRUE, -1, np.int64(0), 0, -1)
    assert codes.REASONS["morpho"][refusal] == "amount_overflow"
    assert (pool.borrow_assets[0], pool.updated_s[0]) == (10**12, 0)


@pytest.mark.parametrize(
    ("assets", "shares", "collateral", "lent", "reason"),
    [
        (19_520_034_310_549, 0, 10**18, 0, "insufficient liquidity"),  # run on the contract
        (19_520_034_310_549, 0, 10**6, 0, "insufficient collateral"),
        (0, codes.LARGEST, 10**6, 0, "insufficient collateral"),
        (0, codes.LARGEST, 10**18, 0, "insufficient liquidity"),
        (10**13, 0, 10**18, 10**14, "amount_overflow"),  # which the contract would lend
    ],
)
def test_a_loan_that_leaves_64_bits_is_refused_as_the_contract_does(
    assets, shares, collateral, lent, reason
):
    """10**6 shares a unit: a loan that nobody could get is refused for what the contract says."""
    supplied = lent if reason == "amount_overflow" else 572_009_004_643
    terms, pool, kept = morpho_pool(
        86 * WAD // 100, UNIT, UNIT, supply_assets=supplied, cash=supplied,
        supply_shares=min(supplied * 10**4, 10**18), collateral=at(0, collateral, (1, 3)),
        held=collateral,
    )  # fmt: skip
    refusal = act_morpho(
        terms, pool, kept, 0, np.int64(0), codes.BORROW, 0, np.int64(assets), np.int64(shares), -1
    )
    assert codes.REASONS["morpho"][refusal] == reason
    assert pool.borrow_shares[0] == 0


@pytest.mark.parametrize(("tokens", "refusal"), [(100, codes.OWN_SEIZURE), (0, codes.ACCEPTED)])
def test_healing_oneself_is_refused_in_venus_where_there_is_something_to_seize(tokens, refusal):
    """Run on the contract: LiquidateSeizeLiquidatorIsBorrower, and not Liquidate..IsBorrower."""
    terms, pool, kept = compound_pool(
        curves.KinkedWad(0, 0, 0, 0), principal=at(0, (0, 200), (1, 2, 2)), noted=WAD,
        claims=at(0, (tokens, 0), (1, 2, 2)), tokens=1000, cash=1000, borrows=200,
    )  # fmt: skip
    terms = terms._replace(minimal_collateral=10**6)
    assert refusal == act_compound(terms, pool, kept, 0, NOW, codes.HEAL, 0, 1, np.int64(0), 0)
    if refusal == codes.OWN_SEIZURE:
        assert codes.REASONS["compound"][refusal] == "LiquidateSeizeLiquidatorIsBorrower"
    else:
        assert pool.bad_debt[0, 1] == 200
