"""What stands in the table of bits: sections, each a function that gives arrays by name.

Results come from public functions and commands alone, so that a table outlives any layout of the
code; only the balances of an audited market are read from its world.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pandas as pd
import xarray as xr

import proteus
from tests.golden.stories import FOLDER as SCENARIOS
from tests.helpers.cells import cell, finished
from tests.helpers.recorded_files import write_itch, write_lobster
from tests.helpers.streams import NS_PER_MS, Row, change, later, new_order
from tests.helpers.venue import Flow, trade

ROOT = Path(__file__).parents[2]
Arrays = dict[str, Any]

MECHANISMS = ["clob", "fba", "rfq", "dual_flow"]
SELF_TRADE = ["none", "cancel_newest", "cancel_oldest", "cancel_both", "decrement"]
ALLOCATIONS = {
    "clob": ["time", "pro_rata", "pro_rata_fifo"],
    "fba": ["time", "pro_rata", "pro_rata_fifo", "earlier_batches_first", "random"],
    "dual_flow": ["pro_rata", "random"],
}
PRICE_RULES = ["midpoint", "reference", "lower", "upper", "t7"]
SMALL = {"horizon_s": 4, "delta": 100, "metrics.tau_ms": 1000, "record.warmup_s": 0.5}
BUSY = SMALL | {"contract.tick": 0.01, "population.noise.schedule.rate_per_s": 10}
LANES = 8
POLICIES: dict[str, Mapping[str, Any]] = {  # grids of a mechanism's keys
    "clob": {"mechanism.allocation": ALLOCATIONS["clob"], "mechanism.self_trade": SELF_TRADE},
    "fba": {"mechanism.allocation": ALLOCATIONS["fba"], "mechanism.self_trade": SELF_TRADE},
    "fba prices": {"mechanism.price_rule": PRICE_RULES, "mechanism.random_close": [0, 0.3]},
    "dual_flow": {
        "mechanism.allocation": ALLOCATIONS["dual_flow"],
        "mechanism.price_rule": [*PRICE_RULES, "takers"], "mechanism.random_close": [0, 0.3],
    },
    "rfq": {
        "mechanism.tie": ["time", "size", "random"], "mechanism.last_look": [False, True],
        "mechanism.shows_side": [False, True], "mechanism.least_share": [0, 0.5],
    },
}  # fmt: skip
THEORY = (  # beside the ordinary traders, one of each model of theory
    "horizon_s=1", "delta=100", "seeds.count=2", "metrics.tau_ms=500", "record.warmup_s=0",
    "+trader@population.avellaneda=avellaneda_stoikov",
    "population.avellaneda.schedule.rate_per_s=10",
    "+trader@population.flow=flow", "population.flow.schedule.rate_per_s=20",
    "population.flow.policy.low_ticks=480", "population.flow.policy.high_ticks=520",
    "population.flow.policy.lots_sd=2", "population.flow.policy.lifetime_ms=200",
    "+trader@population.far=flow", "population.far.schedule.rate_per_s=20",
    "population.far.policy.limit=exponential", "population.far.policy.lifetime_ms=null",
    "+trader@population.glosten=glosten_milgrom", "+trader@population.insider=insider",
    "+trader@population.linear=linear_maker", "population.linear.schedule.rate_per_s=5",
    "population.linear.policy.levels=5",
    "+trader@population.zero=zero_intelligence", "population.zero.schedule.rate_per_s=20",
)  # fmt: skip
MESSAGES, TICKS = 400, 20


class Section(NamedTuple):
    """A part of the table."""

    arrays: Callable[[Path], Arrays]  # takes an empty folder to work in
    in_proof: bool = False  # too long for ``make test``


def scenarios(folder: Path) -> Arrays:
    """The outcomes of the stories, which ``test_golden.py`` holds the engine against."""
    return {path.stem: path.read_text() for path in SCENARIOS.glob("*.golden")}


def readme(folder: Path) -> Arrays:
    """The main job."""
    return variables(proteus.simulate(mechanism="fba", delta=250, seeds=1000))


def sweep(folder: Path) -> Arrays:
    """All mechanisms on the same seeds, their contrasts, and what was recorded of two of them."""
    record = {"events": "seed:0..1", "traces": "seed:0..1"}
    keys = {"mechanism": MECHANISMS, "record": record}
    results = proteus.sweep(keys, seeds=64, output_dir=folder / "sweep")
    found = {
        **prefixed("results", variables(results)),
        **prefixed("contrasts", columns(proteus.compare(results, baseline="clob"))),
        **prefixed("events", columns(proteus.load_events(folder / "sweep"))),
        **prefixed("fills", columns(proteus.load_fills(folder / "sweep"))),
    }
    for number, traces in proteus.load_traces(folder / "sweep").items():
        found |= prefixed(f"traces of cell {number}", variables(traces))
    return found


def news(folder: Path) -> Arrays:
    """Mean-reverting news, under every population."""
    populations = ["baseline", "calibrated", "calibrated_on_news"]
    keys = {"mechanism": MECHANISMS, "latent": "log_odds", "population": populations}
    return variables(proteus.sweep(SMALL | keys, seeds=LANES))


def policies(folder: Path) -> Arrays:
    """Every allocation, mode of self-trades, price rule and way to ask, in a busy market."""
    found: Arrays = {}
    for name, grid in POLICIES.items():
        keys = BUSY | {"mechanism": name.split()[0], **grid}
        found |= prefixed(name, variables(proteus.sweep(keys, seeds=LANES)))
    return found


def theory(folder: Path) -> Arrays:
    """Traders of theory, in plain Python: compiling their loops takes a minute."""
    words = ("proteus.sweep", "mechanism=clob,fba", *THEORY, f"output_dir={folder / 'theory'}")
    command(folder, *words, NUMBA_DISABLE_JIT="1")
    return variables(proteus.load(folder / "theory"))


def audited(folder: Path) -> Arrays:
    """Balances of markets whose invariants are checked after every event."""
    return {
        name: finished(cell(f"mechanism={name}"), LANES, audit=True).ledger.balance
        for name in MECHANISMS
    }


def doors(folder: Path) -> Arrays:
    """Recorded messages under every allocation and mode of self-trades; requests by every tie."""
    found: Arrays = {}
    orders = _orders()
    for name, allocations in ALLOCATIONS.items():
        for allocation in allocations:
            for mode in SELF_TRADE:
                keys = {"allocation": allocation, "self_trade": mode}
                replayed = proteus.replay(orders, name, n_ticks=TICKS, delta=1, **keys)
                found[f"{name} {allocation} {mode}"] = _tables(replayed)
    for tie in ("time", "size", "random"):
        found[f"rfq {tie}"] = _tables(proteus.replay(_requests(), "rfq", n_ticks=TICKS, tie=tie))
    return found


def _orders() -> list[Row]:
    rows: list[Row] = []
    sent: list[Row] = []
    time_ns = 0
    for number in range(MESSAGES):
        chooser = Random(number)
        time_ns = later(time_ns, chooser.choice(("none", "none", "one", "half", "end")), NS_PER_MS)
        if chooser.random() < 0.7:
            kind = chooser.choice(("limit",) * 12 + ("market",))
            row = new_order(chooser, kind, TICKS, len(sent)) | {"order_id": number}
            sent.append(row)
        else:
            row = change(chooser, chooser.choice(("cancel", "amend", "amend")), TICKS, sent)
        rows.append({"time_ns": time_ns} | row)
    return rows


def _requests() -> list[Row]:
    """Requests with three quotes each, of which the best is accepted."""
    rows: list[Row] = []
    for number in range(MESSAGES // 5):
        chooser = Random(number)
        request, side = 1000 * number, chooser.choice(("buy", "sell"))
        asked = {"request_id": request, "agent": 0, "side": side, "quantity": 5}
        rows.append({"kind": "request", **asked})
        for dealer in (1, 2, 3):
            quote = {"order_id": request + dealer, "request_id": request, "agent": dealer}
            price, lots = chooser.randint(9, 10), chooser.randint(1, 6)
            rows.append({"kind": "quote", **quote, "price_ticks": price, "quantity": lots})
        rows.append({"kind": "accept", "request_id": request})
    return [{"time_ns": place, **row} for place, row in enumerate(rows)]


def _tables(replayed: Any) -> list[str]:
    tables = [replayed.fills, replayed.book, replayed.clears]
    # Rows and times of these two are compared with those of the twin.
    tables += [
        each.drop(columns=["time_ns", "row"]) for each in (replayed.rejects, replayed.cancels)
    ]
    return [table.to_csv(index=False) for table in tables]


def whatif(folder: Path) -> Arrays:
    """Recorded orders through every mechanism; levels stand before one file, the other replaces."""
    quiet, busy = Flow(limits=12.0, takers=5.0, replaced=0.0, hidden=0.05), Flow(hidden=0.05)
    files = {
        "lobster": [write_lobster(folder, trade(quiet, 30, 3, 34_200 * 10**9), 3, first=40)],
        "itch": [write_itch(folder, trade(busy, 30, 4)), "symbol=PROT"],
    }
    found: Arrays = {}
    for name, (path, *chosen) in files.items():
        words = [str(path), *chosen, "mechanism=clob,fba,dual_flow", "delta=50,400"]
        command(folder, "proteus.whatif", *words, f"output_dir={folder / name}")
        for table in ("measures", "blocks", "paths"):
            written = pd.read_parquet(folder / name / f"{table}.parquet")
            found |= prefixed(f"{name} {table}", columns(written))
    return found


def validation(folder: Path) -> Arrays:
    """The numbers of ``make validate``, and the columns beside them."""
    command(folder, "proteus.validation")
    table = pd.read_csv(next(folder.rglob("table.csv")))
    named = table[["item", "function", "parameters", "number"]].fillna("")
    names = [f"{a} {b}({c}): {d}" for a, b, c, d in named.itertuples(index=False)]
    assert len({*names}) == len(names)
    numbers = table[["simulated", "standard_error"]].to_numpy(float)
    return prefixed("column", columns(table)) | dict(zip(names, numbers, strict=True))


def phases(folder: Path) -> Arrays:
    """The four phases at quick size: their results, and the tables made of them."""
    before = [f"phase{number}={folder / f'phase{number}'}" for number in (1, 2, 3)]
    found: Arrays = {}
    for number in (1, 2, 3, 4):
        at, gate = folder / f"phase{number}", before if number == 4 else []
        words = (f"phase={number}", "size=quick", *gate, f"output_dir={at}")
        command(folder, "proteus.phases", *words)
        for path in sorted(at.rglob("results.nc")):
            name = path.parent.relative_to(folder).as_posix()
            found |= prefixed(name, variables(proteus.load(path.parent)))
        for path in sorted(at.glob("*.csv")):
            table = pd.read_csv(path)
            found |= prefixed(f"{at.name} {path.stem}", columns(table))
    return found


def command(folder: Path, *words: str, **environment: str) -> None:
    """Run a module of this tree in a folder; what it says is shown if it fails."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", *words], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"


def variables(dataset: xr.Dataset) -> Arrays:
    """The variables and coordinates of a dataset."""
    return {str(name): variable.values for name, variable in dataset.variables.items()}


def columns(table: pd.DataFrame) -> Arrays:
    """The columns of a table; numbers with gaps that are not NaN count as text."""
    return {
        str(name): column.to_numpy() if column.dtype.kind in "biuf" and not _is_masked(column)
        else column.astype(str).to_numpy(object)
        for name, column in table.items() if name != "schema_version"
    }  # fmt: skip


def _is_masked(column: pd.Series[Any]) -> bool:
    return isinstance(column.dtype, pd.api.extensions.ExtensionDtype)


def prefixed(prefix: str, arrays: Arrays) -> Arrays:
    """Put words before every name."""
    return {f"{prefix}: {name}": values for name, values in arrays.items()}


SECTIONS = {
    "audited": Section(audited),
    "doors": Section(doors),
    "news": Section(news),
    "phases": Section(phases, in_proof=True),
    "policies": Section(policies),
    "readme": Section(readme),
    "scenarios": Section(scenarios),
    "sweep": Section(sweep),
    "theory": Section(theory),
    "validation": Section(validation, in_proof=True),
    "whatif": Section(whatif),
}
