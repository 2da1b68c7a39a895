"""What models read, what they refuse, and that a package can bring one of its own."""

from fractions import Fraction
from typing import Literal

import pytest
import yaml
from pydantic import ValidationError

from proteus.market.costs import models
from proteus.market.costs.base import CostKind, CostModel
from proteus.market.costs.codes import MAKER
from proteus.testing import check_costs
from tests.helpers.charging import CONF, charge, cost, costs_of, model

pytestmark = pytest.mark.plain
FILES = sorted(path.stem for path in CONF.glob("*.yaml"))


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_read_and_has_all_keys_of_its_model(name):
    read = model(name, **({"parts": [{"model": "gas"}]} if name == "parts" else {}))
    keys = set(type(read).model_fields)
    if name in ("none", "parts"):  # nothing of theirs is rounded
        keys -= {"rounding", "round_to", "minimum"}
    assert read.model_fields_set == keys
    assert type(read).model_validate(read.model_dump(mode="json")) == read
    costs_of(read, n_ticks=1000)


def test_every_model_has_a_file():
    named = [yaml.safe_load((CONF / f"{name}.yaml").read_text())["model"] for name in FILES]
    assert set(named) == set(models.COST_MODELS)


@pytest.mark.parametrize("keys", [{}, {"model": "parts", "parts": [{"model": "none"}]}])
def test_what_charges_nothing_has_no_part(keys):
    costs = costs_of(model("none", **keys))
    assert costs.tables.kind.shape == (0,)
    assert charge(costs, 50, 100) == {}


def test_parts_add_up_and_scale_multiplies_all_rates():
    one = {"model": "notional", "taker_ppm": 1000, "scale": 2}
    other = {"model": "smaller_leg", "taker_ppm": 3000}
    read = model("parts", parts=[one, other, {"model": "none"}], scale=0.5)
    assert cost(read, 40, 1000) == Fraction(400, 1000) + Fraction(3 * 400, 2 * 1000)


def test_scale_leaves_amounts_as_they_are():
    read = model("notional", taker_per_lot=0.01, scale=0.001, minimum=0.05, round_to=0.01)
    assert cost(read, 50, 1000) == Fraction(5, 100)


@pytest.mark.parametrize(
    ("keys", "where", "allowed"),
    [
        ({"model": "parts", "parts": [{"model": "gass"}]}, ("parts", 0),
         "its part gass does not exist; did you mean gas?"),
        ({"model": "parts", "parts": [{"model": "parts"}]}, ("parts", 0), "does not exist"),
        ({"model": "parts", "parts": [{"model": "gas", "tips": 1}]}, ("parts", 0),
         "tips of its part gas: unknown key"),
        ({"model": "parts", "parts": [{"model": "gas", "tip": -1}]}, ("parts", 0),
         "tip of its part gas: must be a number of at least 0"),
        ({"model": "parts", "parts": []}, (), "must hold at least one model, as [{model: gas}]"),
        ({"model": "parts", "parts": [{"model": "gas"}], "minimum": 1}, (),
         "each of the parts has its own"),
        ({"model": "parts", "parts": [{"model": "tiered", "window_s": w, "tiers": [
            {"taker": 1, "maker": 1}]} for w in (1, 2)]}, (),
         "tiers must have one window_s in all parts"),
        ({"model": "tiered", "tiers": []}, (), "must hold at least one tier"),
        ({"model": "tiered", "tiers": [{"volume": 5, "taker": 1, "maker": 1}]}, (),
         "must be 0: everyone has the first tier"),
        ({"model": "binary_quadratic", "exponent": 9}, ("exponent",), "less than or equal to 8"),
        ({"model": "binary_quadratic", "exponent": 0.5}, ("exponent",), "valid integer"),
        ({"model": "binary_quadratic", "balance_to": 0}, ("balance_to",), "more than 0, or null"),
        ({"model": "surplus", "taker_share": -1}, ("taker_share",), "at least 0"),
        ({"model": "notional", "rounding": "up"}, ("rounding",), "'against_payer'"),
    ],
)  # fmt: skip
def test_what_is_refused(keys, where, allowed):
    with pytest.raises(ValidationError) as caught:
        model(**keys)
    (error,) = caught.value.errors()
    assert error["loc"] == where
    assert allowed in error["msg"]


class Exotic(CostModel):
    """A model of another package: what a lot costs is any function of the price."""

    model: Literal["exotic"]

    def per_lot(self, role, side, price, tier):
        """Takers pay p cubed, makers get a third of that below 0.5, and pay it above."""
        third = (1 if price > Fraction(1, 2) else -1) * price**3 / 3
        return third if role == MAKER else price**3


def test_a_model_of_another_package_is_charged_like_ours(monkeypatch):
    assert CostKind(Exotic).config is Exotic
    monkeypatch.setitem(models.COST_MODELS, "exotic", Exotic)
    read = model(model="exotic")
    assert cost(read, 30, 1000) == 27
    assert charge(costs_of(read), 30, 1000, role=MAKER) == {"rebate": 9}
    assert charge(costs_of(read), 60, 1000, role=MAKER) == {"fee": 72}
    added = model("parts", parts=[{"model": "exotic"}, {"model": "notional", "taker_ppm": 1000}])
    assert cost(added, 30, 1000) == 27 + Fraction(3, 10)


@pytest.mark.parametrize("name", ["kalshi", "polymarket_us", "dydx", "surplus", "gas", "none"])
def test_our_files_owe_what_those_of_others_owe(name):
    check_costs(name, mechanisms=("fba",))


def test_a_charge_that_is_not_what_the_model_says_is_found(monkeypatch):
    monkeypatch.setattr("proteus.testing.costs.charge_fill", lambda *given: None)
    with pytest.raises(AssertionError, match="maker_taker: 1 lots at 1 of 100"):
        check_costs("maker_taker", mechanisms=())
