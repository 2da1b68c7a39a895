"""The maker of the kernel, asked what it wants where a trader outside decides.

The engine keeps what makers think for every trader, and lets those who are outside rest. Here the
maker learns from the logs of such a trader, in their order, and decides on its view, as it would
have inside: by the same functions, at the same time, and so to the bit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.held import opened
from proteus.compiler.jit import inline_kernel, kernel, state
from proteus.market.agents import maker
from proteus.market.agents.external import WAITS
from proteus.market.book.codes import BUY


@state
class Answer(NamedTuple):
    """What the maker wants to stand on both sides. L lanes; sides are BUY and SELL."""

    price: np.ndarray  # int64 [L, 2] ticks, 1 .. n_ticks - 1 where there are lots
    lots: np.ndarray  # int64 [L, 2] 0: nothing on this side
    middle: np.ndarray  # float64 [L] reference price, ticks
    belief: np.ndarray  # float64 [L] what it thinks the contract is worth, currency


@kernel
def ask_maker(held_world, held_answer):
    """Ask the maker of every lane that waits.

    Parameters
        held_world: ``Held`` World of lanes with one trader outside, of kind ``maker``; what that
            maker thinks is written, and intents, which whoever acts writes anew.
        held_answer: ``Held`` Answer; written where lanes wait.
    """
    world, answer = opened(held_world), opened(held_answer)
    external, thinks, intents = world.policies.others.policy, world.policies.maker, world.intents
    for lane in range(external.waits.shape[0]):
        if external.waits[lane] != WAITS:
            continue
        trader = external.trader[lane]
        _tell(external, thinks, lane, trader)
        intents.count[lane] = 0
        maker.decide(
            thinks, world.seen, world.private, world.traders.has_signal[trader],
            world.rules.costs, intents, lane, trader,
        )  # fmt: skip
        for side in range(2):
            answer.price[lane, side] = intents.price[lane, side]
            answer.lots[lane, side] = intents.lots[lane, side]
        intents.count[lane] = 0
        answer.middle[lane] = world.seen.reference_doubled[lane] / 2
        answer.belief[lane] = thinks.belief[lane, trader]


@inline_kernel
def _tell(external, thinks, lane, trader):
    """Go through own fills and the prices told by name since the last decision, in their order."""
    number = external.number[trader]
    room = external.fill_order.shape[2]
    fills = min(external.fills[lane, number], room)
    prices = min(external.prints[lane, number], room) - external.read[lane, number]
    fill, price = 0, 0
    while fill < fills or price < prices:
        is_fill = price >= prices
        if fill < fills and price < prices:
            is_fill = (
                external.fill_order[lane, number, fill] < external.print_order[lane, number, price]
            )
        if is_fill:
            sign = 1 if external.fill_side[lane, number, fill] == BUY else -1
            maker.learn_fill(
                thinks, lane, trader, sign, external.fill_belief[lane, number, fill],
                external.fill_ns[lane, number, fill], external.fill_told_ns[lane, number, fill],
            )  # fmt: skip
            fill += 1
        else:
            maker.learn_price(thinks, lane, trader, external.print_price[lane, number, price])
            price += 1
