"""Numbers that change over time: what may be written, and what they are when."""

from fractions import Fraction

import pytest
from pydantic import ValidationError

from tests.helpers.charging import S, charge, cost, costs_of, model

pytestmark = pytest.mark.plain
LIST = "must hold pairs [from_s, value], as [[0,500],[10,0]]"


def test_a_number_is_a_list_of_one():
    assert model("notional", taker_ppm=500) == model("notional", taker_ppm=[[0, 500]])


def test_it_is_written_as_it_was_read():
    for written in (500, 0.07, [[0, 500], [10, 0]]):
        read = model("notional", taker_ppm=written)
        assert read.model_dump(mode="json")["taker_ppm"] == written
        assert type(read).model_validate(read.model_dump(mode="json")) == read


@pytest.mark.parametrize(("time", "ppm"), [(0, 500), (10 * S - 1, 500), (10 * S, 0), (15 * S, 70)])
def test_a_change_begins_with_its_own_nanosecond(time, ppm):
    read = model("notional", taker_ppm=[[0, 500], [10, 0], [12.5, 70]])
    assert cost(read, 50, 1000, time=time) == Fraction(500 * ppm, 1_000_000)


def test_numbers_change_each_at_its_time():
    """Also those that are no rates, and those of parts."""
    part = {"model": "notional", "taker_ppm": [[0, 100], [1, 200]], "minimum": [[0, 0], [3, 1]]}
    read = model("parts", parts=[part, {"model": "gas"}], scale=[[0, 1], [2, 10]])
    costs = costs_of(read)
    assert costs.tables.from_ns.tolist() == [0, S, 2 * S, 3 * S]
    paid = [charge(costs, 50, 1000, order=1 + n, time=n * S)["fee"] for n in range(4)]
    assert paid == [Fraction(1, 20), Fraction(1, 10), 1, 1]
    assert charge(costs, 50, 10, order=9, time=3 * S) == {"fee": 1}


@pytest.mark.parametrize(
    ("written", "allowed"),
    [
        ("much", "must be a number"), (True, "must be a number"),
        (float("nan"), "must be a number"),
        (None, "must be a number"), ([], LIST), ([5], LIST), ([[0, 1, 2]], LIST), ([[0]], LIST),
        ([[1, 5]], "must start with 0 and increase"),
        ([[0, 5], [0, 6]], "must start with 0 and increase"),
        ([[0, 5], [2, 6], [1, 7]], "must start with 0 and increase"),
        ([[0, 5], [-1, 6]], "of from_s: a time in seconds must be at least 0"),
        ([[0, 5], [0.0000000001, 6]], "must be a multiple of 0.000000001"),
        ([[0, "a"]], "must be a number"),
    ],
)  # fmt: skip
def test_what_is_no_number_and_no_list_of_them(written, allowed):
    with pytest.raises(ValidationError) as caught:
        model("notional", taker_ppm=written)
    (error,) = caught.value.errors()
    assert error["loc"] == ("taker_ppm",)
    assert allowed in error["msg"]


@pytest.mark.parametrize(
    ("key", "written", "allowed"),
    [
        ("scale", -1, "must be a number of at least 0"),
        ("scale", [[0, 1], [1, -1]], "must be a number of at least 0"),
        ("round_to", 0, "must be a number of more than 0, or null"),
        ("round_to", 1e-10, "an amount of currency must be a multiple of 0.000000001"),
        ("minimum", -0.01, "must be a number of at least 0"),
        ("minimum", 1e-12, "an amount of currency must be a multiple of 0.000000001"),
    ],
)
def test_numbers_have_their_bounds(key, written, allowed):
    with pytest.raises(ValidationError) as caught:
        model("notional", **{key: written})
    assert caught.value.errors()[0]["msg"] == allowed
