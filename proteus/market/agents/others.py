"""The kinds that only some populations have: those of theory, and those of other packages.

A population with one of them gets ``WithOthers``; the loop is compiled for that type when it first
runs, and the loop of ordinary populations knows nothing of these kinds. The switch is a chain of
states, a link for each kind: its type is the list of kinds, so a new one edits no file here. Kinds
that come in families, of which a cell has few, are compiled apart from the loop: the switch between
them when it first asks, and each kind when one of it first decides.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import inline_kernel, interface, state
from proteus.market.agents import external, informed, maker, noise, ordinary, sniper
from proteus.market.agents.base import (
    Members,
    decide_charged,
    has_overflown_one,
    learn_fill_one,
    learn_price_one,
    show_one,
)
from proteus.market.agents.kinds import KINDS, OF_CREDIT, THEORY
from proteus.market.agents.ordinary import (
    Policies,
    are_possible,
    decide,
    decide_ordinary,
    has_overflown,
    has_overflown_ordinary,
    learn_fill,
    learn_fill_ordinary,
    learn_price,
    learn_price_ordinary,
    show,
)
from proteus.market.agents.traders import INTENT_QUOTE
from proteus.market.book.codes import BUY, SELL


@state
class End(NamedTuple):
    """The end of the chain."""


@state
class Link(NamedTuple):
    """One kind, and those after it."""

    number: int  # of the kind
    policy: Any  # its state
    rest: Any  # Link, Apart or End


@state
class Relative(NamedTuple):
    """One kind of a family, and those after it."""

    number: int  # of the kind
    policy: Any  # its state
    rest: Any  # Relative or End


@state
class Apart(NamedTuple):
    """What is compiled apart from the loop: the families, behind all other kinds."""

    policy: Any  # End: nobody among them is decided for outside
    families: Any  # Relative


FAMILIES = (THEORY, OF_CREDIT)


@state
class WithOthers(NamedTuple):
    """The state of every kind, the ordinary ones first."""

    maker: maker.Maker
    informed: informed.Informed
    noise: noise.Noise
    sniper: sniper.Sniper
    others: Any  # Link or Apart; the link of traders outside comes first


def make_policies(
    members: dict[str, Members], initial_probability: float, growth: int
) -> Policies | WithOthers:
    """Build the state of the kinds that a population has.

    Those of theory come together, so that they share a loop, and so do those of credit.

    Parameters
        members: of every kind in ``KINDS``, and of ``EXTERNAL`` if there are any.
        initial_probability: p0. growth: factor on capacities.
    """
    common = ordinary.make_policies(members, initial_probability, growth)
    there = {
        name for name, kind in KINDS.items() if not kind.is_ordinary and members[name].policies
    }
    outside = members.get(external.EXTERNAL)
    if not there and outside is None:
        return common
    families = {name for family in FAMILIES if there & {*family} for name in family}
    chain: Any = End()
    for name in reversed([name for name in KINDS if name in families]):
        chain = Relative(np.int64(KINDS[name].number), _state_of(name, members, growth), chain)
    if families:
        chain = Apart(End(), chain)
    for name in reversed([name for name in KINDS if name in there - families]):
        chain = Link(np.int64(KINDS[name].number), _state_of(name, members, growth), chain)
    if outside is not None:
        chain = Link(np.int64(external.NUMBER), external.make(outside), chain)
    return WithOthers(**common._asdict(), others=chain)


def _state_of(name: str, members: dict[str, Members], growth: int) -> Any:
    make = KINDS[name].make
    assert make is not None
    return make(members[name]._replace(growth=growth))


@decide.implement(WithOthers)
@inline_kernel
def _decide_all(policies, traders, view, private, costs, intents, lane, trader):
    if traders.kind[trader] < external.NUMBER:
        decide_ordinary(policies, traders, view, private, costs, intents, lane, trader)
    else:
        _decide_in(policies.others, traders, view, private, costs, intents, lane, trader)


@show.implement(WithOthers)
@inline_kernel
def _show_all(policies, traders, data, at, report, lane, trader):
    if traders.kind[trader] >= external.NUMBER:
        _show_in(policies.others, traders, data, at, report, lane, trader)


@learn_fill.implement(WithOthers)
@inline_kernel
def _learn_fill_all(policies, traders, lane, trader, sign, quoted_belief, filled_ns, now):
    if traders.kind[trader] < external.NUMBER:
        learn_fill_ordinary(policies, traders, lane, trader, sign, quoted_belief, filled_ns, now)
    else:
        _fill_in(policies.others, traders, lane, trader, sign, quoted_belief, filled_ns, now)


@learn_price.implement(WithOthers)
@inline_kernel
def _learn_price_all(policies, traders, lane, trader, price):
    if traders.kind[trader] < external.NUMBER:
        learn_price_ordinary(policies, traders, lane, trader, price)
    else:
        _price_in(policies.others, traders, lane, trader, price)


@has_overflown.implement(WithOthers)
@inline_kernel
def _has_overflown_all(policies, lane):
    return has_overflown_ordinary(policies, lane) + _overflown_in(policies.others, lane)


@are_possible.implement(WithOthers)
@inline_kernel
def _are_all_possible(policies, intents, lane, n_ticks):
    if intents.count[lane] > intents.kind.shape[1]:
        return False
    for i in range(intents.count[lane]):
        side, lots, price = intents.side[lane, i], intents.lots[lane, i], intents.price[lane, i]
        is_nothing = lots == 0 and intents.kind[lane, i] == INTENT_QUOTE  # what it does not want
        is_priced = 0 < price < n_ticks or is_nothing
        if (side != BUY and side != SELL) or (lots <= 0 and not is_nothing) or not is_priced:
            return False
    return True


# --- traders who are decided for outside ----------------------------------------------------------


@external.is_waiting.implement(WithOthers)
@inline_kernel
def _is_waiting(policies, lane):
    return external.is_waiting(policies.others.policy, lane)


@external.pauses.implement(WithOthers)
@inline_kernel
def _pauses(policies, lane, kind, item):
    return external.pauses(policies.others.policy, lane, kind, item)


@external.stand_in.implement(WithOthers)
@inline_kernel
def _stand_in(policies, traders, private, intents, lane, trader):
    external.stand_in(policies.others.policy, traders, private, intents, lane, trader)


@external.attach_price.implement(WithOthers)
@inline_kernel
def _attach_price(policies, traders, messages, lane, trader, envelope, price):
    external.attach_price(policies.others.policy, traders, messages, lane, trader, envelope, price)


@external.hear_fill.implement(WithOthers)
@inline_kernel
def _hear_fill(policies, traders, messages, lane, trader, envelope, now):
    external.hear_fill(policies.others.policy, traders, messages, lane, trader, envelope, now)


# --- the chain ------------------------------------------------------------------------------------


@interface
def _decide_in(chain, traders, view, private, costs, intents, lane, trader):
    """Let a trader decide whose kind is in the chain."""


@interface
def _show_in(chain, traders, data, at, report, lane, trader):
    """Show a trader more whose kind is in the chain."""


@interface
def _fill_in(chain, traders, lane, trader, sign, quoted_belief, filled_ns, now):
    """Tell a trader of its fill whose kind is in the chain."""


@interface
def _price_in(chain, traders, lane, trader, price):
    """Tell a trader a price whose kind is in the chain."""


@interface
def _overflown_in(chain, lane):
    """Add up the kinds in the chain whose memory has outgrown its room."""


@_decide_in.implement(Link)
@inline_kernel
def _decide_in_link(chain, traders, view, private, costs, intents, lane, trader):
    if traders.kind[trader] == chain.number:
        has_signal = traders.has_signal[trader]
        decide_charged(chain.policy, view, private, has_signal, costs, intents, lane, trader)
    else:
        _decide_in(chain.rest, traders, view, private, costs, intents, lane, trader)


@_decide_in.implement(Relative)
@inline_kernel
def _decide_in_family(chain, traders, view, private, costs, intents, lane, trader):
    if traders.kind[trader] == chain.number:
        has_signal = traders.has_signal[trader]
        _decide(chain.policy, view, private, has_signal, costs, intents, lane, trader)
    else:
        _decide_in(chain.rest, traders, view, private, costs, intents, lane, trader)


@deferred_kernel()
def _decide(policy, view, private, has_signal, costs, intents, lane, trader):
    decide_charged(policy, view, private, has_signal, costs, intents, lane, trader)


@_show_in.implement(Relative)
@_show_in.implement(Link)
@inline_kernel
def _show_in_link(chain, traders, data, at, report, lane, trader):
    if traders.kind[trader] == chain.number:
        show_one(chain.policy, data, at, report, lane)
    else:
        _show_in(chain.rest, traders, data, at, report, lane, trader)


@_fill_in.implement(Relative)
@_fill_in.implement(Link)
@inline_kernel
def _fill_in_link(chain, traders, lane, trader, sign, quoted_belief, filled_ns, now):
    if traders.kind[trader] == chain.number:
        learn_fill_one(chain.policy, lane, trader, sign, quoted_belief, filled_ns, now)
    else:
        _fill_in(chain.rest, traders, lane, trader, sign, quoted_belief, filled_ns, now)


@_price_in.implement(Relative)
@_price_in.implement(Link)
@inline_kernel
def _price_in_link(chain, traders, lane, trader, price):
    if traders.kind[trader] == chain.number:
        learn_price_one(chain.policy, lane, trader, price)
    else:
        _price_in(chain.rest, traders, lane, trader, price)


@_overflown_in.implement(Relative)
@_overflown_in.implement(Link)
@inline_kernel
def _overflown_in_link(chain, lane):
    return has_overflown_one(chain.policy, lane) + _overflown_in(chain.rest, lane)


# --- what is apart --------------------------------------------------------------------------------


@_decide_in.implement(Apart)
@inline_kernel
def _decide_apart(chain, traders, view, private, costs, intents, lane, trader):
    _decide_family(chain.families, traders, view, private, costs, intents, lane, trader)


@deferred_kernel()
def _decide_family(chain, traders, view, private, costs, intents, lane, trader):
    _decide_in(chain, traders, view, private, costs, intents, lane, trader)


@_show_in.implement(Apart)
@inline_kernel
def _show_apart(chain, traders, data, at, report, lane, trader):
    _show_family(chain.families, traders, data, at, report, lane, trader)


@deferred_kernel()
def _show_family(chain, traders, data, at, report, lane, trader):
    _show_in(chain, traders, data, at, report, lane, trader)


@_fill_in.implement(Apart)
@inline_kernel
def _fill_apart(chain, traders, lane, trader, sign, quoted_belief, filled_ns, now):
    _fill_family(chain.families, traders, lane, trader, sign, quoted_belief, filled_ns, now)


@deferred_kernel()
def _fill_family(chain, traders, lane, trader, sign, quoted_belief, filled_ns, now):
    _fill_in(chain, traders, lane, trader, sign, quoted_belief, filled_ns, now)


@_price_in.implement(Apart)
@inline_kernel
def _price_apart(chain, traders, lane, trader, price):
    _price_family(chain.families, traders, lane, trader, price)


@deferred_kernel()
def _price_family(chain, traders, lane, trader, price):
    _price_in(chain, traders, lane, trader, price)


@_overflown_in.implement(Apart)
@inline_kernel
def _overflown_apart(chain, lane):
    return _overflown_family(chain.families, lane)


@deferred_kernel(int)
def _overflown_family(chain, lane):
    return _overflown_in(chain, lane)


@_overflown_in.implement(End)
@inline_kernel
def _no_overflow(chain, lane):
    return 0


for _each in (_decide_in, _show_in, _fill_in, _price_in):
    _each.empty_for(End)
