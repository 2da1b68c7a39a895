"""Requests for quotes, rule by rule, through the message door."""

from __future__ import annotations

from typing import Any

import pytest

import proteus
from proteus.errors import ConfigError
from proteus.replaying.orders import MessageError

Row = dict[str, Any]


def request(time_ns: int = 0, **more: Any) -> Row:
    row = {"kind": "request", "request_id": 1, "side": "buy", "quantity": 10, "ttl_ns": 1000}
    return {**row, "time_ns": time_ns, **more}


def quote(order_id: int, price: int, time_ns: int = 10, quantity: int = 10, **more: Any) -> Row:
    row = {"kind": "quote", "request_id": 1, "order_id": order_id, "price_ticks": price}
    return {**row, "quantity": quantity, "time_ns": time_ns, "ttl_ns": 100, **more}


def accept(time_ns: int = 50, **more: Any) -> Row:
    return {"kind": "accept", "request_id": 1, "time_ns": time_ns, **more}


def run(*rows: Row, **policies: Any) -> Any:
    return proteus.replay(list(rows), mechanism="rfq", **policies)


def fills(result: Any) -> list[tuple[int, ...]]:
    """Return (time, quote, request, price, lots)."""
    names = ["time_ns", "maker_order_id", "taker_order_id", "price_ticks", "quantity"]
    return list(result.fills[names].itertuples(index=False, name=None))


def ends(result: Any) -> list[tuple[int, int, str]]:
    return list(
        result.cancels[["order_id", "quantity", "reason"]].itertuples(index=False, name=None)
    )


def rejects(result: Any) -> list[tuple[int, str]]:
    return list(result.rejects[["order_id", "reason"]].itertuples(index=False, name=None))


def test_the_best_quote_trades_at_its_price_and_the_others_end():
    result = run(request(), quote(11, 505), quote(12, 503), quote(13, 504), accept())
    assert fills(result) == [(50, 12, 1, 503, 10)]
    assert result.fills[["buy_order_id", "sell_order_id"]].to_numpy().tolist() == [[1, 12]]
    assert ends(result) == [(11, 10, "request_closed"), (13, 10, "request_closed")]
    assert len(result.book) == len(result.clears) == 0


def test_of_a_sell_request_the_highest_bid_is_best():
    result = run(request(side="sell"), quote(11, 495), quote(12, 497), accept())
    assert fills(result) == [(50, 12, 1, 497, 10)]


def test_a_named_quote_is_taken_though_another_is_better():
    result = run(request(), quote(11, 505), quote(12, 503), accept(order_id=11))
    assert fills(result) == [(50, 11, 1, 505, 10)]


@pytest.mark.parametrize("name", [{"order_id": 11, "request_id": None}, {"order_id": 11}])
def test_a_quote_says_which_request_it_is_for(name):
    assert fills(run(request(), quote(11, 505), accept(**name))) == [(50, 11, 1, 505, 10)]


def test_a_part_closes_the_request():
    result = run(request(), quote(11, 505, quantity=4), quote(12, 506), accept())
    assert fills(result) == [(50, 11, 1, 505, 4)]
    assert ends(result) == [(1, 6, "rest_unfilled"), (12, 10, "request_closed")]


def test_what_is_left_of_a_quote_ends_too():
    result = run(request(quantity=3), quote(11, 505), accept())
    assert fills(result) == [(50, 11, 1, 505, 3)]
    assert ends(result) == [(11, 7, "rest_unfilled")]


def test_an_acceptance_may_want_less_and_have_a_limit_of_its_own():
    rows = request(price_ticks=500), quote(11, 505), accept(quantity=2, price_ticks=505)
    assert fills(run(*rows)) == [(50, 11, 1, 505, 2)]


# time of the acceptance, life of the quote and of the request | what comes of it
LIVES = [
    (110, 100, 1000, None, "fill"),  # at the last moment of the quote
    (111, 100, 1000, 11, "quote_over"),
    (111, 100, 1000, None, "no_quote"),
    (60, 100, 60, None, "fill"),  # at the last moment of the request
    (61, 100, 60, None, "request_over"),
    (10, 0, 1000, None, "fill"),  # a quote that lives for its own nanosecond
    (11, 0, 1000, 11, "quote_over"),
]


@pytest.mark.parametrize(("time", "quote_ttl", "request_ttl", "named", "outcome"), LIVES)
def test_last_moments_are_inclusive(time, quote_ttl, request_ttl, named, outcome):
    rows = request(ttl_ns=request_ttl), quote(11, 505, ttl_ns=quote_ttl), accept(time)
    if named:
        rows[-1]["order_id"] = named
    result = run(*rows)
    assert [reason for _, reason in rejects(result)] == ([] if outcome == "fill" else [outcome])
    assert len(result.fills) == (outcome == "fill")


def test_lives_default_to_those_of_the_mechanism():
    rows = [request(), quote(11, 505), accept(2_000_010), accept(2_000_011)]
    for row in rows[:2]:
        del row["ttl_ns"]
    first, second = (
        run(*rows[:2], row, quote_ttl_ms=2, request_ttl_ms=5) for row in (rows[2], rows[3])
    )
    assert len(first.fills) == 1
    assert ends(second) == [(11, 10, "quote_ttl")]
    assert rejects(second) == [(1, "no_quote")]


def test_a_request_that_ends_takes_its_quotes_along():
    result = run(request(ttl_ns=20), quote(11, 505, ttl_ns=100), quote(12, 505, time_ns=21))
    assert ends(result) == [(1, 10, "request_ttl"), (11, 10, "request_closed")]
    assert rejects(result) == [(12, "request_over")]


