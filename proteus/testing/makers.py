"""What filters and quoting rules owe: estimates and quotes in range, and the same ones twice."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from proteus.compiler.jit import JIT_DISABLED, compiled
from proteus.configuration.locate import conf_file
from proteus.errors import ConfigError
from proteus.market.agents.base import decide_charged
from proteus.market.agents.lab_maker import LabMaker
from proteus.market.agents.others import WithOthers
from proteus.market.agents.traders import allocate_intents, allocate_private, allocate_view
from proteus.market.cell import CellConfig
from proteus.market.costs.state import Uncharged
from proteus.market.makers.filters.added import ADDED_FILTERS
from proteus.market.makers.quoting.added import ADDED_RULES
from proteus.market.makers.quoting.base import EstimatingQuoting
from proteus.market.makers.quoting.cartea_jaimungal import BOTH
from proteus.market.makers.quoting.codes import LINEAR
from proteus.market.makers.quoting.table import quote
from proteus.market.trading.world import World
from proteus.testing.lanes import TINY, build, cell, differing, finished_plain

_STEP_NS = 50_000_000  # between two wake-ups
_PRICES = (0.5, 0.52, 0.49, 0.6, 0.45, 0.999, 0.001, 0.5, 0.5, 0.5)  # that are observed, currency
_FORCED = {  # what a filter of ours must be shown
    "oracle": ("environment=oracle",),
    "microprice": ("execution.leakage.clob.book.size=public",),
    "imbalance": ("execution.leakage.clob.book.size=public",),
}


def check_filter(name: str, words: tuple[str, ...] = ()) -> None:
    """Check what a filter owes to everyone.

    It has its yaml; its estimate is within 0 .. 1 whatever it observes, is ready at some time, and
    is the same one twice; one of another package remembers as many floats whatever its keys, and
    gives the same compiled as in plain Python. A market whose maker has it ends twice with the
    same bits, conserves money, and has trades of the maker.

    Parameters
        name: of the file in ``conf/filter``. words: further words of the market.

    Raises
        AssertionError: what it owes and does not do. ConfigError: there is no such filter.
    """
    _check_known("filter", name)
    words = (*_FORCED.get(name, ()), *words)
    config = _cell(f"filter={name}", *words)
    if name in ADDED_FILTERS:
        _check_observations(name, config)
    if name not in _FORCED:
        estimates = [_estimates(config) for _ in range(2)]
        assert estimates[0] == estimates[1], f"{name}: estimates are others the second time"
        assert all(0 <= each <= 1 for each, _ in estimates[0]), f"{name}: it leaves 0 .. 1"
        assert estimates[0][-1][1], f"{name}: it is not ready after {len(_PRICES)} looks"
    _check_market(name, config)


def check_quoting(name: str, words: tuple[str, ...] = ()) -> None:
    """Check what a quoting rule owes to everyone.

    It has its yaml; what it returns are numbers, the half-spread may be infinite; its reservation
    price never rises with the inventory; if its class names a volatility, that moves some quote.
    One of another package gives the same compiled as in plain Python. A market whose maker has it
    ends twice with the same bits, conserves money, and has trades of the maker.

    Parameters
        name: of the file in ``conf/quoting``. words: further words of the market.

    Raises
        AssertionError: what it owes and does not do. ConfigError: there is no such rule.
    """
    _check_known("quoting", name)
    config = _cell(f"quoting={name}", *words)
    rule: Any = config.population["maker"].policy
    if rule.quoting.CODE != LINEAR:  # that is the ordinary maker
        _check_quotes(name, config, isinstance(rule.quoting, EstimatingQuoting))
    if name in ADDED_RULES:
        _check_kernel(name, rule.quoting.numbers())
    _check_market(name, config)


def _check_known(group: str, name: str) -> None:
    if conf_file(group, name) is None:
        raise ConfigError(f"{group}={name} does not exist: there is no conf/{group}/{name}.yaml")


def _cell(*words: str) -> CellConfig:
    config: CellConfig = cell(
        "mechanism=clob", "population.maker=lab", "+population.other=maker",
        "population.other.count=1", "population.noise.count=6",
        "population.noise.schedule.rate_per_s=40", *TINY, *words,
    )  # fmt: skip
    return config


def _state(config: CellConfig) -> Any:
    """Build the makers of a market; the first trader is one."""
    policies = build(config).world.policies
    assert isinstance(policies, WithOthers)
    assert isinstance(policies.others.policy, LabMaker)
    return policies.others.policy


def _estimates(config: CellConfig) -> list[tuple[float, bool]]:
    """Let a maker look at prices; returns its estimate and whether it quotes, for each."""
    policy, view, found = _state(config), allocate_view(1, 8), list[tuple[float, bool]]()
    private, intents = allocate_private(1, 1), allocate_intents(1)
    for at, price in enumerate(_PRICES):
        view.time[0], view.look[0] = (at + 1) * _STEP_NS, at
        view.signal[0], view.n_prints[0] = price, at % 2
        view.print_price[0, 0] = max(round(price * config.n_ticks), 1)
        intents.count[0] = 0
        with np.errstate(all="ignore"):
            decide_charged(policy, view, private, True, Uncharged(), intents, 0, 0)
        is_ready = bool(policy.parameters.reads_tape[0] or policy.filters.is_ready[0, 0])
        found.append((float(policy.maker.belief[0, 0]), is_ready))
    return found


def _check_observations(name: str, config: CellConfig) -> None:
    """Compare a filter of another package, compiled, with itself in plain Python."""
    kind, policy = ADDED_FILTERS[name], config.population["maker"].policy
    given: Any = policy
    numbers = given.filter.numbers()
    start = kind.init(numbers, 0.5)
    assert len(kind.init(numbers, 0.9)) == len(start), f"{name}: it remembers other sizes"
    if JIT_DISABLED:
        return
    machine = compiled(kind.update), compiled(kind.ready)
    runs = []
    for update, ready in ((kind.update, kind.ready), machine):
        memory, estimate, told = np.array(start, np.float64), 0.5, []
        for at, price in enumerate(_PRICES):
            args = np.array(numbers, np.float64), memory
            estimate = float(update(*args, estimate, price, at % 2 == 0, 0.05 * (at % 3)))
            told.append((estimate, bool(ready(*args)), memory.tobytes()))
        runs.append(told)
    assert runs[0] == runs[1], f"{name}: compiled it estimates otherwise than in plain Python"


def _grid() -> Iterator[tuple[float, int, int]]:
    return itertools.product((0.01, 0.3, 0.5, 0.97), (1, 10), (0, 10**9, 19 * 10**9))


def _check_quotes(name: str, config: CellConfig, has_volatility: bool) -> None:
    """Check quotes on a grid; a side that is not quoted tells nothing of the other's price."""
    policy = _state(config)
    given, moved = policy.quoting.parameters.volatility, False
    for estimate, size, time in _grid():
        last = math.inf
        before = math.nan, math.nan
        for inventory, sigma in itertools.product((-40, -10, 0, 5, 60), (0.01, 0.5)):
            given[0] = sigma
            with np.errstate(all="ignore"):
                r, h, sides = quote(policy.quoting, 0, 0, estimate, inventory, size, time)
            assert h >= -math.inf, f"{name}: a half-spread of {h} at {estimate}, {inventory} lots"
            assert h == math.inf or math.isfinite(r), f"{name}: a reservation price of {r}"
            if sigma == 0.5:
                moved |= (r, h) != before
            elif sides == BOTH and h < math.inf:
                assert r <= last + 1e-9, f"{name}: its price rises with its inventory"
                last = r
            before = r, h
    assert moved or not has_volatility, f"{name}: its volatility does nothing"


def _check_kernel(name: str, numbers: tuple[float, ...]) -> None:
    if JIT_DISABLED:
        return
    plain, machine = ADDED_RULES[name].quote, compiled(ADDED_RULES[name].quote)
    for estimate, size, time in _grid():
        arguments = (np.array(numbers, np.float64), estimate, 7, size, 0.2, 10.0, 60.0, time / 1e9)
        found = tuple(map(float, machine(*arguments)))
        assert found == tuple(map(float, plain(*arguments))), (
            f"{name}: compiled it quotes otherwise"
        )


def _check_market(name: str, config: CellConfig) -> None:
    one, two = (finished_plain(config) for _ in range(2))
    world: World = one
    assert not differing(one, two), f"{name}: a lane is another one the second time"
    assert not world.ledger.balance.sum(axis=1).any(), f"{name}: money or lots are not conserved"
    assert (world.private.wakes[:, 0] > 0).all(), f"{name}: the maker never wakes up"
    assert (world.ledger.bought + world.ledger.sold)[:, 0].sum() > 0, f"{name}: it never trades"
