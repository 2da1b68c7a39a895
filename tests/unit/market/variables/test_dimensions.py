"""Labels of traders and groups: those of a sweep are those of its cells together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proteus.market.agents.identity import agent_uid
from proteus.market.variables import VARIABLES, page, values_per_lane, variables_of
from proteus.market.variables.dimensions import (
    DIMENSIONS,
    OPTIONAL_DIMENSIONS,
    labels_of,
    lacking,
    shown,
    trader_name,
    widened,
)
from proteus.market.variables.population import POPULATION_VARIABLES
from proteus.recording.files import trader_names
from tests.helpers.cells import cell

USUAL = ["horizon", "elapsed", "trader_class", "intent_end", "quote_rank"]
FEW = ("population.informed.count=0", "population.noise.count=2", "population.sniper.count=0")
BY_GROUP, BY_TRADER = (
    next(each for each in POPULATION_VARIABLES if each.dims == (dim,))
    for dim in ("group", "trader")
)


def small(makers, *words):
    return cell(*FEW, f"population.maker.count={makers}", *words)


def test_a_sweep_has_the_traders_of_all_its_cells():
    cells = [small(1), small(3, "population.noise.count=1"), small(0)]
    labels = labels_of(cells, ("trader", "group"))
    assert labels["trader"].tolist() == ["maker0", "maker1", "maker2", "noise0", "noise1"]
    assert labels["group"].tolist() == ["maker", "noise"]
    along = {name: of(cells).tolist() for name, of in DIMENSIONS["trader"].coordinates.items()}
    assert along == {
        "trader_group": ["maker"] * 3 + ["noise"] * 2,
        "trader_role": ["maker"] * 3 + ["noise"] * 2,
        "agent_uid": [
            agent_uid("default", name, at)
            for name, size in (("maker", 3), ("noise", 2))
            for at in range(size)
        ],
    }


def test_a_group_of_several_kinds_has_no_one_class():
    cells = [small(1, f"+trader@population.extra={kind}") for kind in ("noise", "sniper")]
    found = dict(
        zip(
            labels_of(cells, ("group",))["group"].tolist(),
            DIMENSIONS["group"].coordinates["group_class"](cells).tolist(),
            strict=True,
        )
    )
    assert found == {"maker": "maker", "noise": "noise", "extra": "several"}


def test_optional_dims_are_there_where_they_are_asked_for():
    assert list(labels_of([small(1)])) == USUAL
    assert list(labels_of([small(1)], ("group",))) == [*USUAL, "group"]
    assert shown(["seed"]) == (*USUAL,)
    assert shown(["seed", "trader"]) == (*USUAL, "trader")
    assert variables_of() == VARIABLES
    names = {each.name for each in variables_of(("group",))} - {each.name for each in VARIABLES}
    assert names == {"pnl_marked_by_group", "volume_lots_by_group"}


def test_values_are_counted_with_the_traders_of_a_sweep():
    cells = [small(1), small(3)]
    usual = values_per_lane(labels_of(cells))
    assert values_per_lane(labels_of(cells, ("group",))) == usual + 2 * 2
    assert values_per_lane(labels_of(cells, ("group", "trader"))) == usual + 2 * 2 + 2 * 5


def test_what_a_cell_lacks_is_missing_and_the_rest_in_its_place():
    few, many = small(1), small(3)
    labels = labels_of([few, many], ("trader",))
    values = np.arange(6.0).reshape(2, 3)  # two lanes of maker0, noise0 and noise1
    wide = widened(values, BY_TRADER, few, {"trader": labels["trader"]})
    assert wide.tolist()[1] == pytest.approx([3, np.nan, np.nan, 4, 5], nan_ok=True)
    assert (lacking(BY_TRADER, few, labels), lacking(BY_TRADER, many, labels)) == (2, 0)
    usual = next(each for each in VARIABLES if each.dims == ("horizon", "trader_class"))
    assert lacking(usual, few, labels) == 0


ODD = st.from_regex(r"[ab][01_]{0,4}", fullmatch=True)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(ODD, st.integers(0, 120), min_size=1, max_size=6))
def test_no_two_traders_have_one_name(sizes):
    group = small(1).population["maker"]
    population = {name: group.model_copy(update={"count": count}) for name, count in sizes.items()}
    both = small(1).model_copy(update={"population": population})
    names = labels_of([both], ("trader",))["trader"].tolist()
    assert len(names) == sum(sizes.values())
    assert len({*names}) == len(names)
    assert trader_names(both) == names


def test_a_trader_has_the_name_of_its_group_and_its_number():
    assert [trader_name(*each) for each in (("maker", 0), ("a", 10), ("a_", 1))] == [
        "maker0", "a10", "a_1",
    ]  # fmt: skip
    # Otherwise number 10 of group a and number 0 of group a1 were both a10.
    assert [trader_name(*each) for each in (("a1", 0), ("a1_", 0))] == ["a1_0", "a1__0"]


def test_the_page_lists_them():
    text = page.page()
    assert "### `pnl_marked_by_trader` by trader" in text
    by_trader = sum("trader" in each.dims for each in variables_of(OPTIONAL_DIMENSIONS))
    assert text.count("- Measured with `record.per_trader=true`") == by_trader > 2
    assert "NaN: in cells without that group (`missing_absent`)" in text
