"""What is measured of credit at the end of a lane, of the engine and by the twin from its rows."""

from __future__ import annotations

from typing import Any

from tests.reference.orders import Row
from tests.reference.sellers import Seller
from tests.reference.world import World

CASCADE_NS = 10**9  # of one cascade is what comes so soon after the one before


def engine_credit(world: Any) -> Row:
    """The sums that a lane of the engine has kept."""
    credit, pool = world.rules.credit, world.rules.credit.pool
    held, calls = credit.liquidations, credit.liquidators.calls
    sums: Row = {
        "interest": pool.interest, "bad debt": pool.bad_debt, "least": credit.least,
        "unhealthy": credit.unhealthy, "lost": credit.lost, "liquidations": held.count,
        "value": held.value, "cascade": held.most, "its lots": held.most_lots,
        "by jump": held.by_jump,
    }  # fmt: skip
    ends: Row = {name: int(array[0]) for name, array in sums.items()}
    return ends | {"slopes": credit.liquidators.slope[0][calls].tolist()}


def credit_of(world: World) -> Row:
    """The same of the twin."""
    credit, pool = world.credit, world.credit.pool
    minds = [trader.mind for trader in world.traders if trader.group.kind == "liquidator"]
    cascade, lots = longest(credit.seized)
    return {
        "interest": pool.interest, "bad debt": pool.bad_debt, "least": credit.least,
        "unhealthy": credit.unhealthy, "lost": credit.lost, "liquidations": len(credit.seized),
        "value": sum(worth for *_, worth in credit.seized), "cascade": cascade, "its lots": lots,
        "by jump": credit.by_jump,
        "slopes": [mind.slope for mind in minds if isinstance(mind, Seller)],
    }  # fmt: skip


def longest(seized: list[tuple[int, int, int, int]]) -> tuple[int, int]:
    """The most liquidations of one cascade, and their lots; of equally long ones the most lots."""
    runs: list[list[int]] = []
    before = None
    for time, _, lots, _ in seized:
        if before is None or time - before > CASCADE_NS:
            runs.append([])
        runs[-1].append(lots)
        before = time
    most = max((len(run) for run in runs), default=0)
    # A cascade that grows passes through its own shorter ones, which count beside others.
    return most, max((sum(run[:most]) for run in runs if len(run) >= most), default=0)
