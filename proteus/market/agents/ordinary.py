"""The traders of ordinary populations: the state of every kind, and the switch between them."""

from __future__ import annotations

from typing import NamedTuple

from proteus.compiler.jit import inline_kernel, interface, state
from proteus.market.agents import informed, maker, noise, sniper
from proteus.market.agents.base import Members
from proteus.market.agents.kinds import INFORMED, MAKER, NOISE, SNIPER


@state
class Policies(NamedTuple):
    """The state of every kind."""

    maker: maker.Maker
    informed: informed.Informed
    noise: noise.Noise
    sniper: sniper.Sniper


def make_policies(members: dict[str, Members], initial_probability: float, growth: int) -> Policies:
    """Build the state of every kind; ``growth`` multiplies capacities."""
    return Policies(
        maker=maker.make(members["maker"], initial_probability, growth),
        informed=informed.make(members["informed"]),
        noise=noise.make(members["noise"]),
        sniper=sniper.make(members["sniper"]),
    )


@interface
def decide(policies, traders, view, private, costs, intents, lane, trader):
    """Let one trader decide; it gets its view, its own state, what trading costs, and no more.

    Parameters
        policies, traders: parameters, and what kinds remember. view: what this wake-up shows.
        private: what traders know of themselves. costs: ``Costs`` or ``Uncharged``.
        intents: written. lane: row. trader: its number.
    """


@decide.implement(Policies)
@inline_kernel
def decide_ordinary(policies, traders, view, private, costs, intents, lane, trader):
    """Choose by kind; ``policies`` has at least the fields of ``Policies``."""
    kind = traders.kind[trader]
    if kind == MAKER:
        has_signal = traders.has_signal[trader]
        maker.decide(policies.maker, view, private, has_signal, costs, intents, lane, trader)
    elif kind == INFORMED:
        informed.decide(policies.informed, view, costs, intents, lane, trader)
    elif kind == NOISE:
        noise.decide(policies.noise, view, costs, intents, lane, trader)
    elif kind == SNIPER:
        sniper.decide(policies.sniper, view, costs, intents, lane, trader)


@interface
def are_possible(policies, intents, lane, n_ticks):
    """Tell whether there is room for all intents, and each has a side, a price and a size.

    Kernels do not look again before they use them as places in arrays. Those of our own kinds are
    possible by what their configuration allows, so by default nobody looks.
    """


@are_possible.otherwise
@inline_kernel
def _are_possible(policies, intents, lane, n_ticks):
    return True


@interface
def show(policies, traders, data, at, report, lane, trader):
    """Show a trader what is public beside its view; no ordinary kind reads it.

    Parameters
        data: the public history. at: ring position of the state that it sees. report: of the
            oracle, nano, or NO_REPORT.
    """


@interface
def learn_fill(policies, traders, lane, trader, sign, quoted_belief, filled_ns, now):
    """Tell a trader now of its own fill; kinds that learn nothing from it have no line.

    Parameters
        sign: 1.0 if it bought, else -1.0. quoted_belief: its belief behind the order, currency.
        filled_ns, now: when it was filled, and when it is told, ns.
    """


@interface
def learn_price(policies, traders, lane, trader, price):
    """Tell a trader a price in ticks; kinds that learn nothing from it have no line."""


@interface
def has_overflown(policies, lane):
    """Tell whether what some trader remembers has outgrown its room; 0 or 1."""


show.empty_for(Policies)


@learn_fill.implement(Policies)
@inline_kernel
def learn_fill_ordinary(policies, traders, lane, trader, sign, quoted_belief, filled_ns, now):
    """Choose by kind; ``policies`` has at least the fields of ``Policies``."""
    if traders.kind[trader] == MAKER:
        maker.learn_fill(policies.maker, lane, trader, sign, quoted_belief, filled_ns, now)


@learn_price.implement(Policies)
@inline_kernel
def learn_price_ordinary(policies, traders, lane, trader, price):
    """Choose by kind; ``policies`` has at least the fields of ``Policies``."""
    if traders.kind[trader] == MAKER:
        maker.learn_price(policies.maker, lane, trader, price)


@has_overflown.implement(Policies)
@inline_kernel
def has_overflown_ordinary(policies, lane):
    """Ask the kinds that remember; ``policies`` has at least the fields of ``Policies``."""
    return policies.maker.overflow[lane]
