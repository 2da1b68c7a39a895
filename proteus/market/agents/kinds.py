"""The trader kinds there are: one table.

A trader is one file with its configuration and kernels, one yaml in ``conf/trader``, its row here,
and its field and line of the switch: in ``ordinary``, or in ``theory`` for the kinds that models of
theory assume. Those have a switch of their own because a kind costs every user compile time.
"""

from __future__ import annotations

from typing import NamedTuple

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
    zero_intelligence,
)
from proteus.market.agents.base import PolicyConfig
from proteus.market.agents.traders import CLASS_INFORMED, CLASS_MAKER, CLASS_NOISE, CLASS_SNIPER

MAKER = 0
INFORMED = 1
NOISE = 2
SNIPER = 3
FLOW = 16  # the first of theory; smaller numbers are ordinary kinds
ZERO_INTELLIGENCE = 17
GLOSTEN_MILGROM = 18
AVELLANEDA_STOIKOV = 19
LINEAR_MAKER = 20
INSIDER = 21


class TraderKind(NamedTuple):
    """One kind: its number in the switch, its configuration model, and its class."""

    number: int
    policy: type[PolicyConfig]
    role: int
    needs_words: bool = False  # its decisions take addressed random words of their own

    @property
    def is_ordinary(self) -> bool:
        """Tell whether the loop of every population knows it."""
        return self.number < FLOW


KINDS: dict[str, TraderKind] = {
    "maker": TraderKind(MAKER, maker.MakerPolicy, CLASS_MAKER),
    "informed": TraderKind(INFORMED, informed.InformedPolicy, CLASS_INFORMED),
    "noise": TraderKind(NOISE, noise.NoisePolicy, CLASS_NOISE, needs_words=True),
    "sniper": TraderKind(SNIPER, sniper.SniperPolicy, CLASS_SNIPER),
    "flow": TraderKind(FLOW, order_flow.FlowPolicy, CLASS_NOISE, needs_words=True),
    "zero_intelligence": TraderKind(
        ZERO_INTELLIGENCE, zero_intelligence.ZeroIntelligencePolicy, CLASS_NOISE, needs_words=True
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
POLICY_MODELS: dict[str, type[PolicyConfig]] = {name: kind.policy for name, kind in KINDS.items()}
