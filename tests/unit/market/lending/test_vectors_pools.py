"""Vectors from running contracts: what they did to a pool. Few leave 64 bits, and say so."""

import numpy as np
import pytest

from proteus.market.arithmetic.wide import of_int, to_int
from proteus.market.lending import aave, aave_actions, codes, curves, morpho
from proteus.market.lending.aave_door import act_aave
from proteus.market.lending.accrual import compounded_ray
from proteus.market.lending.compound import debt_of, exchange_rate
from proteus.market.lending.compound_door import act_compound
from proteus.market.lending.morpho_door import act_morpho
from tests.helpers.lending import (
    WAD,
    aave_pool,
    at,
    compound_pool,
    morpho_pool,
    ray_curve,
    words,
)
from tests.unit.market.lending.test_vectors import inputs, of_group

pytestmark = pytest.mark.plain

LARGEST = 2**63 - 1
# Amounts of 18 decimals are seen in millionths of a unit fewer: within 1e-9, and one unit.
MILLION = 10**6


def near(ours, recorded):
    return abs(ours * MILLION - int(recorded)) <= max(int(recorded) // 10**9, MILLION)


@of_group("scaled-balance")
def test_scaled_balances_of_aave(vector):
    given = inputs(vector)
    is_claim = vector["call"] == "supply"
    index = of_int(given["liquidityIndex" if is_claim else "variableBorrowIndex"])
    before = given["scaledBefore"]
    change = int(aave.scaled_down(given["amount"], index))
    change = -change if vector["call"] == "repay" else change
    shown = int(aave.scaled_up(before + change, index)) - int(aave.scaled_up(before, index))
    assert str(change) == vector["output"]["scaledChange"]
    assert str(shown) == vector["output"]["balanceChange"]


def liquidated(collateral, debt, decimals, prices, amount=codes.ALL, fee=0):
    """The state after a liquidation of account 0 by 1, with no interest due."""
    terms, pool, kept = aave_pool(
        decimals, prices, fee, supplied=at(0, (collateral, 0), (1, 3, 2)),
        owed=at(0, (0, debt), (1, 3, 2)), supply=np.array([[collateral, 0]]),
        debt=np.array([[0, debt]]), cash=np.array([[collateral, 10 * debt]]), updated_s=1,
        is_collateral=np.array([[True, False, False]]),
        is_borrowing=np.array([[True, False, False]]),
    )  # fmt: skip
    values = aave.values_of(terms, pool, 0, 0, np.int64(1))
    health = to_int(aave.health_of(terms, *values))
    refusal = act_aave(terms, pool, kept, 0, np.int64(1), codes.LIQUIDATE, 1, 1, amount, 0, False)
    return pool, health, refusal


def outcome(pool, debt):
    return {
        "debtAfter": int(pool.owed[0, 0, 1]), "paid": debt - int(pool.owed[0, 0, 1]),
        "seized": int(pool.result[0, 0]), "collateralLeft": int(pool.supplied[0, 0, 0]),
        "treasuryFee": int(pool.supplied[0, 2, 0]),
    }  # fmt: skip


@of_group("health-close-factor")
def test_health_and_close_factor_of_aave(vector):
    given = inputs(vector)
    debt = given["debt"] // MILLION
    pool, health, refusal = liquidated(
        given["collateral"] // MILLION, debt, (12, 12), (given["priceC"], given["priceD"])
    )
    assert refusal == 0
    assert str(health) == vector["output"]["healthFactor"]
    for key, value in outcome(pool, debt).items():
        assert near(value, vector["output"][key]), key


@of_group("half-close")
def test_half_a_debt_is_rounded_as_each_contract_does(vector):
    given = inputs(vector)
    if "priceD" in given:
        prices = (given["priceC"], given["priceD"])
        pool, health, refusal = liquidated(given["collateral"], given["debt"], (6, 6), prices)
        assert refusal == 0
        assert str(health) == vector["output"]["healthFactor"]
        for key, value in outcome(pool, given["debt"]).items():
            assert str(value) == vector["output"][key], key
        return
    best = (0, 0, 0)
    for amount in range(1, given["debt"] + 1):
        terms, pool, kept = compound_pool(
            curves.KinkedWad(0, 0, 0, 0), price=np.array([[given["priceC"], WAD]]),
            claims=at(0, (given["collateral"], 0), (1, 2, 2)), noted=WAD,
            principal=at(0, (0, given["debt"]), (1, 2, 2)), cash=given["collateral"],
            tokens=np.array([[given["collateral"], 0]]), borrows=np.array([[0, given["debt"]]]),
        )  # fmt: skip
        if act_compound(terms, pool, kept, 0, 0, codes.LIQUIDATE, 1, 1, np.int64(amount), 0) == 0:
            best = (amount, given["collateral"] - pool.claims[0, 0, 0], pool.claims[0, 1, 0])
    assert [str(each) for each in best] == [*vector["output"].values()]


@of_group("seize-aave")
def test_seizure_of_aave(vector):
    given = inputs(vector)
    decimals, cover = [given["decC"], given["decD"]], given["debtToCover"]
    scale = [MILLION if each == 18 and cover > 11 else 1 for each in decimals]
    decimals = [each - 6 if part > 1 else each for each, part in zip(decimals, scale, strict=True)]
    prices = (given["priceC"], given["priceD"])
    terms, pool, _ = aave_pool(decimals, prices, given["protocolFeeBps"])
    claim = min(1000 * 10 ** decimals[0], LARGEST)
    amount = np.int64(cover // scale[1])
    seized, paid, fee = aave_actions._what_is_taken(terms, pool, 0, np.int64(claim), amount)
    for value, key, part in ((seized, "seized", scale[0]), (paid, "paid", scale[1]),
                             (fee, "treasuryFee", scale[0])):  # fmt: skip
        recorded = vector["output"][key]
        assert near(int(value), recorded) if part > 1 else str(value) == recorded, key


@of_group("bad-debt-aave")
def test_debt_that_stays_in_aave(vector):
    given = inputs(vector)
    if vector["call"] == "debt one year later":
        # A pool of 1,000,000 has lent 800, of which this is left; interest is that of its curve.
        left, whole = 323809523809523809524, 10**24
        curve = ray_curve(0.8, 0, 0.04, 0.75)
        _, rate, _ = curves.kinked_ray(curve, of_int(whole - left), of_int(left), 1000)
        factor = compounded_ray(rate, given["seconds"])
        assert str(to_int(curves.ray_multiply(of_int(left), factor))) == vector["output"]
        return
    debt = int(vector["output"]["debtBefore"])
    part = MILLION if debt > LARGEST else 1
    collateral = given["collateral"] // part
    decimals = (12, 12) if part > 1 else (6, 6)
    prices = (given["priceC"], given.get("priceD", 10**8))
    pool, _, refusal = liquidated(collateral, debt // part, decimals, prices)
    assert refusal == 0
    for key, value in outcome(pool, debt // part).items():
        recorded = vector["output"][key]
        assert near(value, recorded) if part > 1 else str(value) == recorded, key
    assert pool.owed[0, 0, 1] > 0
    assert not pool.is_collateral[0, 0]


@of_group("liq-incentive")
def test_incentives_of_morpho(vector):
    given = inputs(vector)
    assert str(morpho.incentive_of(np.int64(given["lltvWad"]))) == vector["output"]["lifWad"]


@of_group("seize-morpho")
def test_seizure_of_morpho(vector):
    given = inputs(vector)
    assert given["priceScaled"] == 10**36
    shares = given["totalBorrowShares"]
    terms, pool, kept = morpho_pool(
        given["lltvWad"], 10**6, 10**6, supply_assets=given["totalSupplyAssets"],
        supply_shares=given["totalSupplyShares"], borrow_assets=given["totalBorrowAssets"],
        borrow_shares=shares, borrowed=at(0, shares, (1, 3)), held=given["collateral"],
        collateral=at(0, given["collateral"], (1, 3)),
    )  # fmt: skip
    seized, repaid = np.int64(given["seizedAssets"]), np.int64(given["repaidShares"])
    refusal = act_morpho(terms, pool, kept, 0, np.int64(0), codes.LIQUIDATE, 1, seized, repaid, 0)
    assert refusal == 0
    assert {
        "seized": pool.result[0, 0], "repaidAssets": pool.result[0, 1],
        "repaidShares": shares - pool.borrow_shares[0], "totalSupplyAssets": pool.supply_assets[0],
        "totalSupplyShares": pool.supply_shares[0], "totalBorrowAssets": pool.borrow_assets[0],
        "totalBorrowShares": pool.borrow_shares[0],
    } == {key: int(value) for key, value in vector["output"].items()}  # fmt: skip


@of_group("fee-shares")
def test_fees_of_morpho(vector):
    given = inputs(vector)
    terms, pool, _ = morpho_pool(
        86 * 10**16, 10**6, 10**6, rate=given["ratePerSecondWad"], fee=given["feeWad"],
        supply_assets=given["supply"], supply_shares=given["supply"] * 10**6,
        borrow_assets=given["borrow"], borrow_shares=given["borrow"] * 10**6,
    )  # fmt: skip
    assert morpho.accrue(terms, pool, 0, np.int64(given["seconds"])) == 0
    shares = pool.supplied[0, 2]
    worth = morpho._supply_assets(pool, 0, shares, 0)
    assert {
        "totalSupplyAssets": pool.supply_assets[0], "totalSupplyShares": pool.supply_shares[0],
        "totalBorrowAssets": pool.borrow_assets[0], "totalBorrowShares": pool.borrow_shares[0],
        "feeShares": shares, "feeSharesWorth": worth,
    } == {key: int(value) for key, value in vector["output"].items()}  # fmt: skip


@of_group("health-morpho")
def test_the_limit_of_morpho(vector):
    given = inputs(vector)

    def after(amount):
        terms, pool, kept = morpho_pool(
            given["lltvWad"], 1, 1, supply_assets=10**9, supply_shares=10**15, cash=10**9,
            collateral=at(0, given["collateral"], (1, 3)), held=given["collateral"],
        )  # fmt: skip
        pool.price[0], pool.price_unit[:] = of_int(given["priceScaled"]), words(10**36)
        limit = morpho.limit_of(terms, pool, 0, 0)
        do = act_morpho(terms, pool, kept, 0, 0, codes.BORROW, 0, np.int64(amount), 0, -1)
        result = tuple(int(each) for each in pool.result[0])
        liquidation = act_morpho(terms, pool, kept, 0, 0, codes.LIQUIDATE, 1, np.int64(1), 0, 0)
        return int(limit), do, result, liquidation

    reasons = codes.REASONS["morpho"]
    limit, refusal, result, liquidation = after(int(vector["output"]["max"]))
    assert str(limit) == vector["output"]["max"]
    shown = f"REVERT {reasons[refusal]}" if refusal else str(result)
    assert shown == vector["output"]["borrowMax"]
    assert f"REVERT {reasons[liquidation]}" == vector["output"]["liquidateAtMax"]
    refusal = after(limit + 1)[1]
    assert f"REVERT {reasons[refusal]}" == vector["output"]["borrowMaxPlus1"]


@of_group("bad-debt-morpho")
def test_losses_in_morpho(vector):
    given = inputs(vector)
    recorded = {key: int(value) for key, value in vector["output"].items()}
    if vector["call"] == "liquidate":
        debt, supply = given["debt"], given["supply"]
        terms, pool, kept = morpho_pool(
            86 * 10**16, 500_000, 10**6, supply_assets=supply, supply_shares=supply * 10**6,
            borrow_assets=debt, borrow_shares=debt * 10**6, held=given["collateral"],
            borrowed=at(0, debt * 10**6, (1, 3)), collateral=at(0, given["collateral"], (1, 3)),
        )  # fmt: skip
        seized = np.int64(given["seizedAssets"])
        assert act_morpho(terms, pool, kept, 0, 0, codes.LIQUIDATE, 1, seized, 0, 0) == 0
        ours = {"repaid": pool.result[0, 1], "collateralLeft": pool.collateral[0, 0],
                "borrowSharesLeft": pool.borrowed[0, 0]}  # fmt: skip
    else:
        # 1 unit was left of a supply of a thousand million shares' million.
        shares = recorded["totalSupplyShares"] - recorded["shares"]
        terms, pool, kept = morpho_pool(
            86 * 10**16, 10**6, 10**6, supply_assets=1, supply_shares=shares,
            supplied=at(0, shares, (1, 3)),
        )  # fmt: skip
        assets = np.int64(given["assets"])
        assert act_morpho(terms, pool, kept, 0, 0, codes.SUPPLY, 1, assets, 0, -1) == 0
        ours = {"shares": pool.result[0, 1]}
        for name, account in (("oldLenderWorth", 0), ("newLenderWorth", 1)):
            ours[name] = morpho._supply_assets(pool, 0, pool.supplied[0, account], 0)
    ours |= {
        "totalSupplyAssets": pool.supply_assets[0], "totalSupplyShares": pool.supply_shares[0],
        "totalBorrowAssets": pool.borrow_assets[0], "totalBorrowShares": pool.borrow_shares[0],
    }  # fmt: skip
    assert ours == recorded


@of_group("accrual-venus")
def test_accrual_of_venus(vector):
    given = inputs(vector)
    year = curves.YEAR_S
    names = ("baseRatePerYear", "multiplierPerYear", "jumpMultiplierPerYear")
    curve = curves.KinkedWad(*(given[name] // year for name in names), given["kink"])
    tokens = given["cash"] + given["borrows"]
    terms, pool, kept = compound_pool(
        curve, reserve_factor=given["reserveFactor"], cash=given["cash"], noted=WAD,
        borrows=given["borrows"], tokens=tokens, principal=at(0, given["borrows"], (1, 2, 2)),
        swept_s=1,
    )  # fmt: skip
    now = np.int64(given["seconds"])
    assert act_compound(terms, pool, kept, 0, now, codes.ACCRUE, -1, 1, 0, -1) == 0
    assert {
        "totalBorrows": pool.borrows[0, 1], "totalReserves": pool.reserves[0, 1],
        "borrowIndex": pool.index[0, 1], "borrowerBalance": debt_of(pool, 0, 0, 1),
        "exchangeRateStored": exchange_rate(terms, pool, 0, 1),
    } == {key: int(value) for key, value in vector["output"].items()}  # fmt: skip


@of_group("redeem-venus")
def test_redeeming_of_venus(vector):
    given = inputs(vector)
    # A market of so many tokens that its rate is the recorded one to the last digit.
    cash = given["exchangeRate"] // 10**3
    terms, pool, kept = compound_pool(
        curves.KinkedWad(0, 0, 0, 0), cash=cash, tokens=10**15, claims=100,
    )  # fmt: skip
    pool.cash[0, 1] += 1 if given["exchangeRate"] % 10**3 else 0
    amount = np.int64(given["amount"])
    refusal = act_compound(terms, pool, kept, 0, 0, codes.WITHDRAW, 0, 1, amount, -1)
    if "result" in vector["output"]:
        reason = codes.REASONS["compound"][refusal]
        assert f"REVERT {reason}" == vector["output"]["result"]
        return
    received, burnt = (str(each) for each in pool.result[0])
    assert {"received": received, "tokensBurnt": burnt} == vector["output"]
