"""The message door of lending: scenarios by hand, and what it refuses in one sentence."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pandas as pd
import pytest

import proteus

pytestmark = pytest.mark.plain

NANO = 10**9
WALLETS = {"lender": (10_000 * NANO, 0), "maker": (1_000 * NANO, 1_000), "shark": (10**13, 0)}
TERMS: dict[str, Any] = {
    "wallets": WALLETS, "price": NANO // 2, "curve": "fixed", "base": 0, "bonus": 8 * 10**16,
    "policy": "full",
}  # fmt: skip
MORPHO: dict[str, Any] = {
    "rules": "morpho", "wallets": {"a": (10**9, 10**9), "b": (10**9, 10**9), "fees": (0, 0)},
    "lltv": 8 * 10**17, "curve": "none", "fee_account": "fees", "price": 10**6,
}  # fmt: skip
COMPOUND: dict[str, Any] = {
    "rules": "compound", "wallets": {"a": (10**9, 10**9)}, "base_per_year": 0,
    "multiplier_per_year": 0, "jump_per_year": 0, "kink": 0, "reserve_factor": 0,
    "collateral_factor": 0, "threshold": 0, "incentive": 10**18, "close_factor": 5 * 10**17,
    "seize_share": 0, "first_rate": 10**18, "price_c": 10**18, "price_d": 10**18,
}  # fmt: skip


def row(kind: str, agent: Any = None, time_s: int = 0, **more: Any) -> dict[str, Any]:
    return {"time_s": time_s, "kind": kind, "agent": agent, **more}


OPENING = [
    row("supply", "lender", amount=1_000 * NANO),
    row("add_collateral", "maker", amount=1_000),
    row("borrow", "maker", amount=250 * NANO),
]


def lend(rows: list[dict[str, Any]], **terms: Any) -> Any:
    return proteus.replay(rows, mechanism="pool", **{**TERMS, **terms})


def test_the_ltv_is_enough_and_one_nano_more_is_not() -> None:
    """1,000 lots at 0.50 carry 250 at an LTV of a half."""
    found = lend([*OPENING, row("borrow", "maker", amount=1)]).results
    assert found["accepted"].tolist() == [True, True, True, False]
    assert found["reason"].tolist() == [None, None, None, "below_ltv"]


def test_health_of_exactly_one_is_not_liquidated() -> None:
    """250 over 1,000 lots and 0.65: at 0.384615385 the debt is carried, a nano lower it is not."""
    for price, reason in ((384_615_385, "healthy"), (384_615_384, None)):
        found = lend([
            *OPENING, row("price", price=price),
            row("liquidate", "shark", borrower="maker", amount=1),
        ]).results  # fmt: skip
        assert found["reason"].tolist()[-1] == reason


def test_the_health_factor_is_that_of_fractions_rounded_down() -> None:
    """Of both sides: 0.65 x the worth of 1,000 lots, over 250; nothing without a debt."""
    for short, price in (([], 384_615_384), (["maker"], NANO - 384_615_384), ([], 10**6)):
        accounts = lend([*OPENING, row("price", price=price)], short=short).accounts
        last = accounts.set_index("account").iloc[-len(WALLETS) :]
        value = NANO - price if short else price
        exact = Fraction(65, 100) * 1_000 * value / (250 * NANO)
        assert last.loc["maker", "health_factor"] == exact * NANO // 1
        assert last.loc["maker", "is_healthy"] == (exact >= 1)
        assert last.loc[["lender", "shark"], "health_factor"].tolist() == [None, None]


def test_a_liquidation_by_hand() -> None:
    """At 0.35 a lot costs 0.322, as the bonus is 0.028: 100 lots repay 32.2."""
    lent = lend([
        *OPENING, row("price", price=350_000_000),
        row("liquidate", "shark", borrower="maker", amount=100),
    ])  # fmt: skip
    last = lent.results.iloc[-1]
    assert (last["first"], last["second"]) == (100, 32_200_000_000)
    shark = lent.accounts.iloc[-1]
    assert (shark["account"], shark["seized_long"]) == ("shark", 100)
    assert shark["cash"] == WALLETS["shark"][0] - 32_200_000_000


def test_a_loss_is_borne_by_the_treasury_first_and_then_by_lenders() -> None:
    """All 1,000 lots at 0.20 repay 180 of 250: 70 are lost. A lender had 1,000."""
    rows = [
        *OPENING, row("price", price=200_000_000),
        row("liquidate", "shark", borrower="maker", amount=1_000),
    ]  # fmt: skip
    last = lend(rows).pool.iloc[-1]
    assert (last["bad_debt"], last["supply_assets"]) == (70 * NANO, 930 * NANO)
    assert (last["borrow_assets"], last["borrow_shares"]) == (0, 0)
    # A year at 10 %, half of which is the treasury's 12.5: it bears that much of a loss of 95.
    late = [*OPENING, *({**each, "time_s": 31_536_000} for each in rows[3:])]
    last = lend(
        late, base=10**17, accrue_s=31_536_000, reserve_factor=5 * 10**17
    ).pool.iloc[-1]  # fmt: skip
    assert (last["bad_debt"], last["treasury"]) == (95 * NANO, 0)
    assert last["supply_assets"] == round(1_012.5 * NANO) - round((95 - 12.5) * NANO)


def test_everything_can_be_repaid_and_no_unit_of_debt_stays() -> None:
    rows = [
        *OPENING, row("repay", "maker", 7, amount=10**12), row("withdraw", "lender", 7, all=True),
    ]  # fmt: skip
    last = lend(rows, base=3 * 10**17).pool.iloc[-1]
    assert (last["borrow_assets"], last["borrow_shares"], last["supply_shares"]) == (0, 0, 0)


def test_interest_comes_on_the_grid_and_not_a_second_before() -> None:
    """250 at 10 % of a year of 1,000 s, every 100 s: 2.5, whoever acts at 99."""
    rows = [*OPENING, row("accrue", None, 99), row("accrue", None, 100), row("accrue", None, 199)]
    charged = lend(rows, base=10**17, accrue_s=100, year_s=1_000).pool["interest"].tolist()
    assert charged == [0, 0, 0, 0, 2_500_000_000, 2_500_000_000]


def test_the_last_share_owes_all_that_is_left() -> None:
    """3 nano at 500 % a year are 18; their shares alone, among virtual ones, would be 15."""
    year = 31_536_000
    rows = [*OPENING[:2], row("borrow", "maker", amount=3), row("repay", "maker", year, all=True)]
    lent = lend(rows, base=5 * 10**18, accrue_s=year)
    assert lent.results["first"].tolist()[-1] == 18
    assert lent.pool["borrow_assets"].tolist()[-1] == 0


def test_two_messages_at_one_time_go_in_the_order_of_their_rows() -> None:
    pair = [row("borrow", "maker", amount=250 * NANO), OPENING[1]]
    assert lend([OPENING[0], *pair]).results["accepted"].tolist() == [True, False, True]
    assert lend([OPENING[0], *pair[::-1]]).results["accepted"].all()


def test_the_last_state_alone_and_a_table_without_rows() -> None:
    rows = lend(OPENING, states="last")
    assert rows.pool["row"].tolist() == [2]
    assert lend(OPENING).pool.iloc[[-1]].reset_index(drop=True).equals(rows.pool)
    assert lend([]).results.empty
    assert lend([]).results.columns.equals(rows.results.columns)


def test_any_table_is_taken_and_empty_cells_are_none() -> None:
    frame = pd.DataFrame(OPENING)
    frame["all"] = None
    assert lend(frame).pool.equals(lend(OPENING).pool)  # type: ignore[arg-type]


def test_wide_numbers_stay_whole() -> None:
    aave = {
        "decimals_c": 6, "decimals_d": 6, "optimal": 8 * 10**26, "base": 0, "slope_1": 10**26,
        "slope_2": 10**27, "reserve_factor_bps": 0, "protocol_fee_bps": 0, "ltv_bps": 7000,
        "threshold_bps": 7500, "bonus_bps": 10_500, "price_c": 10**8, "price_d": 10**8,
        "treasury": "t", "rules": "aave", "wallets": {"a": (10**9, 10**9), "t": (0, 0)},
    }  # fmt: skip
    lent = proteus.replay([row("supply", "a", asset="D", amount=5)], mechanism="pool", **aave)
    assert lent.pool["income_index"].tolist() == [10**27, 10**27]
    assert lent.accounts["health_factor"].tolist() == [None, None]


@pytest.mark.parametrize(
    ("rows", "terms", "sentence"),
    [
        ([], {"rules": "aav"}, "rules='aav' does not exist; did you mean aave?"),
        ([], {"rules": ["aave"]}, "rules=['aave'] does not exist; did you mean aave?"),
        ([], {"wallets": None}, "wallets=None is not allowed: must map each account to"),
        ([], {"wallets": {"a": (1, -1)}}, "wallets: a=(1, -1) is not allowed"),
        ([], {"wallets": {"a": (2**62, 0)}}, "1000 shares a nano fit 2**63 up to"),
        ([], {"threshold": 10**18}, "threshold=1000000000000000000 is not allowed"),
        ([], {"ltv": 7 * 10**17}, "ltv=700000000000000000 is not allowed: must be below thresh"),
        ([], {"bonus": 10**18}, "bonus=1000000000000000000 is not allowed: threshold x (1 + b"),
        ([], {"tick": NANO}, "tick=1000000000 is not allowed: must be at most half of payoff"),
        ([], {"lltv": 1}, "lltv is no keyword of mechanism=pool rules=proteus"),
        ([], {"short": ["nobody"]}, "short='nobody' is not allowed: no account of wallets"),
        ([], {"short": "maker"}, "short='maker' is not allowed: must list accounts"),
        ([], {"states": "all"}, "states='all' is not allowed: must be every, last"),
        ([], {"policy": "half"}, "policy='half' is not allowed: must be full, close_factor"),
        ([], {"delta": 5}, "mechanism=pool is not allowed with n_ticks, reference_ticks, delta"),
        ([], {**MORPHO, "fee_account": "x"}, "fee_account='x' is not allowed"),
        ([], {**MORPHO, "fee": 10**18}, "fee=1000000000000000000 is not allowed: must be an"),
        ([row("flash", "maker")], {}, "kind='flash' in row 0 is not allowed: must be supply, "),
        ([row("supply", "maker")], {}, "amount in row 0 is missing: supply needs it"),
        ([row("supply", amount=1)], {}, "agent in row 0 is missing: supply needs it"),
        ([row("supply", "x", amount=1)], {}, "agent='x' in row 0 is not allowed: must be an acc"),
        ([row("supply", "maker", amount=-1)], {}, "amount=-1 in row 0 is not allowed: must be 0"),
        ([row("supply", "maker", amount=2**63)], {}, "amount=9223372036854775808 in row 0"),
        ([row("supply", "maker", amount=1, fee=1)], {}, "fee=1 in row 0 is not allowed: supply"),
        ([row("accrue", "maker")], {}, "agent='maker' in row 0 is not allowed: accrue must leav"),
        ([row("price")], {}, "price in row 0 is missing: price needs it"),
        ([row("repay", "maker", amount=1, all=True)], {}, "all=True in row 0 is not allowed: amo"),
        ([row("repay", "maker", all="yes")], {}, "all='yes' in row 0 is not allowed: must be Tr"),
        ([row("accrue", None, 5), row("accrue", None, 4)], {}, "time_s=4 in row 1 is not allowed"),
        ([row("accrue", None, 10**6 + 1)], {}, "time_s=1000001 in row 0 is not allowed: 1000001"),
        ([row("accrue", None, 10**12)], {"accrue_s": 60}, "steps of accrue_s=60 are due; at most"),
        ([row("accrue", gas=1)], {}, "unknown column gas; allowed: time_s, kind, agent"),
        ([row("accrue", asset="E")], COMPOUND, "asset='E' in row 0 is not allowed: must be C, D"),
        ([row("accrue")], COMPOUND, "asset in row 0 is missing: accrue needs it"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_sentence(
    rows: list[dict[str, Any]], terms: dict[str, Any], sentence: str
) -> None:
    given = terms if {"lltv", "kink"} & set(terms) and "rules" in terms else {**TERMS, **terms}
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        proteus.replay(rows, mechanism="pool", **given)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_mechanism_that_is_nearly_the_pool_is_named() -> None:
    with pytest.raises(ValueError, match="mechanism=pol does not exist; did you mean pool"):
        proteus.replay([], mechanism="pol")
