"""From a panel to what lasts: measures of agents over episodes, with intervals over seeds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from proteus.analysis.statistics import longitudinal
from proteus.errors import ResultsError
from proteus.results.panel import FIELDS, KEY, RUINED, STOPPED

CLASSES = 5  # of rank, or as many as there are agents


class Statistic(NamedTuple):
    """One thing that is said of what lasts."""

    long_name: str
    unit: str


STATISTICS = {
    "autoregression": Statistic("AR(1) of an agent around its own mean", "1"),
    "rank_correlation": Statistic("Spearman's, of agents in successive episodes", "1"),
    "mobility": Statistic("Shorrocks' index of moves between classes of rank; 0: none", "1"),
    "intraclass_correlation": Statistic("share of the variance that is between agents", "1"),
    "regime_shifts": Statistic("shifts of an agent's mean", "shifts per agent"),
}


def persistence(
    panel: pd.DataFrame, measure: str = "pnl_settled", group: str | None = None
) -> pd.DataFrame:
    """Measure how what agents earn lasts over episodes, in each cell of a run.

    Parameters
        panel: of :func:`proteus.load_panel`. measure: a column of numbers. group: agents of one
            group only.

    Returns
        A row per cell and statistic: ``cell``, ``mechanism``, ``carryover``, ``measure``,
        ``statistic`` with its ``long_name`` and ``unit`` (``STATISTICS``), ``value`` (the mean over
        seeds), its 95 % t interval ``low`` and ``high``, ``n`` (seeds that have a value) and
        ``bias``, what few episodes add to it: less than zero, of ``autoregression`` alone (Nickell
        1981). Seeds with a stopped lane are left out.

    Raises
        ResultsError: no panel, no such column or group, fewer than 4 episodes, or an agent that
            is not there in each of them.
    """
    _check(panel, measure, group)
    kept = panel if group is None else panel[panel["group"] == group]
    kept = kept[kept["status"] != STOPPED]
    rows: list[dict[str, Any]] = []
    for cell, part in kept.groupby("cell"):
        about = {
            "cell": cell,
            **{key: str(part[key].iloc[0]) for key in ("mechanism", "carryover")},
        }
        per_seed = pd.DataFrame([
            dict(zip(STATISTICS, _statistics(values), strict=True))
            for values in _by_seed(part, measure)
        ])  # fmt: skip
        transitions = part["run_index"].nunique() - 1
        for name, said in STATISTICS.items():
            found = _interval(per_seed[name].to_numpy(float))
            is_biased = name == "autoregression"
            bias = longitudinal.nickell_bias(found["value"], transitions) if is_biased else np.nan
            rows.append({
                **about, "measure": measure, "statistic": name, **said._asdict(), **found,
                "bias": bias,
            })  # fmt: skip
    return pd.DataFrame(rows)


def _check(panel: pd.DataFrame, measure: str, group: str | None) -> None:
    needed = {*KEY, "group", "status", "mechanism", "carryover"}
    if not isinstance(panel, pd.DataFrame) or not needed <= {*panel.columns}:
        raise ResultsError(f"a {type(panel).__name__} is not allowed: it must be of load_panel")
    allowed = [name for name, column in FIELDS.items() if column.kind == "float64"]
    if measure not in allowed or measure not in panel.columns:
        raise ResultsError(f"measure={measure} is not allowed: must be one of {', '.join(allowed)}")
    known = sorted(set(panel["group"]))
    if group is not None and group not in known:
        raise ResultsError(f"group={group} is not in the panel: it has {', '.join(known)}")
    if panel["run_index"].nunique() < 4:
        raise ResultsError("a panel of fewer than 4 episodes says nothing of what lasts")


def _by_seed(part: pd.DataFrame, measure: str) -> Iterator[NDArray[np.float64]]:
    """List the values of each seed, [agents, episodes]."""
    values = _by_agent(part)[measure]
    for _, rows in values.groupby(level="seed"):
        yield rows.to_numpy(float)


def _by_agent(part: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a cell with a row per seed and agent, a column per column and episode.

    Raises
        ResultsError: an agent is not there in every episode, or is there twice.
    """
    counts = part.groupby(["seed", "agent_uid"])["run_index"].agg(["size", "nunique"])
    wrong = counts[(counts != part["run_index"].nunique()).any(axis=1)]
    if len(wrong):
        seed, uid = wrong.index[0]
        raise ResultsError(
            f"agent_uid={uid} of seed {seed} has {wrong['size'].iloc[0]} rows of "
            f"{part['run_index'].nunique()} episodes: an agent must have one of each, also of "
            f"those after its ruin"
        )
    return part.pivot(index=["seed", "agent_uid"], columns="run_index")


