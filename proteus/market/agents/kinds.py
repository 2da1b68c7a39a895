"""The trader kinds there are: one line each, then those of other packages.

A trader is one file with its configuration and kernels, one yaml in ``conf/trader`` and one line
here. The ordinary kinds are in the loop of every population, in ``ordinary``; the others join that
of the populations that have them (``others``), because a kind costs its users compile time.
"""

from __future__ import annotations

from collections.abc import Mapping

from proteus import plugins
from proteus.market.agents import (
    avellaneda_stoikov,
    glosten_milgrom,
    informed,
    insider,
    lab_maker,
    lender,
    linear_maker,
    liquidator,
    maker,
    noise,
    order_flow,
    sniper,
    spoofer,
    treasury,
    zero_intelligence,
)
from proteus.market.agents.base import PolicyConfig
from proteus.market.agents.base import TraderKind as TraderKind
from proteus.market.agents.traders import (
    CLASS_INFORMED,
    CLASS_LENDER,
    CLASS_MAKER,
    CLASS_NOISE,
    CLASS_SNIPER,
    CLASS_SPOOFER,
)

MAKER = 0
INFORMED = 1
NOISE = 2
SNIPER = 3
FIRST_OTHER = 16  # smaller numbers are ordinary kinds

# What a kind has learned of the market, as distinct from what it thinks the contract is worth.
_LEARNED = ("volatility", "adverse")  # sigma_hat, and the mean behind AS_hat
_LEARNED_IN_LAB = (
    *(f"maker.{name}" for name in _LEARNED), "filters.variance",
    *(f"quoting.{name}" for name in ("variance", "changes", "rate", "decay", "exposure", "fills")),
)  # fmt: skip

_ORDINARY = {
    "maker": TraderKind(maker.MakerPolicy, CLASS_MAKER, number=MAKER, carries=_LEARNED),
    "informed": TraderKind(informed.InformedPolicy, CLASS_INFORMED, number=INFORMED),
    "noise": TraderKind(noise.NoisePolicy, CLASS_NOISE, needs_words=True, number=NOISE),
    "sniper": TraderKind(sniper.SniperPolicy, CLASS_SNIPER, number=SNIPER),
}
_THEORY = {  # assumed by models of theory
    "flow": TraderKind(order_flow.FlowPolicy, CLASS_NOISE, order_flow.make, needs_words=True),
    "zero_intelligence": TraderKind(
        zero_intelligence.ZeroIntelligencePolicy, CLASS_NOISE, zero_intelligence.make,
        needs_words=True,
    ),
    "glosten_milgrom": TraderKind(
        glosten_milgrom.GlostenMilgromPolicy, CLASS_MAKER, glosten_milgrom.make
    ),
    "avellaneda_stoikov": TraderKind(
        avellaneda_stoikov.AvellanedaStoikovPolicy, CLASS_MAKER, avellaneda_stoikov.make
    ),
    "linear_maker": TraderKind(linear_maker.LinearMakerPolicy, CLASS_MAKER, linear_maker.make),
    "insider": TraderKind(insider.InsiderPolicy, CLASS_INFORMED, insider.make),
}  # fmt: skip
THEORY = tuple(_THEORY)
_LAB = {
    "lab_maker": TraderKind(
        lab_maker.LabMakerPolicy, CLASS_MAKER, lab_maker.make, carries=_LEARNED_IN_LAB
    )
}
_CREDIT = {
    "lender": TraderKind(lender.LenderPolicy, CLASS_LENDER, lender.make),
    "treasury": TraderKind(treasury.TreasuryPolicy, CLASS_INFORMED, treasury.make),
    "liquidator": TraderKind(liquidator.LiquidatorPolicy, CLASS_INFORMED, liquidator.make),
}
OF_CREDIT = tuple(_CREDIT)  # who only takes part where there is credit
LENDERS = ("lender",)
DESKS = ("treasury",)  # one trader at most
LIQUIDATORS = ("liquidator",)
_STRESS = {
    "spoofer": TraderKind(spoofer.SpooferPolicy, CLASS_SPOOFER, spoofer.make, needs_words=True)
}
OF_STRESS = tuple(_STRESS)  # who only takes part where somebody reads depth
_OURS = {**_ORDINARY, **_THEORY, **_LAB, **_CREDIT, **_STRESS}
_ADDED = plugins.rows(plugins.TRADERS, TraderKind, _OURS)


def _numbered(kinds: Mapping[str, TraderKind]) -> dict[str, TraderKind]:
    """Give every kind that is not ordinary its number in the switch."""
    return {
        name: kind._replace(number=FIRST_OTHER + at)
        for at, (name, kind) in enumerate(kinds.items())
    }


KINDS: dict[str, TraderKind] = {
    **_ORDINARY, **_numbered({**_THEORY, **_LAB, **_CREDIT, **_STRESS, **_ADDED}),
}  # fmt: skip
POLICY_MODELS: dict[str, type[PolicyConfig]] = {name: kind.policy for name, kind in KINDS.items()}
