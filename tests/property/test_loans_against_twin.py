"""Markets of loans against the twin, and their laws, over random messages.

Small here; 2,000 sequences of 200 messages of each mechanism with PROTEUS_PROOF=1.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import proteus
from tests.helpers.budget import budget
from tests.helpers.random_loans import (
    MECHANISMS,
    WALLETS,
    Row,
    random_rows,
    random_terms,
)
from tests.reference.loans import Lending

pytestmark = pytest.mark.plain

MESSAGES = budget("lending_actions")
EVERY = pytest.mark.parametrize("mechanism", MECHANISMS)
seeds = st.integers(0, 2**32)
tried, mirrored = (
    settings(
        max_examples=budget(name),
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    for name in ("loan_laws", "loan_mirrors")
)
LOAN = (
    "lender", "borrower", "rate_permille", "principal", "interest", "owed", "start_s", "maturity_s",
    "status",
)  # fmt: skip

NAMES = {"rate_permille": "rate", "start_s": "start", "maturity_s": "maturity"}  # in the twin


def lend(rows: list[Row], mechanism: str, terms: Row, wallets: Any = None, **more: Any) -> Any:
    given = {"wallets": wallets or WALLETS, **terms, **more}
    return proteus.replay(rows, mechanism=mechanism, **given)  # type: ignore[call-overload]


def story(mechanism: str, seed: int, count: int = MESSAGES) -> tuple[Row, list[Row]]:
    draw = random.Random(seed)
    return random_terms(draw, mechanism), list(random_rows(draw, count))


@EVERY
@tried
@given(seed=seeds)
def test_every_message_does_what_it_does_in_the_twin(mechanism: str, seed: int) -> None:
    terms, rows = story(mechanism, seed)
    lent, twin = lend(rows, mechanism, terms), Lending(mechanism, terms, WALLETS)
    accounts = lent.accounts.to_dict("records")
    for number, (row, found) in enumerate(zip(rows, lent.results.to_dict("records"), strict=True)):
        expected = twin.act(number, row)
        told = (found["first"], found["second"]) if found["accepted"] else found["reason"]
        assert told == expected, (number, row)
        state = [{name: each[name] for name in expected_row} for expected_row, each in
                 zip(twin.rows(), accounts[4 * number : 4 * number + 4], strict=True)]  # fmt: skip
        assert state == twin.rows(), (number, row)
    last = lent.pool.iloc[-1]
    assert (last["treasury"], last["bad_debt"]) == (twin.treasury, twin.bad_debt)
    made = [tuple(getattr(loan, NAMES.get(name, name)) for name in LOAN) for loan in twin.loans]
    assert [tuple(each[name] for name in LOAN) for each in lent.loans.to_dict("records")] == made
