"""``proteus.Session``: lanes in which some traders are decided for by the caller.

    session = proteus.Session({"mechanism": "fba", "delta": 100}, lanes=64, control="maker")
    maker = proteus.policies.BaselineMaker(session)
    while not session.ended.all():
        session.act(maker.act(session.observe()))
        reward, ended = session.step()

A trader outside is one of the population: its links, signal, risk and costs are those of its group,
and what it wants travels to the venue as anybody's. Lanes run side by side and know nothing of each
other: each step takes every lane to its own next decision, which comes at a time of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from proteus.basics import units
from proteus.basics.machine import free_memory
from proteus.compiler.arrays import allocate
from proteus.compiler.held import Held, bound
from proteus.compiler.jit import JIT_DISABLED
from proteus.errors import ActionError, ConfigError, SessionError, nearest
from proteus.market.agents.external import DECIDED, WAITS
from proteus.market.agents.traders import CLASS_NOISE
from proteus.market.cell import CellConfig
from proteus.market.ledger.accounts import LEDGER_CODES
from proteus.market.rng import ENTITY_MARKET, STREAM_EPISODE, draw, replicate_key
from proteus.market.setup.block import Block, build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.setup.members import CellSetup
from proteus.market.setup.outside import with_outside
from proteus.market.setup.snapshots import arrays_of
from proteus.market.trading.stepping import step_block
from proteus.market.trading.world import FAULT_NONE, STAGE_ENDED
from proteus.plans import planner
from proteus.sessions.actions import WRITERS, Orders, Quotes
from proteus.sessions.memory import multiplied
from proteus.sessions.observation import Observation, observe
from proteus.sessions.reckoning import Reckoned, widen
from proteus.sessions.restarting import Restarting
from proteus.sessions.words import refuse_words

DECISIONS = ("schedule", "step_ms", "requests")
ENDS = ("marked", "payoff")
ROOT = 7  # as seeds.root is by default
LARGEST_SEED = 2**62


class Session:
    """Lanes of one cell, side by side; every array has a row per lane."""

    cell: CellConfig
    lanes: int
    decisions: str
    copy: bool
    root: int

    def __init__(
        self,
        cell: CellConfig | Mapping[str, Any],
        lanes: int,
        *,
        control: str | Sequence[str] = "maker",
        decisions: Literal["schedule", "step_ms", "requests"] = "schedule",
        step_ms: float | None = None,
        end: Literal["marked", "payoff"] = "marked",
        seed: int = 0,
        root: int = ROOT,
        log_rows: int = 32,
        growth: int = 1,
        copy: bool = True,
        recorded: bool = False,
    ) -> None:
        """Allocate the lanes and bring each to its first decision.

        Parameters
            cell: a checked cell, or keys of the configuration as ``proteus.simulate`` takes them.
            lanes: how many, N. control: who is decided for outside: a group of the population, of
                which its first trader, or ``GROUP.NUMBER``; or several of these.
            decisions: when it decides: ``schedule``, at the wake-ups of its group; ``step_ms``, on
                a grid of that period with an addressed phase; ``requests``, as ``schedule`` and
                also at each request that it may answer or last look that it has (RFQ only; else a
                maker stands by what it wanted last).
            end: what the last reward is marked at: ``marked``, v at the end of trading, or
                ``payoff``. seed: lane i plays replicate seed + i, episode 0. root: root seed.
            log_rows: own fills, and prices, that an observation has room for.
            growth: factor on the room of lanes. copy: observations are copies.
            recorded: lanes keep the log that ``record.events`` writes (``recording.columns``).

        Raises
            ConfigError: a key or value that is not allowed, or a trader who is not there.
        """
        self.cell, self.lanes = _checked_cell(cell), _whole("lanes", lanes, 1)
        _one_of("decisions", decisions, DECISIONS)
        _one_of("end", end, ENDS)
        if (decisions == "step_ms") != (step_ms is not None):
            raise ConfigError(f"step_ms={step_ms} is not allowed: it goes with decisions=step_ms")
        if decisions == "requests" and self.cell.mechanism.name != "rfq":
            raise ConfigError("decisions=requests is not allowed: it needs mechanism=rfq")
        step_ns = None if step_ms is None else units.milliseconds_to_ns(step_ms, "step_ms")
        if step_ns == 0:
            raise ConfigError(f"step_ms={step_ms} is not allowed: must be greater than 0")
        setup = with_log(set_up_cell(self.cell)) if recorded else set_up_cell(self.cell)
        names = list(control) if _is_list(control) else [str(control)]
        self.traders: NDArray[np.int64] = np.array(
            [_trader(setup, name) for name in names], np.int64
        )
        if len(set(self.traders.tolist())) < max(len(names), 1) or not names:
            raise ConfigError(f"control={names} is not allowed: must be different traders")
        self.decisions, self.copy, self.root = decisions, copy, _whole("root", root, 0, 2**64)
        self._end = end
        self.setup: CellSetup = with_outside(
            setup, self.traders.tolist(), log_rows=_whole("log_rows", log_rows, 1),
            asks_each=decisions == "requests", step_ns=step_ns,
        )  # fmt: skip
        growth = _whole("growth", growth, 1)
        self._block = _room_for(self.setup, self.lanes, growth)
        self._held = Held(self._block.world)
        self._advance = bound(step_block, Held(self._block.mechanism), self._held)
        self._reckoned = Held(allocate(Reckoned, L=self.lanes))
        self._restarting = Restarting(self.setup, self._block, growth)
        self._external: Any = self.world.policies.others.policy
        self._noise = self.setup.traders.role[self.traders] == CLASS_NOISE
        self.replicates: NDArray[np.int64] = np.arange(self.lanes, dtype=np.int64)
        self.episodes: NDArray[np.int64] = np.zeros(self.lanes, np.int64)
        self._before = np.zeros((self.lanes, len(self.traders)), np.int64)
        self.reset(seed)

    # --- what a caller does -----------------------------------------------------------------------

    def reset(self, seed: int | None = None, lanes: NDArray[np.bool_] | None = None) -> None:
        """Let lanes start over, and bring each to its first decision.

        Parameters
            seed: lane i plays replicate seed + i from its episode 0; None: its next episode.
            lanes: bool [N], which; None: all.

        Raises
            ConfigError: a seed below 0, or lanes of another shape or type.
        """
        self.restart(seed, lanes)
        self.resume()

    def restart(self, seed: int | None = None, lanes: NDArray[np.bool_] | None = None) -> None:
        """Let lanes start over with the next step; the rest is as in ``reset``."""
        mask = np.ones(self.lanes, np.bool_) if lanes is None else np.asarray(lanes)
        if mask.shape != (self.lanes,) or mask.dtype != np.bool_:
            given = f"{mask.dtype} {list(mask.shape)}"
            raise ConfigError(f"lanes of {given} are not allowed: must be bool [{self.lanes}]")
        chosen = np.flatnonzero(mask)
        if seed is None:
            self.episodes[chosen] += 1
        else:
            self.replicates[chosen] = _whole("seed", seed, 0) + chosen
            self.episodes[chosen] = 0
        self.replay(chosen, self.replicates[chosen], self.episodes[chosen])

    def replay(
        self, lanes: NDArray[np.int64], replicates: NDArray[np.int64], episodes: NDArray[np.int64]
    ) -> None:
        """Let lanes start over with the next step, in episodes of their own.

        Parameters
            lanes: int [R], different ones. replicates, episodes: int64 [R], what each plays.
        """
        self.replicates[lanes], self.episodes[lanes] = replicates, episodes
        with np.errstate(over="ignore") if JIT_DISABLED else nullcontext():
            keys = [
                _key(self.root, int(replicate), int(episode))
                for replicate, episode in zip(replicates, episodes, strict=True)
            ]
        self._restarting.restart(lanes, np.array(keys, np.uint32).reshape(-1, 2))
        self._before[lanes] = 0

    def observe(self) -> Observation:
        """Return what the traders that decide see now."""
        return observe(self.world, self._external, self.traders, self.copy)

    def with_costs(
        self, half_spread: NDArray[np.float64], price: NDArray[Any], lots: NDArray[Any]
    ) -> NDArray[np.float64]:
        """Return half-spreads that are wider by what fills would cost a lot, as makers reckon.

        Parameters
            half_spread: float64 [N, 2], currency, of BUY and SELL. price: [N, 2], ticks. lots:
                [N, 2], 0: nothing on this side.

        Returns
            float64 [N, 2], currency, at least 0; the same where the trader that decides knows no
            costs, or has none.
        """
        if not self.cell.has_costs:
            return half_spread
        reckoned = self._reckoned.state
        for field, given in zip(reckoned, (half_spread, price, lots), strict=True):
            field[:] = given
        with np.errstate(over="ignore") if JIT_DISABLED else nullcontext():
            widen(self._held, self._reckoned)
        return np.array(reckoned.half_spread)

    def act(self, actions: Quotes | Orders) -> None:
        """Say what the traders that decide want; nothing is sent before ``step``.

        Parameters
            actions: of a market maker what should stand on both sides, of others a new order. Rows
                of lanes that do not wait are not read.

        Raises
            ActionError: an array of another shape or type, or a value that is not allowed; then
                nothing has been changed.
        """
        write = WRITERS.get(type(actions))
        if write is None:
            kind = type(actions).__name__
            raise ActionError(f"actions of {kind} are not allowed: must be Quotes or Orders")
        reference = self.world.seen.reference_doubled / (2 * self.cell.n_ticks)
        if isinstance(actions, Orders):
            reference = np.where(
                self._noise[self._external.number[self._external.trader]], 0.0, reference
            )
        waiting = self.waiting
        write(self.world.intents, actions, waiting, self.cell.n_ticks, reference)
        self._external.waits[waiting] = DECIDED

    def step(self) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Send what the traders want, and bring every lane to its next decision or its end.

        Returns
            reward: float64 [N], or [N, M] of several traders: what each has made since the step
            before, currency. ended: bool [N], trading has ended, or the lane was stopped.

        Raises
            SessionError: lanes wait, and nobody has said what is wanted there.
        """
        if self.waiting.any():
            raise SessionError("step is not allowed yet: act must be called first")
        self.resume()
        equity = self.equity_nano
        reward = (equity - self._before) / units.NANO
        self._before = equity
        return reward[:, 0] if len(self.traders) == 1 else reward, self.ended

    def resume(self) -> None:
        """Bring lanes that start over, or are decided for, to where they stand next."""
        self._advance()

    # --- where the lanes stand --------------------------------------------------------------------

    @property
    def world(self) -> Any:
        """The state of the lanes, as kernels see it; to be read only."""
        return self._block.world

    @property
    def held_world(self) -> Held:
        """The same, for kernels that are called at each step."""
        return self._held

    @property
    def waiting(self) -> NDArray[np.bool_]:
        """Tell of each lane whether it waits for a decision, bool [N]."""
        return np.asarray(self._external.waits == WAITS)

    @property
    def ended(self) -> NDArray[np.bool_]:
        """Tell of each lane whether trading has ended, or it was stopped, bool [N]."""
        return np.asarray(self.world.progress.stage == STAGE_ENDED)

    @property
    def stopped(self) -> NDArray[np.bool_]:
        """Tell of each lane whether it broke an invariant or outgrew its room, bool [N]."""
        return np.asarray(self.world.progress.fault != FAULT_NONE)

    @property
    def reasons(self) -> list[str | None]:
        """Say of each lane why it was stopped; None: it was not."""
        return [
            None if code == FAULT_NONE else LEDGER_CODES.get(int(code), "capacity")
            for code in self.world.progress.fault
        ]

    @property
    def equity_nano(self) -> NDArray[np.int64]:
        """Return what each trader outside has made so far, int64 [N, M] nano-currency."""
        if self._end == "marked":
            return np.array(self._external.equity)
        settled = self.world.totals.settled[:, self.traders]
        whole = self.ended & ~self.stopped
        return np.asarray(np.where(whole[:, None], settled, self._external.equity))


