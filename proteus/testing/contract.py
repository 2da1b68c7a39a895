"""The contract of the tables: every mechanism with every kind of trader, whatever they are."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import yaml

from proteus.compiler.jit import JIT_DISABLED
from proteus.configuration.locate import conf_file
from proteus.errors import ConfigError, nearest
from proteus.market.agents.kinds import KINDS
from proteus.market.cell import CellConfig
from proteus.market.ledger.accounts import CASH, CONTRACT
from proteus.market.mechanisms.interface import clear, is_continuous, next_clear, skip_clears
from proteus.market.mechanisms.table import MECHANISMS
from proteus.market.metrics.execution import END_NAMES
from proteus.market.metrics.requests import RANKS
from proteus.market.setup.snapshots import arrays_of
from proteus.market.trading.world import World
from proteus.market.variables import VARIABLES, measure
from proteus.market.variables.base import classes_of
from proteus.replaying.log import replay_log
from proteus.replaying.orders import replay
from proteus.runs.api import simulate
from proteus.testing.lanes import TINY, build, cell, differing, finished, finished_plain, only

LANES = 3


def check_mechanism(name: str, kinds: Iterable[str] | None = None) -> None:
    """Check what a mechanism owes to everyone, with the kinds of traders that all markets have.

    It has its yaml and its functions, conserves money, lots and orders event by event, under each
    of its policies too, repeats itself to the bit, compiled and in plain Python, fills what is
    declared, and is replayed from its log and through the message door.

    Parameters
        name: in the table of mechanisms. kinds: of traders; None: the ordinary ones.

    Raises
        AssertionError: what it owes and does not do. ConfigError: there is no such mechanism.
    """
    _check_known("mechanism", name, MECHANISMS)
    ordinary = [kind for kind, row in KINDS.items() if row.is_ordinary]
    for kind in ordinary if kinds is None else kinds:
        check_pair(name, kind)
    for policy in policies_of(name):
        check_policy(name, policy)
    check_declaration(name)
    check_in_plain_python(cell(f"mechanism={name}", *TINY))
    check_replays(name)


def check_trader(kind: str, mechanisms: Iterable[str] = ("clob", "fba")) -> None:
    """Check what a kind of trader owes to everyone, under some mechanisms.

    It has its yaml and a number, acts, conserves, and repeats itself to the bit, compiled and in
    plain Python.

    Parameters
        kind: in the table of kinds. mechanisms: to try it under; each is compiled with it.

    Raises
        AssertionError: what it owes and does not do. ConfigError: there is no such kind.
    """
    _check_known("kind", kind, KINDS)
    check_kind(kind)
    for name in mechanisms:
        check_pair(name, kind)
        check_in_plain_python(cell(f"mechanism={name}", *only(kind), *TINY))


def _check_known(key: str, name: str, table: Iterable[str]) -> None:
    if name not in table:
        raise ConfigError(f"{key}={name} does not exist{nearest(name, table)}")


def probe_cell(mechanism: str, kind: str) -> CellConfig:
    """Compose two traders of a kind, a maker and a noise trader, so that none is among its own.

    Much news, so that those who wait for it act.
    """
    return cell(
        f"mechanism={mechanism}", *only(kind), "latent.jump_rate_per_s=3", "horizon_s=8",
        "metrics.tau_ms=5000",
    )  # fmt: skip


def check_pair(mechanism: str, kind: str) -> None:
    """Check a mechanism with a kind: conserved, the same again, and all that is declared."""
    config = probe_cell(mechanism, kind)
    world = finished(config, LANES, audit=True)
    check_conserves(world, KINDS[kind].number)
    check_values(world)
    runs = [finished(config, LANES) for _ in range(2)]
    assert not differing(*runs), "the same seeds give another run"


def check_conserves(world: World, number: int) -> None:
    """Check a finished block: nothing is lost, and the traders of a kind, by number, have acted."""
    ledger, probes = world.ledger, world.traders.kind == number
    assert not ledger.balance.sum(axis=1).any(), "money or lots are not conserved"
    assert not ledger.balance[:, :, CONTRACT].any(), "contracts are not redeemed"
    assert not world.totals.marked.sum(axis=1).any(), "PnL at v_T does not sum to zero"
    assert not world.totals.settled.sum(axis=1).any(), "PnL at X does not sum to zero"
    assert (ledger.bought.sum(axis=1) == ledger.sold.sum(axis=1)).all(), "bought is not sold"
    assert (world.private.wakes[:, probes] > 0).all(), "a trader never wakes up"
    assert (world.progress.messages > 10).all(), "hardly a message reaches the venue"
    assert (ledger.bought + ledger.sold)[:, probes].sum() > 0, "none of the kind ever trades"
    assert ledger.balance[:, :, CASH].any(), "no cash moves"


def check_values(world: World) -> None:
    """Check that what is measured of a finished block has the declared shapes and types."""
    values = measure(world)
    assert list(values) == [variable.name for variable in VARIABLES]
    settings = world.settings
    sizes = {
        "horizon": len(settings.horizons_ns), "elapsed": len(settings.elapsed_ns),
        "trader_class": classes_of(world), "quote_rank": RANKS, "intent_end": len(END_NAMES),
    }  # fmt: skip
    held = [array for _, array in arrays_of(world)]
    for variable in VARIABLES:
        name, value = variable.name, values[variable.name]
        shape = (len(world.market.keys), *(sizes[dim] for dim in variable.dims))
        assert value.shape == shape, f"{name} has shape {value.shape}, not {shape}"
        assert value.dtype == np.float64, f"{name} is no float64"
        assert not np.isinf(value).any(), f"{name} is infinite"
        # Blocks are used again: what is measured must not be a view of their state.
        assert not any(np.shares_memory(value, array) for array in held), f"{name} is a view"


def policies_of(mechanism: str) -> list[str]:
    """Return a word for every value of every key of a mechanism that is chosen from a list."""
    return [
        f"mechanism.{key}={value}"
        for key, field in MECHANISMS[mechanism].config.model_fields.items()
        if key != "name"
        for value in get_args(field.annotation)
        if isinstance(value, str)
    ]


def check_policy(mechanism: str, policy: str) -> None:
    """Check one policy in a crowd.

    Many crossing orders of few sizes, so that margins are shared and traders meet themselves.
    """
    crowded = (
        "population.noise.count=6", "population.noise.policy.offset_high_ticks=2",
        "population.maker.policy.half_spread=0.001",
    )  # fmt: skip
    lanes = 1 if JIT_DISABLED else 10
    world = finished(cell(f"mechanism={mechanism}", policy, *crowded), lanes, audit=True)
    assert not world.totals.settled.sum(axis=1).any(), f"{policy}: PnL does not sum to zero"
    assert (world.progress.fills > 50).all(), f"{policy}: hardly anything trades"


def check_in_plain_python(config: CellConfig) -> None:
    """Check that the smallest complete run is the same compiled and in plain Python."""
    world = finished(config, audit=True)
    assert world.progress.messages[0] > 0, "no message reaches the venue"
    wrong = differing(world, finished_plain(config, audit=True))
    assert not wrong, f"compiled code differs from plain Python in {', '.join(wrong[:3])}"


def check_declaration(mechanism: str) -> None:
    """Check that a mechanism has its yaml, and functions that agree with each other."""
    keys = _keys("mechanism", mechanism)
    fields = MECHANISMS[mechanism].config.model_fields.keys()
    assert keys.keys() == fields, f"keys of the yaml and the model: {keys.keys() ^ fields}"
    assert keys["name"] == mechanism, "the yaml has another name"
    block = build(cell(f"mechanism={mechanism}"))
    market, zero = block.world.market, np.int64(0)
    close = next_clear(block.mechanism, market, 0, zero)
    assert close > 0, "the first clear is not after the start"
    assert is_continuous(block.mechanism) in (True, False)
    clear(block.mechanism, market, 0)
    skip_clears(block.mechanism, market, 0, min(close, np.int64(10**12)))
    assert next_clear(block.mechanism, market, 0, close) >= close, "a clear is before the last"
    assert market.outbox.count[0] == 0, "an empty book does something in a clear"


def check_kind(kind: str) -> None:
    """Check that a kind has its yaml, and a number of its own."""
    keys = _keys("trader", kind)
    odd = {*keys["policy"], *_parts_in(keys)} ^ KINDS[kind].policy.model_fields.keys()
    assert keys["kind"] == kind, "the yaml is of another kind"
    assert not odd, f"keys that only the yaml or the model of the policy has: {sorted(odd)}"
    assert [row.number for row in KINDS.values()].count(KINDS[kind].number) == 1


def _parts_in(keys: dict[str, Any]) -> Iterator[str]:
    """List the keys of a policy that are files of their own, as ``/filter@policy.filter``."""
    listed = [place for entry in keys.get("defaults", ()) if isinstance(entry, dict)
              for place in entry]  # fmt: skip
    yield from (place.partition("@policy.")[2] for place in listed if "@policy." in place)


def _keys(group: str, option: str) -> dict[str, Any]:
    path = conf_file(group, option)
    assert path is not None, f"there is no conf/{group}/{option}.yaml"
    keys: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return keys


def check_replays(mechanism: str) -> None:
    """Check that a recorded lane follows from its log, and that the message door knows the rules.

    Raises
        AssertionError: a message at the door is lost. ResultsError: the log does not follow.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "out"
        simulate(
            mechanism=mechanism, seeds=2, horizon_s=3, delta=100, output_dir=str(folder),
            metrics={"tau_ms": 1000}, record={"events": "all"},
        )  # fmt: skip
        assert len(replay_log(folder)) == 2
    if is_by_orders(mechanism):
        found = replay([*_door_rows()], mechanism=mechanism)
        bought = found.fills["quantity"][found.fills["buy_order_id"] == 2].sum()
        assert bought == 2, f"a marketable order of 2 lots gets {bought} at the message door"


def is_by_orders(mechanism: str) -> bool:
    """Tell whether traders send orders to a mechanism, rather than requests."""
    return "order" in MECHANISMS[mechanism].config.table.model_fields


def _door_rows() -> Iterator[dict[str, Any]]:
    about = {"kind": "limit", "price_ticks": 500}
    yield {**about, "time_ns": 10, "order_id": 1, "side": "sell", "quantity": 5, "role": "maker"}
    yield {**about, "time_ns": 20, "order_id": 2, "side": "buy", "quantity": 2, "role": "taker"}
