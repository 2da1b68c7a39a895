"""What rules cost: the loop that has them against the plain one, in time, memory and compilation.

All cells are that of ``make bench`` with a rule more, and all of them run in turn in one process,
so each ratio is of two runs beside each other. It is of lane-seconds a second: rules change what
happens in a lane, and that is part of what they cost.

Compilation is measured in processes that run a lane of two mechanisms each, from start to end, as
rules are compiled when they are first used. The first one pays for the rules, the second has them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial

import numpy as np

from proteus.bench.figures import RUNS, Figure, timed
from proteus.bench.lanes import ROOT, run_lanes
from proteus.bench.loop import EXPERIMENT
from proteus.market.events.queue import NEVER_NS
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import BlockPool, block_bytes, build_block
from proteus.market.setup.cell import set_up_cell
from proteus.market.setup.members import CellSetup
from proteus.market.trading.loop import advance_block
from proteus.plans.planner import from_words

_LANES = 32  # a block
_ROUNDS = 3 * RUNS  # the differences are smaller than what a busy machine makes of one run
_FEES = ("costs=kalshi",)
_ORACLE = ("environment.oracle.check_ms=50",)
_NO_BASE_FEE = ("environment.congestion=null",)
_SETTLED = ("settlement=blocks",)
_REWARDS = ("incentives=polymarket",)
_ALL = (*_FEES, "environment=chain", *_ORACLE, *_SETTLED)
_BY_BLOCKS = ("execution.route=blocks", "execution.tips=edge_share")

_MARKETS = {
    "clob": ("mechanism=clob",),
    "fba": ("mechanism=fba", "delta=100"),
    "dual_flow": ("mechanism=dual_flow", "delta=100"),
    "rfq": ("mechanism=rfq",),
}
_ONE_BY_ONE = {  # under clob: words, and the least share of the plain loop's speed
    "fees on every fill": (_FEES, None),
    "an oracle every 50 ms": (("environment=oracle", *_ORACLE), None),
    "slots of 500 ms, settlement by them": (
        ("environment=blocks", *_NO_BASE_FEE, *_SETTLED),
        None,
    ),
    "an incentive sampled every second": (_REWARDS, None),
    "messages wait for blocks": (
        ("environment=blocks", *_NO_BASE_FEE, *_BY_BLOCKS[:1]),
        None,
    ),
    "all, base fee, tips, messages wait": ((*_ALL, *_REWARDS, *_BY_BLOCKS), None),
}
_LEAST_NEUTRAL = 0.95
_LEAST_OF_ALL = 0.7
_MOST_MEMORY = 1.3
_MOST_COMPILATION = 1.25  # of a loop of one more mechanism
_MOST_WITH_LOANS = 1.6
_MOST_LIBRARY_S = 15.0  # for all mechanisms once
_COMPILED = ("clob", "fba")
_COMPILATIONS = 3
_COMPILE = "from proteus.bench import rules; rules.compile_loops({is_rich}, {words})"
_USED = (*_ALL, *_NO_BASE_FEE, *_REWARDS)
_LENT = ("population=leveraged", "credit=pool", "+trader@population.lender=lender")


def measure() -> list[Figure]:
    """Measure speed, memory and compilation with rules against those without."""
    figures = []
    for name, words in _MARKETS.items():
        rewards = _REWARDS if name != "rfq" else ("incentives=maker_rebate",)  # no book to sample
        added = {
            "neutral": ((), _LEAST_NEUTRAL),
            "all": ((*_ALL, *_NO_BASE_FEE, *rewards), _LEAST_OF_ALL),
            **(_ONE_BY_ONE if name == "clob" else {}),
        }
        figures += _compare(name, words, added)
    return figures + _compilation()


def _compare(
    name: str, words: Sequence[str], added: dict[str, tuple[tuple[str, ...], float | None]]
) -> list[Figure]:
    """Compare a cell with what is added to it, in speed and in the memory of a lane."""
    plain = _set_up(words, is_rich=False)
    rich = {rule: _set_up((*words, *more), is_rich=True) for rule, (more, _) in added.items()}
    pools = {rule: BlockPool(setup) for rule, setup in (("", plain), *rich.items())}
    taken: dict[str, list[float]] = {rule: [] for rule in pools}
    for round_number in range(_ROUNDS + 1):  # the first one compiles
        for rule, pool in pools.items():
            timing = timed(partial(run_lanes, pool.setup, _LANES, pool))
            if round_number > 0:
                taken[rule].append(timing.processor_s)
    figures = []
    for rule, (_, least) in added.items():
        pairs = zip(taken[""], taken[rule], strict=True)
        ratios = tuple(before / after for before, after in pairs)
        figures.append(Figure(f"{name}, {rule}", "of the plain speed", ratios, at_least=least))
    for rule in ("neutral", "all"):
        memory = _lane_bytes(rich[rule]) / _lane_bytes(plain)
        unit = "of the plain lane's memory"
        figures.append(Figure(f"{name}, {rule}", unit, (memory,), at_most=_MOST_MEMORY))
    return figures


def _set_up(words: Sequence[str], is_rich: bool) -> CellSetup:
    return set_up_cell(from_words([EXPERIMENT, *words]).cells[0], is_rich)


def _lane_bytes(setup: CellSetup) -> float:
    """Return the memory of a lane: what a block with more lanes has more."""
    few, many = (
        block_bytes(build_block(setup, replicate_keys(ROOT, np.arange(lanes)), 1, audit=False))
        for lanes in (1, 1 + _LANES)
    )
    return (many - few) / _LANES


# --- compilation ----------------------------------------------------------------------------------


def _compilation() -> list[Figure]:
    kinds = {"neutral": (), "all": _USED, "credit": _LENT}
    taken: dict[str, list[tuple[float, ...]]] = {kind: [] for kind in ("", *kinds)}
    for _ in range(_COMPILATIONS):
        taken[""].append(_seconds_of(False, ()))
        for kind, words in kinds.items():
            taken[kind].append(_seconds_of(True, words))
    figures = []
    for kind in kinds:
        pairs = list(zip(taken[""], taken[kind], strict=True))
        library = tuple(rich[0] - plain[0] for plain, rich in pairs)
        loops = tuple(rich[1] / plain[1] for plain, rich in pairs)
        most = _MOST_WITH_LOANS if kind == "credit" else _MOST_COMPILATION
        figures += [
            Figure(
                f"{kind}: rules compiled for the first mechanism", "s", library,
                at_most=_MOST_LIBRARY_S,
            ),
            Figure(
                f"{kind}: rich loop of one more mechanism", "of the plain compilation", loops,
                at_most=most,
            ),
        ]  # fmt: skip
    return figures


def _seconds_of(is_rich: bool, words: tuple[str, ...]) -> tuple[float, ...]:
    """Compile the loops of some mechanisms in a fresh process; return the CPU seconds of each."""
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, "-c", _COMPILE.format(is_rich=is_rich, words=words)]
        environment = {**os.environ, "PROTEUS_CACHE_DIR": cache}
        run = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return tuple(float(line) for line in run.stdout.split())


def compile_loops(is_rich: bool, words: tuple[str, ...] = ()) -> None:
    """Compile one loop after the other, by a lane of each; print the CPU seconds of each."""
    for name in _COMPILED:
        setup = _set_up((*_MARKETS[name], *words), is_rich)
        block = build_block(setup, replicate_keys(ROOT, np.arange(1)), growth=1, audit=False)
        before = time.process_time()
        advance_block(block.mechanism, block.world, NEVER_NS)
        print(time.process_time() - before)
