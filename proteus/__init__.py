"""Compare market mechanisms: the same traders on the same news, thousands of seeds at a time.

    proteus.simulate(mechanism="fba", delta=250, seeds=1000)
    proteus.sweep({"mechanism": ["clob", "fba"], "delta": [50, 100]}, seeds=1000)
    proteus.resume("outputs/...")
    proteus.snapshot("outputs/..."), proteus.resume_from("outputs/...", episodes=10)
    proteus.load("outputs/...")
    proteus.to_zarr("outputs/...", "s3://bucket/sweep.zarr"), proteus.open_zarr("s3://...")
    proteus.load_runs("outputs/..."), proteus.load_traces("outputs/...")
    proteus.load_panel("outputs/..."), proteus.persistence(panel)
    proteus.load_events("outputs/..."), proteus.load_fills("outputs/...")
    proteus.load_environment("outputs/...")
    proteus.load_ledger("outputs/..."), proteus.export_ledger("outputs/...", "lanes.beancount")
    proteus.replay_log("outputs/...")
    proteus.unique_cells(dataset), proteus.agents(dataset)
    proteus.compare(dataset, baseline="clob"), proteus.maker_pnl(dataset)
    dataset.proteus.verdict(), dataset.proteus.report()
    proteus.why("outputs/ab/...", seed=3)
    proteus.replay(messages, mechanism="clob")
    proteus.replay(messages, mechanism="pool", rules="morpho", wallets={"a": (10**9, 0)}, ...)
    proteus.validation.queue_wait(ahead=3)
    proteus.Session({"mechanism": "fba", "delta": 250}, lanes=64, control="maker")
    proteus.policies.BaselineMaker(session)
    proteus.make_vec("maker", mechanism="fba", delta=100, num_envs=1024)
    proteus.collect_trajectories(output_dir="data", policy="baseline", seeds=1000)
    data = proteus.load_trajectories("data")
    proteus.to_minari(data, "mkt/maker-v0"), proteus.to_d3rlpy(data)

The functions are loaded when they are first used, so that ``import proteus`` and ``--help`` are
quick. Some share their name with the module of an entry point (``python -m proteus.sweep``);
importing such a module must not put it in the place of the function.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
from typing import TYPE_CHECKING, Any

from proteus.basics.version import VERSION

if TYPE_CHECKING:
    from proteus import envs as envs
    from proteus import policies as policies
    from proteus import validation as validation
    from proteus.analysis.contrasts import compare as compare
    from proteus.analysis.counterparties import maker_pnl as maker_pnl
    from proteus.analysis.persistence import persistence as persistence
    from proteus.envs.vector import make_vec as make_vec
    from proteus.plans.snapshots import snapshot as snapshot
    from proteus.recording.files import load_environment as load_environment
    from proteus.recording.files import load_events as load_events
    from proteus.recording.files import load_fills as load_fills
    from proteus.recording.files import load_ledger as load_ledger
    from proteus.recording.plain_text import export_ledger as export_ledger
    from proteus.recording.traces import load_traces as load_traces
    from proteus.replaying.log import replay_log as replay_log
    from proteus.replaying.orders import replay as replay
    from proteus.results.agents import agents as agents
    from proteus.results.dataset import load as load
    from proteus.results.panel import load_panel as load_panel
    from proteus.results.per_run import load_runs as load_runs
    from proteus.results.unique import unique_cells as unique_cells
    from proteus.results.zarr_store import open_zarr as open_zarr
    from proteus.results.zarr_store import to_zarr as to_zarr
    from proteus.runs.api import resume as resume
    from proteus.runs.api import resume_from as resume_from
    from proteus.runs.api import simulate as simulate
    from proteus.runs.api import sweep as sweep
    from proteus.sessions.session import Session as Session
    from proteus.studies.why import why as why
    from proteus.trajectories.api import collect_trajectories as collect_trajectories
    from proteus.trajectories.exports import to_d3rlpy as to_d3rlpy
    from proteus.trajectories.exports import to_minari as to_minari
    from proteus.trajectories.reading import load_trajectories as load_trajectories

__version__ = VERSION

_FUNCTIONS = {
    "Session": "proteus.sessions.session",
    "make_vec": "proteus.envs.vector",
    "resume": "proteus.runs.api",
    "resume_from": "proteus.runs.api",
    "snapshot": "proteus.plans.snapshots",
    "simulate": "proteus.runs.api",
    "sweep": "proteus.runs.api",
    "agents": "proteus.results.agents",
    "load": "proteus.results.dataset",
    "load_environment": "proteus.recording.files",
    "load_events": "proteus.recording.files",
    "load_fills": "proteus.recording.files",
    "export_ledger": "proteus.recording.plain_text",
    "load_ledger": "proteus.recording.files",
    "load_panel": "proteus.results.panel",
    "load_runs": "proteus.results.per_run",
    "unique_cells": "proteus.results.unique",
    "open_zarr": "proteus.results.zarr_store",
    "to_zarr": "proteus.results.zarr_store",
    "load_traces": "proteus.recording.traces",
    "replay_log": "proteus.replaying.log",
    "compare": "proteus.analysis.contrasts",
    "persistence": "proteus.analysis.persistence",
    "maker_pnl": "proteus.analysis.counterparties",
    "replay": "proteus.replaying.orders",
    "why": "proteus.studies.why",
    "collect_trajectories": "proteus.trajectories.api",
    "load_trajectories": "proteus.trajectories.reading",
    "to_d3rlpy": "proteus.trajectories.exports",
    "to_minari": "proteus.trajectories.exports",
}
_MODULES = ("envs", "policies", "validation")


class _Package(types.ModuleType):
    """Keep the public functions where submodules of the same name would go."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _FUNCTIONS and isinstance(value, types.ModuleType)):
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        if name in _MODULES:
            return importlib.import_module(f"proteus.{name}")
        if name not in _FUNCTIONS:
            raise AttributeError(f"module 'proteus' has no attribute {name!r}")
        return getattr(importlib.import_module(_FUNCTIONS[name]), name)

    def __dir__(self) -> list[str]:
        return sorted([*super().__dir__(), *_FUNCTIONS, *_MODULES])


sys.modules[__name__].__class__ = _Package


def _accessor(dataset: Any) -> Any:
    """Return ``dataset.proteus``."""
    return importlib.import_module("proteus.pages.accessor").Accessor(dataset)


def _give_accessor(xarray: types.ModuleType) -> None:
    if not hasattr(xarray.Dataset, "proteus"):
        xarray.register_dataset_accessor("proteus")(_accessor)


class _UntilXarray:
    """Wait among the finders of modules until somebody imports xarray, which takes a second."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != "xarray":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_give(module: types.ModuleType) -> None:
                execute(module)
                _give_accessor(module)

            spec.loader.exec_module = execute_and_give  # type: ignore[method-assign]
        return spec


if "xarray" in sys.modules:
    _give_accessor(sys.modules["xarray"])
else:
    sys.meta_path.insert(0, _UntilXarray())