def test_the_book_is_what_lives_after_the_last_message():
    rows = request(), quote(11, 505), quote(12, 503, side="sell"), quote(13, 490, side="buy")
    assert run(*rows).book.to_numpy().tolist() == [
        [13, "buy", 490, 10], [12, "sell", 503, 10], [11, "sell", 505, 10],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tie", "chosen"), [("time", 11), ("size", 13)]
)  # 12 and 13 are as large, 12 is too dear
def test_ties_of_price(tie, chosen):
    quotes = quote(11, 505, quantity=5), quote(12, 506, quantity=9), quote(13, 505, quantity=9)
    assert fills(run(request(), *quotes, accept(), tie=tie))[0][1] == chosen


def test_random_ties_depend_on_the_seed_and_on_it_alone():
    rows = [request(), *(quote(number, 505) for number in range(11, 19)), accept()]
    chosen = [fills(run(*rows, tie="random", seed=seed))[0][1] for seed in range(20)]
    again = [fills(run(*rows, tie="random", seed=seed))[0][1] for seed in range(20)]
    assert chosen == again
    assert len(set(chosen)) > 3


def test_a_quote_for_too_small_a_part_cannot_be_accepted():
    quotes = quote(11, 503, quantity=4), quote(12, 505, quantity=5)
    best = run(request(), *quotes, accept(), least_share=0.5)
    assert fills(best) == [(50, 12, 1, 505, 5)]
    named = run(request(), *quotes, accept(order_id=11), least_share=0.5)
    assert rejects(named) == [(11, "part_too_small")]


def test_a_request_can_be_withdrawn_and_a_quote_cannot():
    cancel = {"kind": "cancel", "time_ns": 20}
    result = run(
        request(), quote(11, 505), {**cancel, "order_id": 11}, {**cancel, "request_id": 1},
        {**cancel, "request_id": 1}, accept(),
    )  # fmt: skip
    assert ends(result) == [(1, 10, "withdrawn"), (11, 10, "request_closed")]
    assert rejects(result) == [(11, "firm_quote"), (1, "request_over"), (1, "request_over")]


# rows after a request by agent 7 that buys at 504 at most | reason of the last one
WRONG = [
    ([quote(11, 505), accept(order_id=11)], "beyond_limit"),
    ([quote(11, 505), accept()], "no_quote"),
    ([quote(11, 503, side="buy"), accept(order_id=11)], "wrong_side"),
    ([quote(11, 503), accept(agent=8)], "not_yours"),
    ([quote(11, 503), accept(order_id=12)], "unknown_order"),
    ([accept(request_id=2)], "unknown_request"),
    ([quote(11, 503), accept(quantity=0)], "invalid_quantity"),
    ([quote(11, 503), accept(price_ticks=0)], "invalid_price"),
    ([quote(11, 503), accept(), accept()], "request_over"),
    ([quote(11, 503, agent=7)], "own_request"),
    ([quote(11, 503, agent=5), quote(12, 502, agent=5)], "already_quoted"),
    ([quote(11, 503), quote(11, 502)], "duplicate_order_id"),
    ([request()], "duplicate_order_id"),
    ([quote(11, 503, request_id=9)], "unknown_request"),
    ([quote(11, 0)], "invalid_price"),
    ([quote(11, 503, quantity=0)], "invalid_quantity"),
    ([quote(11, 503, ttl_ns=-1)], "invalid_ttl"),
    ([{"kind": "cancel", "request_id": 1, "agent": 8}], "not_yours"),
    ([{"kind": "cancel", "order_id": 99}], "unknown_order"),
]


@pytest.mark.parametrize(("rows", "reason"), WRONG)
def test_a_wrong_row_is_rejected_with_its_reason(rows, reason):
    result = run(request(agent=7, price_ticks=504), *rows)
    assert rejects(result)[-1][1] == reason
    assert len(result.rejects) == 1


UNREADABLE = [
    (
        {"kind": "limit", "order_id": 1},
        "kind='limit' in row 0 is not allowed: must be request, quo",
    ),
    ({"kind": "request", "side": "buy"}, "order_id and request_id missing in row 0: give one"),
    (quote(11, 503, request_id=None), "request_id missing in row 0: a quote has both"),
    ({**request(), "side": None}, "side=None in row 0"),
    ({**request(), "ttl_ns": 1.5}, "ttl_ns=1.5 in row 0 is not allowed: must be an integer"),
    ({**request(), "ttl": 5}, "unknown column ttl; allowed: time_ns, kind, order_id, request_id"),
]


@pytest.mark.parametrize(("row", "sentence"), UNREADABLE)
def test_a_row_that_cannot_be_read_is_refused_in_one_sentence(row, sentence):
    with pytest.raises(MessageError) as caught:
        run(row)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("key", ["dealers", "hold_ms", "decision_ms", "response_probability"])
def test_what_only_traders_use_is_refused(key):
    with pytest.raises(ConfigError, match=f"mechanism.{key} is not allowed: a replay has no trad"):
        run(request(), **{key: 1})


def test_ids_are_any_int64_and_an_empty_table_is_fine():
    low, high = -(2**63), 2**63 - 1
    rows = [request(request_id=low), quote(high, 505, request_id=low), accept(request_id=low)]
    assert fills(run(*rows)) == [(50, high, low, 505, 10)]
    assert len(run().fills) == 0
