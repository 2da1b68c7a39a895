"""Random garbage through the message door: refused row by row with reasons, never a traceback.

A table that cannot be read is a ``MessageError`` that names column and row. Every other table runs,
and gives what the plain-Python twin gives.
"""

from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

import proteus
from proteus.errors import ConfigError
from proteus.replaying.orders import MessageError
from tests.helpers.budget import budget, is_proof
from tests.helpers.streams import Row
from tests.property.test_replay_against_twin import (
    COLUMNS,
    comparable,
    first_difference,
    table_rows,
)
from tests.reference.replay import replay

MECHANISMS = ("clob", "fba", "dual_flow")
LARGEST = 2**62

WHOLE_NUMBERS: dict[str, tuple[Any, ...]] = {
    "time_ns": (0, 0, 1, 999_999, 1_000_000, 1_000_000, 2**62),
    "order_id": (1, 2, 3, 3, -1, 0, 2**63 - 1, -(2**63), np.int64(4)),
    "agent": (1, 1, 2, None, -(2**63)),
    "price_ticks": (4, 5, 5, 6, 0, -3, 10, 2**40, None, 5.0),
    "quantity": (1, 2, 7, 0, -4, 2**31, 2**53, LARGEST + 1, None, 3.0),
}
WORDS: dict[str, tuple[Any, ...]] = {
    "kind": ("limit", "limit", "limit", "market", "cancel", "amend"),
    "side": ("buy", "sell"),
    "tif": ("gtc", "gtc", "ioc", "fok", None),
    "post_only": (False, True, None),
    "role": ("maker", "taker", None),
}
GARBAGE = (
    "x", "", "BUY", -1, 1.5, float("inf"), 2**63, 10**400, [], {}, (1,), object(), b"buy", 1j, None,
    pd.NaT, pd.NA, np.float64("nan"), True, "limit ", np.datetime64("2026-01-01"),
)  # fmt: skip


def random_row(chooser: Random, garbage: float) -> Row:
    """Draw a row: readable numbers however wrong, and now and then what cannot be read."""
    row = {}
    for column, values in (WHOLE_NUMBERS | WORDS).items():
        if chooser.random() < garbage:
            row[column] = chooser.choice(GARBAGE)
        elif chooser.random() < 0.9 or column in ("kind", "order_id", "side"):
            row[column] = chooser.choice(values)
    return row


def check(chooser: Random) -> bool:
    """Feed a random table to a random mechanism; tell whether it could be read."""
    rows = [
        random_row(chooser, chooser.choice((0, 0, 0, 0.02)))
        for _ in range(chooser.choice((0, 1, 6, 20)))
    ]
    mechanism = chooser.choice(MECHANISMS)
    parameters: dict[str, Any] = {"n_ticks": 10, "self_trade": "cancel_both"}
    if mechanism != "clob":
        parameters["delta"] = 1
    try:
        found = proteus.replay(rows, mechanism, **parameters)
    except MessageError as error:
        assert_is_one_sentence(str(error))
        return False
    expected = replay(rows, mechanism, **parameters)
    for name in COLUMNS:
        ours = comparable(table_rows(getattr(found, name), name, mechanism), name)
        assert first_difference(name, ours, comparable(getattr(expected, name), name)) is None, rows
    return True


def assert_is_one_sentence(text: str) -> None:
    assert "\n" not in text
    assert any(word in text for word in ("must be", "allowed", "missing", "does not exist")), text


def test_any_table_is_refused_in_a_sentence_or_runs_as_the_twin_does() -> None:
    """About half of the tables can be read, or the test would prove little."""
    readable: list[bool] = []
    run = given(st.randoms(use_true_random=True))(lambda chooser: readable.append(check(chooser)))
    run = settings(
        max_examples=budget("fuzz_messages"), deadline=None, database=None,
        phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow],
    )(run)  # fmt: skip
    if not is_proof():
        run = seed(7)(run)
    run()
    assert 0.3 < sum(readable) / len(readable) < 0.95


@pytest.mark.parametrize(
    "messages",
    [
        None, 5, "limit", b"rows", [1, 2], [None], [[1]], [{}], [{"kind": "limit"}], {"kind": 1},
        {"kind": ["limit"]}, [{"knid": "limit"}], [("kind", "limit")], object(), [{1: 2}],
        pd.DataFrame([[1, 2]], columns=["order_id", "order_id"]), pd.Series([1]), 1.5, True,
        [{"kind": "limit"}, 3], pd.DataFrame({"kind": []}), np.zeros(3), np.zeros((2, 2)),
    ],
    ids=lambda messages: type(messages).__name__,
)  # fmt: skip
def test_what_is_no_table_of_messages_is_refused_in_a_sentence(messages: Any) -> None:
    try:
        replayed = proteus.replay(messages)
    except MessageError as error:
        assert_is_one_sentence(str(error))
    else:
        assert len(messages) == len(replayed.fills) == 0


@pytest.mark.parametrize("name", ["n_ticks", "reference_ticks", "delta", "seed", "mechanism"])
@pytest.mark.parametrize("value", [*GARBAGE, 0, 2**200], ids=lambda value: type(value).__name__)
def test_a_wrong_parameter_is_refused_in_a_sentence(name: str, value: Any) -> None:
    row = {"kind": "limit", "order_id": 1, "side": "buy", "price_ticks": 5, "quantity": 1}
    parameters: dict[str, Any] = {"mechanism": "fba", name: value}
    try:
        proteus.replay([row], **parameters)
    except (MessageError, ConfigError) as error:
        assert_is_one_sentence(str(error))
    else:
        assert value in {"delta": (1.5,), "seed": (0,), "reference_ticks": (None,)}[name]
