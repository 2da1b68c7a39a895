"""Results that no machine holds are refused before the grid is built."""

from __future__ import annotations

from proteus.basics.machine import free_memory
from proteus.configuration.sweep import SweepConfig
from proteus.errors import ConfigError

SUMMARY_BYTES = 1500  # one row of the summary while it is made
SEED_BYTES = 24  # its number, where plans and results have it


def check_results(settings: SweepConfig, points: int) -> None:
    """Refuse a grid whose summary, or numbers of seeds, alone do not fit in memory.

    Parameters
        settings: any point of the grid. points: number of grid points.

    Raises
        ConfigError: how much is needed, and how much there is.
    """
    from proteus.market.variables import values_per_lane
    from proteus.market.variables.dimensions import labels_of

    summary = points * values_per_lane(labels_of([settings])) * SUMMARY_BYTES
    seeds = SEED_BYTES * settings.seeds.count
    check_fits(settings, points, "memory", summary + seeds, free_memory())


def check_fits(settings: SweepConfig, points: int, what: str, needed: int, free: int) -> None:
    """Refuse a sweep that needs more bytes of memory or disk than are free.

    Parameters
        points: of the grid. what: memory or disk, for the sentence. needed, free: bytes.

    Raises
        ConfigError: it needs more than is free.
    """
    if needed > free:
        raise ConfigError(
            f"seeds.count={settings.seeds.count} with {points} grid points is not allowed: "
            f"it needs {amount(needed)} of {what}, and the machine has {amount(free)} free"
        )


def amount(size: float) -> str:
    """Write a number of bytes with three digits."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.4g} TiB"
