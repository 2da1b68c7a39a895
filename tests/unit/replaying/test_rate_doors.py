"""The message doors of loans by rate: scenarios by hand, and what they refuse in one sentence."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import proteus

pytestmark = pytest.mark.plain

NANO = 10**9
WALLETS = {"ann": (1_000 * NANO, 0), "bob": (0, 1_000), "cyn": (1_000 * NANO, 500)}
TERMS: dict[str, Any] = {
    "wallets": WALLETS, "price": NANO // 2, "term_s": 100, "year_s": 1_000, "policy": "full",
}  # fmt: skip
AUCTION: dict[str, Any] = {**TERMS, "interval_s": 10}


def row(kind: str, agent: Any = None, time_s: int = 0, **more: Any) -> dict[str, Any]:
    return {"time_s": time_s, "kind": kind, "agent": agent, **more}


def offer(agent: str, amount: int, steps: int, time_s: int = 0, **more: Any) -> dict[str, Any]:
    return row("offer", agent, time_s, amount=amount * NANO, rate_permille=steps, **more)


def request(agent: str, amount: int, steps: int, time_s: int = 0, **more: Any) -> dict[str, Any]:
    return row("request", agent, time_s, amount=amount * NANO, rate_permille=steps, **more)


PLEDGED = row("add_collateral", "bob", amount=1_000)


def lend(rows: list[dict[str, Any]], mechanism: str = "rate_book", **terms: Any) -> Any:
    given = {**(AUCTION if mechanism == "rate_auction" else TERMS), **terms}
    return proteus.replay(rows, mechanism=mechanism, **given)


def test_a_loan_has_the_rate_of_the_order_that_rested() -> None:
    """100 at 0.20 for a tenth of a year owe 102, whoever came first; 0.10 asked for is not it."""
    for pair in ([offer("ann", 100, 200), request("bob", 100, 300)],
                 [request("bob", 100, 200), offer("ann", 100, 100)]):  # fmt: skip
        loans = lend([PLEDGED, *pair]).loans
        assert loans["rate_permille"].tolist() == [200]
        assert loans["owed"].tolist() == [102 * NANO]


def test_all_loans_of_a_batch_have_one_rate_in_the_middle() -> None:
    """Bids of 30 at 0.30 and 30 at 0.20, an offer of 60 at 0.10: between 0.10 and 0.20."""
    rows = [PLEDGED, request("bob", 30, 300), request("bob", 30, 200), offer("ann", 60, 100),
            row("accrue", None, 10)]  # fmt: skip
    for rule, rate in (("midpoint", 150), ("lower", 100), ("upper", 200), ("reference", 120)):
        lent = lend(rows, "rate_auction", price_rule=rule, reference_permille=120)
        assert set(lent.loans["rate_permille"]) == {rate}
        assert lent.loans["start_s"].tolist() == [10, 10]
    assert lend(rows[:-1], "rate_auction").loans.empty


def test_the_margin_of_a_batch_is_shared_as_it_is_said() -> None:
    """An offer of 30 at the rate of three requests: 20 and 20, and 20 that came a batch later."""
    rows = [PLEDGED, row("add_collateral", "cyn", amount=500), request("bob", 20, 100),
            request("cyn", 20, 100), request("bob", 20, 100, 11), offer("ann", 30, 100, 12),
            row("accrue", None, 20)]  # fmt: skip
    for allocation, amounts in (("time", [20, 10]), ("pro_rata", [10, 10, 10]),
                                ("earlier_batches_first", [15, 15])):  # fmt: skip
        lent = lend(rows, "rate_auction", allocation=allocation)
        assert lent.loans["principal"].tolist() == [amount * NANO for amount in amounts]


def test_the_last_state_alone_and_a_table_without_rows() -> None:
    rows = [PLEDGED, offer("ann", 100, 200), request("bob", 100, 300)]
    one, whole = lend(rows, states="last"), lend(rows)
    assert one.pool["row"].tolist() == [2]
    assert whole.pool.iloc[[-1]].reset_index(drop=True).equals(one.pool)
    empty = lend([])
    assert (empty.results.empty, empty.loans.empty, empty.events.empty) == (True, True, True)
    assert list(empty.loans.columns) == list(whole.loans.columns)
    assert list(empty.events.columns) == list(whole.events.columns)


def test_any_table_is_taken_and_empty_cells_are_none() -> None:
    rows = [PLEDGED, offer("ann", 100, 200), request("bob", 100, 300)]
    frame = pd.DataFrame(rows)
    frame["expires_s"] = None
    assert lend(frame).loans.equals(lend(rows).loans)  # type: ignore[arg-type]


def test_many_small_loans_find_room() -> None:
    """Pro rata a batch makes a loan of each pair: more than there are orders."""
    rows = [PLEDGED, *(request("bob", 3, 100) for _ in range(10))]
    rows += [each for at in range(1, 11) for each in
             (offer("ann", 2, 100, 10 * at), row("accrue", None, 10 * at + 10))]  # fmt: skip
    lent = lend(rows, "rate_auction", allocation="pro_rata")
    assert len(lent.loans) > 40
    assert lent.loans["principal"].sum() == 20 * NANO


def test_the_treasury_s_part_of_the_bonus_bears_losses_first() -> None:
    """At 0.20 the bonus of 1,000 lots is 20, 2 of it the treasury's: 180 are repaid of 204."""
    opened = [PLEDGED, offer("ann", 200, 200), request("bob", 200, 200)]
    fallen = row("price", price=NANO // 5)
    rows = [*opened, fallen, row("liquidate", "cyn", borrower="bob", amount=1_000)]
    lent = lend(rows, protocol_share=10**17)
    last = lent.accounts.set_index("account").iloc[-3:]
    assert lent.pool["bad_debt"].tolist()[-1] == 24 * NANO
    assert last["cash"]["ann"] == (1_000 - 200 + 180 + 2) * NANO
    assert last["cash"]["cyn"] == (1_000 - 180 - 2) * NANO


def test_an_order_is_withdrawn_by_who_sent_it() -> None:
    rows = [offer("ann", 5, 100), row("cancel", "cyn", order=0), row("cancel", "ann", order=0),
            row("cancel", "ann", order=0)]  # fmt: skip
    lent = lend(rows)
    assert lent.results["reason"].tolist() == [None, "unknown_order", None, "unknown_order"]
    assert lent.results["first"].tolist() == [0, 0, 5 * NANO, 0]


def test_a_loan_that_matures_makes_room_for_the_batch_of_its_time() -> None:
    """At 0.30 bob may owe 150: 100.2 and 100.3 are too much, but the former is due at 20."""
    rows = [PLEDGED, offer("ann", 100, 200), request("bob", 100, 200), request("bob", 100, 300, 11),
            row("price", time_s=12, price=3 * NANO // 10), offer("ann", 50, 300, 12),
            row("accrue", None, 20)]  # fmt: skip
    lent = lend(rows, "rate_auction", term_s=10)
    assert lent.loans["principal"].tolist() == [100 * NANO, 50 * NANO]
    assert lent.loans["maturity_s"].tolist() == [20, 30]


def test_a_request_beyond_64_bits_is_refused_and_changes_nothing() -> None:
    rows = [PLEDGED, row("request", "bob", amount=2**63 - 1, rate_permille=1)]
    lent = lend(rows)
    assert lent.results["reason"].tolist() == [None, "amount_overflow"]
    assert lent.accounts["reserved"].sum() == 0


@pytest.mark.parametrize(
    ("rows", "terms", "sentence"),
    [
        ([], {"term_s": 0}, "term_s=0 is not allowed: must be an integer 1 .. 1099511627776"),
        ([], {"curve": "fixed"}, "curve is no keyword of mechanism=rate_book"),
        ([], {"interval_s": 5}, "interval_s is no keyword of mechanism=rate_book"),
        ([], {"wallets": {"a": (0, 2**40)}}, "lots of payoff=1000000000 fit 2**63 nano up to 922"),
        ([], {"wallets": None}, "wallets=None is not allowed: must map each account to (cash_nano"),
        ([], {"ltv": 7 * 10**17}, "ltv=700000000000000000 is not allowed: must be below thresh"),
        ([], {"policy": "half"}, "policy='half' is not allowed: must be full, close_factor, targ"),
        ([], {"short": "bob"}, "short='bob' is not allowed: must list accounts of wallets"),
        ([], {"states": "all"}, "states='all' is not allowed: must be every, last"),
        ([], {"seed": 5}, "mechanism=rate_book is not allowed with n_ticks, reference_ticks, delt"),
        ([row("supply", "ann")], {}, "kind='supply' in row 0 is not allowed: must be offer, reque"),
        ([row("offer", "ann", rate_permille=1)], {}, "amount in row 0 is missing: offer needs it"),
        ([row("offer", "ann", amount=1)], {}, "rate_permille in row 0 is missing: offer needs it"),
        ([row("offer", amount=1, rate_permille=1)], {}, "agent in row 0 is missing: offer needs i"),
        ([row("offer", "ann", amount=1, rate_permille=5_001)], {}, "rate_permille=5001 in row 0 "),
        ([row("offer", "ann", amount=1, rate_permille=0)], {}, "must be 1 .. 5000"),
        ([row("offer", "ann", amount=-1, rate_permille=1)], {}, "amount=-1 in row 0 is not allowe"),
        ([offer("ann", 1, 1, expires_s=-1)], {}, "expires_s=-1 in row 0 is not allowed: must be 0"),
        ([offer("ann", 1, 1, loan=1)], {}, "loan=1 in row 0 is not allowed: offer must leave it e"),
        ([offer("zoe", 1, 1)], {}, "agent='zoe' in row 0 is not allowed: must be an account of wa"),
        ([row("cancel", "ann")], {}, "order in row 0 is missing: cancel needs it"),
        ([row("repay", "bob", shares=5)], {}, "unknown column shares; allowed: time_s, kind, agen"),
        ([row("repay", "bob", all=True, amount=1)], {}, "all=True in row 0 is not allowed: amount"),
        ([row("accrue", None, 5), row("accrue", None, 4)], {}, "time_s=4 in row 1 is not allowed"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_sentence(
    rows: list[dict[str, Any]], terms: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        lend(rows, **terms)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"interval_s": 0}, "interval_s=0 is not allowed: must be an integer 1 .. 1099511627776"),
        ({"price_rule": "mean"}, "price_rule='mean' is not allowed: must be midpoint, reference"),
        ({"allocation": "random"}, "allocation='random' is not allowed: must be time, pro_rata"),
        ({"reference_permille": 0}, "reference_permille=0 is not allowed: must be an integer 1 .."),
    ],
)
def test_of_a_batch_too(terms: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$") as caught:
        lend([], "rate_auction", **terms)
    assert sentence in str(caught.value)


def test_an_interval_is_needed_and_a_mechanism_that_is_nearly_one_is_named() -> None:
    with pytest.raises(ValueError, match="interval_s is missing: mechanism=rate_auction needs it"):
        proteus.replay([], mechanism="rate_auction", **TERMS)
    with pytest.raises(ValueError, match="does not exist; did you mean rate_auction"):
        proteus.replay([], mechanism="rate_auctions")
