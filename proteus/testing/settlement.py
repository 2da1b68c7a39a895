"""What a way of settlement owes: times that come later, two sides, and trades that stay."""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import compiled
from proteus.configuration.locate import conf_file
from proteus.market.cell import CellConfig
from proteus.market.ledger.accounts import CASH
from proteus.market.rules.state import Rules
from proteus.market.settlement.base import DatedSettlement
from proteus.market.settlement.legs import SettlementState, due_after
from proteus.market.settlement.models import SETTLEMENT_MODELS
from proteus.market.settlement.setup import terms_of
from proteus.market.trading.world import World
from proteus.testing.lanes import cell, differing, finished_plain

_SMALL = ("horizon_s=1.5", "metrics.tau_ms=500", "metrics.horizons_ms=[0,100]")
_TIMES = 300  # at which it is asked when a fill is due, and as many around the answers


def check_settlement(
    name: str, mechanisms: tuple[str, ...] = ("clob", "fba"), words: tuple[str, ...] = ()
) -> None:
    """Check what a file of settlement owes to everyone.

    Its mode is in the table. A fill is due later than it happens, at most ``pending_ns`` later, and
    never before one that happened earlier; compiled as in plain Python. In lanes of 1.5 s each
    fill ends once, nothing is pending at the end, cash sums to zero, a second run is the same to
    the bit; and where no fill fails or is taken back, trades are those of immediate settlement.

    Parameters
        name: of the file in ``conf/settlement``. mechanisms: for the lanes.
        words: further words of each lane, as ``settlement.day_s=0.4``.

    Raises
        AssertionError: what it owes and does not do.
    """
    assert conf_file("settlement", name) is not None, f"there is no conf/settlement/{name}.yaml"
    for mechanism in mechanisms:
        config = _cell(mechanism, f"settlement={name}", *words)
        assert config.settlement.mode in SETTLEMENT_MODELS
        if isinstance(config.settlement, DatedSettlement):
            _check_times(name, config)
        others = [word for word in words if not word.startswith("settlement.")]
        _check_lanes(name, config, _cell(mechanism, *others))


def _cell(mechanism: str, *words: str) -> CellConfig:
    return cell(f"mechanism={mechanism}", *_SMALL, *words)


def _check_times(name: str, config: CellConfig) -> None:
    """Ask when fills are due, at times apart and next to the answers."""
    terms, horizon_ns = terms_of(config.settlement, config.horizon_ns), config.horizon_ns
    times = {round(share * horizon_ns) for share in np.linspace(0.0, 1.0, _TIMES, endpoint=False)}
    times |= {due_after(terms, np.int64(time)) + step for time in times for step in (-1, 0)}
    machine, before = compiled(due_after), np.int64(0)
    for time in sorted(each for each in times if 0 <= each < horizon_ns):
        due = due_after(terms, np.int64(time))
        about = f"{name}: a fill at {time} ns is due at {due} ns"
        assert due > time, f"{about}, not later"
        assert due >= before, f"{about}, before an earlier one"
        assert due - time <= config.settlement.pending_ns, f"{about}, later than pending_ns says"
        assert machine(terms, np.int64(time)) == due, f"{about}, but not compiled"
        before = due


def _check_lanes(name: str, config: CellConfig, immediate: CellConfig) -> None:
    """Run a lane twice, and once with fills that are final at once."""
    one, two = (finished_plain(config, audit=True) for _ in range(2))
    assert not differing(one, two), f"{name}: a lane is another one the second time"
    balance = one.ledger.balance
    assert (balance[:, :, CASH].sum(axis=1) == 0).all(), f"{name}: cash is not conserved"
    if not config.settlement.is_used:
        return
    state = _state(one)
    sums, held = state.sums, state.held
    assert (sums.lots > 0).all(), f"{name}: no fill ever waits"
    ended = sums.lots_final + sums.lots_closed_out + sums.lots_reverted
    assert (ended == sums.lots).all(), f"{name}: a fill does not end"
    assert not held.pending.any(), f"{name}: something is pending at the end"
    if not (sums.fails.any() or sums.lots_reverted.any()):
        other = finished_plain(immediate).ledger
        traders = other.bought.shape[1]
        same = np.array_equal(balance[:, :traders], other.balance[:, :traders])
        assert same, f"{name}: that fills wait has moved a trade"


def _state(world: World) -> SettlementState:
    assert isinstance(world.rules, Rules)
    return world.rules.settlement
