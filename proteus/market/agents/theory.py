"""The traders that models of theory assume, beside those of ``table``: a row and a line each.

They have a table of their own because a kind costs every user compile time. A population with one
of them gets ``TheoryPolicies``; the loop is compiled for that type when it first runs, and the
loop of ordinary populations knows nothing of these kinds.
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
    sniper,
    table,
    zero_intelligence,
)
from proteus.market.agents.base import Members, PolicyConfig
from proteus.market.agents.table import TRADERS, Policies, TraderKind, decide, decide_ordinary
from proteus.market.agents.traders import CLASS_INFORMED, CLASS_MAKER, CLASS_NOISE

FLOW = 16  # the first; smaller numbers are ordinary kinds
ZERO_INTELLIGENCE = 17
GLOSTEN_MILGROM = 18
AVELLANEDA_STOIKOV = 19
LINEAR_MAKER = 20
INSIDER = 21

THEORY_TRADERS: dict[str, TraderKind] = {
    "flow": TraderKind(FLOW, order_flow.FlowPolicy, CLASS_NOISE),
    "zero_intelligence": TraderKind(
        ZERO_INTELLIGENCE, zero_intelligence.ZeroIntelligencePolicy, CLASS_NOISE
    ),
    "glosten_milgrom": TraderKind(
        GLOSTEN_MILGROM, glosten_milgrom.GlostenMilgromPolicy, CLASS_MAKER
    ),
    "avellaneda_stoikov": TraderKind(
        AVELLANEDA_STOIKOV, avellaneda_stoikov.AvellanedaStoikovPolicy, CLASS_MAKER
    ),
    "linear_maker": TraderKind(LINEAR_MAKER, linear_maker.LinearMakerPolicy, CLASS_MAKER),
    "insider": TraderKind(INSIDER, insider.InsiderPolicy, CLASS_INFORMED),
}
KINDS: dict[str, TraderKind] = {**TRADERS, **THEORY_TRADERS}
POLICY_MODELS: dict[str, type[PolicyConfig]] = {name: kind.policy for name, kind in KINDS.items()}


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
    ordinary = table.make_policies(members, initial_probability, growth)
    if not any(members[kind].policies for kind in THEORY_TRADERS):
        return ordinary
    return TheoryPolicies(
        **ordinary._asdict(),
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
