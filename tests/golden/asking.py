"""Stories where takers ask: every order is a request, and a quote is what a dealer answers then.

Nobody decides but the story. A taker that looks again at a quote it holds wants what it wanted when
it asked; a dealer that looks again believes in the middle of what it quotes by then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from proteus.market.agents.traders import INTENT_ORDER, INTENT_QUOTE, intend
from proteus.market.book.codes import BUY, GTC, IOC, SELL
from proteus.market.events.envelopes import CAUSE_SCHEDULE
from proteus.market.trading import rfq_desk
from tests.golden.stories import Action
from tests.helpers.hand_market import HandMarket

Wants = dict[int, list[tuple[Any, ...]]]  # intents by the number of their trader


@contextmanager
def only_the_story_decides() -> Iterator[Wants]:
    """Let every trader want what stands in the table, and nothing else."""
    wants: Wants = {}

    def decide(world: Any, lane: int, trader: int) -> None:
        for intent in wants.get(int(trader), ()):
            intend(world.intents, lane, *intent)

    with mock.patch.object(rfq_desk, "_decide", decide):
        yield wants


def act(market: HandMarket, wants: Wants, action: Action, trader: int) -> None:
    """Let a dealer change its mind, or a taker wake up and ask."""
    market.run(action.at_ns)
    if action.does == "quote":
        belief = sum(action.prices) / 2 / market.world.settings.n_ticks
        wants[trader] = [
            (INTENT_QUOTE, side, price, lots, GTC, 0, belief)
            for side, price, lots in zip((BUY, SELL), action.prices, action.lots, strict=True)
        ]
        return
    side = {"buy": BUY, "sell": SELL}[action.side]
    wants[trader] = [(INTENT_ORDER, side, action.prices[0], action.lots[0], IOC, 0, 0.0)]
    rfq_desk.wake(
        market.mechanism, market.world, 0, trader, action.at_ns, CAUSE_SCHEDULE, market.numbers
    )
    market.numbers += 1
