"""Settlement's configurations: what contradicts, and what the yaml files say."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from proteus.market.settlement.legs import MODE_BLOCKS, MODE_DELAYED, MODE_IMMEDIATE
from proteus.market.settlement.models import SETTLEMENT_MODELS
from proteus.market.settlement.setup import allocate_settlement, terms_of
from tests.helpers.settling import BLOCKS, DELAYED

CONF = Path(__file__).resolve().parents[4] / "conf" / "settlement"
pytestmark = pytest.mark.plain


def read(values):
    return SETTLEMENT_MODELS[values["mode"]](**values)


@pytest.mark.parametrize(
    ("values", "key", "sentence"),
    [
        (DELAYED | {"delay_ms": 1}, "delay_ms", "exactly one of delay_ms and cycle_ms must be"),
        (DELAYED | {"cycle_ms": None}, "delay_ms", "exactly one of delay_ms and cycle_ms must be"),
        (DELAYED | {"cycle_ms": 0}, "cycle_ms", "must be more than 0"),
        (DELAYED | {"retries": -1}, "retries", "greater than or equal to 0"),
        (DELAYED | {"fail_penalty_ppm": 10**6 + 1}, "fail_penalty_ppm", "less than or equal"),
        (BLOCKS | {"finality_blocks": 0}, "finality_blocks", "greater than or equal to 1"),
        (BLOCKS | {"fork_probability": 1.5}, "fork_probability", "less than or equal to 1"),
        (BLOCKS | {"fork_depth": 3}, "fork_depth", "at most finality_blocks=2: what is final"),
    ],
)  # fmt: skip
def test_what_contradicts_is_said_in_a_sentence(values, key, sentence):
    with pytest.raises(ValidationError) as caught:
        read(values)
    (error,) = caught.value.errors()
    assert (error["loc"] or (error["ctx"]["key"],))[-1] == key
    assert sentence in error["msg"]


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("immediate", MODE_IMMEDIATE),
        ("t_plus", MODE_DELAYED),
        ("cycle", MODE_DELAYED),
        ("blocks", MODE_BLOCKS),
    ],
)
def test_every_yaml_is_read(name, mode):
    terms = terms_of(read(yaml.safe_load((CONF / f"{name}.yaml").read_text())), 7)
    assert terms.mode == mode
    assert terms.nets == (name == "cycle")


def test_every_yaml_is_tested():
    assert {path.stem for path in CONF.glob("*.yaml")} == {"immediate", "t_plus", "cycle", "blocks"}


def test_immediate_settlement_takes_no_room():
    uids, limited = np.array([1, 2]), np.array([True, True])
    state = allocate_settlement(read({"mode": "immediate"}), 7, 3, 50, uids, limited)
    arrays = [array for part in state[1:] for array in part]
    assert {array.shape for array in arrays if array.size} == {(3,)}
    assert all(array.size == 0 for part in (state.held, state.parties) for array in part)
