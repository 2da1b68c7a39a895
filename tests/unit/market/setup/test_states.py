"""What is said of states holds for every block that can be built: notes, and separate memory.

The compiler is told that no two fields share memory; readers, and ``arrays.allocate``, are told
what the notes say.
"""

import functools
import itertools
import random

import numpy as np
import pytest
from numba.extending import typeof_impl

from proteus.compiler.arrays import notes_of
from proteus.compiler.fields import FieldType
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.setup.outside import with_outside
from proteus.replaying import orders, requests
from tests.helpers.cells import MECHANISM_NAMES, ROOT, cell, only
from tests.helpers.random_lending import market
from tests.helpers.random_loans import MECHANISMS as LOAN_MECHANISMS
from tests.helpers.random_loans import told

POPULATIONS = {
    "baseline": (),
    "lab": ("population.maker=lab", "filter=kalman", "quoting=glft"),
    "theory": (*only("insider"), "+trader@population.flow=flow", "population.flow.count=1"),
    "outside": (),
    "credit": (
        "credit=pool",
        "population.informed.capital=5",
        "population.informed.target_leverage=3",
        "+risk@population.informed.risk=capital",
        "+trader@population.lender=lender",
        "+trader@population.liquidator=liquidator",
    ),
    "desk": (
        "credit=pool",
        "credit.keeper=auto",
        "population.informed.capital=5",
        "population.informed.target_leverage=3",
        "+risk@population.informed.risk=capital",
        "+trader@population.lender=lender",
        "+trader@population.treasury=treasury",
    ),
    "spoofed": ("population=spoofed", "execution=depth"),
}
LENT = ("credit", "desk")
LANES = 3
LENDING_RULES = ("proteus", "morpho", "compound", "aave")
ORDERS = [{"time_ns": 1, "order_id": 4, "kind": "limit", "side": "buy", "price_ticks": 9,
           "quantity": 1}]  # fmt: skip
MANY_TICKS = 2**31  # only those that messages name are levels then
REQUESTS = [{"time_ns": 1, "order_id": 4, "kind": "request", "side": "buy", "quantity": 1}]


@functools.cache
def built(mechanism, population, recorded, growth):
    """A block as an engine gets it."""
    added = ("settlement=t_plus",) if recorded and population not in LENT else ()
    setup = set_up_cell(cell(f"mechanism={mechanism}", *POPULATIONS[population], *added))
    setup = setup._replace(is_rich=recorded)  # so that both loops are seen
    if population == "outside":
        setup = with_outside(setup, [0], log_rows=4, asks_each=False, step_ns=None)
    keys = replicate_keys(ROOT, np.arange(LANES))
    return build_block(with_log(setup) if recorded else setup, keys, growth, audit=False)


def replayed(monkeypatch, mechanism, n_ticks=100):
    """What the door gives to its kernel."""
    given = []

    def note(*arguments):
        given.extend(arguments[:-1])
        return len(arguments[2].kind) + 1

    monkeypatch.setattr(orders, "replay_rows", note)
    monkeypatch.setattr(requests, "replay_requests", note)
    messages = REQUESTS if mechanism == "rfq" else ORDERS
    orders.replay(messages, mechanism, delta=100, n_ticks=n_ticks, reference_ticks=50)
    return tuple(given)


@functools.cache
def lent(rules):
    """Pools by some rules, as the door of lending has them, with any curve and policy."""
    return tuple(market(rules, random.Random(seed)) for seed in range(8))


def states(value, path):
    """Every state in a tree of them, with where it is."""
    if hasattr(value, "_fields"):
        yield path, value
    if isinstance(value, tuple):
        names = getattr(value, "_fields", range(len(value)))
        for name, part in zip(names, value, strict=True):
            yield from states(part, f"{path}.{name}")


def arrays(value):
    """Every array in it, with where it is."""
    return {
        f"{path}.{name}": field
        for path, each in states(value, "")
        for name, field in zip(each._fields, each, strict=True)
        if isinstance(field, np.ndarray)
    }


# The same states with every mechanism that has them.
ONCE = [*(("clob", name, True, 1) for name in LENT), ("clob", "spoofed", False, 1)]
USUAL = [name for name in POPULATIONS if name not in [population for _, population, *_ in ONCE]]
EVERY_BLOCK = pytest.mark.parametrize(
    "block", [*itertools.product(MECHANISM_NAMES, USUAL, [False, True], [1, 2]), *ONCE],
    ids=lambda block: "-".join(map(str, block)),
)  # fmt: skip
EVERY_DOOR = pytest.mark.parametrize("mechanism", MECHANISM_NAMES)


