"""Random spoofers among makers who read depth, in the markets of ``random_lab``."""

from __future__ import annotations

from random import Random

from tests.helpers.random_cells import Tree, default, random_group
from tests.helpers.random_lab import OF_BOOKS, RULES, random_lab, random_surroundings


def random_spoofed_tree(chooser: Random, mechanism: str, until_s: float) -> Tree:
    """Draw a cell with one or two spoofers, some with costs or in stress.

    Parameters
        until_s: the end of trading.
    """
    seen = chooser.choice(OF_BOOKS)
    tree = random_lab(chooser, mechanism, chooser.choice(RULES), seen)
    tree = random_surroundings(chooser, tree, seen) | {"horizon_s": until_s}
    group = random_group(chooser, "noise")
    group["schedule"] |= {"law": "poisson", "rate_per_s": 60, "jitter": 0}
    group["schedule"]["on_fill"] = chooser.random() < 0.7
    group["latency"]["fill_report"]["base_ms"] = 1  # nobody trades for ever in one instant
    group["policy"] = {
        "large_lots": chooser.choice((20, 60, 60)),
        "distance_ticks": chooser.choice((-1, 0, 0, 0, 1)),
        "trade_lots": chooser.choice((1, 5)),
        "target_ticks": chooser.choice((1, 1, 2)),
        "patience_ms": chooser.choice((15, 60, 60, 200)),
        "pause_ms": chooser.choice((0, 10)),
    }
    tree["population"]["black"] = group | {"kind": "spoofer", "count": chooser.randint(1, 2)}
    if chooser.random() < 0.3:
        tree["costs"] = default("costs/notional") | {"taker_ppm": 20_000}
    if chooser.random() < 0.3:
        tree["stress"] = {"windows": {
            "often": window("schedule.rate_per_s", 0.25 * until_s, 0.75 * until_s, 3),
            "small": window("lots", 0.5 * until_s, until_s, 0.5),
        }}  # fmt: skip
    return tree


def window(key: str, begin_s: float, end_s: float, factor: float) -> Tree:
    """A window about the spoofers."""
    return {
        "key": f"population.black.{key}", "from_s": round(begin_s, 9), "to_s": round(end_s, 9),
        "factor": factor, "value": None,
    }  # fmt: skip