def _statistics(values: NDArray[np.float64]) -> tuple[float, ...]:
    agents, times = values.shape
    ranks = [
        longitudinal.rank_correlation(values[:, at], values[:, at + 1]) for at in range(times - 1)
    ]
    known = [rank for rank in ranks if not np.isnan(rank)]
    between, moved = np.nan, np.nan
    if agents > 1:
        between = longitudinal.intraclass_correlation(values)
        matrix = longitudinal.transition_matrix(values, min(CLASSES, agents))
        moved = longitudinal.mobility(matrix)
    shifts = [len(longitudinal.regime_shifts(series)) for series in values]
    return (
        longitudinal.autoregression(values), float(np.mean(known)) if known else np.nan, moved,
        between, float(np.mean(shifts)),
    )  # fmt: skip


def _interval(values: NDArray[np.float64]) -> dict[str, float]:
    """Return the mean of seeds with its 95 % t interval."""
    known = values[~np.isnan(values)]
    count = len(known)
    mean = float(known.mean()) if count else np.nan
    if count < 2:
        return {"value": mean, "low": np.nan, "high": np.nan, "n": count}
    half = float(stats.t.ppf(0.975, count - 1) * known.std(ddof=1) / np.sqrt(count))
    return {"value": mean, "low": mean - half, "high": mean + half, "n": count}


def lifetimes(panel: pd.DataFrame, group: str, ruin_below: float) -> pd.DataFrame:
    """Return how long the agents of a group lived: a row per cell, seed and agent.

    Parameters
        panel: of :func:`proteus.load_panel`. group: of the population. ruin_below: the wealth at
            the end of an episode below which an agent is ruined, currency.

    Returns
        ``cell``, ``mechanism``, ``seed``, ``agent_uid``, ``episodes`` (until it was ruined, or last
        seen; 0 of who was ruined before the first) and ``is_ruined``; what
        :func:`longitudinal.survival` takes.
    """
    rows = []
    for about, left, is_new in _lasting(panel, group, ruin_below):
        is_ruined = ~left.to_numpy()[:, -1]
        lived = left.index.to_frame(index=False).assign(
            **about, episodes=(left.sum(axis=1).to_numpy() + is_ruined) * is_new,
            is_ruined=is_ruined,
        )  # fmt: skip
        rows.append(lived)
    return pd.concat(rows, ignore_index=True)[
        ["cell", "mechanism", "seed", "agent_uid", "episodes", "is_ruined"]
    ]


def _lasting(
    panel: pd.DataFrame, group: str, ruin_below: float
) -> Iterator[tuple[dict[str, Any], pd.DataFrame, NDArray[np.bool_]]]:
    """List, cell by cell, who is left after each episode, and who was not ruined before the first.

    Yields
        Cell and mechanism; bool [agents, episodes], its index seed and agent; bool [agents].
    """
    _check(panel, "equity_end", group)
    kept = panel[(panel["group"] == group) & (panel["status"] != STOPPED)]
    for cell, part in kept.groupby("cell"):
        by_agent = _by_agent(part)
        is_ruined = np.maximum.accumulate(by_agent["equity_end"].to_numpy() < ruin_below, axis=1)
        is_new = by_agent["status"].to_numpy()[:, 0] != RUINED
        about = {"cell": cell, "mechanism": str(part["mechanism"].iloc[0])}
        yield about, pd.DataFrame(~is_ruined, by_agent.index), is_new


def survival_curves(panel: pd.DataFrame, group: str, ruin_below: float) -> pd.DataFrame:
    """Estimate what share of a group's agents is not ruined, after each episode, in each cell.

    Parameters
        panel, group, ruin_below: as in :func:`lifetimes`.

    Returns
        A row per cell and episode: ``cell``, ``mechanism``, ``episodes``, ``value`` by Kaplan and
        Meier with its 95 % interval ``low`` and ``high`` over seeds (``longitudinal.course``), and
        ``n`` (seeds).
    """
    rows = []
    for about, left, _ in _lasting(panel, group, ruin_below):
        seeds = left.index.get_level_values("seed").to_numpy()
        course = longitudinal.course(left.to_numpy(), seeds)
        after = np.arange(1, left.shape[1] + 1)
        about |= {"episodes": after, **course._asdict(), "n": len(np.unique(seeds))}
        rows.append(pd.DataFrame(about))
    return pd.concat(rows, ignore_index=True)
