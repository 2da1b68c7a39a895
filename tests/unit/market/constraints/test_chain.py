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
    Leverage,
    LossLimit,
    MessageRate,
    OrderSize,
    in_order,
)
from proteus.market.constraints.state import allocate_constraints, chain_table, cuts_by_kind
from tests.helpers.cells import cell

NANO = 10**9
TICKS = 10
pytestmark = pytest.mark.plain
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


def loss(currency, on_limit="drop", pause_s=None):
    return LossLimit(kind="loss_limit", on_limit=on_limit, place=10, loss=currency, pause_s=pause_s)


def leverage(most, on_limit="clip"):
    return Leverage(kind="leverage", on_limit=on_limit, place=60, most=most)


CHAINS = st.lists(
    st.one_of(
        st.builds(leverage, st.sampled_from([0.5, 1, 3.25]), st.sampled_from(["clip", "drop"])),
        st.builds(loss, st.integers(1, 5), st.sampled_from(["clip", "drop"])),
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


def asked(state, values, side, price, lots, becomes=codes.AS_ORDER, gas=0):
    cash, position, buys, sells, zero, one = values
    state.open_lots[0, 0] = buys, sells
    state.if_zero[0, 0], state.if_one[0, 0] = zero * NANO, one * NANO
    known = cash * NANO, position, gas
    chain.mark(state, 0, 0, 0, known, 9, 4 * NANO)  # at 0.45, of a capital of 4
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
    """But for the loss limit, which takes everything back."""
    chains = [each for each in chains if each.kind != "loss_limit"]
    state = made(*chains)
    assert asked(state, values, BUY, price, lots, codes.AS_STANDING) == lots
    others = made(*(each for each in chains if each.kind != "inventory_limit"))
    assert asked(others, values, BUY, price, lots, codes.AS_REDUCTION) == lots
    assert others.cuts.sum() == 0


EVERY_ONE = pytest.mark.parametrize(
    "one",
    [loss(1), rate(5, 2), size(4), exposure(6), inventory(7), leverage(1.5), capital()],
    ids=lambda one: one.kind,
)


@EVERY_ONE
@settings(max_examples=60, deadline=None)
@given(
    STATES, st.sampled_from([BUY, SELL]), st.integers(1, 9), st.integers(1, 20),
    st.integers(0, SECOND), st.sampled_from([codes.AS_ORDER, codes.AS_REPLACE, codes.AS_QUOTE]),
)  # fmt: skip
def test_each_constraint_is_idempotent_and_monotone(
    one, values, side, price, lots, earned, becomes
):
    """D4 at equal state, of each by itself, dropping and clipping."""
    for on_limit in ("clip", "drop"):
        state = made(one.model_copy(update={"on_limit": on_limit}))
        state.earned_ns[0, 0, 0] = earned
        fewer, sent, more = (
            asked(state, values, side, price, wanted, becomes) for wanted in range(lots, lots + 3)
        )
        assert 0 <= fewer <= lots
        if on_limit == "clip":
            assert fewer <= sent <= more
        else:
            assert fewer in (0, lots)
        assert fewer == 0 or asked(state, values, side, price, fewer, becomes) == fewer


@EVERY_ONE
@settings(max_examples=40, deadline=None)
@given(STATES, st.sampled_from([BUY, SELL]), st.integers(1, 9), st.integers(1, 20))
def test_what_the_trader_has_promised_passes_each_but_the_loss_limit(
    one, values, side, price, lots
):
    """Standing quotes, acceptances and last looks: they have been counted since they were sent."""
    state, stopped = made(one), 0
    for becomes in (codes.AS_STANDING, codes.AS_ACCEPTANCE, codes.AS_LAST_LOOK):
        sent = asked(state, values, side, price, lots, becomes)
        stopped += one.kind == "loss_limit" and sent == 0
        is_asked = becomes != codes.AS_STANDING and one.kind in ("message_rate", "order_size")
        assert sent == lots or one.kind == "loss_limit" or is_asked
    assert stopped in (0, 3)


@pytest.mark.parametrize(
    ("cash", "position", "reference", "lots"),
    [
        # by hand: 1.5 x wealth over the price; capital 4, tenths
        (4, 0, 10, 12),  # 1.5 x 4 / 0.5
        (4, 0, 9, 13),  # 13.33
        (2, 4, 10, 8),  # wealth 4 again, of 12 lots 4 are held
        (6, -4, 10, 16),  # short 4, so 4 more than 12
        (0, 0, 10, 0), (-1, 0, 10, 0), (-4, 6, 10, 0),  # no wealth, and nothing to reduce
        (2, -6, 10, 6),  # no wealth: what is short may be bought back
        (2, -7, 10, 7),
    ],
)  # fmt: skip
def test_leverage_by_hand(cash, position, reference, lots):
    state = made(leverage(1.5))
    known = cash * NANO, position, 0
    chain.mark(state, 0, 0, 0, known, reference, 4 * NANO)
    assert chain.allowed(state, 0, 0, 0, codes.AS_ORDER, BUY, 5, 100, known)[0] == lots


def test_a_loss_stops_at_its_limit_and_until_its_pause_is_over():
    """Capital 4, a loss of 1: cash 3 stops, a nano more does not; half a second later it looks."""
    state = made(loss(1, pause_s=0.5))

    def marked(time, cash, position=0):
        chain.mark(state, 0, 0, time, (cash, position), 10, 4 * NANO)
        sent = chain.allowed(state, 0, 0, time, codes.AS_ORDER, BUY, 5, 3, (cash, position))[0]
        return sent == 0, bool(state.stops[0, 0])

    assert marked(10, 3 * NANO + 1) == (False, False)
    assert marked(20, 3 * NANO) == (True, True)
    assert marked(SECOND // 2 + 19, 9 * NANO) == (True, False)  # it does not look
    assert marked(SECOND // 2 + 20, 3 * NANO) == (True, True)  # it looks, and stops again
    assert marked(2 * SECOND, 2 * NANO, 3) == (False, False)  # 3 lots at 0.5
    assert marked(3 * SECOND, 2 * NANO, 2) == (True, True)


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
