"""Curves and liquidation rules of other packages: what is held against them, ours as theirs."""

from __future__ import annotations

import numpy as np
import pytest

import proteus
from proteus.compiler.jit import inline_kernel
from proteus.errors import ConfigError
from proteus.market.lending import added, liquidation, pool
from proteus.market.lending.base import (
    FIRST_ADDED,
    LiquidationKind,
    LiquidationRule,
    RateCurve,
    RateKind,
)
from proteus.market.lending.curves import WAD
from proteus.replaying.lending import proteus_pool
from proteus.testing import check_liquidation, check_rates
from proteus.testing import lending as checking

pytestmark = pytest.mark.plain

WALLETS = {"lender": (10**13, 0), "maker": (10**12, 1_000)}


class OfNumbers(RateCurve):
    """What a package would add."""

    name: str
    height: int

    @property
    def numbers(self):
        return (self.height,)


class OfParts(LiquidationRule):
    """And here."""

    name: str


@pytest.fixture
def with_curve(monkeypatch):
    """Let a curve be that of another package for a while."""

    def add(rate):
        kind = RateKind(OfNumbers, inline_kernel(rate))
        monkeypatch.setitem(added.ADDED_CURVES, "theirs", kind)
        monkeypatch.setitem(added.CURVE_CODES, "theirs", FIRST_ADDED)
        chain = added.or_rate(FIRST_ADDED, kind.rate, added.rate_added)
        monkeypatch.setattr(pool, "rate_added", chain)
        monkeypatch.setattr(checking, "_machine", lambda _: chain)

    return add


@pytest.fixture
def with_rule(monkeypatch):
    """The same for a rule."""

    def add(most_repaid):
        kind = LiquidationKind(OfParts, inline_kernel(most_repaid))
        monkeypatch.setitem(added.ADDED_POLICIES, "theirs", kind)
        monkeypatch.setitem(added.POLICY_CODES, "theirs", FIRST_ADDED)
        chain = added.or_rule(FIRST_ADDED, kind.most_repaid, added.most_repaid_added)
        monkeypatch.setattr(liquidation, "most_repaid_added", chain)
        monkeypatch.setattr(checking, "_machine", lambda _: chain)

    return add


def test_the_names_of_ours_are_those_of_the_tables():
    assert tuple(pool.POOL_CURVES) == added.OUR_CURVES
    assert tuple(liquidation.POLICIES) == added.OUR_POLICIES
    codes = (*pool.POOL_CURVES.values(), *liquidation.POLICIES.values())
    assert max(codes) < FIRST_ADDED


@pytest.mark.parametrize(
    ("name", "keys"),
    [("fixed", {"base": WAD // 10}), ("kinked", {"slope_1": WAD // 25, "slope_2": WAD // 2}),
     ("adaptive", {})],
)  # fmt: skip
def test_our_curves_keep_the_contract(name, keys):
    check_rates(name, keys)


@pytest.mark.parametrize("name", added.OUR_POLICIES)
def test_our_rules_keep_the_contract(name):
    check_liquidation(name, {"protocol_share": WAD // 10})


def test_a_curve_charges_what_it_says(with_curve):
    """A rate of 2 x utilisation: 0.5 of it, at 0.25 lent, on 250 for a tenth of a year: 12.5."""
    with_curve(lambda numbers, used: numbers[0] * (used // 10**9))
    check_rates("theirs", {"height": 2 * 10**9})
    nano = 10**9
    rows = [
        {"kind": "supply", "agent": "lender", "amount": 1_000 * nano},
        {"kind": "add_collateral", "agent": "maker", "amount": 1_000},
        {"kind": "borrow", "agent": "maker", "amount": 250 * nano},
        {"time_s": 100, "kind": "accrue"},
        {"time_s": 200, "kind": "accrue"},
    ]
    lent = proteus.replay(
        rows, mechanism="pool", wallets=WALLETS, price=nano // 2, year_s=1_000, accrue_s=100,
        curve={"name": "theirs", "height": 2 * 10**9},
    )  # fmt: skip
    # The step in which it is borrowed has the rate before it: none.
    assert lent.pool["interest"].tolist()[-2:] == [0, 12_500_000_000]


@pytest.mark.parametrize(
    ("rate", "reason"),
    [
        (lambda numbers, used: WAD - used, "and below it"),
        (lambda numbers, used: used / 2, "is no whole number"),
    ],
)
def test_a_curve_that_is_none_is_noticed(with_curve, rate, reason):
    with_curve(rate)
    with pytest.raises(AssertionError, match=reason):
        check_rates("theirs", {"height": 1})


def test_a_rate_below_nothing_is_nothing(with_curve):
    with_curve(lambda numbers, used: -used)
    check_rates("theirs", {"height": 1})


def test_a_rule_is_bounded_by_the_debt_and_a_nano(with_rule):
    for most, expected in ((lambda *about: np.int64(0), 1), (lambda *about: 2 * about[-1], 77)):
        with_rule(most)
        policy = liquidation.Policy(FIRST_ADDED, 0, 0, 0, 0, 0)
        about = (np.int64(each) for each in (WAD // 2, 1, 1, 1, 77))
        assert liquidation.most_repaid(policy, *about) == expected
        check_liquidation("theirs")


def test_a_rule_that_is_none_is_noticed(with_rule):
    with_rule(lambda *about: about[-1] * 0.5)
    with pytest.raises(AssertionError, match="is no whole number"):
        check_liquidation("theirs")


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"curve": {"name": "their"}}, "curve.name='their' does not exist; did you mean theirs?"),
        ({"curve": {"name": "theirs"}}, "height is missing"),
        ({"curve": {"name": "theirs", "height": 1, "width": 2}}, "unknown key width"),
        ({"curve": {"name": "theirs", "height": 0.5}}, "height=0.5 is not allowed: must be a who"),
        ({"curve": "theirs"}, "curve='theirs' is not allowed: must be fixed, kinked, adaptive"),
        ({"policy": {"name": "mine"}}, "policy.name='mine' does not exist"),
        ({"policy": {}}, "policy.name=None does not exist"),
    ],
)
def test_keys_that_are_wrong_are_said_in_one_sentence(with_curve, terms, sentence):
    with_curve(lambda numbers, used: used)
    with pytest.raises(ConfigError) as caught:
        proteus.replay([], mechanism="pool", wallets=WALLETS, price=1, **terms)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert proteus_pool.TERMS["curve"].kinds is added.ADDED_CURVES


def test_names_that_are_nobody_s_are_noticed():
    with pytest.raises(AssertionError, match="there is no curve theirs"):
        check_rates("theirs")
    with pytest.raises(AssertionError, match="there is no rule theirs"):
        check_liquidation("theirs")
