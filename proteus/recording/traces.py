"""Traces: what a lane looked like over time, on a grid, as groups of ``results.nc``.

A value at a time is the one just before what happens in the market then, a clear of that instant
included, and after news of that instant: where equity and mid are sampled. Everything follows from
the rows of the lane's log and from the news, which are drawn again from the seed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import netCDF4
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from proteus.basics import units
from proteus.basics.versions import SCHEMA_KEY, SCHEMA_VERSION, read_version
from proteus.errors import ResultsError
from proteus.market.cell import CellConfig
from proteus.market.environment.news import extend_news, start_news
from proteus.market.environment.setup import allocate_news
from proteus.market.events.log import MISSING
from proteus.market.rng import replicate_keys
from proteus.market.setup.cell import news_of
from proteus.recording import credit_traces
from proteus.recording.columns import BOOK, is_kind
from proteus.recording.files import trader_names
from proteus.recording.tables import contract_moves
from proteus.results import artifacts
from proteus.results.agents import uids_of
from proteus.results.dataset import RESULTS, unreadable
from proteus.results.outcome import LaneLog, Rows

if TYPE_CHECKING:
    from proteus.plans.plan import Plan

GROUP = "traces"

_DESCRIBED = {
    "v": ("currency", "fair value"),
    "mid": ("currency", "mid of the published book; NaN where a side is empty"),
    "best_bid": ("currency", "best published bid; NaN where there is none"),
    "best_ask": ("currency", "best published ask; NaN where there is none"),
    "spread": ("currency", "best ask - best bid; NaN where a side is empty"),
    "bid_depth": ("lots", "lots at the best bid; 0 where there is none"),
    "ask_depth": ("lots", "lots at the best ask; 0 where there is none"),
    "inventory": ("lots", "lots held; bought is positive"),
}

Times = NDArray[np.int64]


def times_of(cell: CellConfig) -> Times:
    """Return the grid of a cell's traces, ns: every ``record.trace_step_ms`` from 0 to T."""
    step = units.milliseconds_to_ns(cell.record.trace_step_ms)
    return np.arange(0, cell.horizon_ns + 1, step, dtype=np.int64)


def of_lane(plan: Plan, number: int, log: LaneLog) -> xr.Dataset:
    """Return the traces of one lane, dims (time, trader); NaN after the lane was stopped.

    Parameters
        plan, number: the sweep and the cell. log: the lane's rows, every column int64 [n].
    """
    cell = plan.cells[number]
    times, names = times_of(cell), trader_names(cell)
    seeds = plan.settings.seeds
    values = value_path(cell, seeds.root, log.replicate, seeds.episode, times)
    columns = {"v": values, **_book(log.rows, times, cell.n_ticks)}
    columns["inventory"] = _inventory(log.rows, times, len(names))
    if cell.credit.is_used:
        columns |= credit_traces.accounts(log.rows, cell, times, len(names))
    if log.is_violated:
        stopped = times > log.rows["time_ns"][-1]
        columns = {name: np.where(_along(stopped, of), np.nan, of) for name, of in columns.items()}
    dims = ("time", "trader")
    return xr.Dataset({name: (dims[: of.ndim], of) for name, of in columns.items()})


def _along(mask: NDArray[np.bool_], values: NDArray[Any]) -> NDArray[np.bool_]:
    return mask.reshape(-1, *[1] * (values.ndim - 1))


def _book(rows: Rows, times: Times, n_ticks: int) -> dict[str, NDArray[np.float64]]:
    """Look up the book published before each time; before the first it is empty."""
    books = is_kind(rows, BOOK)
    last = np.searchsorted(rows["time_ns"][books], times, side="left")

    def held(column: str, empty: int) -> NDArray[np.int64]:
        return np.concatenate([[empty], rows[column][books]])[last]

    def price(column: str) -> NDArray[np.float64]:
        ticks = held(column, MISSING)
        return np.where(ticks == MISSING, np.nan, ticks / n_ticks)

    bid, ask = price("bid_ticks"), price("ask_ticks")
    return {
        "mid": (bid + ask) / 2,
        "best_bid": bid,
        "best_ask": ask,
        "spread": ask - bid,
        "bid_depth": held("bid_lots", 0).astype(float),
        "ask_depth": held("ask_lots", 0).astype(float),
    }


def _inventory(rows: Rows, times: Times, traders: int) -> NDArray[np.float64]:
    """Look up what each trader held before each time, float64 [time, trader]."""
    moves = contract_moves(rows)
    done = np.searchsorted(moves.time_ns, times, side="left")
    held = np.concatenate([np.zeros((1, traders)), moves.held(traders)])
    inventory: NDArray[np.float64] = held[done]
    return inventory


