"""The mechanisms there are: one line each.

A mechanism is one file with its kernels, one yaml in ``conf/mechanism`` and one line here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from proteus.market.mechanisms import clob, dual_flow, fba, rfq
from proteus.market.mechanisms.base import MechanismConfig, Sizes


class Mechanism(NamedTuple):
    """One mechanism: its configuration model, and the function that builds its state."""

    config: type[MechanismConfig]
    make: Callable[[Any, Sizes], Any]


MECHANISMS: dict[str, Mechanism] = {
    "clob": Mechanism(clob.ClobConfig, clob.make),
    "fba": Mechanism(fba.FbaConfig, fba.make),
    "dual_flow": Mechanism(dual_flow.DualFlowConfig, dual_flow.make),
    "rfq": Mechanism(rfq.RfqConfig, rfq.make),
}
MECHANISM_MODELS: dict[str, type[MechanismConfig]] = {
    name: mechanism.config for name, mechanism in MECHANISMS.items()
}
