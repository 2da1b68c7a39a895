"""No trader acts on what it cannot see: same view and own state, other hidden state, same action.

Decisions of every trader are taken out of a run. Each is taken again in a copy of its world in
which hidden state has been changed, and must be the same to the bit: intents, messages, their
times, and what the trader remembers. The controls change what it does see, and it must act
otherwise. The same decisions are taken under other leakage tables: what a table does not show, or
not yet, changes nothing, and was used by somebody.
"""

from typing import Any, NamedTuple

import numpy as np
import pytest

from proteus.market.agents.kinds import KINDS
from proteus.market.information.leakage import HIDDEN as TO_NOBODY
from proteus.market.information.leakage import PARTIES, PUBLIC
from proteus.market.trading.world import World
from tests.helpers import perturbing
from tests.helpers.cells import BY_ORDERS, ORDINARY, S, cell, copied, differing, only
from tests.helpers.perturbing import (
    FIELDS,
    HIDDEN,
    SEEN,
    Decision,
    channels,
    decisions,
    everything_hidden,
    prices_the_table_hides,
)

# Decisions about requests and quotes are of other kinds: test_rfq_leakage.py takes those.
EVERY_MECHANISM = pytest.mark.parametrize("mechanism", BY_ORDERS)
EVERY_PAIR = pytest.mark.parametrize(
    ("mechanism", "kind"), [(name, kind) for name in BY_ORDERS for kind in (*ORDINARY, "spoofer")]
)
# What changes the decisions of a kind, and what never does; the rest may. A maker never learns
# from quotes: they echo its own.
ACTS_ON = {
    "maker": ({"its_signal", "its_tape", "its_position"}, {"its_view"}),
    "informed": ({"its_signal", "its_view"}, {"its_tape", "its_position"}),
    "noise": ({"its_view", "its_words"}, {"its_signal", "its_tape", "its_position"}),
    "sniper": ({"its_signal", "its_view"}, {"its_tape", "its_position"}),
    "spoofer": ({"its_view"}, {"its_signal", "its_tape"}),
}

SPOOFING = ("population.probe.policy.target_ticks=1", "population.probe.policy.pause_ms=1")


