"""Who does the work: threads, processes of this machine, or the workers of a dask scheduler.

An executor is two functions, ``submit`` and ``capacity``, over the futures of the standard library.
What it runs is a task of the engine, and no bit of a result depends on who runs it. Processes and
dask workers keep the kernels that they load and the blocks of the cells they meet.
"""

from __future__ import annotations

import functools
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from proteus.configuration.executors import DaskExecutor, Executor
from proteus.errors import ConfigError, RunError
from proteus.runs.tasks import Workers

if TYPE_CHECKING:
    from proteus.results.outcome import Outcome
    from proteus.runs.blocks import Pools
    from proteus.runs.tasks import Task

_CAPACITY_S = 5.0  # how long a scheduler's answer holds
_CONNECT_S = 10  # how long a scheduler may take to answer


def usable_cores() -> int:
    """Return the number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def open_workers(settings: Executor) -> AbstractContextManager[Workers]:
    """Start the workers that the configuration asks for, and end them with the context.

    Raises
        ConfigError: dask is not installed, or its scheduler does not answer.
    """
    if isinstance(settings, DaskExecutor):
        return on_dask(settings)
    count = settings.workers or usable_cores()
    return on_processes(count) if settings.name == "processes" else on_threads(count)


@contextmanager
def on_threads(count: int) -> Iterator[Workers]:
    """Run tasks on threads of this process: kernels release the GIL."""
    from proteus.runs.blocks import Pools, run_task

    pools = Pools()
    with _ended(ThreadPoolExecutor(count)) as threads:
        yield Workers(
            lambda task: threads.submit(run_task, task, pools),
            lambda: count, Future.cancel, are_remote=False,
        )  # fmt: skip


@contextmanager
def on_processes(count: int) -> Iterator[Workers]:
    """Run tasks on fresh processes of this machine: a fork would inherit threads that are gone."""
    spawn = multiprocessing.get_context("spawn")
    with _ended(ProcessPoolExecutor(count, spawn, start_process)) as processes:
        yield Workers(
            lambda task: processes.submit(run_remotely, task),
            lambda: count, Future.cancel, are_remote=True,
        )  # fmt: skip


@contextmanager
def _ended(executor: Any) -> Iterator[Any]:
    """End an executor without waiting for its tasks when the context fails."""
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    executor.shutdown(wait=True)


def start_process() -> None:
    """Leave Ctrl-C to the process that started this one, and end with it however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        watch = functools.partial(_leave_after, parent.sentinel)
        threading.Thread(target=watch, daemon=True).start()


def _leave_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


@functools.cache
def _pools() -> Pools:
    from proteus.runs.blocks import Pools

    return Pools()


def run_remotely(task: Task, code: str | None = None) -> Outcome:
    """Run a task in a process of its own, with the blocks that it keeps.

    Parameters
        task: the lanes. code: hash of the code that must run them; None trusts it.

    Raises
        RunError: this process has other code, or too little memory.
    """
    from proteus.runs.blocks import run_task

    if code is not None and _code_hash() != code:
        raise RunError(
            f"a dask worker has other code (hash {_code_hash()[:8]}) than this process "
            f"({code[:8]}): install the same Proteus on both"
        )
    return run_task(task, _pools())


@functools.cache
def _code_hash() -> str:
    from proteus.results import provenance

    return provenance.code_hash()


@contextmanager
def on_dask(settings: DaskExecutor) -> Iterator[Workers]:
    """Run tasks on the workers of a dask scheduler, or of a cluster on this machine.

    Tasks of a lost worker run elsewhere; a task that failed is tried ``retries`` times more.

    Raises
        ConfigError: dask.distributed is not installed, or the scheduler does not answer.
    """
    if find_spec("distributed") is None:
        allowed = "install dask.distributed, as with pip install 'proteus-markets[dask]'"
        raise ConfigError(f"executor=dask is not allowed: {allowed}")
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # errors are sentences
    with _cluster(settings) as address, _client(address) as client:
        if settings.scheduler is None:
            client.run(_ignore_interrupts)
        executor: Any = client.get_executor(pure=False, retries=settings.retries)
        code = _code_hash()
        yield Workers(
            lambda task: executor.submit(run_remotely, task, code),
            _capacity_of(client),
            lambda future: False,  # what has been handed over is in flight
            are_remote=True,
        )


@contextmanager
def _cluster(settings: DaskExecutor) -> Iterator[str]:
    """Give the address of the scheduler, which is one on this machine if none is named."""
    from distributed import LocalCluster

    if settings.scheduler is not None:
        yield settings.scheduler
        return
    count = settings.workers or usable_cores()
    with LocalCluster(
        n_workers=count, threads_per_worker=1, dashboard_address=None, silence_logs=40
    ) as cluster:  # type: ignore[no-untyped-call]
        yield cluster.scheduler_address


@contextmanager
def _client(address: str) -> Iterator[Any]:
    from distributed import Client
    from distributed.security import Security

    refused = f"executor.scheduler={address} cannot be reached"
    connection = Security().get_connection_args("client")  # type: ignore[no-untyped-call]
    if address.startswith(("tls:", "wss:")) and connection["ssl_context"] is None:
        raise ConfigError(f"{refused}: dask's configuration has no certificates")
    try:
        client = Client(  # type: ignore[no-untyped-call]
            address, timeout=_CONNECT_S, set_as_default=False
        )
    except (OSError, ValueError) as error:
        raise ConfigError(f"{refused}: {str(error).splitlines()[0]}") from None
    with client:
        yield client


def _ignore_interrupts() -> None:
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _capacity_of(client: Any) -> Callable[[], int]:
    """Return what counts the threads of all workers, which come and go."""
    known, until = 1, 0.0

    def capacity() -> int:
        nonlocal known, until
        if time.monotonic() > until:
            known = max(1, sum(client.nthreads().values()))
            until = time.monotonic() + _CAPACITY_S
        return known

    return capacity
