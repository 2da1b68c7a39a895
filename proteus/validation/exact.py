"""V16: what must hold to the nano, whatever the traders do."""

from __future__ import annotations

import numpy as np

from proteus.market.agents.traders import CLASS_MAKER
from proteus.market.ledger.accounts import VALUE_THEN
from proteus.market.ledger.codes import FILL
from proteus.market.mechanisms.table import MECHANISMS
from proteus.market.trading.world import World
from proteus.validation.comparison import Array, Comparison, between, one_of, sampled
from proteus.validation.running import ROOT, compose, simulate

_NAMES = (
    "cash over accounts, nano", "contracts over accounts, lots", "maker PnL - its parts, nano",
    "effective - realised - impact, half ticks",
)  # fmt: skip


def identities(
    mechanism: str = "clob", delta_ms: float = 100, *, lanes: int = 200, root: int = ROOT
) -> Comparison:
    """Run the baseline traders; both assets sum to zero and both decompositions hold exactly.

    Parameters
        mechanism: one of the registered ones. delta_ms: batch interval, 0.001 .. 1000.
        lanes: number of lanes. root: root seed.

    Returns
        Comparison of the largest absolute residuals over lanes with 0.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    one_of("mechanism", mechanism, sorted(MECHANISMS))
    between("delta_ms", delta_ms, 1e-3, 1e3, ends=True)
    lanes, root = sampled(lanes, root)
    words = [f"mechanism={mechanism}", f"delta={delta_ms!r}", "metrics.horizons_ms=[0,100]"]
    residuals = simulate(compose(words), lanes, root, _residuals)
    worst = np.abs(residuals).max(axis=0)
    # Lots of a clear are split by class in binary fractions; all else is whole numbers.
    return Comparison(_NAMES, 0.0, worst, 0.0, lanes=lanes, tolerance=[0, 0, 0, 1e-6])


def _residuals(world: World) -> Array:
    """Return the four residuals of each lane, [L, 4]."""
    makers = np.flatnonzero(world.traders.role == CLASS_MAKER)
    ledger = world.ledger
    totals, markouts, spreads = world.totals, world.sums.markouts, world.sums.spreads
    lots = (ledger.bought - ledger.sold)[:, makers].sum(axis=1)
    value_then = ledger.total[:, makers, ledger.place[FILL], VALUE_THEN].sum(axis=1)
    drift = lots * totals.final_value - value_then
    parts = markouts.captured + markouts.adverse[:, 0] + drift
    # Fills whose horizon lies after T have no later reference: they are in no sum but effective.
    whole = spreads.later_lots == spreads.effective_lots[:, None]
    spread = spreads.effective[:, None] - spreads.realised - spreads.impact
    return np.stack(
        [
            np.abs(ledger.balance.sum(axis=1)).T[0],
            np.abs(ledger.balance.sum(axis=1)).T[1],
            totals.marked[:, makers].sum(axis=1) - parts,
            np.where(whole, spread, 0.0).sum(axis=1),
        ],
        axis=1,
    ).astype(np.float64)
