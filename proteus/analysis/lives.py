"""How long agents last over episodes, and how they move between ranks of wealth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from proteus.analysis.levels import distinct, is_violated, names_of
from proteus.analysis.statistics import longitudinal
from proteus.market.variables.base import EPISODE, TRADER
from proteus.results.agents import agents

RUINED, WEALTH = "ruined_by_trader", "wealth_end_by_trader"
CLASSES = 5  # of wealth, or as many as there are agents


class Lives(NamedTuple):
    """The agents of a group in one cell. S seeds, A agents, E episodes."""

    name: str  # of the cell
    mechanism: str
    ruined: NDArray[np.bool_]  # [S, A, E] from the first episode in which it sends nothing
    wealth: NDArray[np.float64]  # [S, A, E] at the end of each episode, currency


def at_stake(dataset: xr.Dataset) -> list[str]:
    """List the groups that have something to lose, and whose ruin is in the dataset."""
    if EPISODE not in dataset.dims or RUINED not in dataset or WEALTH not in dataset:
        return []
    table = agents(dataset)
    return list(dict.fromkeys(table[table["capital_baseline"].notna()]["group"]))


def lives(dataset: xr.Dataset, group: str) -> Iterator[Lives]:
    """List how the agents of a group fare, cell by cell; one with a stopped lane is left out.

    Parameters
        dataset: with all episodes. group: one of ``at_stake``.
    """
    table = agents(dataset)
    members = dict.fromkeys(table[table["group"] == group]["trader"])
    cells = list(distinct(dataset))
    names = names_of([cell.coordinates for cell in cells])
    for cell, name in zip(cells, names, strict=True):
        if is_violated(dataset, cell.at):
            continue
        there = dataset[[RUINED, WEALTH]].isel(cell.at).sel({TRADER: [*members]})
        wealth = _values(there[WEALTH])
        is_member = np.isfinite(wealth).all(axis=(0, 2))
        if is_member.any():
            mechanism = str(cell.coordinates["mechanism"])
            ruined = _values(there[RUINED])[:, is_member] == 1
            yield Lives(name, mechanism, ruined, wealth[:, is_member])


def _values(array: xr.DataArray) -> NDArray[np.float64]:
    found: NDArray[np.float64] = array.transpose("seed", TRADER, EPISODE).to_numpy()
    return found


def survival(of: Lives) -> longitudinal.Course:
    """Estimate what share of agents still trades in each episode, as ``longitudinal.course``."""
    seeds, agents_of, episodes = of.ruined.shape
    is_left = ~of.ruined.reshape(-1, episodes)
    return longitudinal.course(is_left, np.repeat(np.arange(seeds), agents_of))


def transitions(of: Lives) -> NDArray[np.float64]:
    """Return how agents move between classes of wealth from one episode to the next.

    Returns
        float64 [k, k], the poorest class first, rows sum to 1; ranks are among all agents of all
        seeds in the same episode.
    """
    wealth = of.wealth.reshape(-1, of.wealth.shape[2])
    return longitudinal.transition_matrix(wealth, min(CLASSES, len(wealth)))
