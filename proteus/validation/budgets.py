"""V15: traders who know only their budget, in a continuous double auction. A band, no closed form.

Source
    Gode & Sunder (1993) Journal of Political Economy 101:119.
"""

from __future__ import annotations

import numpy as np

from proteus.market.trading.world import World
from proteus.validation.comparison import Array, Comparison, Estimate, mean_of, sampled, whole
from proteus.validation.running import ROOT, compose, market, ns, poisson, simulate, trader

LEAST_EFFICIENCY, LEAST_GAIN = 0.95, 0.05
_HORIZON_S = 60
_TICKS = 1000


def zero_intelligence(
    traders: int = 10, looks: int = 240, *, lanes: int = 400, root: int = ROOT
) -> Comparison:
    """Compare the efficiency of budget-constrained random traders with that of unconstrained ones.

    Costs of sellers rise from 0.1 to 0.7 in equal steps, values of buyers fall from 0.9 to 0.3; who
    has the worse third should not trade. ``expected`` holds the least that counts as confirmation;
    thin markets fall short of it, for one wrong trade costs more: 6 of each side reach 0.949.

    Parameters
        traders: of each side, 4 .. 12. looks: prices that each draws on average, 20 .. 2000.
        lanes, root: as in ``identities``.

    Returns
        Comparison of two shares: the efficiency within budgets, and by how much it exceeds that
        without. ``lanes`` counts both populations.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    n, draws = whole("traders", traders, 4, 12), whole("looks", looks, 20, 2000)
    lanes, root = sampled(lanes, root)
    limited, free = (
        efficiency(n, draws, is_limited, lanes=lanes, root=root) for is_limited in (True, False)
    )
    return Comparison(
        ["efficiency within budgets", "gain over no budgets"], [LEAST_EFFICIENCY, LEAST_GAIN],
        [limited.value, limited.value - free.value],
        [limited.error, float(np.hypot(limited.error, free.error))], lanes=2 * lanes,
    )  # fmt: skip


def efficiency(
    traders: int, looks: int, constrained: bool, dearest: float = 0.7, *, lanes: int, root: int
) -> Estimate:
    """Estimate the share of the possible gains that random traders of one population realise.

    Parameters
        traders, looks, lanes, root: as in ``zero_intelligence``. constrained: within budgets.
        dearest: the highest cost of a seller, 0.1 .. 0.9; the lowest value of a buyer is 1 less it.
    """
    costs = np.linspace(0.1, dearest, traders) * _TICKS
    values = _TICKS - costs
    gains = np.concatenate([values, -costs]).round()
    possible = np.maximum(values - costs, 0).sum()
    words = market("clob", ns(_HORIZON_S), tick=1 / _TICKS)
    for number, gain in enumerate(gains.astype(int)):
        policy = {"side": "buy" if gain > 0 else "sell", "value_ticks": int(abs(gain)),
                  "constrained": constrained}  # fmt: skip
        words += trader(f"trader_{number}", "zero_intelligence", policy=policy,
                        schedule=poisson(looks / _HORIZON_S))  # fmt: skip
    traded = simulate(compose(words), lanes, root, _lots)
    return mean_of(traded @ gains / possible)


def _lots(world: World) -> Array:
    """Return what each trader traded, [L, A]; a buyer's value is gained, a seller's cost spent."""
    return np.asarray(world.ledger.bought + world.ledger.sold, np.float64)
