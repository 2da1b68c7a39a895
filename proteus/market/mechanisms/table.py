"""The mechanisms there are: one line each, then those of other packages.

A mechanism is one file with its kernels, one yaml in ``conf/mechanism`` and one line here.
"""

from __future__ import annotations

from proteus import plugins
from proteus.market.mechanisms import clob, dual_flow, fba, rfq
from proteus.market.mechanisms.base import Mechanism as Mechanism
from proteus.market.mechanisms.base import MechanismConfig

MECHANISMS: dict[str, Mechanism] = {
    "clob": Mechanism(clob.ClobConfig, clob.make),
    "fba": Mechanism(fba.FbaConfig, fba.make),
    "dual_flow": Mechanism(dual_flow.DualFlowConfig, dual_flow.make),
    "rfq": Mechanism(rfq.RfqConfig, rfq.make),
}
MECHANISMS |= plugins.rows(plugins.MECHANISMS, Mechanism, MECHANISMS)
MECHANISM_MODELS: dict[str, type[MechanismConfig]] = {
    name: mechanism.config for name, mechanism in MECHANISMS.items()
}
