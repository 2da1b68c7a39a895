"""Chains by themselves: what D4 promises of every one, for any state that a trader can be in."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proteus.errors import ConfigError
from proteus.market.book.codes import BUY, NO_ORDER, SELL
from proteus.market.constraints import chain, codes
from proteus.market.constraints.models import (
    Capital,
    ExposurePerSide,
    InventoryLimit,
    MessageRate,
    OrderSize,
    in_order,
)
from proteus.market.constraints.state import allocate_constraints, chain_table, cuts_by_kind
from tests.helpers.cells import cell

NANO = 10**9
TICKS = 10
pytestmark = pytest.mark.nojit
SECOND = 10**9


def made(*constraints):
    given = in_order({each.kind: each for each in constraints}, 10)
    return allocate_constraints(chain_table([given]), np.zeros((2, TICKS + 1), np.int64), 1, 8)


def size(lots, place=30, on_limit="clip"):
    return OrderSize(kind="order_size", on_limit=on_limit, place=place, lots=lots)


def exposure(lots, on_limit="clip"):
    return ExposurePerSide(kind="exposure_per_side", on_limit=on_limit, place=40, lots=lots)


def inventory(lots, on_limit="clip"):
    return InventoryLimit(kind="inventory_limit", on_limit=on_limit, place=50, lots=lots)


def rate(per_s, burst):
    return MessageRate(kind="message_rate", on_limit="drop", place=20, per_s=per_s, burst=burst)


def capital(on_limit="clip"):
    return Capital(kind="capital", on_limit=on_limit, place=70)


CHAINS = st.lists(
    st.one_of(
        st.builds(size, st.integers(1, 9), st.integers(0, 99), st.sampled_from(["clip", "drop"])),
        st.builds(exposure, st.integers(1, 12), st.sampled_from(["clip", "drop"])),
        st.builds(inventory, st.integers(1, 12), st.sampled_from(["clip", "drop"])),
        st.builds(capital, st.sampled_from(["clip", "drop"])),
    ),
    max_size=4, unique_by=lambda each: each.kind,
)  # fmt: skip
STATES = st.tuples(
    st.integers(0, 8), st.integers(-9, 9), st.integers(0, 9), st.integers(0, 9),
    st.integers(0, 4), st.integers(0, 4),
)  # fmt: skip


def asked(state, values, side, price, lots, becomes=codes.AS_ORDER):
    cash, position, buys, sells, zero, one = values
    state.open_lots[0, 0] = buys, sells
    state.if_zero[0, 0], state.if_one[0, 0] = zero * NANO, one * NANO
    known = cash * NANO, position
    return int(chain.allowed(state, 0, 0, 0, becomes, side, price, lots, known)[0])


@settings(max_examples=300, deadline=None)
@given(CHAINS, STATES, st.sampled_from([BUY, SELL]), st.integers(1, 9), st.integers(1, 20))
def test_what_was_cut_fits_and_more_wanted_is_never_less_sent(
    given_chain, values, side, price, lots
):
    """Idempotent for every chain, monotone where it clips, both at equal state."""
    state = made(*given_chain)
    sent = asked(state, values, side, price, lots)
    assert 0 <= sent <= lots
    if sent:
        assert asked(state, values, side, price, sent) == sent
    if all(each.on_limit == "clip" for each in given_chain):
        assert sent <= asked(state, values, side, price, lots + 1) <= sent + 1


@settings(max_examples=200, deadline=None)
@given(CHAINS, STATES, st.sampled_from([BUY, SELL]), st.integers(1, 9), st.integers(1, 20))
def test_a_chain_that_clips_is_the_least_of_its_constraints(chains, values, side, price, lots):
    """So its order changes who is counted, and never what is sent."""
    clips = [each.model_copy(update={"on_limit": "clip"}) for each in chains]
    alone = [asked(made(each), values, side, price, lots) for each in clips]
    assert asked(made(*clips), values, side, price, lots) == min([lots, *alone])


@settings(max_examples=200, deadline=None)
@given(CHAINS, STATES, st.integers(1, 9), st.integers(1, 20))
def test_what_stands_passes_and_only_the_inventory_limit_looks_at_reductions(
    chains, values, price, lots
):
    state = made(*chains)
    assert asked(state, values, BUY, price, lots, codes.AS_STANDING) == lots
    others = made(*(each for each in chains if each.kind != "inventory_limit"))
    assert asked(others, values, BUY, price, lots, codes.AS_REDUCTION) == lots
    assert others.cuts.sum() == 0


def test_the_first_that_cuts_is_counted_and_no_other():
    """10 wanted: of size 5 in place 30 and exposure 3 in place 40, the size cuts first."""
    state = made(size(5), exposure(3))
    assert asked(state, (9, 0, 0, 0, 0, 0), BUY, 5, 10) == 3
    counts = {kind: int(by.sum()) for kind, by in cuts_by_kind(state).items()}
    assert {kind for kind, count in counts.items() if count} == {"order_size"}
    later = made(size(5, place=60), exposure(3))
    assert asked(later, (9, 0, 0, 0, 0, 0), BUY, 5, 10) == 3
    assert cuts_by_kind(later)["exposure_per_side"].sum() == 1


def test_drop_sends_nothing_that_does_not_fit():
    state = made(size(5, on_limit="drop"))
    assert asked(state, (9, 0, 0, 0, 0, 0), BUY, 5, 6) == 0
    assert asked(state, (9, 0, 0, 0, 0, 0), BUY, 5, 5) == 5


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 40), st.integers(1, 5),
    st.lists(st.integers(0, 10 * SECOND), min_size=1, max_size=60),
)  # fmt: skip
def test_the_rate_is_that_of_a_bucket_of_tokens(per_s, burst, times):
    """Against a bucket of exact fractions that fills, is capped and is emptied."""
    from fractions import Fraction

    state = made(rate(per_s, burst))
    every = round(SECOND / per_s)
    tokens, last = Fraction(burst), 0
    for time in sorted(times):
        tokens = min(tokens + Fraction(time - last, every), Fraction(burst))
        last = time
        passes = int(chain.allowed(state, 0, 0, time, codes.AS_ORDER, BUY, 5, 4, (0, 0))[0])
        assert passes == (4 if tokens >= 1 else 0)
        if passes:
            tokens -= 1
            chain.use_message(state, 0, 0, time)


# --- what a trader follows ------------------------------------------------------------------------


def test_a_replace_counts_both_versions_until_it_is_told():
    """By hand: 4 at 3 tenths, then 5 at 4 tenths; acknowledged; filled; and a refused one."""
    state = made(capital())

    def told(version, kind, lots):
        return chain.note_told(state, 0, 0, version, kind == "ack", kind == "reject", BUY, lots)

    def sums():
        return int(state.open_lots[0, 0, BUY]), int(state.if_zero[0, 0]) * 10 // NANO

    chain.note_sent(state, 0, 0, 1, 0, NO_ORDER, BUY, 3, 4)
    assert sums() == (4, 12)
    chain.note_sent(state, 0, 0, 2, 1, NO_ORDER, BUY, 4, 5)
    assert sums() == (9, 32)
    assert told(2, "ack", 4)  # the four of the first version are gone
    assert sums() == (5, 20)
    chain.note_sent(state, 0, 0, 3, 2, NO_ORDER, BUY, 6, 2)
    assert sums() == (7, 32)
    assert told(3, "reject", 2)  # what stands is the second version, under the third's name
    assert sums() == (5, 20)
    assert told(3, "fill", 5)
    assert sums() == (0, 0)


def test_a_version_that_has_lost_its_place_is_said():
    state = made(capital())
    room = state.versions.id.shape[1]
    ids = [1 + number * room for number in range(9)]  # as many as there are places, and one
    sent = [chain.note_sent(state, 0, 0, version, 0, NO_ORDER, BUY, 3, 4) for version in ids]
    assert sent == [True] * 8 + [False]
    for version in ids[:7]:
        assert chain.note_told(state, 0, 0, version, False, False, BUY, 4)
    assert not chain.note_told(state, 0, 0, ids[7], False, False, BUY, 4)
    assert chain.note_told(state, 0, 0, ids[8], False, False, BUY, 4)


# --- chains in the configuration ------------------------------------------------------------------


def test_which_loop_a_chain_belongs_to():
    """The inventory limit of a maker alone is the plain loop's; any other constraint is not."""

    def rich(*words):
        return cell("mechanism=clob", *words).needs_rules

    assert not rich()
    assert not rich("population.maker.risk.inventory_limit.lots=20")
    assert not rich("population.maker.risk.inventory_limit=null")
    assert cell("mechanism=clob", "risk@population.maker.risk=none").population["maker"].risk == {}
    assert rich("population.maker.risk.inventory_limit.on_limit=drop")
    assert rich("risk@population.maker.risk=[inventory_limit,order_size]")
    assert rich("population.noise.risk.inventory_limit.lots=20")


def test_capital_counts_nothing_where_there_is_none():
    with pytest.raises(ConfigError, match=r"population\.maker\.capital=null .* risk\.capital"):
        cell("mechanism=clob", "risk@population.maker.risk=[capital]")


def test_a_cell_with_the_chain_of_before_is_what_it_was():
    """Neutral keys are no part of what a cell is, so old results are found again."""
    canonical = cell("mechanism=clob").canonical()
    assert '"risk"' not in canonical
    changed = cell("mechanism=clob", "population.maker.risk.inventory_limit.lots=20").canonical()
    assert '"risk"' in changed