@pytest.fixture(scope="module")
def moments():
    """Decisions by mechanism and kind, from a market with much news and large latencies."""
    slow = [
        f"population.{group}.latency.market_data.{key}=20"
        for group in cell().population
        for key in ("base_ms", "spread_ms")
    ]
    found = {}
    for mechanism in BY_ORDERS:
        extra = [f"+trader@population.probe_{kind}={kind}" for kind in ORDINARY]
        for kinds, words in ((ORDINARY, extra), (("spoofer",), [*only("spoofer"), *SPOOFING])):
            config = cell(f"mechanism={mechanism}", "latent.jump_rate_per_s=2", *slow, *words)
            for decision in decisions(config, S // 2):
                number = decision.world.traders.kind[decision.trader]
                (kind,) = [name for name, row in KINDS.items() if row.number == number]
                if kind not in kinds:
                    continue
                with np.errstate(over="ignore"):
                    action = decision.act(copied(decision.world))
                found.setdefault((mechanism, kind), []).append(Moment(decision, action))
    return found


class Moment(NamedTuple):
    """A decision, and what came of it."""

    decision: Decision
    action: dict[str, Any]

    def under(self, table):
        """The same moment where this table says what is shown."""
        decision = self.decision.under(table)
        with np.errstate(over="ignore"):
            return Moment(decision, decision.act(copied(decision.world)))

    def after(self, change):
        """What the trader does when its world has been changed, and whether it has been."""
        world = copied(self.decision.world)
        with np.errstate(over="ignore"):
            change(world, self.decision)
            changed = bool(differing(world, self.decision.world))
            return self.decision.act(world), changed


@pytest.mark.parametrize("hidden", [*HIDDEN.values(), everything_hidden])
@EVERY_PAIR
def test_hidden_state_changes_no_decision(moments, mechanism, kind, hidden):
    found = moments[mechanism, kind]
    assert sum(len(moment.action["intents"]) > 0 for moment in found) >= 2
    changes = 0
    for moment in found:
        action, changed = moment.after(hidden)
        assert action == moment.action
        changes += changed
    assert changes > 0


@EVERY_PAIR
def test_what_it_sees_changes_what_it_does(moments, mechanism, kind):
    acted_on = {
        name
        for name, change in SEEN.items()
        for moment in moments[mechanism, kind]
        if moment.after(change)[0]["intents"] != moment.action["intents"]
    }
    always, never = ACTS_ON.get(kind, (acted_on, set()))
    assert always <= acted_on
    assert not never & acted_on
    assert acted_on


PEEKS = {
    "what_is_not_public_yet": lambda world: world.data.best.sum(),
    "news_it_cannot_know": lambda world: world.news.payoff[0],
    "balances_and_measures": lambda world: world.ledger.balance[0, 0].sum(),
    "book_behind_the_published": lambda world: world.market.orders.lots.sum(),
    "what_others_know": lambda world: world.private.position[0, :].sum(),
    "messages_under_way": lambda world: world.messages.lots.sum(),
}


@pytest.mark.parametrize("hidden", PEEKS)
@EVERY_MECHANISM
def test_a_trader_that_peeks_is_caught(moments, monkeypatch, mechanism, hidden):
    honest, found = perturbing.wake, moments[mechanism, "maker"]

    def peek(world, *arguments):
        honest(world, *arguments)
        world.intents.lots[0, 0] += PEEKS[hidden](world)

    monkeypatch.setattr(perturbing, "wake", peek)
    unchanged = [moment.after(lambda *_: None)[0] for moment in found]
    changed = [moment.after(HIDDEN[hidden])[0] for moment in found]
    assert changed != unchanged


# --- other tables ---------------------------------------------------------------------------------

# What each changes: (event, field, value); "print" is what the mechanism prints trades by.
ONE_FIELD = {
    "no best bid": [("book", "best_bid", TO_NOBODY)],
    "no best ask": [("book", "best_ask", TO_NOBODY)],
    "book 300 ms late": [("book", "delay_ms", 300)],
    "no prints": [("print", "price", TO_NOBODY)],
    "own prints": [("print", "price", PARTIES)],
    "prints 1 s late": [("print", "delay_ms", 1000)],
}
NO_BOOK = [*ONE_FIELD["no best bid"], *ONE_FIELD["no best ask"]]
TABLES = {
    "no best ask": ONE_FIELD["no best ask"],
    "sealed": [*NO_BOOK, *ONE_FIELD["no prints"]],
    "sealed but for own prints": [*NO_BOOK, *ONE_FIELD["own prints"]],
    "all late": [("book", "delay_ms", 70), ("print", "delay_ms", 300)],
}
TAKERS = [kind for kind in ORDINARY if kind != "maker"]


def changed(mechanism, changes):
    """The default table of a mechanism with other values."""
    table = cell(f"mechanism={mechanism}").leakage
    for event, field, value in changes:
        name = table.PRINT if event == "print" else event
        event = getattr(table, name).model_copy(update={field: value})
        table = table.model_copy(update={name: event})
    return table


def all_that_the_table_does_not_show(world, decision):
    everything_hidden(world, decision)
    prices_the_table_hides(world, decision)


@pytest.mark.parametrize("name", TABLES)
@EVERY_MECHANISM
def test_what_a_table_does_not_show_changes_no_decision(moments, mechanism, name):
    table = changed(mechanism, TABLES[name])
    for kind in ORDINARY:
        for moment in moments[mechanism, kind]:
            seen = moment.under(table)
            assert seen.after(all_that_the_table_does_not_show)[0] == seen.action


def decided(moment, table):
    """What a trader that has not read the tape before sends and believes under a table."""
    world = copied(moment.decision.world)
    world.private.prints_seen[:] = 0
    unread = moment.decision._replace(world=world).under(table)
    with np.errstate(over="ignore"):
        action = unread.act(unread.world)
    return action["intents"], action["knows"]["maker.belief"]


@pytest.mark.parametrize("name", ONE_FIELD)
@EVERY_MECHANISM
def test_what_a_table_does_not_show_was_used(moments, mechanism, name):
    """Takers act on the book, makers learn from prints."""
    kinds = TAKERS if ONE_FIELD[name][0][0] == "book" else ["maker"]
    default, table = changed(mechanism, []), changed(mechanism, ONE_FIELD[name])
    found = [moment for kind in kinds for moment in moments[mechanism, kind]]
    assert any(decided(moment, table) != decided(moment, default) for moment in found)


@EVERY_MECHANISM
def test_own_prints_are_used_where_nothing_else_is_shown(moments, mechanism):
    tables = [changed(mechanism, TABLES[name]) for name in ("sealed", "sealed but for own prints")]
    found = [moment for kind in TAKERS for moment in moments[mechanism, kind]]
    sealed, own = ([moment.under(table).action["intents"] for moment in found] for table in tables)
    assert sealed != own


@EVERY_MECHANISM
def test_every_field_that_others_do_not_see_is_changed_by_a_test(mechanism):
    table = cell(f"mechanism={mechanism}").leakage.model_dump()
    fields = {
        f"{event}.{field}": audience
        for event, row in table.items()
        for field, audience in row.items()
        if field != "delay_ms"
    }
    assert set(fields.values()) == {PUBLIC, PARTIES, TO_NOBODY}
    for name, audience in fields.items():
        change = FIELDS.get(name, FIELDS.get(name.partition(".")[0]))
        assert audience == PUBLIC or change in (*HIDDEN.values(), channels), name


def test_every_part_of_the_world_is_classified():
    """A new part of the state must be hidden, own or public here before a trader may read it."""
    known = {"settings", "news_parameters", "rules"}  # those of the game; none are added
    shaken = {
        "progress", "queue", "messages", "market", "origins", "news", "data", "traders",
        "schedules", "private", "policies", "seen", "intents", "ledger", "sums", "totals",
            "log",
    }  # fmt: skip
    assert set(World._fields) == known | shaken
