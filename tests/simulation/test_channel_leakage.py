"""Nobody acts on a channel of the environment that it has not subscribed to.

Decisions are taken out of markets with an oracle, blocks, a base fee and messages that wait. Each
is taken again after all of these have been changed, and must be the same to the bit, tips included.
The controls are traders who are shown a channel: they must act otherwise.
"""

from typing import Any

import numpy as np
import pytest

from proteus.market.events.queue import is_message
from proteus.market.trading import hooks
from tests.helpers import perturbing
from tests.helpers.cells import BY_ORDERS, S, cell, copied, differing
from tests.helpers.perturbing import Decision, channels, decisions, sequence_of

pytestmark = pytest.mark.plain

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", BY_ORDERS)
CHAIN = [
    "environment=chain", "environment.blocks.interval_ms=100", "execution.route=blocks",
    "execution.tips=edge_share", "execution.tip_share=0.25", "costs=gas",
    "latent.jump_rate_per_s=3", "population.sniper.count=2",
]  # fmt: skip


def taken(mechanism: str, *words: str) -> list[Decision]:
    """Decisions of the second half of a second."""
    return decisions(cell(f"mechanism={mechanism}", *CHAIN, *words), S // 2)


def act(decision: Decision, change: Any = None) -> dict[str, Any]:
    """What a trader does, with the tips of what it sends, when its world has been changed."""
    world = copied(decision.world)
    with np.errstate(over="ignore"):
        if change is not None:
            change(world, decision)
            assert differing(world, decision.world)
        hooks.at_decision(
            world.rules, world.ledger, world.log, world.private, 0, decision.trader,
            decision.time, 0,
        )  # fmt: skip
        sequence = int(world.queue.sequence[0])
        done = decision.act(world)
    queue, tips = world.queue, world.rules.environment.mempool.tip
    sent = [
        int(queue.item[0, at])
        for at in range(queue.size[0])
        if sequence_of(queue.key[0, at]) >= sequence and is_message(queue, 0, at)
    ]
    return done | {"tips": tips[0, sent].tolist()}


def base_fee(world: Any, decision: Decision) -> None:
    """The next block is dearer, by 0.05 a message."""
    world.rules.environment.congestion.next_base_fee[0] += 50_000_000


@EVERY_MECHANISM
def test_channels_change_no_decision_of_who_is_not_shown_them(mechanism):
    found = taken(mechanism)
    acted = [act(decision) for decision in found]
    assert sum(bool(done["sent"]) for done in acted) >= 8
    assert any(tip > 0 for done in acted for tip in done["tips"])
    assert [act(decision, channels) for decision in found] == acted


@EVERY_MECHANISM
def test_a_base_fee_that_is_shown_changes_decisions(mechanism):
    found = taken(mechanism, f"execution.leakage.{mechanism}.block.base_fee=public")
    acted = [act(decision) for decision in found]
    assert [act(decision, base_fee) for decision in found] != acted


def test_who_reads_what_waits_offers_otherwise_and_nobody_else_does():
    """Rivals that wait vanish: only the snipers that read them change, and only their tips."""
    found = taken(
        "clob", "+channel@environment.mempool=mempool", "latent.jump_rate_per_s=8",
        "population.sniper.policy.reads_mempool=true", "population.sniper.count=4",
        "execution.leakage.clob.waiting.orders=public",
    )  # fmt: skip

    def nobody_waits(world, decision):
        world.rules.environment.mempool.first[:] = -1
        world.rules.environment.mempool.waiting[0] += 1  # is changed where nobody waited, too

    changed = 0
    for decision in found:
        before, after = act(decision), act(decision, nobody_waits)
        reads = decision.world.rules.environment.mempool.reads[decision.trader]
        assert before["intents"] == after["intents"]
        assert reads or before == after
        changed += before != after
    assert changed > 0


@pytest.mark.parametrize("peek", ["oracle", "blocks", "congestion", "mempool"])
def test_a_trader_that_peeks_is_caught(monkeypatch, peek):
    honest, found = perturbing.wake, taken("clob")

    def peeks(world, *arguments):
        honest(world, *arguments)
        channel = getattr(world.rules.environment, peek)
        what = {"oracle": "arrived", "blocks": "made", "congestion": "base_fee", "mempool": "tip"}
        world.intents.lots[0, 0] += int(getattr(channel, what[peek])[0].sum())

    monkeypatch.setattr(perturbing, "wake", peeks)
    assert [act(one, channels) for one in found] != [act(one) for one in found]
