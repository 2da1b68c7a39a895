"""What traders carry from day to day: ``episodes_*.golden``, of four lanes of three days.

``carry``     all that ``full_carryover`` takes along
``continue``  the same where positions and the news go on
``ruin``      ``capital_only`` with so little capital that some are ruined
``resume``    ``carry`` again, in a block of its own each day, from the bytes that a snapshot has

A lane of 0.35 s a day of the baseline population, in plain Python; nano-currency, lots, and what
makers have learned.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from proteus.market.rng import replicate_keys
from proteus.market.setup.block import BlockPool
from proteus.market.setup.carrying import Carried, put, take
from proteus.market.setup.cell import set_up_cell
from tests.golden.telling import aligned
from tests.helpers.cells import ROOT, cell, run_plain

DAYS = 3
LANE = (
    "horizon_s=0.35", "metrics.tau_ms=300", "metrics.horizons_ms=[0,100]", "record.warmup_s=0.1",
    "population.noise.schedule.rate_per_s=10", "population.maker.capital=3",
    "population.maker.policy.adverse_selection_horizon_ms=20", "population.sniper.capital=1",
    f"episodes.count={DAYS}",
)  # fmt: skip
FULL = ("episodes.carryover=full_carryover", "episodes.ruin_below=0")
WORDS = {
    "carry": FULL,
    "continue": (*FULL, "episodes.boundary=continue", "latent=log_odds"),
    "ruin": ("episodes.carryover=capital_only", "episodes.ruin_below=3"),
    "resume": FULL,
}
HEADS = ("lane", "day", "who", "start", "end", "opens", "lots", "ruined", "sigma_hat", "AS_hat")


def golden_path(mechanism: str) -> Path:
    """Return where what is carried under a mechanism is kept."""
    return Path(__file__).with_name(f"episodes_{mechanism}.golden")


def told(mechanism: str) -> list[str]:
    """Tell what everyone begins and ends each day with, a line for each."""
    rows = [HEADS]
    for name, words in WORDS.items():
        config = cell(f"mechanism={mechanism}", *LANE, *words)
        pool, carried = BlockPool(set_up_cell(config)), None
        for day in range(DAYS):
            if name == "resume":
                pool, carried = BlockPool(pool.setup), _kept(carried)
            block = pool.take(replicate_keys(ROOT, np.array([0]), day))
            if carried is not None:
                put(block.world, config, carried)
            run_plain(*block)
            assert not block.world.progress.fault.any()
            rows += _rows(name, day, block.world)
            carried = take(block.world, config)
            pool.give_back(block)
    return aligned(rows)


def _kept(carried: Carried | None) -> Carried | None:
    """What a file has: bytes."""
    if carried is None:
        return None
    return np.frombuffer(carried.tobytes(), np.uint8).reshape(carried.shape)


def _rows(name: str, day: int, world: Any) -> list[tuple[str, ...]]:
    """One row for each trader."""
    rules, maker = world.rules, world.policies.maker
    traded = world.ledger.bought[0] + world.ledger.sold[0]
    return [
        (
            name, str(day), str(trader), str(rules.endowment[0, trader]),
            str(rules.endowment[0, trader] + world.totals.settled[0, trader]),
            str(rules.opening[0, trader]), str(traded[trader]),
            "yes" if rules.is_ruined[0, trader] else "-",
            f"{maker.volatility[0, trader]:.12g}", f"{maker.adverse[0, trader]:.12g}",
        )
        for trader in range(len(traded))
    ]  # fmt: skip
