"""Which lanes a selection picks, and what it says when there are none."""

import numpy as np
import pytest

from proteus.basics.selection import choose
from proteus.configuration import overrides
from proteus.errors import ConfigError
from proteus.plans import planner

GRID = ("mechanism=clob,fba", "delta=50,100", "seeds.count=4", "seeds.first=10")
# Cell 0: clob at both delta; 1: fba at 50; 2: fba at 100. Seeds 10 .. 13.
NONE, ALL = [], [10, 11, 12, 13]


@pytest.fixture(scope="module")
def made():
    return planner.from_words(GRID)


def seeds(made, mask):
    return made.replicates[mask].tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all", [ALL, ALL, ALL]),
        ("seed:10", [[10], [10], [10]]),
        ("seed:11..12", [[11, 12]] * 3),
        ("seed:10..13", [ALL] * 3),
        ("cell:1", [NONE, ALL, NONE]),
        ("mechanism:fba", [NONE, ALL, ALL]),
        ("delta:50", [ALL, ALL, NONE]),
        ("delta:50.0", [ALL, ALL, NONE]),
        ("mechanism:fba/delta:100", [NONE, NONE, ALL]),
        ("cell:2/seed:13", [NONE, NONE, [13]]),
        ("seed:13/cell:2", [NONE, NONE, [13]]),
        ("seed:10+cell:1/seed:12..13", [[10], [10, 12, 13], [10]]),
        ("mechanism:clob/all", [ALL, NONE, NONE]),
    ],
)
def test_lanes_of_a_selection(made, text, expected):
    assert [seeds(made, choose(text, made, cell).always) for cell in range(3)] == expected
    assert not any(choose(text, made, cell).if_violated.any() for cell in range(3))


@pytest.mark.parametrize(
    ("text", "always", "if_violated"),
    [
        ("violations", [NONE] * 3, [ALL] * 3),
        ("violations/cell:1", [NONE] * 3, [NONE, ALL, NONE]),
        ("seed:10+violations", [[10]] * 3, [ALL] * 3),
        ("cell:0/seed:10+violations/seed:12", [[10], NONE, NONE], [[12]] * 3),
    ],
)
def test_violations_are_recorded_when_they_happen(made, text, always, if_violated):
    found = [choose(text, made, cell) for cell in range(3)]
    assert [seeds(made, each.always) for each in found] == always
    assert [seeds(made, each.if_violated) for each in found] == if_violated


def test_nothing_is_chosen_by_default(made):
    assert made.settings.record.events is None
    assert made.settings.record.traces is None
    chosen = choose(None, made, 0)
    assert not chosen.always.any()
    assert not chosen.if_violated.any()


@pytest.mark.parametrize(
    "text", ["seed:0..3", "cell:1/seed:0..3+violations", "mechanism:fba", "violations", "all"]
)
def test_a_shell_and_hydra_need_no_quotes(text):
    assert not set(text) & set(" ,*?[]{}$&|;<>()'\"\\#~")
    assert not overrides.is_axis(f"record.events={text}")
    made = planner.from_words([f"record.events={text}", f"record.traces={text}", "delta=50,100"])
    assert made.settings.record.events == made.settings.record.traces == text
    in_python = planner.from_mapping(
        {"record": {"events": text, "traces": text}, "delta": [50, 100]}
    )
    assert in_python.settings.record == made.settings.record


REFUSED = [
    line.split(" | ")
    for line in """
seed:5 | the run has seeds 10 to 13
seed:13..14 | the run has seeds 10 to 13
seed:12..11 | seed:12..11 must go upwards, as seed:11..12
seed:x | seed:x must name seeds, as seed:5 or seed:0..3
seed:-1 | seed:-1 must name seeds
seed: | must name lanes, as seed:0..3
cell:3 | the plan has cells 0 to 2
cell:fba | cell:fba must name a cell by its number
mechanism:cda | mechanism must be one of clob, fba
delta:75 | delta must be one of 50, 100
latent_dt:10 | latent_dt must be seed, cell or one of mechanism, delta
seeds | must name lanes
all+ | must name lanes
Seed:1 | must name lanes
cell:0/mechanism:fba | no lane is cell:0/mechanism:fba
seed:10/seed:11 | no lane is seed:10/seed:11
all:3 | all must be seed, cell or one of mechanism, delta
""".strip().splitlines()
]


@pytest.mark.parametrize("key", ["events", "traces"])
@pytest.mark.parametrize(("text", "allowed"), REFUSED)
def test_a_selection_of_what_there_is_not_is_refused(key, text, allowed):
    with pytest.raises(ConfigError) as caught:
        planner.from_words([*GRID, f"record.{key}={text}"])
    sentence = str(caught.value)
    assert sentence.startswith(f"record.{key}={text} is not allowed: ")
    assert allowed in sentence
    assert "\n" not in sentence


def test_what_is_recorded_is_no_part_of_the_cell():
    plain = planner.from_words(GRID)
    other = planner.from_words([*GRID, "record.events=all", "record.trace_step_ms=5"])
    assert other.config_hash == plain.config_hash
    assert np.array_equal(other.cell_of, plain.cell_of)
