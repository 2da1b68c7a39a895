"""Traders who are decided for outside: where one of them looks, its lane waits for what it wants.

Such a trader is one of the population. Its wake-ups, links, signal, risk and costs are those of its
group; only ``kind`` of it differs. It has no state in the kernels but what it was told since its
last decision: its own fills, and prices of others. ``trading.stepping`` runs the lanes that wait.

A market without such traders has none of this: every interface here is empty for its policies.

Where requests are answered, a maker stands by what it wanted last, unless it is asked each time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, interface, state, written_first
from proteus.market.agents import maker
from proteus.market.agents.base import Members, decide_charged, learn_fill_one, learn_price_one
from proteus.market.agents.traders import INTENT_QUOTE, intend
from proteus.market.book.codes import BUY, GTC, SELL

EXTERNAL = "external"  # the kind; no yaml names it
WAITS = 1
DECIDED = 2  # and stands in the intents
NUMBER = 15  # in the switch: below the kinds that are not ordinary, above those that are


class ExternalPolicy(NamedTuple):
    """How one trader is decided for outside."""

    log_rows: int  # fills, and prices, that are kept between two decisions
    most_held: int  # lots, by the inventory limit that belongs to the plain loop
    asks_each: bool  # it decides about every request and last look, and not only at wake-ups


@written_first(
    "fill_order", "fill_told_ns", "fill_ns", "fill_side", "fill_price", "fill_lots", "fill_belief",
    "print_order", "print_price", "item",
)  # fmt: skip
@state
class External(NamedTuple):
    """What waits and what was told. L lanes, A traders, of which M are outside, K rows of a log."""

    number: np.ndarray  # int64 [A] of a trader among those outside
    is_outside: np.ndarray  # bool [A]
    most_held: np.ndarray  # int64 [A] lots
    asks_each: np.ndarray  # bool [A]
    waits: np.ndarray  # int8 [L] WAITS: a decision is waited for; DECIDED: it is there
    trader: np.ndarray  # int64 [L] whose it is
    kind: np.ndarray  # int64 [L] of the entry of the queue that led to it
    item: np.ndarray  # int64 [L] and what that is about
    told: np.ndarray  # int64 [L, M] fills and prices since the last decision; orders both logs
    fills: np.ndarray  # int64 [L, M] of them own fills, also those beyond the log
    fill_order: np.ndarray  # int64 [L, M, K] its place among all that was told
    fill_told_ns: np.ndarray  # int64 [L, M, K] when its report was read
    fill_ns: np.ndarray  # int64 [L, M, K] when it happened
    fill_side: np.ndarray  # int64 [L, M, K] BUY or SELL
    fill_price: np.ndarray  # int64 [L, M, K] ticks
    fill_lots: np.ndarray  # int64 [L, M, K]
    fill_belief: np.ndarray  # float64 [L, M, K] what it said when it sent that version, currency
    prints: np.ndarray  # int64 [L, M] of them prices, also those beyond the log
    read: np.ndarray  # int64 [L, M] the last so many were read with the view of the decision
    print_order: np.ndarray  # int64 [L, M, K] its place among all that was told
    print_price: np.ndarray  # int64 [L, M, K] ticks
    stand_price: np.ndarray  # int64 [L, M, 2] what it wanted last, ticks
    stand_lots: np.ndarray  # int64 [L, M, 2] 0: nothing
    stand_belief: np.ndarray  # float64 [L, M, 2] currency
    equity: np.ndarray  # int64 [L, M] at the last decision of anyone outside, or at the end, nano


def make(members: Members) -> External:
    """Build the state of the traders outside; they all keep logs of the same length."""
    policies: list[ExternalPolicy] = [policy for _, policy in members.policies]
    return allocate(
        External, L=members.lanes, A=members.traders, M=len(policies), K=policies[0].log_rows,
        number=members.column(range(len(policies)), np.int64),
        is_outside=members.column((True for _ in policies), np.bool_),
        most_held=members.key("most_held", np.int64),
        asks_each=members.key("asks_each", np.bool_),
    )  # fmt: skip


# --- what the loop asks of the policies of a market -----------------------------------------------


@interface
def is_waiting(policies, lane):
    """Tell whether a lane waits for a decision from outside."""


@interface
def pauses(policies, lane, kind, item):
    """Tell whether a lane waits; then note which entry of the queue led to that."""


@interface
def stand_in(policies, traders, private, intents, lane, trader):
    """Let a trader outside who is not asked each time want what it wanted last."""


@interface
def attach_price(policies, traders, messages, lane, trader, envelope, price):
    """Let the report of a fill carry its price in ticks, to a trader outside."""


@interface
def hear_fill(policies, traders, messages, lane, trader, envelope, now):
    """Let a trader outside log a fill that it is told of."""


@is_waiting.otherwise
@inline_kernel
def _waits_for_nobody(policies, lane):
    return False


@pauses.otherwise
@inline_kernel
def _never_pauses(policies, lane, kind, item):
    return False


@stand_in.otherwise
@inline_kernel
def _nobody_stands_in(policies, traders, private, intents, lane, trader):
    pass


@attach_price.otherwise
@inline_kernel
def _attach_nothing(policies, traders, messages, lane, trader, envelope, price):
    pass


@hear_fill.otherwise
@inline_kernel
def _nobody_hears(policies, traders, messages, lane, trader, envelope, now):
    pass


# --- and the same of the state that comes first among the other kinds -----------------------------


@is_waiting.implement(External)
@inline_kernel
def _waits(policies, lane):
    return policies.waits[lane] != 0


@pauses.implement(External)
@inline_kernel
def _pauses(policies, lane, kind, item):
    if policies.waits[lane] == 0:
        return False
    policies.kind[lane], policies.item[lane] = kind, item
    return True


@stand_in.implement(External)
@inline_kernel
def _stand_in(policies, traders, private, intents, lane, trader):
    if traders.kind[trader] != NUMBER or policies.asks_each[trader]:
        return
    at = policies.number[trader]
    sells_only = policies.stand_lots[lane, at, BUY] == 0 < policies.stand_lots[lane, at, SELL]
    for i in range(2):
        side = 1 - i if sells_only else i  # what it wants comes first: of a taker only that counts
        intend(
            intents, lane, INTENT_QUOTE, side, policies.stand_price[lane, at, side],
            policies.stand_lots[lane, at, side], GTC, 0, policies.stand_belief[lane, at, side],
        )  # fmt: skip
    keep_limit(policies, private, intents, lane, trader)
    policies.waits[lane] = 0


@attach_price.implement(External)
@inline_kernel
def _attach_price(policies, traders, messages, lane, trader, envelope, price):
    if traders.kind[trader] == NUMBER:
        messages.rank[lane, envelope] = price


@hear_fill.implement(External)
@inline_kernel
def _hear_fill(policies, traders, messages, lane, trader, envelope, now):
    if traders.kind[trader] != NUMBER:
        return
    number = policies.number[trader]
    at = policies.fills[lane, number]
    policies.fills[lane, number] = at + 1
    if at < policies.fill_order.shape[2]:
        policies.fill_order[lane, number, at] = policies.told[lane, number]
        policies.fill_told_ns[lane, number, at] = now
        policies.fill_ns[lane, number, at] = messages.filled_ns[lane, envelope]
        policies.fill_side[lane, number, at] = messages.side[lane, envelope]
        policies.fill_price[lane, number, at] = messages.rank[lane, envelope]
        policies.fill_lots[lane, number, at] = messages.lots[lane, envelope]
    policies.told[lane, number] += 1


@learn_fill_one.implement(External)
@inline_kernel
def _hear_belief(policy, lane, trader, sign, quoted_belief, filled_ns, now):
    number = policy.number[trader]
    at = policy.fills[lane, number] - 1  # the report was logged just before
    if at < policy.fill_order.shape[2]:
        policy.fill_belief[lane, number, at] = quoted_belief


@learn_price_one.implement(External)
@inline_kernel
def _hear_price(policy, lane, trader, price):
    number = policy.number[trader]
    at = policy.prints[lane, number]
    policy.prints[lane, number] = at + 1
    if at < policy.print_order.shape[2]:
        policy.print_order[lane, number, at] = policy.told[lane, number]
        policy.print_price[lane, number, at] = price
    policy.told[lane, number] += 1


@decide_charged.implement(External)
@inline_kernel
def _wait(policy, view, private, has_signal, costs, intents, lane, trader):
    """Want nothing yet, and let the lane wait; new prints are logged, after all it was told."""
    policy.read[lane, policy.number[trader]] = view.n_prints[lane]
    for i in range(view.n_prints[lane]):
        _hear_price(policy, lane, trader, view.print_price[lane, i])
    policy.waits[lane] = WAITS
    policy.trader[lane] = trader


@inline_kernel
def take_up(policy, intents, lane):
    """Take what the trader wants, which stands in ``intents``, and wait no longer."""
    number = policy.number[policy.trader[lane]]
    policy.waits[lane] = 0
    policy.told[lane, number] = 0
    policy.fills[lane, number] = 0
    policy.prints[lane, number] = 0
    policy.stand_lots[lane, number, :] = 0
    for i in range(intents.count[lane]):
        side = intents.side[lane, i]
        policy.stand_price[lane, number, side] = intents.price[lane, i]
        policy.stand_lots[lane, number, side] = intents.lots[lane, i]
        policy.stand_belief[lane, number, side] = intents.belief[lane, i]


@inline_kernel
def keep_limit(policy, private, intents, lane, trader):
    """Cut quotes by the inventory limit of the plain loop; a rich one has it in its chain."""
    held, most = private.position[lane, trader], policy.most_held[trader]
    for i in range(intents.count[lane]):
        if intents.kind[lane, i] == INTENT_QUOTE:
            side, price, lots = intents.side[lane, i], intents.price[lane, i], intents.lots[lane, i]
            signed = held if side == BUY else -held
            fits = maker.fit(private, lane, trader, side, price, lots, most - signed)
            intents.lots[lane, i] = max(fits, 0)
