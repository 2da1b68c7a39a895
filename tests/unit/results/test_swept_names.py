"""How swept keys are written for a reader: short, with the unit that the configuration declares."""

import math
import re
from pathlib import Path

import pytest

import proteus
from proteus.results.coordinates import axis_unit, describe, key_head, labelled, short_name

CONF = Path(proteus.__file__).parents[1] / "conf"
KEY = re.compile(r"^ *(?P<key>[a-z_]+): +[-0-9.][^#]*# (?P<comment>.*)$")
IN_WORDS = {
    "1/s": ["per second"], "ms": ["ms"], "s": ["seconds"], "lots": ["lots"], "ticks": ["ticks"],
    "currency": ["currency"], "currency/lots": ["currency per lot"], "1": ["number of"],
}  # fmt: skip


def declared():
    """List the keys over numbers of the configuration, as they are swept, with their comments."""
    for path in sorted(CONF.rglob("*.yaml")):
        for line in path.read_text(encoding="utf-8").splitlines():
            found = KEY.match(line)
            if found:
                yield f"maker_policy_{found['key']}", found["comment"]


def test_a_unit_is_the_one_that_the_configuration_declares():
    known = [(key, axis_unit(key), comment) for key, comment in declared() if axis_unit(key)]
    assert len(known) > 100
    for key, unit, comment in known:
        assert any(re.search(rf"\b{each}\b", comment) for each in IN_WORDS[unit]), (key, comment)


@pytest.mark.parametrize(("key", "head", "value", "text"), [
    ("delta", "delta (ms)", 100.0, "delta=100 ms"),
    ("maker_policy_half_spread", "maker half spread (currency)", 0.01,
     "maker half spread=0.01 currency"),
    ("informed_schedule_rate_per_s", "informed rate (1/s)", 2.0, "informed rate=2/s"),
    ("mechanism_request_ttl_ms", "request ttl (ms)", 400, "request ttl=400 ms"),
    ("mechanism", "mechanism", "fba", "mechanism=fba"),
    ("maker_count", "maker count", 2, "maker count=2"),
    ("latent", "latent", "bayesian", "latent=bayesian"),
    ("horizon_s", "horizon (s)", 20.0, "horizon=20 s"),
])  # fmt: skip
def test_a_key_is_written_with_its_unit_once(key, head, value, text):
    assert key_head(key) == head
    assert labelled(key, value) == text
    assert short_name(key) in text


def test_a_cell_is_called_by_what_its_mechanism_uses():
    cell = {"mechanism": "fba", "delta": 100.0, "mechanism_request_ttl_ms": math.nan}
    assert describe(cell) == "fba (delta=100 ms)"
    assert describe({"mechanism": "clob", "delta": math.nan}) == "clob"
