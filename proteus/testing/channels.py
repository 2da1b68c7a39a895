"""What the source of an oracle owes: prices of the contract, the same ones twice, and no trade."""

from __future__ import annotations

import numpy as np

from proteus.basics.units import NANO
from proteus.market.environment.sources import SOURCES
from proteus.market.rules.state import Rules
from proteus.market.trading.world import World
from proteus.testing.lanes import TINY, cell, finished_plain


def check_channel(name: str, mechanisms: tuple[str, ...] = ("clob", "fba")) -> None:
    """Check what a source of oracles owes to everyone.

    A lane whose oracle reads it ends twice with the same bits; every report is a price between a
    tick and 1 less a tick; and as no trader reads it, all balances are those without it.

    Parameters
        name: of the source. mechanisms: for the lanes.

    Raises
        AssertionError: what it owes and does not do.
    """
    assert name in SOURCES, f"there is no source {name}"
    window = ["environment.oracle.window_ms=20"] if name == "twap" else []
    words = ["environment=oracle", f"environment.oracle.source={name}"]
    words += ["environment.oracle.check_ms=10", "environment.oracle.deviation=0.001", *window]
    words += ["environment.oracle.lag_ms=10"]
    for mechanism in mechanisms:
        without = _run(mechanism, "environment=blocks", "environment.blocks.interval_ms=50")
        one, two = (_run(mechanism, *words) for _ in range(2))
        assert isinstance(one.rules, Rules)
        assert isinstance(two.rules, Rules)
        oracle, tick = one.rules.environment.oracle, one.settings.tick_nano
        for field, again in zip(oracle, two.rules.environment.oracle, strict=True):
            assert np.array_equal(field, again), f"{name}: an oracle is another one the second time"
        told = oracle.issued
        assert ((tick <= told) & (told <= NANO - tick)).all(), f"{name}: a report is no price"
        balances = one.ledger.balance, without.ledger.balance
        assert np.array_equal(*balances), f"{name}: what nobody reads has moved a trade"


def _run(mechanism: str, *words: str) -> World:
    world: World = finished_plain(cell(f"mechanism={mechanism}", *TINY, *words))
    return world