def check_notes(value):
    for path, state in states(value, ""):
        notes, sizes = notes_of(type(state)), {}
        held = {
            name: field
            for name, field in zip(state._fields, state, strict=True)
            if isinstance(field, np.ndarray)
        }
        assert notes.keys() == held.keys(), path
        for name, array in held.items():
            assert array.dtype == notes[name].dtype, f"{path}.{name}"
            assert array.ndim == len(notes[name].shape), f"{path}.{name}"
            for extent, size in zip(notes[name].shape, array.shape, strict=True):
                if extent.letter and extent.divisor == 1 and not extent.added:
                    assert sizes.setdefault(extent.letter, size) == size, f"{path}.{name}"
        for name, array in held.items():  # those of letters that only stand in "D/2" are free
            for extent, size in zip(notes[name].shape, array.shape, strict=True):
                if not extent.letter or extent.letter in sizes:
                    assert extent.size(sizes) == size, f"{path}.{name}"


def check_memory(value):
    ranges = sorted(
        (*np.lib.array_utils.byte_bounds(array), path)
        for path, array in arrays(value).items()
        if array.size
    )
    for (_, end, one), (start, _, other) in itertools.pairwise(ranges):
        assert end <= start, f"{one} and {other} share memory"


@pytest.mark.plain
@EVERY_BLOCK
def test_notes_of_a_block_are_true(block):
    check_notes(built(*block))


@pytest.mark.plain
@EVERY_BLOCK
def test_no_two_fields_of_a_block_share_memory(block):
    check_memory(built(*block))


@pytest.mark.plain
@EVERY_DOOR
def test_both_hold_at_the_door(monkeypatch, mechanism):
    given = replayed(monkeypatch, mechanism)
    check_notes(given)
    check_memory(given)


@pytest.mark.plain
@pytest.mark.parametrize("rules", LENDING_RULES)
def test_both_hold_for_pools(rules):
    for pool in lent(rules):
        check_notes(pool)
        check_memory(pool)


@pytest.mark.plain
@pytest.mark.parametrize("mechanism", LOAN_MECHANISMS)
def test_both_hold_for_loans(mechanism):
    given = told(mechanism, 0)
    check_notes(given)
    check_memory(given)


@pytest.mark.plain
def test_one_array_in_two_fields_is_found():
    """The check of memory bites: also where one array is a part of another."""
    block = built(MECHANISM_NAMES[0], "baseline", False, 1)
    progress = block.world.progress
    torn = progress._replace(fills=progress.events[1:])
    with pytest.raises(AssertionError, match="share memory"):
        check_memory(torn)


@pytest.mark.plain
def test_every_state_of_the_market_is_seen(monkeypatch):
    """A state that no block holds would have notes that nothing checks."""
    kinds = itertools.product(MECHANISM_NAMES, USUAL, [False, True])
    values = [*(built(*each) for each in ONCE), *(built(*each, 1) for each in kinds)]
    values += [replayed(monkeypatch, each) for each in MECHANISM_NAMES]
    values.append(replayed(monkeypatch, "clob", MANY_TICKS))
    values += [lent(each) for each in LENDING_RULES]
    values += [told(each, 0) for each in LOAN_MECHANISMS]
    seen = {type(state) for value in values for _, state in states(value, "")}
    added = ("filters.added", "quoting.added", "marks")  # of other packages: in no block of ours
    apart = ("proteus.market.incentives", *(f"proteus.market.makers.{each}" for each in added))
    declared = {
        each for each in typeof_impl.registry
        if each.__module__.startswith("proteus.market.") and not each.__module__.startswith(apart)
    }  # fmt: skip
    assert {each.__qualname__ for each in declared - seen} == set()


@EVERY_DOOR
def test_every_array_of_a_block_is_a_field_to_the_compiler(mechanism):
    """A plain array among them would be wrapped at negative indices, and may share memory."""
    from numba import typeof

    def check(found, path):
        for name, member in getattr(found, "members", ()):
            if hasattr(member, "ndim"):
                assert type(member) is FieldType, f"{path}.{name}"
            check(member, f"{path}.{name}")

    block = built(mechanism, "theory", True, 1)
    check(typeof(block.world), "world")
    check(typeof(block.mechanism), "mechanism")
