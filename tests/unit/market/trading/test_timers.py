"""A venue whose time stands still is stopped, and named; plain Python."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from proteus.errors import RunError
from proteus.market.ledger.accounts import LEDGER_CODES
from proteus.market.mechanisms.base import Mechanism
from proteus.market.mechanisms.interface import (
    amend,
    clear,
    end_timer,
    enter,
    is_continuous,
    next_clear,
    next_timer,
    withdraw,
)
from proteus.market.mechanisms.table import MECHANISMS
from proteus.replaying import orders
from tests.helpers.cells import build, cell, run_plain


class Stuck(NamedTuple):
    """A continuous book whose timer is always the same."""

    inner: Any
    due: int


class Standing(NamedTuple):
    """A batch mechanism whose clears stop at one time."""

    inner: Any
    due: int


for function in (enter, amend, withdraw, is_continuous, next_clear, clear):
    for kind in (Stuck, Standing):
        function.implement(kind)(lambda it, *rest, of=function: of(it.inner, *rest))
next_timer.implement(Stuck)(lambda it, market, lane: it.due)
end_timer.implement(Stuck)(lambda it, market, lane, now: None)
next_clear.implement(Standing)(
    lambda it, market, lane, now: min(next_clear(it.inner, market, lane, now), np.int64(it.due))
)


@pytest.mark.plain
@pytest.mark.parametrize("due", [0, 10**9])
def test_a_timer_that_is_not_later_stops_the_lane(due):
    """Also one that is set for now again and again: without the check the loop never ends."""
    block = build(cell("mechanism=clob"))
    run_plain(Stuck(block.mechanism, np.int64(due)), block.world)
    code = int(block.world.progress.fault[0])
    assert LEDGER_CODES[code] == "next_timer_not_later_than_now"
    assert block.world.progress.now[0] >= due


@pytest.mark.plain
def test_a_clear_that_is_not_later_stops_the_lane():
    block = build(cell("mechanism=fba"))
    run_plain(Standing(block.mechanism, np.int64(10**9)), block.world)
    code = int(block.world.progress.fault[0])
    assert LEDGER_CODES[code] == "next_clear_not_later_than_this"
    assert block.world.progress.now[0] == 10**9


@pytest.mark.nojit
def test_the_message_door_names_a_mechanism_that_stands_still(monkeypatch):
    sound = MECHANISMS["clob"]
    row = Mechanism(sound.config, lambda *given: Stuck(sound.make(*given), np.int64(50)))
    monkeypatch.setitem(MECHANISMS, "clob", row)
    plain = getattr(orders.replay_rows, "py_func", orders.replay_rows)
    monkeypatch.setattr(orders, "replay_rows", plain)
    sent = {"kind": "limit", "side": "buy", "price_ticks": 5, "quantity": 1}
    rows = [{**sent, "time_ns": at, "order_id": at} for at in (10, 100)]
    with pytest.raises(RunError, match=r"mechanism=clob makes no progress: .* 50 ns"):
        orders.replay(rows)
