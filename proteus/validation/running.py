"""Run the engine on a cell made for theory, and read every lane.

A cell is composed from ``conf/`` like any other; its traders are those of theory. What is read is
the state of finished blocks: sums, totals, and the log where lanes are recorded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.basics.units import NS_PER_MS, NS_PER_S
from proteus.market.cell import CellConfig
from proteus.market.events.queue import NEVER_NS
from proteus.market.ledger.accounts import LEDGER_CODES
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import build_block
from proteus.market.setup.capacities import LARGEST_GROWTH
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.setup.members import CellSetup
from proteus.market.trading.loop import advance_block
from proteus.market.trading.world import FAULT_CAPACITY, FAULT_NONE, World
from proteus.plans.planner import from_words
from proteus.runs.dispatch import LARGEST_BLOCK
from proteus.runs.workers import usable_cores

ROOT = 1985  # of the lanes of ``make validate``
_ORDINARY = ("maker", "informed", "noise", "sniper")
_LEGS = ("submission", "acknowledgement", "fill_report", "market_data")

Read = Callable[[World], NDArray[Any]]  # a finished block to an array [L, ...]


def ns(seconds: float) -> int:
    """Return a time in whole nanoseconds."""
    return round(seconds * NS_PER_S)


def _decimal(time_ns: int, unit_ns: int) -> str:
    """Write a time in a unit, to the nanosecond."""
    return format(Decimal(time_ns) / unit_ns, "f")


def market(
    mechanism: str, horizon_ns: int, *, tick: float = 0.001, delta_ns: int | None = None,
    self_trade: str = "none", warmup_ns: int = 0,
) -> list[str]:  # fmt: skip
    """Return the words of a market without traders and without news.

    Parameters
        mechanism: its name. horizon_ns: T. tick: price step, currency. delta_ns: batch interval.
        self_trade: prevention; none, as a group often stands for a crowd. warmup_ns: not measured.
    """
    grid_ns = delta_ns or horizon_ns
    delta = [f"delta={_decimal(grid_ns, NS_PER_MS)}"] if delta_ns else []
    return [
        f"mechanism={mechanism}",
        *([] if mechanism == "rfq" else [f"mechanism.self_trade={self_trade}"]),
        f"horizon_s={_decimal(horizon_ns, NS_PER_S)}", *delta,
        f"contract.tick={tick!r}", *(f"population.{name}.count=0" for name in _ORDINARY),
        f"metrics.volatility_grid_ms={_decimal(grid_ns, NS_PER_MS)}",
        f"metrics.tau_ms={_decimal(horizon_ns - 1, NS_PER_MS)}",
        "metrics.horizons_ms=[0]", f"record.warmup_s={_decimal(warmup_ns, NS_PER_S)}",
        f"record.trace_step_ms={_decimal(horizon_ns, NS_PER_MS)}",
        "latent.total_variance=0", "latent.jump_rate_per_s=0",
        f"latent.dt={_decimal(horizon_ns, NS_PER_MS)}",
    ]  # fmt: skip


def jumps(rate_per_s: float, accuracy: float) -> list[str]:
    """Return the words of news that moves by jumps only; the first leads to q or 1 - q."""
    return [f"latent.jump_rate_per_s={rate_per_s!r}", f"latent.jump_accuracy={accuracy!r}"]


def trader(
    name: str,
    kind: str,
    *,
    count: int = 1,
    schedule: Mapping[str, Any],
    policy: Mapping[str, Any],
    signal: Mapping[str, Any] | None = None,
    latency: Mapping[str, Any] | None = None,
) -> list[str]:
    """Return the words of one group: instant links, exact signals, and what is given.

    Parameters
        schedule, policy: keys that differ from ``conf/trader/<kind>.yaml``.
        signal: keys that differ from an exact one; None leaves the group without a signal.
        latency: keys of the submission link that differ from an instant one.
    """
    at = f"population.{name}"
    instant = {"law": "constant", "base_ms": 0, "spread_ms": 0, "shape": 0}
    laws = dict.fromkeys(_LEGS, instant) | {"submission": {**instant, **(latency or {})}}
    exact = {"delay_ms": 0, "noise_sd": 0, "look_ms": 0.001}
    return [
        f"+trader@{at}={kind}", f"{at}.count={count}", f"{at}.schedule.jitter=0",
        f"{at}.signal={'null' if signal is None else _words({**exact, **signal})}",
        *(f"{at}.latency.{leg}={_words(law)}" for leg, law in laws.items()),
        *(f"{at}.schedule.{key}={_word(value)}" for key, value in schedule.items()),
        *(f"{at}.policy.{key}={_word(value)}" for key, value in policy.items()),
    ]  # fmt: skip


def _words(keys: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{key}: {_word(value)}" for key, value in keys.items()) + "}"


def _word(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return value if isinstance(value, str) else repr(value)


# A schedule, as the keys of ``trader`` take it.
def once(time_s: float) -> dict[str, Any]:
    """Return the schedule of a single wake-up at a time."""
    return {"law": "once", "rate_per_s": 1.0 / time_s, "on_news": False, "on_fill": False}


def poisson(rate_per_s: float) -> dict[str, Any]:
    """Return the schedule of Poisson arrivals."""
    return {"law": "poisson", "rate_per_s": rate_per_s, "on_news": False, "on_fill": False}


NEWS_ONLY: dict[str, Any] = {"law": "none", "rate_per_s": 0, "on_news": True, "on_fill": False}
FROZEN_MAKER: Mapping[str, Any] = {  # quotes around its belief, which only a signal moves
    "inventory_slope": 0, "skew": 0, "volatility_weight": 0, "adverse_selection_weight": 0,
    "belief_gain_trade": 0, "belief_gain_fill": 0, "belief_gain_signal": 1,
    "inventory_limit_lots": 1_000_000,
}  # fmt: skip


def unit_quotes(half_spread: float) -> dict[str, Any]:
    """Return the policy of a maker who always quotes one lot at h on both sides of its signal."""
    decay = 1 / math.expm1(half_spread)
    return {"risk_aversion": 1, "volatility": 0, "fill_decay": decay, "symmetric": True}


def compose(words: Sequence[str]) -> CellConfig:
    """Compose and check the cell of some words."""
    return from_words(list(words)).cells[0]


def simulate(
    cell: CellConfig, lanes: int, root: int, read: Read, *, recorded: bool = False
) -> NDArray[Any]:
    """Run replicates 0 .. lanes - 1 of a cell and read every block.

    Parameters
        root: root seed. read: a finished block to an array whose first axis is its lanes.
        recorded: the lanes have a log.

    Returns
        What was read, [lanes, ...], in the order of the replicates; the same bits for any number of
        threads.

    Raises
        RuntimeError: a lane broke an invariant, or needs more room than a lane may have.
    """
    setup = set_up_cell(cell)
    room = _Room(with_log(setup) if recorded else setup)
    keys = replicate_keys(root, np.arange(lanes))
    blocks = [keys[at : at + LARGEST_BLOCK] for at in range(0, lanes, LARGEST_BLOCK)]
    with ThreadPoolExecutor(max_workers=usable_cores()) as threads:
        parts = list(threads.map(lambda part: room.run(part, read), blocks))
    return np.concatenate(parts)


class _Room:
    """The blocks of a cell, and how much more room than usual they have been found to need."""

    def __init__(self, setup: CellSetup) -> None:
        self._setup, self._growth = setup, 1

    def run(self, keys: NDArray[np.uint32], read: Read) -> NDArray[Any]:
        """Run one block, with more room until it fits, and read it."""
        growth = self._growth
        while True:
            block = build_block(self._setup, keys, growth, audit=False)
            advance_block(block.mechanism, block.world, NEVER_NS)
            fault = int(block.world.progress.fault.max())
            if fault == FAULT_NONE:
                return np.asarray(read(block.world))
            if fault != FAULT_CAPACITY or growth >= LARGEST_GROWTH:
                reason = LEDGER_CODES.get(fault, "capacity")
                raise RuntimeError(f"a lane stopped: {reason.replace('_', ' ')}")
            growth *= 2
            self._growth = max(self._growth, growth)
