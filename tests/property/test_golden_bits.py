"""No bit of a result changes unless that is meant: ``tests/golden/bits.json`` has them all.

The phases and the numbers of ``make validate`` are computed by ``make proof`` alone.
"""

from pathlib import Path

import numpy as np
import pytest

from tests.golden import bits
from tests.golden.bits import MACHINE, differences, lines, read
from tests.golden.hashing import entry, machine, same
from tests.golden.sections import SECTIONS
from tests.helpers.budget import is_proof

SHOWN = 20  # sentences of a failure
WANTED = [name for name, section in SECTIONS.items() if is_proof() or not section.in_proof]


@pytest.mark.parametrize("name", WANTED)
def test_no_bit_of_a_result_has_changed(name: str, tmp_path: Path) -> None:
    said = differences(read(), name, lines(SECTIONS[name].arrays(tmp_path)))
    if said:
        more = [f"and {len(said) - SHOWN} more of {name}"] if len(said) > SHOWN else []
        pytest.fail("\n".join([*said[:SHOWN], *more]), pytrace=False)


def test_the_table_has_every_section_and_no_other() -> None:
    assert read().keys() == {MACHINE, *SECTIONS}


def test_a_variable_that_changed_is_missing_or_is_new_is_named() -> None:
    kept = lines({"spread": np.array([0.1, 0.2]), "gone": np.arange(2)})
    found = lines({"spread": np.array([0.1, np.nextafter(0.2, 1)]), "new": np.arange(2)})
    said = differences({MACHINE: machine(), "here": kept}, "here", found)
    change = f"{kept['spread']} became {found['spread']}"
    assert said == [
        "here: gone is in the table but no more in the results: make golden",
        f"here: spread changed; if that is meant: make golden ({change})",
        "here: new is not in the table: make golden",
    ]


@pytest.mark.parametrize(
    "other",
    [[0.5, -0.0], [0.5, 1.0], [0.5], [0.5, np.nan], [0.0, 0.5], [np.nextafter(0.5, 1), 0.0]],
)
def test_every_bit_the_order_and_the_number_of_values_count(other: list[float]) -> None:
    assert entry(np.array(other)) != entry(np.array([0.5, 0.0]))


def test_the_kind_counts_but_neither_axes_of_length_one_nor_the_bits_of_nan() -> None:
    odd = np.array([0x7FF8000000000001], np.uint64).view(np.float64)
    assert entry(odd) == entry(np.array([[np.nan]]))
    assert entry(np.arange(3)) == entry(np.arange(3).reshape(1, 3, 1))
    assert entry(np.arange(3)) != entry(np.arange(3, dtype=np.int32))
    assert entry(np.arange(6).reshape(2, 3)) != entry(np.arange(6))
    assert entry(["a", "bc"]) != entry(["ab", "c"])


def test_another_machine_may_round_differently_and_no_more() -> None:
    values = np.array([0.1, -0.1, 3.0, np.nan])
    close, far = values * (1 + 1e-12), values * (1 + 1e-6)
    kept = entry(values)
    assert same(kept, entry(values), is_home=True)
    assert not same(kept, entry(close), is_home=True)
    assert same(kept, entry(close), is_home=False)
    assert not same(kept, entry(far), is_home=False)
    assert not same(kept, entry(np.array([0.1, -0.1, 3.0, 0.0])), is_home=False)
    assert not same(kept, entry(values[:, None] * [1, 1]), is_home=False)
    assert not same(entry(np.array([1, 2])), entry(np.array([2, 1])), is_home=False)
    assert not same(entry(np.array([1.0, 2.0])), entry(np.array([2.0, 1.0])), is_home=False)


def test_the_table_is_written_sorted_a_line_for_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bits, "PATH", tmp_path / "bits.json")
    table = {"b": {"y": "2", "x": "1"}, "a": {"z": "3"}}
    bits.write(table)
    assert read() == table
    text = bits.PATH.read_text().splitlines()
    assert [line.strip(' ,"')[0] for line in text] == list("{az}bxy}}")
