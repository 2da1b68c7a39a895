"""Every filter and every quoting rule keeps the contract, and what breaks it is told."""

import math

import pytest

from proteus.errors import ConfigError
from proteus.market.makers.filters import ewma
from proteus.market.makers.filters.codes import OURS as FILTERS
from proteus.market.makers.quoting import fixed, glft
from proteus.market.makers.quoting.codes import OURS as RULES
from proteus.testing import check_filter, check_quoting

pytestmark = pytest.mark.nojit


@pytest.mark.parametrize("name", FILTERS)
def test_filters(name):
    check_filter(name)


@pytest.mark.parametrize("name", RULES)
def test_rules(name):
    check_quoting(name)


def test_what_there_is_not():
    with pytest.raises(ConfigError, match=r"^filter=kalmn does not exist: there is no conf/filter"):
        check_filter("kalmn")
    with pytest.raises(ConfigError, match=r"^quoting=gltf does not exist"):
        check_quoting("gltf")


def a_price_that_rises(s, q, *_):
    return s + 0.001 * q, 0.02


BROKEN = {
    "no half-spread": (fixed, lambda s, _: (s, math.nan), "fixed: a half-spread of nan"),
    "no number": (fixed, lambda s, h: (math.nan, h), "fixed: a reservation price of nan"),
    "no volatility": (glft, lambda s, *_: (s, 0.02), "glft: its volatility does nothing"),
    "inventory": (glft, a_price_that_rises, "glft: its price rises with its inventory"),
}


@pytest.mark.parametrize(("module", "rule", "told"), BROKEN.values(), ids=BROKEN)
def test_a_rule_that_is_broken_is_told(monkeypatch, module, rule, told):
    """A volatility that does nothing is one of a public package."""
    monkeypatch.setattr(module, "quote", rule)
    with pytest.raises(AssertionError, match=f"^{told}"):
        check_quoting(module.__name__.rpartition(".")[2])


def test_a_filter_that_is_broken_is_told(monkeypatch):
    monkeypatch.setattr(ewma, "update", lambda *_: (1.5, 1.0))
    with pytest.raises(AssertionError, match=r"^ewma: it leaves 0 .. 1"):
        check_filter("ewma")
    monkeypatch.undo()
    monkeypatch.setattr(ewma, "ready", lambda *_: False)
    with pytest.raises(AssertionError, match=r"^ewma: it is not ready after 10 looks"):
        check_filter("ewma")
