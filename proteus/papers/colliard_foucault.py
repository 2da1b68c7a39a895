"""Colliard & Foucault (2012): who pays a fee does not matter, what both pay together does."""

from __future__ import annotations

import numpy as np

from proteus.basics.units import NANO
from proteus.market.rules.state import Rules
from proteus.market.trading.world import World
from proteus.papers.paper import Claim, Paper, direction, lanes_of, number
from proteus.validation.comparison import Array, mean_of
from proteus.validation.running import (
    FROZEN_MAKER,
    compose,
    jumps,
    market,
    ns,
    poisson,
    simulate,
    trader,
)

_TAKER, _MAKER = 0.003, -0.002  # a lot: the cap of SEC Rule 610(c), and a usual rebate
_TOTAL = _TAKER + _MAKER
_FINE, _COARSE = 0.001, 0.01  # ticks
_WHERE = "only the total fee matters"


def run(share: float, root: int) -> list[Claim]:
    """Run the same seeds with the fee on takers, on makers, and with a larger total."""
    lanes = lanes_of(400, share)
    taken = _spreads(_FINE, _TAKER, _MAKER, lanes, root)
    made = _spreads(_FINE, 0.0, _TOTAL, lanes, root)
    larger = _spreads(_FINE, _TAKER, 0.0, lanes, root)
    net, raw = mean_of(taken[:, 1] - made[:, 1]), mean_of(taken[:, 0] - made[:, 0])
    claims = [
        number("cum-fee spread, fee on takers less fee on makers", 0.0, _WHERE, net, lanes,
               slack=1e-9),
        number("raw spread, fee on takers less fee on makers", -2 * _TAKER,
               "makers' quotes offset the fee", raw, lanes, slack=1e-9),
        number("lots traded, the same", 0.0, _WHERE, mean_of(taken[:, 2] - made[:, 2]), lanes),
        direction("cum-fee spread, a larger total fee less a smaller", "above 0", _WHERE,
                  mean_of(larger[:, 1] - taken[:, 1]), lanes),
    ]  # fmt: skip
    taken = _spreads(_COARSE, _TAKER, _MAKER, lanes, root)
    made = _spreads(_COARSE, 0.0, _TOTAL, lanes, root)
    off = mean_of(np.abs(taken[:, 1] - made[:, 1]))
    claims.append(direction(
        "cum-fee spread at a tick above the fee, absolute difference", "above 0",
        "Chao, Yao & Ye (2019): a minimum tick keeps traders from neutralising the split", off,
        lanes,
    ))  # fmt: skip
    return claims


def _spreads(tick: float, taker: float, maker: float, lanes: int, root: int) -> Array:
    """Return raw and cum-fee effective spread, currency, and lots traded of each lane: [L, 3]."""
    taking = {"marketable_probability": 1, "size_mean_lots": 2, "max_lots": 10}
    cell = compose([
        *market("clob", ns(5), tick=tick), *jumps(2.0, accuracy=0.6), "costs=notional",
        f"costs.taker_per_lot={taker!r}", f"costs.maker_per_lot={maker!r}",
        f"execution.protection_ticks={round(0.5 / tick)}",
        *trader("quoting", "maker", schedule={**poisson(50.0), "on_news": True}, signal={},
                policy={**FROZEN_MAKER, "half_spread": 0.01, "quote_lots": 1_000}),
        *trader("knowing", "informed", schedule=poisson(2.0), signal={},
                policy={"theta": 0.002, "latency_risk": 0, "lots_per_edge": 100, "max_lots": 5}),
        *trader("taking", "noise", schedule=poisson(10.0), policy=taking),
    ])  # fmt: skip

    def read(world: World) -> Array:
        spreads, n_ticks = world.sums.spreads, world.settings.n_ticks
        assert isinstance(world.rules, Rules)
        paid = 2 * world.rules.costs.against_makers / NANO
        raw = spreads.effective / n_ticks
        columns = [raw / spreads.effective_lots, (raw + paid) / spreads.effective_lots]
        return np.stack([*columns, spreads.effective_lots], axis=1)

    return simulate(cell, lanes, root, read)


PAPER = Paper(
    name="colliard_foucault",
    title="Make and take fees",
    citation=(
        "Colliard & Foucault (2012), Trading fees and efficiency in limit order markets, "
        "Review of Financial Studies 25:3389."
    ),
    checked=(
        "The abstract; the prediction for the cum-fee spread as Malinova & Park (2015), Journal "
        "of Finance 70:509, put and confirm it (transaction costs of takers unaffected once "
        "fees are taken into account, posted spreads adjust); the tick in the abstract of Chao, "
        "Yao & Ye (2019), Review of Financial Studies 32:1068. The paper's own propositions "
        "were not at hand."
    ),
    says=(
        "If quotes can follow, a fee that moves from makers to takers lowers the posted "
        "spread by as much as takers pay more, so that the spread with fees, trades and gains "
        "stay: only the sum of both fees matters. At a coarse tick quotes cannot follow."
    ),
    given="Fees per unit for makers and takers, of which the sum is kept or changed.",
    chosen=(
        "Fees of 0.003 and -0.002 a lot against 0 and 0.001; a tick of 0.001, then of 0.01; a "
        "maker at a fixed distance net of fees, informed takers who reckon with fees, and "
        "others who do not."
    ),
    left_out=(
        "The choice between market and limit order, so the effect of the total fee on fill "
        "rates and welfare; competition between platforms."
    ),
    run=run,
)
