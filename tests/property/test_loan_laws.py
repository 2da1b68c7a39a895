"""Laws of loans by rate over random messages: what is conserved, mirrored, and changed by nobody.

Small here; 2,000 sequences of 200 messages of each mechanism with PROTEUS_PROOF=1. Clearing is held
against every rate there is and against a linear programme of HiGHS, interest against fractions.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from tests.helpers.random_loans import MECHANISMS, NAMES, NANO, WALLETS, Row
from tests.property.test_loans_against_twin import LOAN, lend, mirrored, seeds, story, tried

pytestmark = pytest.mark.plain

EVERY = pytest.mark.parametrize("mechanism", MECHANISMS)
CASH = sum(cash for cash, _ in WALLETS.values())
LOTS = sum(lots for _, lots in WALLETS.values())


@EVERY
@tried
@given(seed=seeds)
def test_nothing_is_made_or_lost_and_a_refusal_changes_nothing(mechanism: str, seed: int) -> None:
    """To the nano after every message; before each, time passes by a message of its own."""
    terms, rows = story(mechanism, seed)
    waits = [{"time_s": row["time_s"], "kind": "accrue"} for row in rows]
    both = [each for pair in zip(waits, rows, strict=True) for each in pair]
    for row in rows:  # orders are named by their rows
        if "order" in row:
            row["order"] = 2 * row["order"] + 1
    lent = lend(both, mechanism, terms)
    totals = lent.accounts.groupby("row")[
        ["cash", "offered", "lots", "collateral", "seized_long", "seized_short", "claims", "debt"]
    ].sum()
    treasury = lent.pool["treasury"].to_numpy()
    assert (totals["cash"] + totals["offered"] + treasury == CASH).all()
    seized = totals["seized_long"] + totals["seized_short"]
    assert (totals["lots"] + totals["collateral"] + seized == LOTS).all()
    assert (totals["claims"] == totals["debt"]).all()
    assert (totals["debt"] == lent.pool["lent"]).all()
    numbers = lent.accounts.drop(columns=["row", "time_s", "account", "health_factor"])
    assert (numbers.to_numpy(np.int64) >= 0).all()
    states = numbers.to_numpy(np.int64).reshape(len(both), -1)
    refused = np.flatnonzero(~lent.results["accepted"])
    assert (states[refused] == states[refused - 1]).all()


@EVERY
@mirrored
@given(seed=seeds)
def test_events_add_up_to_every_debt_and_claim(mechanism: str, seed: int) -> None:
    """The log alone gives what each owes: each event begins with the debt the last one left."""
    terms, rows = story(mechanism, seed)
    lent = lend(rows, mechanism, terms, states="last")
    debts: Counter[Any] = Counter()
    claims: Counter[Any] = Counter()
    signs = {"credit_open": 1, "credit_accrual": 1, "credit_repay": -1, "credit_bad_debt": -1}
    for event in lent.events.to_dict("records"):
        if event["kind"] in signs:
            change = signs[event["kind"]] * event["amount"]
            assert event["debt_before"] == debts[event["account"]]
            debts[event["account"]] += change
            claims[event["other"]] += change
            assert event["debt_after"] == debts[event["account"]]
    for account in lent.accounts.to_dict("records"):
        assert debts[account["account"]] == account["debt"]
        assert claims[account["account"]] == account["claims"]
    charged = lent.events.loc[lent.events["kind"] == "credit_accrual", "amount"].sum()
    assert charged == lent.loans["interest"].sum()


@EVERY
@mirrored
@given(seed=seeds)
def test_a_mirrored_market_does_the_same_to_the_bit(mechanism: str, seed: int) -> None:
    """Shorts at 1 - p for longs at p: every decision, loan, liquidation and loss."""
    terms, rows = story(mechanism, seed)
    short = [name for name in NAMES if name not in terms["short"]]
    flipped = [{**row, "price": NANO - row["price"]} if "price" in row else row for row in rows]
    one = lend(rows, mechanism, terms)
    other = lend(flipped, mechanism, {**terms, "short": short, "price": NANO - terms["price"]})
    assert one.results.equals(other.results)
    assert one.loans.equals(other.loans)
    assert one.events.equals(other.events)
    swapped = other.accounts.rename(
        columns={"seized_long": "seized_short", "seized_short": "seized_long"}
    )
    assert one.accounts.equals(swapped[one.accounts.columns])


@EVERY
@mirrored
@given(seed=seeds)
def test_who_is_called_what_changes_nothing(mechanism: str, seed: int) -> None:
    """Other names, and accounts in another order."""
    terms, rows = story(mechanism, seed)
    names = {"ann": "zoe", "bob": "amy", "cyn": "bob", "dan": "cyn"}
    wallets = {names[name]: WALLETS[name] for name in ("dan", "bob", "ann", "cyn")}
    renamed = [
        {key: names[each] if key in ("agent", "borrower") else each for key, each in row.items()}
        for row in rows
    ]
    one = lend(rows, mechanism, terms, states="last")
    more = {**terms, "short": [names[name] for name in terms["short"]]}
    other = lend(renamed, mechanism, more, wallets, states="last")
    for about in ("results", "events", "loans"):
        ours = getattr(one, about).replace(names) if about != "results" else one.results
        theirs = getattr(other, about)
        kept = [name for name in ours.columns if name not in ("agent",)]
        assert ours[kept].equals(theirs[kept]), about
    by_name = {each["account"]: each for each in other.accounts.to_dict("records")}
    for each in one.accounts.to_dict("records"):
        assert {**each, "account": names[each["account"]]} == by_name[names[each["account"]]]


def pair(amount: int, offered: int, rates: tuple[int, int], **terms: Any) -> list[Row]:
    return [
        {"kind": "add_collateral", "agent": "bob", "amount": 10**7},
        {"kind": "offer", "agent": "ann", "amount": offered, "rate_permille": rates[0]},
        {"kind": "request", "agent": "bob", "amount": amount, "rate_permille": rates[1]},
        {"time_s": terms["interval_s"], "kind": "accrue"},
        {"time_s": terms["interval_s"] + terms["term_s"], "kind": "accrue"},
    ]


RICH = {"ann": (10**14, 0), "bob": (10**14, 10**7)}
TERMS: Row = {"price": NANO // 2, "term_s": 100, "year_s": 1_000}
AUCTION: Row = {**TERMS, "interval_s": 5}


def of(mechanism: str, **more: Any) -> Row:
    return {**(AUCTION if mechanism == "rate_auction" else TERMS), **more}


@EVERY
@mirrored
@given(
    amount=st.integers(1, 10**13), rate=st.integers(1, 5_000), term=st.integers(1, 10**6),
    year=st.integers(10**6, 10**8),
)  # fmt: skip
def test_one_lender_and_one_borrower_are_a_formula(
    mechanism: str, amount: int, rate: int, term: int, year: int
) -> None:
    """P (1 + r T / year), rounded up, whenever it is paid; at maturity it is, by itself."""
    rows = pair(amount, amount, (rate, rate), interval_s=5, term_s=term)
    terms = of(mechanism, term_s=term, year_s=year)
    lent = lend(rows, mechanism, terms, RICH)
    interest = ceil(Fraction(amount * rate * term, 1_000 * year))
    (loan,) = lent.loans.to_dict("records")
    assert (loan["principal"], loan["interest"]) == (amount, interest)
    assert (loan["owed"], loan["status"]) == (0, "repaid")
    assert lent.accounts["cash"].tolist()[-2:] == [10**14 + interest, 10**14 - interest]
    now = 5 if mechanism == "rate_auction" else 0
    early = [*rows[:3], {"time_s": now, "kind": "repay", "agent": "bob", "all": True}]
    paid = lend(early, mechanism, terms, RICH).results["first"].tolist()[-1]
    assert paid == amount + interest


@EVERY
@mirrored
@given(parts=st.lists(st.integers(1, 10**9), min_size=1, max_size=8), rate=st.integers(1, 5_000))
def test_a_request_owes_at_its_own_rate_the_same_in_one_part_or_in_many(
    mechanism: str, parts: list[int], rate: int
) -> None:
    offers = [
        {"kind": "offer", "agent": "ann", "amount": part, "rate_permille": rate} for part in parts
    ]
    first, _, asked, *_ = pair(sum(parts), 1, (1, rate), interval_s=5, term_s=100)
    rows = [first, *offers, asked, {"time_s": 5, "kind": "accrue"}]
    lent = lend(rows, mechanism, of(mechanism, price_rule="upper")
                if mechanism == "rate_auction" else of(mechanism))  # fmt: skip
    assert lent.loans["principal"].tolist() == parts
    assert lent.loans["interest"].sum() == ceil(Fraction(sum(parts) * rate * 100, 10**6))


ORDERS = st.lists(st.tuples(st.integers(1, 50), st.integers(30, 60)), min_size=1, max_size=9)


@mirrored
@given(bids=ORDERS, asks=ORDERS, rule=st.sampled_from(("midpoint", "lower", "upper", "t7")))
def test_the_clearing_rate_is_that_of_all_rates_and_of_a_linear_programme(
    bids: list[tuple[int, int]], asks: list[tuple[int, int]], rule: str
) -> None:
    """No rate lends more; and at it everybody's gain adds up to the most there can be (duality)."""
    rows: list[Row] = [{"kind": "add_collateral", "agent": "bob", "amount": 10**7}]
    for kind, agent, orders in (("request", "bob", bids), ("offer", "ann", asks)):
        rows += [
            {"kind": kind, "agent": agent, "amount": amount * NANO, "rate_permille": rate}
            for amount, rate in orders
        ]
    rows.append({"time_s": 5, "kind": "accrue"})
    lent = lend(rows, "rate_auction", {**AUCTION, "price_rule": rule}, states="last")
    volumes = {rate: executable(bids, asks, rate) for rate in range(1, 5_001)}
    lent_out = lent.loans["principal"].sum() // NANO
    assert lent_out == max(volumes.values())
    if lent_out == 0:
        return
    (rate,) = set(lent.loans["rate_permille"])
    assert volumes[rate] == lent_out
    gains = sum(amount * max(bid - rate, 0) for amount, bid in bids)
    gains += sum(amount * max(rate - ask, 0) for amount, ask in asks)
    assert gains == pytest.approx(best_surplus(bids, asks), abs=1e-6)


