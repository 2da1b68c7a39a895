"""Filters and rules of other packages, by hand: each trader has its own, with its own numbers."""

import math
from types import SimpleNamespace
from typing import ClassVar, Literal

import numpy as np
import pytest

from proteus.market.makers.filters import added as filters
from proteus.market.makers.filters.base import Filter, FilterKind
from proteus.market.makers.marks import mark_of
from proteus.market.makers.quoting import added as rules
from proteus.market.makers.quoting.base import Quoting, QuotingKind

pytestmark = pytest.mark.plain


class Above(Filter):
    """The last price and so much more, once it has seen two."""

    CODE: ClassVar[int] = 101
    name: Literal["above"] = "above"
    more: float

    def numbers(self):
        return (self.more,)


class Below(Above):
    CODE: ClassVar[int] = 102


def seen(numbers, memory, estimate, observed, is_signal, elapsed_s):
    memory[0] += 1
    return observed + numbers[0]


def dropped(numbers, memory, estimate, observed, is_signal, elapsed_s):
    return observed - numbers[0]


FILTERS = {
    "above": FilterKind(Above, lambda numbers, p0: (0.0,), seen, lambda _, memory: memory[0] >= 2),
    "below": FilterKind(Below, lambda numbers, p0: (0.0,), dropped, lambda *_: True),
}


class Wide(Quoting):
    CODE: ClassVar[int] = 101
    name: Literal["wide"] = "wide"
    width: float

    def numbers(self):
        return (self.width,)


class Wider(Wide):
    CODE: ClassVar[int] = 102


def as_wide(numbers, estimate, *_):
    """No number for a width of 0: nothing over nothing."""
    return estimate, numbers[0] if numbers[0] > 0 else math.nan


RULES = {
    "wide": QuotingKind(Wide, as_wide),
    "wider": QuotingKind(Wider, lambda numbers, estimate, *_: (estimate + 0.1, 2 * numbers[0])),
}


@pytest.fixture(autouse=True)
def packages(monkeypatch):
    for room, kinds in ((filters, FILTERS), (rules, RULES)):
        for name, kind in kinds.items():
            mark = mark_of(f"{name}_of_a_test")
            room._implement(mark, kind)
            monkeypatch.setitem(room._MARKS, name, mark)
    for table, kinds in ((filters.ADDED_FILTERS, FILTERS), (rules.ADDED_RULES, RULES)):
        for name, kind in kinds.items():
            monkeypatch.setitem(table, name, kind)


def state(codes):
    return SimpleNamespace(
        parameters=SimpleNamespace(code=np.array(codes)), estimate=np.full((1, len(codes)), 0.5)
    )


def test_each_maker_has_its_own_filter_with_its_own_numbers():
    given = [(0, Above(more=0.1)), (1, Above(more=0.2)), (2, Below(more=0.3))]
    chain, made = filters.make_added(given, 1, 3, 0.5), state([101, 101, 102])
    for trader in (0, 1, 2, 1):
        filters.observe_added(chain, made, 0, trader, 0.4, False, 0.0)
    assert made.estimate[0].tolist() == pytest.approx([0.5, 0.6, 0.1])
    ready = [filters.is_added_ready(chain, code, 0, at) for at, code in enumerate([101, 101, 102])]
    assert ready == [False, True, True]  # by what each has seen
    assert not filters.is_added_ready(chain, 103, 0, 0)


@pytest.mark.parametrize(
    ("observed", "estimate"), [(0.85, 0.95), (0.95, 1.0), (-0.3, 0.0), (math.nan, 0.5)]
)
def test_an_estimate_stays_within_0_and_1_and_is_a_number(observed, estimate):
    chain, made = filters.make_added([(0, Above(more=0.1))], 1, 1, 0.5), state([101])
    filters.observe_added(chain, made, 0, 0, observed, True, 0.0)
    assert made.estimate[0, 0] == pytest.approx(estimate)


def quoted(chain, code, trader, estimate=0.5):
    return rules.quote_added(chain, code, trader, estimate, 0, 5, 0.0, 1.0, 1.0, 0.0)


def test_each_maker_has_its_own_rule_with_its_own_numbers():
    given = [(0, Wide(width=0.01)), (1, Wide(width=0.02)), (2, Wider(width=0.03))]
    chain = rules.make_added(given, 3)
    found = [quoted(chain, code, trader) for trader, code in enumerate([101, 101, 102])]
    assert np.array(found) == pytest.approx(np.array([(0.5, 0.01), (0.5, 0.02), (0.6, 0.06)]))


def test_a_half_spread_that_is_no_number_quotes_nothing():
    chain = rules.make_added([(0, Wide(width=0))], 1)
    assert quoted(chain, 101, 0) == (0.5, math.inf)
    assert quoted(chain, 103, 0) == (0.5, math.inf)  # nobody's