def value_path(
    cell: CellConfig, root: int, seed: int, episode: int, times: Times
) -> NDArray[np.float64]:
    """Draw the news of a lane again and return v at each time.

    Parameters
        cell, root, seed, episode: the lane. times: int64 [n] ns, 0 to the end of the news.

    Returns
        float64 [n] currency; just after a jump at that time.
    """
    parameters = news_of(cell)
    jumps = cell.latent.jump_rate_per_s * cell.settle_ns / units.NS_PER_S
    key = replicate_keys(root, np.array([seed]), episode)[0]
    capacity = 8
    while True:
        window = cell.settle_ns + 2 * parameters.dt_ns
        news = allocate_news(1, window, parameters.dt_ns, jumps, capacity)
        with np.errstate(over="ignore"):  # the words of Philox wrap around
            start_news(news, parameters, key[0], key[1], 0)
            code = extend_news(news, parameters, key[0], key[1], 0, np.int64(cell.settle_ns))
        if code == 0:
            break
        capacity *= 2
    return _value_at(news, parameters.dt_ns, times)


def _value_at(news: Any, dt_ns: int, times: Times) -> NDArray[np.float64]:
    """Return v: that of the last grid point, or of a jump since."""
    grid = times // dt_ns
    jumps = news.jump_ns[0, : news.n_jumps[0]]
    before = np.searchsorted(jumps, times, side="right") - 1
    jumped = (before >= 0) & (np.append(jumps, 0)[before] >= grid * dt_ns)
    after: NDArray[np.float64] = np.append(news.jump_value[0, : len(jumps)], np.nan)[before]
    return np.where(jumped, after, news.value[0, grid])


def join(plan: Plan, number: int, lanes: Sequence[tuple[int, xr.Dataset]]) -> xr.Dataset:
    """Join the traces of a cell's lanes to one dataset, dims (seed, time, trader)."""
    cell = plan.cells[number]
    seeds = [seed for seed, _ in lanes]
    joined = xr.concat([trace for _, trace in lanes], dim="seed")
    joined = joined.assign_coords(
        seed=("seed", np.array(seeds, np.int64), {"long_name": "replicate index", "units": "1"}),
        time=(
            "time",
            times_of(cell).astype("timedelta64[ns]"),
            {"long_name": "time of trading"},
        ),
        trader=("trader", np.array(trader_names(cell)), {"long_name": "trader"}),
        agent_uid=("trader", np.array(uids_of(cell), np.int64), {"long_name": "agent_uid"}),
    )
    for name, (unit, title) in (_DESCRIBED | credit_traces.DESCRIBED).items():
        if name not in joined:
            continue
        joined[name].attrs.update(units=unit, long_name=title)
    label = {f"cell_{name}": value for name, value in plan.label(number).items()}
    joined.attrs = {
        SCHEMA_KEY: SCHEMA_VERSION, "config_hash": plan.config_hash, "cell": number, **label,
    }  # fmt: skip
    return joined


def write(traces: Mapping[int, xr.Dataset], path: Path) -> None:
    """Add a group ``traces/cell_<number>`` per cell to a netCDF file."""
    for number, dataset in traces.items():
        encoding: dict[str, Any] = {
            str(name): {"zlib": True, "complevel": 4} for name in dataset.data_vars
        }
        group = f"{GROUP}/cell_{number}"
        dataset.to_netcdf(path, mode="a", engine="netcdf4", group=group, encoding=encoding)


def load_traces(folder: str | os.PathLike[str]) -> dict[int, xr.Dataset]:
    """Load the traces of a sweep.

    Parameters
        folder: the output folder of a sweep, or its ``results.nc``.

    Returns
        Number of the cell to a dataset with dims (seed, time, trader); ``time`` is
        timedelta64[ns]. Variables are float64: ``v``, ``mid``, ``best_bid``, ``best_ask`` and
        ``spread`` in currency, ``bid_depth``, ``ask_depth`` and ``inventory`` in lots; with credit
        ``cash``, ``collateral``, ``debt`` and ``health_factor`` of each trader. Attributes
        ``cell_<dimension>`` are the labels of the cell.

    Raises
        ResultsError: no such file, not netCDF, not of Proteus, of a newer schema version, or
            without traces.
    """
    path = artifacts.find(folder, RESULTS, "give the output folder of a finished sweep")
    try:
        attributes, groups = _contents(path)
        read_version(path, attributes)
        found = [
            xr.load_dataset(path, engine="netcdf4", group=f"{GROUP}/{name}", decode_timedelta=True)
            for name in groups
        ]
    except ResultsError:
        raise
    except (OSError, ValueError, RuntimeError) as error:
        raise unreadable(path, error) from None
    if not found:
        raise ResultsError(f"{path} has no traces: record.traces=seed:0..3 writes them")
    for dataset in found:
        read_version(path, dataset.attrs)
    return {int(dataset.attrs["cell"]): dataset for dataset in found}


def _contents(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Return the attributes of a file, and the names of its groups of traces by number of cell."""
    with netCDF4.Dataset(path) as file:
        attributes = {name: file.getncattr(name) for name in file.ncattrs()}
        groups = file.groups[GROUP].groups if GROUP in file.groups else {}
        return attributes, sorted(groups, key=lambda name: int(name.rpartition("_")[2]))
