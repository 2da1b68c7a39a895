"""The event queue: the priority table case by case, ties between messages, overflow."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proteus.market import rng
from proteus.market.events import queue
from proteus.market.events.envelopes import (
    CAUSE_SCHEDULE,
    MESSAGE_CANCEL,
    MESSAGE_ORDER,
    allocate_messages,
    pack_address,
    take_envelope,
)
from proteus.market.events.queue import allocate_queue, next_time, pop, push, push_message
from proteus.market.trading import desk
from tests.helpers.hand_market import MS, NO_WORDS, still_block

pytestmark = [pytest.mark.plain, pytest.mark.filterwarnings("ignore:overflow encountered")]

# What comes first at equal time, as the documentation lists it.
ORDER = {
    queue.KIND_NEWS: 0,
    queue.KIND_ENVIRONMENT: 1,
    queue.KIND_SETTLEMENT: 2,
    queue.KIND_ACCRUAL: 3,
    queue.KIND_LIQUIDATION: 4,
    queue.KIND_INCENTIVE: 5,
    queue.KIND_MEASURE: 6,
    queue.KIND_CLEAR: 7,
    queue.KIND_MESSAGE: 8,
    queue.KIND_NOTIFICATION: 9,
    queue.KIND_TAKEN_BACK: 9,
    queue.KIND_WAKE: 10,
    queue.KIND_WAKE_NEWS: 10,
    queue.KIND_TIMER: 10,
    queue.KIND_FURTHER: 10,
}
KEYS = rng.replicate_keys(7, np.array([0]))
ENTITIES = np.array([rng.trader_entity("noise", number) for number in range(3)], np.int64)


class Fixture:
    """A queue of one lane with an envelope for every message."""

    def __init__(self, entries=64):
        self.queue = allocate_queue(1, entries)
        self.messages = allocate_messages(1, entries)

    def push(self, time, kind, item=0, trader=0, tie=0):
        if kind != queue.KIND_MESSAGE:
            push(self.queue, 0, time, kind, item)
            return
        envelope = take_envelope(self.messages, 0, MESSAGE_ORDER, trader, 0, 1)
        self.messages.tie[0, envelope] = tie
        self.messages.lots[0, envelope] = item
        push_message(self.queue, self.messages, ENTITIES, KEYS, 0, time, envelope)

    def pop(self):
        time, kind, item = pop(self.queue, 0)
        return time, kind, self.messages.lots[0, item] if kind == queue.KIND_MESSAGE else item


def tie_word(trader, tie):
    """The random key of a message at its documented address."""
    return int(rng.draw(*KEYS[0], rng.STREAM_TIE, ENTITIES[trader], tie, tie >> 32)[0])


def test_every_kind_has_a_case_and_there_is_room_for_64():
    kinds = {value for name, value in vars(queue).items() if name.startswith("KIND_")}
    assert kinds == set(ORDER)
    assert len(kinds) == len(queue.PRIORITIES)
    case = Fixture()
    for kind in (max(kinds), 63, 40):  # a kind of a later day keeps its number beside a sequence
        case.queue.key[0, 0] = 2**62 | 12345 << 6 | kind
        case.queue.size[0] = 1
        assert case.pop()[1] == kind


@pytest.mark.parametrize(("first", "second"), list(itertools.product(ORDER, ORDER)))
def test_priority_at_equal_time_then_sequence(first, second):
    case = Fixture()
    case.push(5, first, item=1)
    case.push(5, second, item=2)
    popped = [case.pop(), case.pop()]
    swapped = ORDER[second] < ORDER[first]
    expected = [(5, first, 1), (5, second, 2)]
    assert popped == (expected[::-1] if swapped else expected)


@pytest.mark.parametrize(("early", "late"), list(itertools.product(ORDER, ORDER)))
def test_time_comes_before_priority(early, late):
    case = Fixture()
    case.push(6, late, item=2)
    case.push(5, early, item=1)
    assert next_time(case.queue, 0) == 5
    assert [case.pop(), case.pop()] == [(5, early, 1), (6, late, 2)]


def test_messages_of_one_nanosecond_follow_their_keys_and_then_the_sending():
    for ties in itertools.permutations([(0, 11), (1, 11), (2, 11), (0, 12)]):
        case = Fixture()
        for item, (trader, tie) in enumerate(ties):
            case.push(9, queue.KIND_MESSAGE, item, trader, tie)
        popped = [ties[case.pop()[2]] for _ in ties]
        assert popped == sorted(ties, key=lambda message: tie_word(*message))
    case = Fixture()
    for item in (1, 2, 3):
        case.push(9, queue.KIND_MESSAGE, item, trader=1, tie=11)
    assert [case.pop()[2] for _ in range(3)] == [1, 2, 3]


def test_a_full_queue_notes_the_overflow_and_keeps_what_it_has():
    case = Fixture(entries=4)
    for time in (4, 2, 1, 3):
        case.push(time, queue.KIND_WAKE, item=time)
    assert case.queue.overflow[0] == 0
    case.push(0, queue.KIND_NEWS, item=9)
    assert case.queue.overflow[0] == 1
    assert [case.pop()[0] for _ in range(4)] == [1, 2, 3, 4]
    full = Fixture(entries=1)
    full.push(1, queue.KIND_WAKE, item=7)
    full.push(1, queue.KIND_MESSAGE, item=8)
    assert full.queue.overflow[0] == 1
    assert full.pop() == (1, queue.KIND_WAKE, 7)


pushes = st.tuples(
    st.integers(0, 6), st.sampled_from(sorted(ORDER)), st.integers(0, 2), st.integers(0, 2)
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(pushes, st.none()), max_size=40))
def test_random_pushes_and_pops_match_a_sorted_list(steps):
    case = Fixture()
    model = []
    for number, step in enumerate(steps):
        if step is not None:
            time, kind, trader, tie = step
            case.push(time, kind, number, trader, tie)
            word = tie_word(trader, tie) if kind == queue.KIND_MESSAGE else 0
            model.append(((time, ORDER[kind], word, number), (time, kind, number)))
        elif model:
            first = min(model)
            model.remove(first)
            assert case.pop() == first[1]
    assert [case.pop() for _ in model] == [entry for _, entry in sorted(model)]
    assert case.queue.size[0] == 0


# Through the desk: links are first-in-first-out, and a message that waits inherits its key.


class Links:
    """Post messages of chosen wake-ups by the desk, then read the order of arrival."""

    def __init__(self):
        self.world = still_block("mechanism=clob", "population.noise.count=2").world
        self.entity = self.world.traders.entity
        self.noise = [int(trader) for trader in np.flatnonzero(self.world.traders.role == 2)]
        self.posted = 0

    def post(self, trader, arrives, wake, kind=MESSAGE_ORDER):
        self.posted += 1
        envelope = take_envelope(self.world.messages, 0, kind, trader, 0, self.posted)
        address = pack_address(CAUSE_SCHEDULE, 0, wake)
        desk.post(self.world, 0, trader, envelope, arrives - MS, address, NO_WORDS)

    def arrivals(self):
        """(time, which posting) in order of arrival."""
        popped = [pop(self.world.queue, 0) for _ in range(self.posted)]
        return [(int(time), int(self.world.messages.client_id[0, i])) for time, _, i in popped]

    def word(self, trader, wake):
        tie = int(pack_address(CAUSE_SCHEDULE, 0, wake))
        keys = self.world.market.keys
        return rng.draw(*keys[0], rng.STREAM_TIE, self.entity[trader], tie, tie >> 32)[0]


def test_a_message_that_waits_for_its_predecessor_inherits_its_key():
    links = Links()
    alice, bob = links.noise
    waits = range(1, 200)
    bobs = next(wake for wake in waits if links.word(alice, 0) < links.word(bob, wake))
    own = next(wake for wake in waits if links.word(alice, wake) > links.word(bob, bobs))
    links.post(alice, 10 * MS, wake=0)
    links.post(bob, 10 * MS, wake=bobs)
    links.post(alice, 8 * MS, wake=own)  # with its own key it would come last
    assert links.arrivals() == [(10 * MS, 1), (10 * MS, 3), (10 * MS, 2)]


def test_a_message_that_does_not_wait_has_its_own_key():
    links = Links()
    alice, bob = links.noise
    waits = range(1, 200)
    bobs = next(wake for wake in waits if links.word(alice, 0) < links.word(bob, wake))
    own = next(wake for wake in waits if links.word(alice, wake) > links.word(bob, bobs))
    links.post(alice, 9 * MS, wake=0)
    links.post(bob, 10 * MS, wake=bobs)
    links.post(alice, 10 * MS, wake=own)
    assert links.arrivals() == [(9 * MS, 1), (10 * MS, 2), (10 * MS, 3)]


@pytest.mark.parametrize("cancel_arrives", [1, 10 * MS - 1, 10 * MS, 10 * MS + 1])
def test_a_cancel_never_overtakes_its_order(cancel_arrives):
    for wake in range(1, 20):
        links = Links()
        trader = links.noise[0]
        links.post(trader, 10 * MS, wake=0)
        links.post(trader, cancel_arrives, wake, MESSAGE_CANCEL)
        arrivals = links.arrivals()
        assert [which for _, which in arrivals] == [1, 2]
        assert arrivals[1][0] == max(cancel_arrives, 10 * MS)