def executable(bids: list[tuple[int, int]], asks: list[tuple[int, int]], rate: int) -> int:
    asked = sum(amount for amount, bid in bids if bid >= rate)
    return min(asked, sum(amount for amount, ask in asks if ask <= rate))


def best_surplus(bids: list[tuple[int, int]], asks: list[tuple[int, int]]) -> float:
    """The most that lending can gain, by HiGHS: as much is borrowed as is lent."""
    worth = [-bid for _, bid in bids] + [ask for _, ask in asks]
    balance = np.array([[1] * len(bids) + [-1] * len(asks)])
    most = [(0, amount) for amount, _ in (*bids, *asks)]
    return float(-linprog(worth, A_eq=balance, b_eq=[0], bounds=most, method="highs").fun)


@EVERY
def test_a_better_rate_is_lent_first_and_then_the_older_order(mechanism: str) -> None:
    rows: list[Row] = [
        {"kind": "offer", "agent": "ann", "amount": 5, "rate_permille": 60},
        {"kind": "offer", "agent": "cyn", "amount": 5, "rate_permille": 50},
        {"kind": "offer", "agent": "dan", "amount": 5, "rate_permille": 50},
        *pair(7, 5, (60, 60), interval_s=5, term_s=100)[::2][:2],
        {"time_s": 5, "kind": "accrue"},
    ]
    more = {"allocation": "time"} if mechanism == "rate_auction" else {}
    loans = lend(rows, mechanism, of(mechanism, **more)).loans
    assert loans[["lender", "principal"]].to_numpy().tolist() == [["cyn", 5], ["dan", 2]]
    assert set(loans["rate_permille"]) == {50}


def test_the_laws_see_loans_of_every_fate() -> None:
    """Random messages reach what they are to reach."""
    seen, kinds = set(), set()
    for mechanism in MECHANISMS:
        for seed in range(4):
            terms, rows = story(mechanism, seed, 200)
            lent = lend(rows, mechanism, terms, states="last")
            seen |= {row[LOAN.index("status")] for row in lent.loans[list(LOAN)].to_numpy()}
            kinds |= {*lent.events["kind"]}
    assert {"running", "repaid", "written_off"} <= seen
    assert len(kinds) == 11
