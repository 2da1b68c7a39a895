"""Windows of stress: what a cell refuses, and what the yaml files say."""

import functools
import json
from pathlib import Path
from typing import NamedTuple

import pytest

from proteus.configuration.reading import read_cell
from proteus.errors import ConfigError
from proteus.plans import planner
from tests.helpers.cells import cell

CONF = Path(__file__).resolve().parents[4] / "conf" / "stress"
ARRIVALS = "population.noise.schedule.rate_per_s"
LEVERAGED = ["population=leveraged", "credit=pool"]
AROUND = {
    "spoof_burst": ["population=spoofed", "execution=depth"],
    "oracle_lag": ["environment=oracle"],
    "stale_oracle": ["environment=oracle"],
    **dict.fromkeys(["lenders_away", "liquidators_away", "utilisation_spike"], LEVERAGED),
    "fee_spike": ["costs=notional", "costs.taker_ppm=500"],
    "fork": ["settlement=blocks", "environment=blocks"],
}
pytestmark = pytest.mark.plain


class One(NamedTuple):
    """A window as a yaml has it."""

    key: str
    begin: float = 8
    end: float = 12
    factor: float | None = 2
    value: float | None = None
    name: str = "x"

    def __str__(self):
        return json.dumps({
            "key": self.key, "from_s": self.begin, "to_s": self.end, "factor": self.factor,
            "value": self.value,
        })  # fmt: skip


@functools.cache
def composed(*words):
    return cell("horizon_s=20", *words).model_dump(mode="json")


def read(said):
    """Read a cell whose words were composed once, with windows."""
    words = [word for word in said if isinstance(word, str)]
    windows = {each.name: json.loads(str(each)) for each in said if isinstance(each, One)}
    return read_cell(composed(*words) | {"stress": {"windows": windows}})


MISTAKES = {
    "no such key": ([One("latent.dt")], "key=latent.dt is not allowed: must be one of pop"),
    "no such leg": ([One("population.maker.latency.back")], "must be one of population.GROUP"),
    "no such group": ([One("population.dealer.lots", factor=0)], "with traders: maker, informed"),
    "an empty group": (
        ["population.noise.count=0", One(ARRIVALS)], f"key={ARRIVALS} is not allowed: must be of a"
    ),
    "backwards": ([One(ARRIVALS, 12, 8)], "to_s=8 is not allowed: must be more than from_s=12"),
    "beyond the end": ([One(ARRIVALS, 8, 21)], "to_s=21 is not allowed: must be at most horizon"),
    "both": ([One(ARRIVALS, value=3)], "exactly one of factor and value must be given"),
    "neither": ([One(ARRIVALS, factor=None)], "exactly one of factor and value must be given"),
    "below zero": ([One(ARRIVALS, factor=-1)], "factor=-1 is not allowed"),
    "no time at all": ([One("population.*.latency", factor=0)], "factor=0.0 is not allowed"),
    "a value of a law": (
        [One("population.*.latency", factor=None, value=5)], "null, with a factor"
    ),
    "more than it wants": ([One("population.maker.lots")], "at most 1: nobody sends more"),
    "nobody with a rate": (
        ["population.sniper.schedule.law=none", "population.sniper.schedule.rate_per_s=0",
         "population.sniper.schedule.jitter=0", One("population.sniper.schedule.rate_per_s")],
        "schedule.law periodic or poisson",
    ),
    "tabulated news": (["latent=log_odds", One("latent.jump_rate_per_s")], "be of latent=bayesian"),
    "no jumps": (["latent.jump_rate_per_s=0", One("latent.jump_rate_per_s")], "rate_per_s above 0"),
    "no oracle": ([One("environment.oracle.lag_ms")], "with an oracle, as environment=oracle has"),
    "a lag without end": (
        ["environment=oracle", One("environment.oracle.lag_ms", factor=None, value=600000)],
        "a lag of at most 10000 times check_ms",
    ),
    "no fees": ([One("costs.scale")], "that charges, as costs=notional does"),
    "no blocks": ([One("settlement.fork_probability")], "must be of settlement=blocks"),
    "more than certain": (
        [*AROUND["fork"], One("settlement.fork_probability", factor=200)],
        "a chance of at most 1",
    ),
    "two at once": (
        [One(ARRIVALS), One("population.*.schedule.rate_per_s", 11, 13, name="y")],
        "from_s=11 is not allowed: must be outside of stress.windows.x",
    ),
    "two on one leg": (
        [One("population.maker.latency"), One("population.*.latency.submission", 9, 10, name="y")],
        "outside of stress.windows.x",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("words", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_what_contradicts_is_said_in_a_sentence(words, sentence):
    with pytest.raises(ConfigError) as caught:
        read(words)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_windows_that_touch_and_legs_that_differ_are_no_contradiction():
    read([One(ARRIVALS), One(ARRIVALS, 12, 14, name="y")])
    legs = [
        One(f"population.maker.latency.{leg}", name=leg) for leg in ("submission", "market_data")
    ]
    read(legs)


def test_a_cell_without_windows_is_what_it_was():
    assert "stress" not in cell().canonical()
    assert not cell().needs_rules
    assert read([One(ARRIVALS)]).needs_rules


@pytest.mark.parametrize("path", sorted(CONF.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_yaml_is_read(path):
    made = cell("horizon_s=20", f"stress={path.stem}", *AROUND.get(path.stem, []))
    assert made.stress.is_used == (path.stem != "none")


def test_an_axis_that_scales_no_rate_is_refused():
    words = ["stress=fee_spike", "stress.windows.spike.factor=2,4", "costs=notional"]
    with pytest.raises(ConfigError, match="changes nothing: for it to count, costs must have a"):
        planner.from_words(words)
    assert len(planner.from_words([*words, "costs.taker_ppm=5"]).cells) == 2