def _checked_cell(cell: Any) -> CellConfig:
    if isinstance(cell, CellConfig):
        return cell
    if not isinstance(cell, Mapping):
        raise ConfigError(f"cell={cell!r} is not allowed: must be a cell or a mapping of keys")
    refuse_words(cell)
    return planner.from_mapping(cell, grid=False).cells[0]


def _room_for(setup: CellSetup, lanes: int, growth: int) -> Block:
    """Allocate the lanes.

    Raises
        ConfigError: they take more memory than the machine has free.
    """
    one = build_block(setup, np.zeros((1, 2), np.uint32), growth, audit=False)
    if lanes == 1:
        return one
    needed, free = lanes * sum(a.nbytes for _, a in arrays_of(one)), free_memory()
    if needed > free:
        sizes = f"it takes {needed / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB are free"
        raise ConfigError(f"lanes={lanes} is not allowed: {sizes}")
    return multiplied(one, lanes)


def _trader(setup: CellSetup, name: str) -> int:
    """Return the number of a trader by its group's name, and its own within it."""
    group, _, number = str(name).partition(".")
    of_group = [at for at, member in enumerate(setup.members) if member.group_name == group]
    if not of_group:
        groups = {member.group_name for member in setup.members}
        raise ConfigError(f"control={name} is not allowed{nearest(group, groups)}")
    if number and not (number.isdecimal() and int(number) < len(of_group)):
        allowed = f"{group} has traders 0 .. {len(of_group) - 1}"
        raise ConfigError(f"control={name} is not allowed: {allowed}")
    return of_group[int(number or 0)]


def _key(root: int, replicate: int, episode: int) -> tuple[np.uint32, np.uint32]:
    """Return ``rng.episode_key`` by the compiled generator, as a reset is often called."""
    key = replicate_key(root, replicate)
    words = draw(*key, STREAM_EPISODE, ENTITY_MARKET, episode, 0)  # compiled by the first start
    return key if episode == 0 else (words[0], words[1])


def _is_list(given: Any) -> bool:
    return isinstance(given, Sequence) and not isinstance(given, str)


def _whole(key: str, value: Any, least: int, end: int = LARGEST_SEED) -> int:
    is_whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not is_whole or not least <= value < end:
        raise ConfigError(
            f"{key}={value!r} is not allowed: must be a whole number of at least {least}"
        )
    return int(value)


def _one_of(key: str, value: Any, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ConfigError(f"{key}={value!r} is not allowed{nearest(str(value), allowed)}")
