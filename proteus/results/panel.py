"""``panel.parquet``: one row per agent and episode, for econometric tools; by record.panel=true.

The key is (cell, seed, run_index, agent_uid), and every row has one of its own. ``entity`` joins
seed and agent: the same agent in two seeds has two pasts. The columns are those of ``FIELDS`` in
every panel, whatever was swept, so that files of several runs are one table; ``labels`` has the
swept keys as JSON. Units and formulas are in the metadata of the columns; versions, ``config_hash``
and the profiles of the agents in that of the file. A row of a stopped lane has no measures.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from proteus.basics.archives import reason_of
from proteus.basics.files import whole
from proteus.basics.schema import canonical_json
from proteus.basics.versions import SCHEMA_KEY, SCHEMA_VERSION, read_version
from proteus.errors import ResultsError
from proteus.market.variables.base import EPISODE, TRADER
from proteus.market.variables.dimensions import trader_name
from proteus.plans.plan import Plan
from proteus.results import artifacts
from proteus.results.agents import AGENTS_KEY, check_named, listed_in, profiles_of
from proteus.results.dataset import check_manifest
from proteus.results.flags import VIOLATION

if TYPE_CHECKING:
    import pyarrow as pa

PANEL = "panel.parquet"
PANEL_VERSION, PANEL_KEY = 1, "panel_version"
DIGEST = "panel_sha256"  # key of the manifest
ROWS_AT_ONCE = 65_536  # of one cell in memory, or those of one seed
KEY = ("cell", "seed", "run_index", "agent_uid")
ACTIVE, RUINED, STOPPED = "active", "ruined", "stopped"


class Column(NamedTuple):
    """One column: its type, its unit, and how it is made."""

    kind: Literal["int64", "float64", "text"]
    unit: str
    formula: str


FIELDS: dict[str, Column] = {
    "cell": Column("int64", "1", "number of the configuration in the sweep"),
    "seed": Column("int64", "1", "replicate index"),
    "run_index": Column("int64", "1", "number of the episode"),
    "agent_uid": Column("int64", "1", "63 bits of SHA-256 of cohort, group and number"),
    "entity": Column("text", "", "seed:agent_uid"),
    "cohort_id": Column("text", "", "identity.cohort"),
    "instance": Column("text", "", "name of the trader in this run"),
    "group": Column("text", "", "of the population"),
    "strategy_family": Column("text", "", "kind of the trader"),
    "mechanism": Column("text", "", "of the market"),
    "carryover": Column("text", "", "episodes.carryover"),
    "labels": Column("text", "", "swept keys of the cell, as JSON"),
    "status": Column("text", "", "active; ruined: sends nothing; stopped: no measures"),
    "equity_start": Column("float64", "currency", "endowment; 0 without a limit"),
    "equity_end": Column("float64", "currency", "endowment + PnL at X; v_T where positions go on"),
    "pnl_settled": Column("float64", "currency", "equity_end - equity_start"),
    "pnl_marked": Column("float64", "currency", "cash + lots v_T, net of the endowment"),
    "volume_lots": Column("float64", "lots", "lots bought + lots sold"),
    "schema_version": Column("int64", "1", "of the files of a run"),
    "config_hash": Column("text", "", "of the run"),
}
_ABOUT = {  # what is the same wherever that label is
    "cell": ("mechanism", "carryover", "labels"), "agent_uid": ("instance", "group"),
}  # fmt: skip
MEASURES = {
    "equity_start": "wealth_start_by_trader", "equity_end": "wealth_end_by_trader",
    "pnl_marked": "pnl_marked_by_trader", "volume_lots": "volume_lots_by_trader",
    "ruined": "ruined_by_trader",
}  # fmt: skip


def schema() -> pa.Schema:
    """Return the one schema that all panels have, without what a run says of itself."""
    import pyarrow as pa

    kinds = {"int64": pa.int64(), "float64": pa.float64()}
    kinds["text"] = pa.dictionary(pa.int32(), pa.string())
    return pa.schema([
        pa.field(name, kinds[column.kind], metadata={
            "formula": column.formula, **({"units": column.unit} if column.unit else {}),
        })
        for name, column in FIELDS.items()
    ])  # fmt: skip


def write(plan: Plan, dataset: xr.Dataset, folder: Path) -> Path:
    """Write ``panel.parquet`` whole, some seeds of a cell at a time: memory does not grow.

    Parameters
        plan: the sweep. dataset: its results, which may be a file that is read in parts.

    Returns
        The path of the file.
    """
    import pyarrow.parquet as pq

    kept = {key: str(dataset.attrs[key]) for key in (SCHEMA_KEY, "config_hash", AGENTS_KEY)}
    declared = schema().with_metadata({**kept, PANEL_KEY: str(PANEL_VERSION)})
    target = folder / PANEL
    with (
        whole(target) as temporary,
        pq.ParquetWriter(
            temporary, declared, compression="zstd", compression_level=1, write_page_checksum=True
        ) as writer,
    ):
        for cell in range(len(plan.cells)):
            for table in _tables(plan, dataset, cell, declared):
                writer.write_table(table)
    return target


def _tables(plan: Plan, dataset: xr.Dataset, number: int, declared: pa.Schema) -> Iterator[Any]:
    """List the rows of a cell, some seeds at a time."""
    cell, seeds = plan.cells[number], len(plan.replicates)
    agents = [
        (uid, each.cohort, trader_name(each.group, at), each.group, each.strategy_family)
        for each in profiles_of(cell)
        for at, uid in enumerate(each.agent_uids)
    ]
    if not agents:
        return
    point = dict(zip(plan.axes, np.argwhere(plan.cell_of == number)[0], strict=True))
    names = [name for _, _, name, _, _ in agents]
    at = {name: place for place, name in enumerate(dataset[TRADER].to_numpy().tolist())}
    of_cell = dataset[[*MEASURES.values(), VIOLATION]].isel(point)
    of_cell = of_cell.isel({TRADER: [at[name] for name in names]})
    step = max(1, ROWS_AT_ONCE // (len(agents) * dataset.sizes[EPISODE]))
    for first in range(0, seeds, step):
        part = of_cell.isel(seed=slice(first, first + step)).load()
        yield _table(plan, number, part, agents, declared)


def _table(
    plan: Plan, number: int, part: xr.Dataset, agents: list[tuple[Any, ...]], declared: pa.Schema
) -> Any:
    import pyarrow as pa

    order = ("seed", EPISODE, TRADER)
    sizes = tuple(part.sizes[dim] for dim in order)
    measured = {
        name: part[variable].transpose(*order).to_numpy().reshape(-1)
        for name, variable in MEASURES.items()
    }
    stopped = np.broadcast_to(part[VIOLATION].to_numpy()[:, None, None] > 0, sizes).reshape(-1)
    places = np.indices(sizes).reshape(3, -1)
    seeds = part["seed"].to_numpy()
    status = np.where(stopped, 2, np.where(measured.pop("ruined") == 1, 1, 0))
    entities = [f"{seed}:{agent[0]}" for seed in seeds.tolist() for agent in agents]
    constant = {
        "mechanism": plan.cells[number].mechanism.name,
        "carryover": plan.cells[number].episodes.carryover,
        "labels": canonical_json(plan.label(number)), "config_hash": plan.config_hash,
    }  # fmt: skip
    about = zip(*(agent[1:] for agent in agents), strict=True)
    of_agent = dict(zip(("cohort_id", "instance", "group", "strategy_family"), about, strict=True))
    texts = {
        "entity": (places[0] * len(agents) + places[2], entities),
        "status": (status, [ACTIVE, RUINED, STOPPED]),
        **{name: (places[2], list(values)) for name, values in of_agent.items()},
        **{name: (np.zeros(len(status)), [text]) for name, text in constant.items()},
    }
    numbers = {
        "cell": np.full(len(status), number), "seed": seeds[places[0]],
        "run_index": part[EPISODE].to_numpy()[places[1]],
        "agent_uid": np.array([agent[0] for agent in agents], np.int64)[places[2]],
        "schema_version": np.full(len(status), SCHEMA_VERSION), **measured,
        "pnl_settled": measured["equity_end"] - measured["equity_start"],
    }  # fmt: skip
    columns = [
        pa.DictionaryArray.from_arrays(texts[name][0].astype(np.int32), pa.array(texts[name][1]))
        if name in texts
        else pa.array(numbers[name], from_pandas=True)
        for name in FIELDS
    ]
    return pa.table(columns, schema=declared)


def load_panel(
    folder: str | os.PathLike[str], to: Literal["pandas", "xarray"] = "pandas"
) -> pd.DataFrame | xr.Dataset:
    """Load the panel of a run.

    Parameters
        folder: its output folder, or its ``panel.parquet``. to: "pandas" for a table, "xarray" for
            measures over the key.

    Returns
        A row per agent and episode with the columns of ``FIELDS``, sorted by cell, seed, agent_uid
        and run_index; texts are categories. With to="xarray" the measures and ``status`` with dims
        (cell, seed, agent_uid, run_index), and mechanism, carryover and labels of each cell,
        instance and group of each agent; a status is empty where a cell has no such agent.
        ``attrs["agents"]`` are the profiles, as JSON in a dataset. For linearmodels:
        ``panel.set_index(["entity", "run_index"])``.

    Raises
        ResultsError: no such file, not Parquet, not a panel of this version or an older one, of
            another run than the ``manifest.json`` beside it, changed since that was written, a
            key that is there twice, or an agent that is not who its profile says.
    """
    if to not in ("pandas", "xarray"):
        raise ResultsError(f"to={to} is not allowed: must be pandas or xarray")
    path = artifacts.find(folder, PANEL, "record.panel=true writes it")
    panel, said = _read(path)
    check_manifest(path, said, DIGEST)
    twice = panel[panel.duplicated([*KEY])]
    if len(twice):
        key = ", ".join(f"{name}={twice[name].iloc[0]}" for name in KEY)
        raise ResultsError(f"{path} is damaged: {key} is there twice")
    traders = panel[["instance", "agent_uid"]].drop_duplicates()
    check_named(path, listed_in(path, said), traders.itertuples(index=False, name=None))
    panel = panel.sort_values(["cell", "seed", "agent_uid", "run_index"], ignore_index=True)
    panel.attrs[AGENTS_KEY] = json.loads(said[AGENTS_KEY])
    return panel if to == "pandas" else _as_dataset(panel)


def _read(path: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the rows of a file, once it is a panel of this version, and what it says of its run.

    Raises
        ResultsError: it is none, or its bytes are not those that were written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        found = file.schema_arrow.metadata or {}
        said = {key.decode(): text.decode() for key, text in found.items()}
        names = file.schema_arrow.names
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _unreadable(path, error) from None
    read_version(path, said)
    if said.get(PANEL_KEY) != str(PANEL_VERSION) or names != [*FIELDS]:
        written = said.get(PANEL_KEY, "missing")
        allowed = f"this Proteus reads version {PANEL_VERSION}"
        raise ResultsError(f"{path} is no panel of ours: {PANEL_KEY} is {written}; {allowed}")
    try:
        rows: pd.DataFrame = file.read().to_pandas()
    except (OSError, ValueError, TypeError, pa.ArrowException) as error:
        raise _unreadable(path, error) from None
    return rows, said


def _unreadable(path: Path, error: Exception) -> ResultsError:
    return ResultsError(f"{path} cannot be read as Parquet: {reason_of(error)}")


def _as_dataset(panel: pd.DataFrame) -> xr.Dataset:
    kept = [name for name, column in FIELDS.items() if column.kind == "float64"]
    by_key = panel.set_index(["cell", "seed", "agent_uid", "run_index"])
    made: xr.Dataset = by_key[[*kept]].to_xarray()
    status = by_key["status"].astype(object).to_xarray()
    made["status"] = status.fillna("").astype(str)  # of an agent that the cell does not have
    for dim, names in _ABOUT.items():
        of = panel.drop_duplicates(dim).set_index(dim).loc[made[dim].to_numpy()]
        made = made.assign_coords({name: (dim, of[name].to_numpy(str)) for name in names})
    for name in kept:
        made[name].attrs.update(units=FIELDS[name].unit, long_name=FIELDS[name].formula)
    made.attrs[AGENTS_KEY] = json.dumps(panel.attrs[AGENTS_KEY])
    return made
