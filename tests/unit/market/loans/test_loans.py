"""Parts of the kernels of loans by themselves: interest, what may be owed, and the log."""

from __future__ import annotations

import random
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np
import pytest

from proteus.market.arithmetic.fixed_point import AMOUNT_OVERFLOW
from proteus.market.lending.codes import ACCRUE, NOBODY, PRICE
from proteus.market.loans import codes, health
from proteus.market.loans.acting import act_loans
from proteus.market.loans.noting import note
from proteus.market.loans.state import LoanTerms, Message, allocate_events, events_of
from proteus.market.mechanisms.interface import NEVER
from tests.helpers.random_loans import MECHANISMS, venue

pytestmark = pytest.mark.plain

LARGEST = 2**63 - 1


def terms(term: int, year: int) -> Any:
    made = venue("rate_book", 0, 1).terms
    return LoanTerms(np.int64(term), np.int64(year), made.collateral, made.policy)


def test_interest_is_that_of_fractions_rounded_up() -> None:
    """Also at the ends: one unit, no rest, all that 64 bits hold, and beyond."""
    draw = random.Random(7)
    cases = [(1, 1, 1, 2**40), (1_000, 1_000, 5, 5), (LARGEST, 1, 1, 2), (LARGEST, 5_000, 2**40, 1)]
    for _ in range(300):
        bits = draw.randrange(1, 63)
        cases.append((draw.getrandbits(bits), draw.randrange(1, 5_001),
                      draw.randrange(1, 2**40), draw.randrange(1, 2**40)))  # fmt: skip
    seen = set()
    for amount, rate, term, year in cases:
        exact = ceil(Fraction(amount * rate * term, 1_000 * year))
        about = (terms(term, year), np.int64(amount), np.int64(rate))
        fits = exact <= LARGEST
        assert health.interest_for_term(*about) == (exact if fits else AMOUNT_OVERFLOW)
        whole = amount + exact
        assert health.owed_at_most(*about) == (whole if whole <= LARGEST else AMOUNT_OVERFLOW)
        seen.add((fits, whole <= LARGEST))
    assert seen == {(True, True), (True, False), (False, False)}


def test_what_the_log_has_no_room_for_is_counted_and_spoils_nothing() -> None:
    made = venue("rate_book", 0, 1)
    state = made.state._replace(events=allocate_events(1, 2))
    for amount in range(4):
        note(state, 0, codes.CREDIT_OFFER, np.int64(1), np.int64(amount))
    assert state.events.count[0] == 4
    assert state.events.amount[0, :2].tolist() == [0, 1]


def test_a_log_has_room_for_what_one_message_can_do() -> None:
    """Each order ends, each loan opens, accrues, is paid, is due, and is lost."""
    assert events_of(3, 5) >= 2 * 3 + 5 * 5


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_time_passes_whatever_comes_of_a_message(mechanism: str) -> None:
    made = venue(mechanism, 0, 4)
    for action, time in ((ACCRUE, 5), (PRICE, 9)):
        told = (time, action, NOBODY, 77, 0, NEVER, codes.NO_NUMBER, NOBODY)
        message = Message(*(int(each) for each in told))
        assert act_loans(made.terms, made.mechanism, made.state, 0, message) == 0
        assert made.state.clock[0] == time
    assert made.state.price[0] == 77


def test_every_name_has_one_code() -> None:
    assert len(set(codes.CREDIT_NAMES.values())) == len(codes.CREDIT_NAMES) == 11
    assert all(name.startswith("credit_") for name in codes.CREDIT_NAMES.values())
    assert len(set(codes.ACTIONS.values())) == len(codes.ACTIONS)
    assert len(set(codes.REASONS.values())) == len(codes.REASONS) - 1  # two of pools are one
