"""What a constraint owes: lots that fit, the same answer to the same question, and whole lanes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.jit import compiled
from proteus.configuration.locate import conf_file
from proteus.market.book.codes import BUY, SELL
from proteus.market.cell import CellConfig
from proteus.market.constraints.added import ADDED_KINDS, CODES, fits_added
from proteus.market.constraints.state import cuts_by_kind
from proteus.market.ledger.accounts import CASH
from proteus.market.rules.state import Rules
from proteus.market.trading.world import World
from proteus.testing.lanes import cell, differing, finished_plain

_SMALL = ("horizon_s=1.5", "metrics.tau_ms=500", "metrics.horizons_ms=[0,100]")
_GROUP = "maker"
_MOST = 12  # lots wanted
_STATES = (  # held, buys, sells, cash in nano
    (0, 0, 0, 0), (5, 0, 3, 10**9), (-5, 3, 0, -(10**9)), (40, 20, 0, 50 * 10**9), (-40, 0, 20, 1),
)  # fmt: skip


def check_constraint(
    name: str, mechanisms: tuple[str, ...] = ("clob", "fba"), words: tuple[str, ...] = ()
) -> None:
    """Check what a file of a constraint owes to everyone.

    Its kind is in the table. One of another package lets whole lots pass, compiled as in plain
    Python; at equal state what it lets pass fits, and more wanted is never less sent. In lanes of
    1.5 s in which it is the chain of the makers cash sums to zero, a second run is the same to the
    bit, and under one of the mechanisms at least it cuts something.

    Parameters
        name: of the file in ``conf/risk``. mechanisms: for the lanes; it is read under the first.
        words: further words of each lane, as ``population.maker.risk.order_size.lots=2``.

    Raises
        AssertionError: what it owes and does not do.
    """
    assert conf_file("risk", name) is not None, f"there is no conf/risk/{name}.yaml"
    cells = [_cell(name, mechanism, words) for mechanism in mechanisms]
    for each in cells[0].population[_GROUP].chain:
        assert each.kind in CODES
        if each.kind in ADDED_KINDS:
            _check_fits(each.kind, np.array(each.numbers, np.int64), cells[0].n_ticks)
    cut = [_cuts(name, config) for config in cells]
    assert any(cut), f"{name}: nothing is ever cut"


def _cell(name: str, mechanism: str, words: tuple[str, ...]) -> CellConfig:
    chain = f"risk@population.{_GROUP}.risk=[{name}]"
    return cell(f"mechanism={mechanism}", *_SMALL, chain, *words)


def _check_fits(kind: str, numbers: NDArray[np.int64], n_ticks: int) -> None:
    """Ask about intents in several states, for each number of lots up to some."""
    code, machine = CODES[kind], compiled(fits_added)
    for side, price, about in _cases(n_ticks):
        sent = [0]
        for lots in range(1, _MOST + 1):
            asked = code, numbers, side, price, lots, *about
            fits = fits_added(*asked)
            assert machine(*asked) == fits, f"{kind}: compiled {asked} fits otherwise"
            sent.append(min(lots, max(int(fits), 0)))
            told = f"{kind}: of {lots} lots {sent[lots]} pass"
            assert sent[lots] >= sent[lots - 1], f"{told}, and of one less {sent[lots - 1]}"
            if sent[lots]:
                again = fits_added(code, numbers, side, price, sent[lots], *about)
                assert again >= sent[lots], f"{told}, and of these {again}"


def _cases(n_ticks: int) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    for side in (BUY, SELL):
        for price in (1, n_ticks // 2, n_ticks - 1):
            for state in _STATES:
                yield side, price, (*state, n_ticks)


def _cuts(name: str, config: CellConfig) -> int:
    """Run a lane twice; return how many intents were cut."""
    one, two = (finished_plain(config, audit=True) for _ in range(2))
    assert not differing(one, two), f"{name}: a lane is another one the second time"
    assert not one.ledger.balance[:, :, CASH].sum(axis=1).any(), f"{name}: cash is not conserved"
    return _counted(one)


def _counted(world: World) -> int:
    if not isinstance(world.rules, Rules):  # the loop of every market has all of the chain
        return int(world.progress.messages.sum())
    return int(sum(cuts.sum() for cuts in cuts_by_kind(world.rules.constraints).values()))
