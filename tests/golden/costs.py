"""What every file of ``conf/costs`` takes, by component, seed and trader: ``costs_*.golden``.

A lane of 0.8 s of the baseline population, in plain Python; nano-currency.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from proteus.market.costs.codes import COMPONENTS
from proteus.market.ledger import codes
from proteus.market.ledger.accounts import CASH, NETWORK, PROPOSER, VENUE
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell
from tests.helpers.cells import ROOT, cell, run_plain
from tests.helpers.charging import CONF

SEEDS = 2
LANE = (
    "horizon_s=0.8",
    "metrics.tau_ms=500",
    "metrics.horizons_ms=[0,100]",
    "record.warmup_s=0.1",
    "population.noise.schedule.rate_per_s=10",
)
PARTS = (
    "costs.parts=[{model:tiered,base:risk_notional,start_volume:[[maker,9]],tiers:[{taker:900,"
    "maker:0},{volume:9,taker:300,maker:-200}]},{model:gas,tip:0.0001},"
    "{model:notional,taker_ppm:200,minimum:0.01}]"
)
BLOCKS = (  # which alone take tips
    "environment=blocks", "environment.blocks.interval_ms=20", "execution.route=blocks",
)  # fmt: skip
WORDS = {
    "parts": (PARTS, *BLOCKS),
    "notional": ("costs.taker_ppm=1000", "costs.maker_per_lot=-0.0001"),
}
ACCOUNTS = {"venue": VENUE, "network": NETWORK, "proposer": PROPOSER}
TAKEN = [getattr(codes, component.upper()) for component in COMPONENTS]


def golden_path(mechanism: str) -> Path:
    """Return where what costs take under a mechanism is kept."""
    return Path(__file__).with_name(f"costs_{mechanism}.golden")


def names() -> list[str]:
    """List the files of costs that charge anything."""
    return [name for name in sorted(path.stem for path in CONF.glob("*.yaml")) if name != "none"]


def told(mechanism: str) -> list[str]:
    """Tell what all costs take under a mechanism, a line for each seed and who pays or gets."""
    width = max(map(len, names()))
    lines = [f"{'costs':{width}} seed who      " + " ".join(f"{c:>12}" for c in COMPONENTS)]
    for name in names():
        config = cell(f"mechanism={mechanism}", f"costs={name}", *WORDS.get(name, ()), *LANE)
        keys = replicate_keys(ROOT, np.arange(SEEDS))
        block = build_block(set_up_cell(config), keys, 1, audit=False)
        run_plain(*block)
        ledger = block.world.ledger
        assert not block.world.progress.fault.any()
        traders = ledger.bought.shape[1]
        who = {f"{number}": number for number in range(traders)}
        who |= {account: traders + place for account, place in ACCOUNTS.items()}
        for seed in range(SEEDS):
            for label, account in who.items():
                taken = ledger.total[seed, account][ledger.place[TAKEN], CASH]
                amounts = " ".join(f"{amount:>12}" for amount in taken.tolist())
                lines.append(f"{name:{width}} {seed:>4} {label:<8} {amounts}")
    return lines
