"""No trader acts on what it cannot see: same view and own state, other hidden state, same action.

Decisions of every trader are taken out of a run. Each is taken again in a copy of its world in
which hidden state has been changed, and must be the same to the bit: intents, messages, their
times, and what the trader remembers. The controls change what it does see, and it must act
otherwise.
"""

from typing import Any, NamedTuple

import numpy as np
import pytest

from proteus.agents.table import TRADERS
from proteus.world import World
from tests.cells import MECHANISM_NAMES, S, cell, copied, differing
from tests.simulation import perturbing
from tests.simulation.perturbing import HIDDEN, SEEN, Decision, decisions, everything_hidden

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
EVERY_PAIR = pytest.mark.parametrize(
    ("mechanism", "kind"), [(name, kind) for name in MECHANISM_NAMES for kind in TRADERS]
)
# What changes the decisions of a kind, and what never does; the rest may. A maker never learns
# from quotes: they echo its own.
ACTS_ON = {
    "maker": ({"its_signal", "its_tape", "its_position"}, {"its_view"}),
    "informed": ({"its_signal", "its_view"}, {"its_tape", "its_position"}),
    "noise": ({"its_view", "its_words"}, {"its_signal", "its_tape", "its_position"}),
    "sniper": ({"its_signal", "its_view"}, {"its_tape", "its_position"}),
}


@pytest.fixture(scope="module")
def moments():
    """Decisions by mechanism and kind, from a market with much news and large latencies."""
    slow = [
        f"population.{group}.latency.market_data.{key}=20"
        for group in cell().population
        for key in ("base_ms", "spread_ms")
    ]
    found = {}
    for mechanism in MECHANISM_NAMES:
        extra = [f"+trader@population.probe_{kind}={kind}" for kind in TRADERS]
        config = cell(f"mechanism={mechanism}", "latent.jump_rate_per_s=2", *slow, *extra)
        for decision in decisions(config, S // 2):
            number = decision.world.traders.kind[decision.trader]
            (kind,) = [name for name, row in TRADERS.items() if row.number == number]
            with np.errstate(over="ignore"):
                action = decision.act(copied(decision.world))
            found.setdefault((mechanism, kind), []).append(Moment(decision, action))
    return found


class Moment(NamedTuple):
    """A decision, and what came of it."""

    decision: Decision
    action: dict[str, Any]

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


def test_every_part_of_the_world_is_classified():
    """A new part of the state must be hidden, own or public here before a trader may read it."""
    known = {"settings", "news_parameters"}  # the rules of the game
    shaken = {
        "progress", "queue", "messages", "market", "origins", "news", "data", "traders",
        "schedules", "private", "policies", "seen", "intents", "ledger", "sums", "totals",
            "log",
    }  # fmt: skip
    assert set(World._fields) == known | shaken
