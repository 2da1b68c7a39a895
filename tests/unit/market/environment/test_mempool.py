"""Messages that wait, and the blocks that take them, against lists in plain Python."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteus.market import rng
from proteus.market.book.codes import NO_ENVELOPE
from proteus.market.environment.mempool import (
    UNLIMITED,
    allocate_mempool,
    is_released,
    is_shown,
    line_up,
    offer,
    see_edge,
    take,
    wait,
)
from proteus.market.events.envelopes import pack_address
from tests.helpers import channels

pytestmark = pytest.mark.plain

NUMBERS = channels.numbers_of(
    channels.environment(blocks=channels.blocks()), channels.routing(route="blocks")
).route


class Waiting(NamedTuple):
    trader: int
    time: int
    tip: int
    tie: int
    envelope: int


def reference(messages, capacity, most_tip):
    """Take heads of queues, one after the other, as the rule says it."""
    left, taken, reordered = list(messages), [], 0
    while left and len(taken) < capacity:
        heads = [m for i, m in enumerate(left) if m.trader not in {o.trader for o in left[:i]}]
        best = min(heads, key=lambda m: (-min(m.tip, most_tip), m.time, m.tie))
        reordered += best != min(heads, key=lambda m: (m.time, m.tie))
        left.remove(best)
        taken.append(best)
    return taken, reordered


def fill(messages, traders=5, envelopes=64):
    mempool = allocate_mempool(1, np.zeros(traders, np.bool_), envelopes)
    for message in messages:
        mempool.offered[0] = message.tip
        offer(mempool, NUMBERS, 0, message.envelope)
        tie = np.uint32(message.tie)
        wait(mempool, 0, message.trader, message.envelope, message.time, tie)
    return mempool


def block(mempool, time, capacity=UNLIMITED, most_tip=UNLIMITED):
    taken = []
    line_up(mempool, 0, most_tip)
    while len(taken) < capacity:
        envelope, _ = take(mempool, 0, time, most_tip)
        if envelope == NO_ENVELOPE:
            break
        taken.append(int(envelope))
        assert [is_released(mempool, 0, envelope) for _ in range(2)] == [True, False]
    return taken


@st.composite
def queues(draw, largest_tip=3):
    """Messages in the order in which they come, on few times so that ties matter."""
    count = draw(st.integers(0, 20))
    times = sorted(draw(st.lists(st.integers(0, 5), min_size=count, max_size=count)))
    ties = draw(st.permutations(range(count)))  # no two are equal: their words have 32 bits
    envelopes = draw(st.permutations(range(40)))
    return [
        Waiting(
            draw(st.integers(0, 4)), time, draw(st.integers(0, largest_tip)), ties[i], envelopes[i]
        )
        for i, time in enumerate(times)
    ]


@given(queues(), st.integers(1, 25), st.sampled_from([0, 1, 2, UNLIMITED]))
def test_a_block_takes_what_the_rule_says(messages, capacity, most_tip):
    mempool = fill(messages)
    expected, reordered = reference(messages, capacity, most_tip)
    assert block(mempool, 9, capacity, most_tip) == [m.envelope for m in expected]
    assert mempool.reordered[0] == reordered
    assert mempool.taken[0] == len(expected)
    assert mempool.waiting[0] == len(messages) - len(expected)
    assert mempool.waited_ns[0] == sum(9 - m.time for m in expected)
    assert mempool.tips[0] == sum(min(m.tip, most_tip) for m in expected)


@given(queues())
def test_every_trader_keeps_its_order(messages):
    by_envelope = {m.envelope: m for m in messages}
    taken = [by_envelope[envelope] for envelope in block(fill(messages), 9)]
    for trader in range(5):
        of_one = [m for m in taken if m.trader == trader]
        assert of_one == [m for m in messages if m.trader == trader]


@given(queues(largest_tip=0))
def test_without_limit_and_tips_the_order_is_that_of_arrival(messages):
    """Between traders by (time, tie); a trader's own messages of one time have one tie word."""
    ties = {(m.trader, m.time): m.tie for m in reversed(messages)}
    messages = [m._replace(tie=ties[m.trader, m.time]) for m in messages]
    mempool = fill(messages)
    expected = sorted(messages, key=lambda m: (m.time, m.tie))  # stable
    assert block(mempool, 9) == [m.envelope for m in expected]
    assert mempool.reordered[0] == 0


@given(queues(), st.integers(1, 5))
def test_small_blocks_take_what_is_left_later(messages, capacity):
    mempool, taken = fill(messages), []
    while mempool.waiting[0]:
        taken += block(mempool, 9, capacity)
    assert taken == block(fill(messages), 9)
    assert (mempool.first == NO_ENVELOPE).all()
    assert (mempool.last == NO_ENVELOPE).all()


def test_a_high_tip_does_not_lift_what_waits_behind_a_low_one():
    messages = [Waiting(0, 0, 0, 1, 1), Waiting(0, 1, 9, 2, 2), Waiting(1, 2, 5, 3, 3)]
    assert block(fill(messages), 9) == [3, 1, 2]


def test_tips():
    def offered(edge, lots, has_rival=False, **overrides):
        routing = channels.routing(route="blocks", **overrides)
        environment = channels.environment(blocks=channels.blocks())
        numbers = channels.numbers_of(environment, routing).route
        mempool = allocate_mempool(1, np.zeros(1, np.bool_), 2)
        see_edge(mempool, numbers, 0, np.int64(edge), np.int64(lots), has_rival)
        offer(mempool, numbers, 0, 1)
        assert mempool.offered[0] == mempool.tip[0, 0] == 0
        return int(mempool.tip[0, 1])

    assert offered(10**7, 5) == 0
    assert offered(10**7, 5, tips="fixed", tip=0.002) == 2_000_000
    assert offered(10**7, 5, tips="edge_share", tip_share=0.5) == 25_000_000
    assert offered(3, 1, tips="edge_share", tip_share=0.5) == 1  # rounded down
    assert offered(-1, 5, tips="edge_share", tip_share=0.5) == 0
    assert offered(0, 5, tips="edge_share", tip_share=1.0) == 0
    assert offered(10**7, 5, True, tips="edge_share", tip_share=0.5) == 50_000_000


def test_what_is_shown_depends_on_the_message_alone():
    environment = channels.environment(blocks=channels.blocks(), mempool=channels.mempool(0.3))
    numbers = channels.numbers_of(environment, channels.routing(route="blocks")).route
    keys = rng.replicate_keys(7, np.arange(2))
    addresses = [pack_address(cause, slot, wake) for cause in range(3) for slot in range(2)
                 for wake in range(500)]  # fmt: skip
    shown = [bool(is_shown(numbers, keys, 0, 4096, address)) for address in addresses]
    assert abs(np.mean(shown) - 0.3) < 4.5 * (0.21 / len(shown)) ** 0.5
    again = [bool(is_shown(numbers, keys[:1], 0, 4096, address)) for address in addresses]
    assert again == shown
    more = numbers._replace(visible=0.6)
    assert all(is_shown(more, keys, 0, 4096, a) for a, s in zip(addresses, shown, strict=True) if s)
    assert not any(
        is_shown(numbers._replace(visible=0.0), keys, 0, 4096, address) for address in addresses
    )
