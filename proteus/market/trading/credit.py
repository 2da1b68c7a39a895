"""Messages to the pool of credit: who sends them, and that they go past the mechanism.

Like the hooks these are chosen by the type of ``world.rules``; of every type but ``Rules`` they are
empty. A message goes over its sender's link, after what it sent before. It asks by what its sender
knows: its own cash less fills that it has not been told of, its own debt as it was last booked, its
position as reported, which of its lots are final, and the middle of the market that it was last
shown.
"""

from __future__ import annotations

import numpy as np

from proteus.basics.units import NANO
from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import inline_kernel, interface
from proteus.market.arithmetic.fixed_point import FLOOR, multiply_divide
from proteus.market.book.codes import NO_ENVELOPE, NO_ORDER, NO_TRADER
from proteus.market.environment.mempool import see_gain
from proteus.market.environment.news import value_at
from proteus.market.events.envelopes import MESSAGE_CREDIT, pack_address, take_envelope
from proteus.market.events.latency import latency_words
from proteus.market.events.log import MISSING
from proteus.market.ledger.accounts import CASH, CONTRACT, nano
from proteus.market.ledger.codes import TERM_CLAIMS
from proteus.market.ledger.entries import worth_of_term
from proteus.market.lending.codes import BORROW, LIQUIDATE, SUPPLY
from proteus.market.lending.collateral import worth
from proteus.market.lending.credit import DEBT, MILLION
from proteus.market.lending.curves import WAD
from proteus.market.rules import credit as bound
from proteus.market.rules.credit_books import note_jump
from proteus.market.rules.state import Rules
from proteus.market.rules.uses import CREDIT, DELAYED, EDGES, uses
from proteus.market.trading import desk
from proteus.market.trading.calling import price_seen, wanted

_SLOT = 254  # of these messages among those of a wake-up


@interface
def receive(rules, ledger, log, messages, data, initial_ticks, lane, envelope, time, event):
    """A message has reached the venue; tells whether it was one about credit, and is done."""


@interface
def accrue(rules, ledger, log, queue, data, initial_ticks, lane, time, event):
    """Interest is due."""


@interface
def at_acted(rules, world, lane, trader, time, cause, number):
    """A trader has acted on a wake-up, whatever the mechanism."""


@interface
def at_jump(rules, world, lane, time):
    """The value of the contract has jumped."""


@at_jump.otherwise
@inline_kernel
def _met_nobody(rules, world, lane, time):
    pass


@at_jump.implement(Rules)
@inline_kernel
def _at_jump(rules, world, lane, time):
    if uses(rules, CREDIT):
        before = nano(value_at(world.news, world.news_parameters, lane, time - 1))
        after = nano(value_at(world.news, world.news_parameters, lane, time))
        note_jump(rules.credit, lane, before, after)


@receive.otherwise
@inline_kernel
def _is_none(rules, ledger, log, messages, data, initial_ticks, lane, envelope, time, event):
    return False


@accrue.otherwise
@inline_kernel
def _owes_nothing(rules, ledger, log, queue, data, initial_ticks, lane, time, event):
    pass


@at_acted.otherwise
@inline_kernel
def _asks_nothing(rules, world, lane, trader, time, cause, number):
    pass


@receive.implement(Rules)
@inline_kernel
def _receive(rules, ledger, log, messages, data, initial_ticks, lane, envelope, time, event):
    if not uses(rules, CREDIT) or messages.kind[lane, envelope] != MESSAGE_CREDIT:
        return False
    bound.receive(rules, ledger, log, messages, data, initial_ticks, lane, envelope, time, event)
    return True


@accrue.implement(Rules)
@inline_kernel
def _accrue(rules, ledger, log, queue, data, initial_ticks, lane, time, event):
    if uses(rules, CREDIT):
        bound.accrue(rules, ledger, log, queue, data, initial_ticks, lane, time, event)


@at_acted.implement(Rules)
@inline_kernel
def _at_acted(rules, world, lane, trader, time, cause, number):
    if uses(rules, CREDIT) and rules.credit.asks[trader]:
        _ask(rules, world, lane, trader, time, cause, number)


@deferred_kernel()
def _ask(rules, world, lane, trader, time, cause, number):
    """Send what a lender supplies, what a trader with a target lacks, or a liquidator's call."""
    action, amount, about, gain = SUPPLY, np.int64(0), np.int64(NO_TRADER), 0.0
    credit = rules.credit
    if rules.is_ruined[lane, trader]:
        return
    if credit.deposit[trader] > 0:
        cash = world.ledger.balance[lane, trader, CASH] - credit.under_way[lane, trader]
        is_paid_for = credit.pool.rate[lane] >= credit.reservation[trader]
        amount = min(credit.deposit[trader], cash) if is_paid_for else np.int64(0)
    elif credit.leverage[trader] > 0:
        action, amount = BORROW, _lacking(rules, world, lane, trader)
    elif credit.liquidators.calls[trader]:
        action = LIQUIDATE
        about, amount, gain = wanted(rules, world, lane, trader)
        if credit.under_way[lane, trader] > 0:
            return  # one call at a time
    if amount <= 0:
        return
    no_version = np.int64(MISSING)
    envelope = take_envelope(world.messages, lane, MESSAGE_CREDIT, trader, NO_ORDER, no_version)
    if envelope != NO_ENVELOPE:
        world.messages.belief[lane, envelope] = about
        world.messages.new_id[lane, envelope] = action
        world.messages.lots[lane, envelope] = amount
        credit.under_way[lane, trader] += amount
        if uses(rules, EDGES):
            see_gain(
                rules.environment.mempool, rules.channels.route, lane,
                np.int64(gain * NANO) * amount, credit.liquidators.tip_share[trader],
            )  # fmt: skip
        address = pack_address(cause, _SLOT, number)
        words = latency_words(world.traders, world.market.keys, lane, trader, address)
        desk.post(world, lane, trader, envelope, time, address, words)


@inline_kernel
def _lacking(rules, world, lane, trader):
    """Return what a trader would borrow to reach its target; less than a lot costs is nothing."""
    held, ledger = rules.credit, world.ledger
    position = world.private.position[lane, trader]
    lots = position
    if uses(rules, DELAYED):
        lots = rules.settlement.held.settled[lane, trader, CONTRACT]
    if lots == 0:
        return np.int64(0)  # nothing to borrow against
    price = price_seen(world, lane, trader)
    value = worth(held.terms.collateral, price, lots < 0)
    pledged = multiply_divide(abs(lots), value, 1, FLOOR)
    most = multiply_divide(max(pledged, 0), held.terms.collateral.ltv, WAD, FLOOR)
    owed = held.booked[lane, trader, DEBT] + held.under_way[lane, trader]
    if most - owed < value:
        return np.int64(0)
    cash = ledger.balance[lane, trader, CASH] - rules.constraints.untold[lane, trader]
    wealth = cash - worth_of_term(ledger, lane, trader, TERM_CLAIMS) + position * price
    wealth += rules.endowment[lane, trader]
    target = multiply_divide(max(wealth, 0), held.leverage[trader], MILLION, FLOOR)
    lacks = min(target, most) - owed
    return lacks if lacks >= value else np.int64(0)
