"""Completion without composing says what Hydra says, or leaves it to Hydra."""

import json

import pytest

from proteus import __main__ as command
from proteus.configuration import choices
from proteus.configuration.completion import VALUES, words_for

pytestmark = pytest.mark.plain


@pytest.mark.parametrize("line", [
    "", "mech", "population.", "population.maker.policy.", "seeds.co", "delta", "delta=",
    "metrics.horizons_ms", "execution", "execution/", "nothing", "ax", "study",
    "latent=log_odds latent.", "mechanism=rfq delta=5 mechanism.t", "costs=kalshi costs.",
    "mechanism=clob settlement=t_plus settlement.", "latent=log_odds latent.mean_reversion_per_s=",
])  # fmt: skip
def test_it_says_what_hydra_says(line):
    words = line.split(" ")
    quick = words_for(words)
    assert quick is not None
    begun = [word for word in quick if word.startswith(words[-1])]
    asked = [word for word in command._of_hydra(words) if word.startswith(words[-1])]
    assert sorted(begun) == sorted(word for word in asked if not word.startswith("hydra"))


@pytest.mark.parametrize("line", [
    "population=calibrated population.", "+experiment=phase2 pop", "population.maker=lab pop",
    "filter=kalman pop", "risk@population.maker.risk=none pop", "delta pop", "mechanism=no pop",
    "delta='5' pop", "+trader@population.x=noise population.x.", "+exp",
    "mechanism=clob,fba mechanism.self_trade=", "output_dir=",
])  # fmt: skip
def test_what_takes_more_is_left_to_hydra(line):
    assert words_for(line.split(" ")) is None


@pytest.mark.parametrize("line", [
    "mechanism.price_rule=", "population.noise.schedule.law=", "mechanism=rfq mechanism.tie=",
    "seeds.design=", "record.per_run=", "costs=kalshi costs.rounding=",
    "precision=power precision.name=",
])  # fmt: skip
def test_values_are_those_of_the_schema(line):
    *others, last = line.split(" ")
    quick = words_for([*others, last])
    assert quick
    assert quick == choices.words_for(last.removesuffix("="), others)


def test_the_table_of_values_is_that_of_the_schema():
    """``make docs`` writes it anew; the options here stand for all of them."""
    written = json.loads(VALUES.read_text(encoding="utf-8"))
    made = choices.tabulate(["mechanism=rfq", "incentives=staking"])
    assert made == {name: written[name] for name in made}


def test_options_of_a_group_are_its_files():
    assert words_for(["mechanism="]) == [
        "mechanism=clob", "mechanism=dual_flow", "mechanism=fba", "mechanism=rfq",
    ]  # fmt: skip


def test_lists_of_values_hinder_nothing_and_numbers_are_completed():
    """Hydra itself offers nothing here."""
    assert "mechanism.tie=" in words_for(["mechanism=rfq", "delta=5,10", "mechanism."])
    assert words_for(["horizon_s=2"]) == ["horizon_s=20"]
