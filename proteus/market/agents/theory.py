"""The traders that models of theory assume, beside the ordinary ones.

A population with one of them gets ``TheoryPolicies``; the loop is compiled for that type when it
first runs, and the loop of ordinary populations knows nothing of these kinds.
"""

from __future__ import annotations

from typing import NamedTuple

from proteus.compiler.jit import inline_kernel, state
from proteus.market.agents import (
    avellaneda_stoikov,
    glosten_milgrom,
    informed,
    insider,
    linear_maker,
    maker,
    noise,
    order_flow,
    ordinary,
    sniper,
    zero_intelligence,
)
from proteus.market.agents.base import Members
from proteus.market.agents.kinds import (
    AVELLANEDA_STOIKOV,
    FLOW,
    GLOSTEN_MILGROM,
    INSIDER,
    KINDS,
    LINEAR_MAKER,
    ZERO_INTELLIGENCE,
)
from proteus.market.agents.ordinary import Policies, decide, decide_ordinary


@state
class TheoryPolicies(NamedTuple):
    """The state of every kind, the ordinary ones first."""

    maker: maker.Maker
    informed: informed.Informed
    noise: noise.Noise
    sniper: sniper.Sniper
    flow: order_flow.Flow
    zero_intelligence: zero_intelligence.ZeroIntelligence
    glosten_milgrom: glosten_milgrom.GlostenMilgrom
    avellaneda_stoikov: avellaneda_stoikov.AvellanedaStoikov
    linear_maker: linear_maker.LinearMaker
    insider: insider.Insider


def make_policies(
    members: dict[str, Members], initial_probability: float, growth: int
) -> Policies | TheoryPolicies:
    """Build the state of every kind that the population's table has.

    Parameters
        members: of every kind in ``KINDS``. initial_probability: p0. growth: factor on capacities.
    """
    common = ordinary.make_policies(members, initial_probability, growth)
    if all(kind.is_ordinary or not members[name].policies for name, kind in KINDS.items()):
        return common
    return TheoryPolicies(
        **common._asdict(),
        flow=order_flow.make(members["flow"]),
        zero_intelligence=zero_intelligence.make(members["zero_intelligence"]),
        glosten_milgrom=glosten_milgrom.make(members["glosten_milgrom"], initial_probability),
        avellaneda_stoikov=avellaneda_stoikov.make(members["avellaneda_stoikov"]),
        linear_maker=linear_maker.make(members["linear_maker"], initial_probability),
        insider=insider.make(members["insider"], initial_probability),
    )


@decide.implement(TheoryPolicies)
@inline_kernel
def _decide_theory(policies, traders, view, private, intents, lane, trader):
    kind, has_signal = traders.kind[trader], traders.has_signal[trader]
    if kind < FLOW:
        decide_ordinary(policies, traders, view, private, intents, lane, trader)
    elif kind == FLOW:
        order_flow.decide(policies.flow, view, has_signal, intents, lane, trader)
    elif kind == ZERO_INTELLIGENCE:
        zero_intelligence.decide(policies.zero_intelligence, view, private, intents, lane, trader)
    elif kind == GLOSTEN_MILGROM:
        glosten_milgrom.decide(policies.glosten_milgrom, private, intents, lane, trader)
    elif kind == AVELLANEDA_STOIKOV:
        avellaneda_stoikov.decide(policies.avellaneda_stoikov, view, private, intents, lane, trader)
    elif kind == LINEAR_MAKER:
        linear_maker.decide(policies.linear_maker, private, intents, lane, trader)
    elif kind == INSIDER:
        insider.decide(policies.insider, view, intents, lane, trader)
