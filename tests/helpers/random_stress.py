"""Random windows of stress in random cells with an environment, costs and forks."""

from __future__ import annotations

from random import Random

from tests.helpers.random_cells import Tree, default, random_surrounded_tree

LEGS = ("", ".submission", ".acknowledgement", ".fill_report", ".market_data")


def random_stressed_tree(chooser: Random, mechanism: str, until_s: float) -> Tree:
    """Draw a cell in which something is not as usual, mostly several things.

    Parameters
        until_s: the end of trading. Windows begin and end on a coarse grid, so that some meet.
    """
    tree = random_surrounded_tree(chooser, mechanism) | {"horizon_s": until_s}
    if chooser.random() < 0.5:
        tree["costs"] = default("costs/notional")
        tree["costs"] |= {"scale": chooser.choice((1, 0.7, [[0, 1], [until_s / 2, 3]]))}
    forks = chooser.random() < 0.7
    if forks:
        tree["settlement"] = default("settlement/blocks") | {
            "finality_blocks": 3, "fork_probability": chooser.choice((0.0, 0.3)), "fork_depth": 2,
        }  # fmt: skip
    tree["stress"] = {"windows": random_windows(chooser, tree, until_s)}
    return tree


def random_windows(chooser: Random, tree: Tree, until_s: float) -> Tree:
    """Draw windows; of each key one, or two that meet."""
    grid = [round(until_s * part / 8, 9) for part in range(9)]
    windows: Tree = {}

    def add(key: str, said: str, *numbers: float) -> None:
        if chooser.random() < 0.4:
            return
        begin, middle, end = sorted(chooser.sample(range(9), 3))
        spans = [(begin, middle), (middle, end)] if chooser.random() < 0.4 else [(begin, end)]
        for first, last in spans:
            windows[f"window_{len(windows)}"] = {
                "key": key, "from_s": grid[first], "to_s": grid[last],
                "factor": None, "value": None, said: chooser.choice(numbers),
            }  # fmt: skip

    groups = tree["population"]
    for name, group in groups.items():
        if group["schedule"]["law"] in ("periodic", "poisson"):
            add(f"population.{name}.schedule.rate_per_s", "factor", 0, 0.5, 1, 3, 6)
        else:
            add(f"population.{name}.schedule.rate_per_s", "factor", 0, 0.5)
    name = chooser.choice([*groups, "*"])
    for leg in [""] if chooser.random() < 0.4 else LEGS[1:]:
        add(f"population.{name}.latency{leg}", "factor", 0.2, 0.5, 3, 10)
    add(f"population.{chooser.choice([*groups, '*'])}.lots", "factor", 0, 0.29, 0.5, 0.9)
    if tree["latent"]["model"] == "bayesian" and tree["latent"]["jump_rate_per_s"] > 0:
        add("latent.jump_rate_per_s", "factor", 0, 0.5, 4)
    if tree["environment"]["oracle"]:
        add("environment.oracle.lag_ms", "value", 0, 7, 90)
    if "costs" in tree:
        add("costs.scale", "factor", 0, 0.3, 10)
    if "settlement" in tree:
        add("settlement.fork_probability", "value", 0, 0.5, 1)
    return windows
