"""What every trader met and did at each wake-up, recorded from a run in plain Python."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from proteus.market.cell import CellConfig
from proteus.market.trading import desk
from proteus.market.trading.world import World
from tests.helpers.cells import build, run_plain


class Wake(NamedTuple):
    """One wake-up: its address, and what was drawn for it."""

    entity: int
    cause: int
    number: int
    time: int
    look: int  # of the signal; -1 without one
    signal: float
    words: tuple[int, ...]  # of a noise arrival; empty for others
    intents: tuple[tuple[int, ...], ...]  # (kind, side, price, lots, lifetime, duration)
    latencies: tuple[tuple[int, ...], ...]  # the words of its messages, by slot


class Recording(NamedTuple):
    """One lane: every wake-up in order, and the world it ended in."""

    wakes: list[Wake]
    world: World

    def by_address(self, *causes: int) -> dict[tuple[int, int, int], Wake]:
        """Map (entity, cause, number) to the wake-up."""
        kept = [wake for wake in self.wakes if wake.cause in causes]
        return {(wake.entity, wake.cause, wake.number): wake for wake in kept}


def record(config: CellConfig) -> Recording:
    """Run replicate 0 of a cell in plain Python and record its wake-ups."""
    block, wakes = build(config), []
    original_wake, original_words = desk.wake, desk.latency_words
    drawn: list[tuple[int, ...]] = []

    def words_of(*arguments: Any) -> Any:
        words = original_words(*arguments)
        drawn.append(tuple(map(int, words)))
        return words

    def wake(world: World, lane: int, trader: int, time: int, cause: int, number: int) -> None:
        drawn.clear()
        original_wake(world, lane, trader, time, cause, number)
        wakes.append(_describe(world, lane, trader, time, cause, number, tuple(drawn)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk, "wake", wake)
        patch.setattr(desk, "latency_words", words_of)
        run_plain(block.mechanism, block.world)
    assert not block.world.progress.fault.any()
    return Recording(wakes, block.world)


def _describe(
    world: World, lane: int, trader: int, time: int, cause: int, number: int, drawn: Any
) -> Wake:
    traders, view = world.traders, world.seen
    has_signal = bool(traders.has_signal[trader])
    is_noise = traders.needs_words[trader]
    return Wake(
        entity=int(traders.entity[trader]),
        cause=int(cause),
        number=int(number),
        time=int(time),
        look=int(view.look[lane]) if has_signal else -1,
        signal=float(view.signal[lane]) if has_signal else -1.0,
        words=tuple(map(int, view.words[lane])) if is_noise else (),
        intents=intents_of(world, lane),
        latencies=drawn,
    )


def intents_of(world: World, lane: int) -> tuple[tuple[int, ...], ...]:
    """List the intents of the last decision."""
    intents = world.intents
    fields = (
        intents.kind, intents.side, intents.price, intents.lots, intents.lifetime,
        intents.duration,
    )  # fmt: skip
    return tuple(
        tuple(int(field[lane, at]) for field in fields) for at in range(intents.count[lane])
    )
