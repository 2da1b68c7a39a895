"""The kernels of loans compile, and do what plain Python does, number by number.

No lane calls them yet, so compiling them is behind PROTEUS_PROOF=1.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from proteus.compiler.jit import compiled
from proteus.market.loans.acting import act_loans
from proteus.market.loans.state import Message
from proteus.replaying.lending.messages import RATES, read_messages
from tests.helpers.budget import is_proof
from tests.helpers.random_loans import MECHANISMS, NAMES, random_rows, venue

ROWS = 120


def every_number(state: Any) -> list[Any]:
    """All arrays of a state, those of its parts too."""
    found = []
    for each in state:
        found += every_number(each) if hasattr(each, "_fields") else [np.copy(each)]
    return found


@pytest.mark.skipif(not is_proof(), reason="compiling takes 10 s, and no lane calls them yet")
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_compiled_loans_are_plain_loans(mechanism: str) -> None:
    kernel: Any = compiled(act_loans)
    accounts = {name: number for number, name in enumerate(NAMES)}
    for seed in range(8):
        rows = list(random_rows(random.Random(seed), ROWS))
        plain, fast = (venue(mechanism, seed, 5 * ROWS) for _ in range(2))
        for row in read_messages(rows, RATES, accounts):
            number = row.row if row.kind in ("offer", "request") else row.order
            number = row.loan if row.kind == "repay" else number
            told = (
                row.time_s, row.action, row.agent, row.amount, row.rate_permille, row.expires_s,
                number, row.borrower,
            )  # fmt: skip
            message = Message(*map(np.int64, told))  # type: ignore[arg-type]
            refusal = act_loans(plain.terms, plain.mechanism, plain.state, 0, message)
            assert kernel(fast.terms, fast.mechanism, fast.state, 0, message) == refusal
            pairs = zip(every_number(plain.state), every_number(fast.state), strict=True)
            assert all(np.array_equal(*pair) for pair in pairs), row
            plain.state.events.count[:] = fast.state.events.count[:] = 0
