"""Nobody acts on what it cannot see of requests and quotes: the decision, taken again, is the same.

As ``test_leakage.py``, for the five decisions of this market: whether to ask, what to answer, which
quote to accept, whether a held quote is worth it, and whether a last look refuses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from proteus.market.agents.traders import CLASS_MAKER, CLASS_NOISE
from proteus.market.events.envelopes import (
    CAUSE_NOTIFIED,
    MESSAGE_ACCEPT,
    MESSAGE_ORDER,
    MESSAGE_QUOTE,
    NOTICE_PRICE,
    NOTICE_QUOTE,
    pack_address,
)
from proteus.market.events.latency import MARKET_DATA, delay, latency_words
from proteus.market.information.leakage import HIDDEN as TO_NOBODY
from proteus.market.information.leakage import PARTIES
from proteus.market.mechanisms.rfq import Known
from proteus.market.trading import rfq_desk
from proteus.market.trading.world import World
from tests.helpers import perturbing
from tests.helpers.cells import build, cell, copied, differing, run_plain
from tests.helpers.perturbing import FIELDS, HIDDEN, remembered, sequence_of, shake, shake_all
from tests.helpers.recording import intents_of

KINDS = ("wake", "answer", "choose", "look_again", "end_hold")
KEPT = 8  # decisions of a kind, and as many that sent something
_OF_TRADER = 5  # the first fields of Known are by trader
_QUIET_NS = 500_000_000


@dataclass(frozen=True)
class Decision:
    """Somebody is about to decide, at a moment of a run."""

    kind: str
    mechanism: Any
    world: World
    trader: int
    time: int
    cause: int
    number: int
    rest: tuple[int, ...]  # further arguments of the function

    @property
    def seen_until(self) -> int:
        """Time up to which the trader sees what is public."""
        traders, keys = self.world.traders, self.world.market.keys
        address = pack_address(self.cause, 0, self.number)
        word = latency_words(traders, keys, 0, self.trader, address)[MARKET_DATA]
        oldest = self.world.private.view_time[0, self.trader]
        seen = self.time - int(delay(traders, self.trader, MARKET_DATA, word))
        return max(max(int(oldest), seen) - self.world.data.disclosure.price_delay_ns, 0)

    book_until = prints_until = seen_until

    @property
    def signal_time(self) -> int:
        """Time of the fair value that the trader sees."""
        return self.time - int(self.world.traders.signal_delay[self.trader])

    def act(self, mechanism: Any, world: World) -> dict[str, Any]:
        """Let the trader decide; return everything it did and remembers."""
        sequence = int(world.queue.sequence[0])
        world.intents.count[0] = 0
        with np.errstate(over="ignore"):
            getattr(rfq_desk, self.kind)(mechanism, world, 0, *self.rest)
        assert not world.progress.fault.any()
        return {
            "sent": sent(mechanism, world, sequence),
            "intents": intents_of(world, 0) if self.kind != "choose" else (),
            "knows": remembered(world, self.trader),
        }

    def after(self, *changes: Any) -> tuple[dict[str, Any], bool]:
        """What the trader does when its world has been changed, and whether it has been."""
        mechanism, world = copied(self.mechanism), copied(self.world)
        with np.errstate(over="ignore"):
            for change in changes:
                change(mechanism, world, self)
        changed = bool(differing(world, self.world) or differing(mechanism, self.mechanism))
        return self.act(mechanism, world), changed


def sent(mechanism: Any, world: World, sequence: int) -> list[tuple[int, ...]]:
    """Describe the messages that went into the queue since ``sequence``."""
    queue, orders, messages, found = world.queue, world.market.orders, world.messages, []
    for at in range(int(queue.size[0])):
        if sequence_of(queue.key[0, at]) < sequence:
            continue
        item = int(queue.item[0, at])
        kind, slot = int(messages.kind[0, item]), int(messages.order[0, item])
        what = [messages.trader[0, item], messages.cause[0, item]]
        if kind in (MESSAGE_ORDER, MESSAGE_QUOTE):
            what += [field[0, slot] for field in (orders.side, orders.rank, orders.lots)]
        elif kind == MESSAGE_ACCEPT:
            fields = (mechanism.enclosures.other_id, messages.lots, messages.rank, messages.side)
            what += [field[0, item] for field in fields]
        found.append((int(queue.time[0, at]), kind, *map(int, what)))
    return found


def decisions(*words: str) -> list[Decision]:
    """Run a lane in plain Python and copy the state before some decisions of every kind."""
    block, found = build(cell("mechanism=rfq", *words)), []
    count: dict[tuple[str, int, bool], int] = {}

    def watch(kind: str) -> Any:
        original = getattr(rfq_desk, kind)

        def call(mechanism: Any, world: World, lane: int, *rest: Any) -> None:
            if kind == "wake":
                trader, time, cause, number = map(int, rest)
            else:
                time, timer = map(int, rest)
                trader = int(world.messages.trader[0, timer])
                cause, number = CAUSE_NOTIFIED, int(world.private.notified[0, trader])
            before = Decision(
                kind, copied(mechanism), copied(world), trader, time, cause, number, rest
            )
            sequence = int(world.queue.sequence[0])
            original(mechanism, world, lane, *rest)
            role = int(world.traders.role[trader])
            case = kind, role, bool(sent(mechanism, world, sequence))
            if time > _QUIET_NS and count.get(case, 0) < KEPT:
                count[case] = count.get(case, 0) + 1
                found.append(before)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for kind in KINDS:
            patch.setattr(rfq_desk, kind, watch(kind))
        run_plain(block.mechanism, block.world)
    return found


@pytest.fixture(scope="module")
def moments():
    """Decisions in a market with much news, large latencies and last looks."""
    slow = [
        f"population.{group}.latency.market_data.{key}=20"
        for group in cell().population
        for key in ("base_ms", "spread_ms")
    ]
    words = (
        "latent.jump_rate_per_s=2", "mechanism.last_look=true", "horizon_s=6", *slow,
        "mechanism.quote_ttl_ms=400", "mechanism.request_ttl_ms=800",
        "execution.leakage.rfq.trade.price=public",
    )  # fmt: skip
    found = decisions(*words)
    assert {decision.kind for decision in found} == set(KINDS)
    return [(decision, decision.after()[0]) for decision in found]


# --- changes of what nobody, or only others, may see ----------------------------------------------


def in_the_world(change: Any) -> Any:
    def call(mechanism: Any, world: World, decision: Decision) -> None:
        change(world, decision)

    call.__name__ = change.__name__
    return call


def floor_of_the_venue(mechanism: Any, world: World, decision: Decision) -> None:
    """Who quoted what for whom, deadlines, last looks, and who was asked."""
    shake_all(mechanism.alive)
    shake(mechanism.measured_ns)


def what_other_takers_know(mechanism: Any, world: World, decision: Decision) -> None:
    """Requests of others, the quotes they have, and the last ones they saw."""
    owner = decision.world.market.orders.trader[0]
    for place, array in enumerate(mechanism.known):
        others = np.arange(array.shape[1]) != decision.trader
        if place >= _OF_TRADER:
            others = owner != decision.trader
        shake(array[0], others)


def quotes_and_prices_under_way(mechanism: Any, world: World, decision: Decision) -> None:
    """Quotes and prices that have not arrived at the trader."""
    messages = world.messages
    kinds = np.isin(messages.kind[0], [NOTICE_QUOTE, NOTICE_PRICE])
    enclosures = mechanism.enclosures
    for array in (messages.rank, messages.lots, enclosures.deadline_ns, enclosures.tie):
        shake(array[0], kinds)


CHANGES = {
    **{name: in_the_world(change) for name, change in HIDDEN.items()},
    **{
        change.__name__: change
        for change in (floor_of_the_venue, what_other_takers_know, quotes_and_prices_under_way)
    },
}


@pytest.mark.parametrize("name", [*CHANGES, "everything"])
def test_hidden_state_changes_no_decision(moments, name):
    changes = [*CHANGES.values()] if name == "everything" else [CHANGES[name]]
    changed = 0
    for decision, action in moments:
        after, has_changed = decision.after(*changes)
        assert after == action, decision.kind
        changed += has_changed
    assert changed > 0


def hides(*words):
    """Decisions about requests of which something is not disclosed."""
    return [d for d in decisions("horizon_s=1.5", *words) if d.kind == "answer"]


def timer_field(name, value):
    def change(mechanism, world, decision):
        field = getattr(world.messages, name)
        field[0, decision.rest[1]] = value(field[0, decision.rest[1]])

    return change


SIDE = timer_field("side", lambda side: 1 - side)
SIZE = timer_field("lots", lambda lots: 20 - lots)


@pytest.mark.parametrize(
    ("words", "change", "matters"),
    [
        ((), SIDE, True),
        (("mechanism.shows_side=false",), SIDE, False),
        ((), SIZE, True),
        (("mechanism.shows_size=false",), SIZE, False),
    ],
)
def test_a_dealer_sees_of_a_request_what_is_disclosed(words, change, matters):
    found = hides(*words)
    assert len(found) > 3
    assert any(d.after(change)[0] != d.after()[0] for d in found) == matters


# --- controls: what they do see -------------------------------------------------------------------


def its_quotes(mechanism, world, decision):
    """The quotes that a taker has are 10 ticks worse."""
    mechanism.known.quote_rank[0] -= 10


def its_unread_tape(mechanism, world, decision):
    """It has read no print yet, and all are at 900."""
    world.private.prints_seen[0, decision.trader] = 0
    perturbing.SEEN["its_tape"](world, decision)


def _in_the_world(name):
    return in_the_world(perturbing.SEEN[name])


@pytest.mark.parametrize(
    ("kinds", "role", "change", "acts"),
    [
        (("choose", "look_again"), None, its_quotes, True),
        (("answer",), None, _in_the_world("its_signal"), True),
        (("answer",), None, _in_the_world("its_position"), True),
        (("end_hold",), None, _in_the_world("its_signal"), True),
        (("look_again",), None, _in_the_world("its_signal"), True),
        (("choose",), None, _in_the_world("its_signal"), False),
        (("wake",), CLASS_NOISE, _in_the_world("its_words"), True),
        (("answer",), CLASS_MAKER, its_unread_tape, True),
    ],
)
def test_what_it_sees_changes_what_it_does(moments, kinds, role, change, acts):
    found = [
        (decision, action) for decision, action in moments
        if decision.kind in kinds
        and (role is None or decision.world.traders.role[decision.trader] == role)
    ]  # fmt: skip
    assert found
    assert any(decision.after(change)[0] != action for decision, action in found) == acts


# --- the table ------------------------------------------------------------------------------------


def under(decision, price):
    """The same decision where the table shows the prices of trades to others."""
    table = cell("mechanism=rfq").leakage
    trade = table.trade.model_copy(update={"price": price})
    shown = table.model_copy(update={"trade": trade}).disclosure()
    data = decision.world.data._replace(disclosure=shown)
    return replace(decision, world=decision.world._replace(data=data))


@pytest.mark.parametrize("price", [PARTIES, TO_NOBODY, "asked"])
def test_prices_that_are_not_public_change_no_decision(moments, price):
    hide = in_the_world(perturbing.prices_the_table_hides)
    used = 0
    for decision, action in moments:
        hidden = under(decision, price)
        before = hidden.after()[0]
        assert hidden.after(hide)[0] == before
        used += before != action
    assert used > 0


def test_every_field_that_others_do_not_see_is_changed_by_a_test():
    changed = {
        "request": {"messages_under_way"}, "quote": {"quotes_and_prices_under_way"},
        "cover": {"floor_of_the_venue"},
        **{event: {change.__name__} for event, change in FIELDS.items()},
    }  # fmt: skip
    around = {"report", "block", "waiting"}  # test_channel_leakage changes what is around a market
    for event, row in cell("mechanism=rfq").leakage.model_dump(exclude=around).items():
        for field, audience in row.items():
            names = changed.get(f"{event}.{field}", changed.get(event, set()))
            assert field == "delay_ms" or audience == "public" or names & set(CHANGES)


def test_every_part_of_what_takers_know_is_changed_by_a_test():
    assert Known._fields[_OF_TRADER - 1] == "told_until"
