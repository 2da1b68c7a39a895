"""The laboratory maker, alone: readiness, bounds, sides, what it fits, and what it may see."""

import math

import numpy as np
import pytest
import yaml

from proteus.configuration.locate import conf_folder
from proteus.errors import ConfigError
from proteus.market.agents import lab_maker
from proteus.market.agents.base import (
    Members,
    decide_charged,
    learn_fill_one,
    learn_price_one,
)
from proteus.market.agents.lab_maker import LabMakerPolicy
from proteus.market.agents.traders import allocate_intents, allocate_private, allocate_view
from proteus.market.book.codes import BUY, SELL
from proteus.market.costs.state import Uncharged
from proteus.testing.lanes import cell

pytestmark = pytest.mark.plain

MS, S = 10**6, 10**9
COMMON = {
    "min_half_spread": 0, "max_half_spread": None, "not_ready": "nothing", "quote_lots": 10,
    "inventory_limit_lots": 100, "at_limit": "pull", "widen_by": 0,
}  # fmt: skip
FILTERS = ("tape", "tape_only", "ewma", "kalman", "oracle", "microprice", "imbalance")
RULES = ("linear", "fixed", "avellaneda_stoikov", "glft", "cartea_jaimungal")
FIXED = ("fixed", {"half_spread": 0.01})


def part(group, name, **keys):
    tree = yaml.safe_load((conf_folder() / group / f"{name}.yaml").read_text())
    return {k: 20 if v == "${horizon_s}" else v for k, v in tree.items()} | keys


class Mind:
    """One maker in parts who sees what the test writes."""

    def __init__(self, seen="kalman", rule="fixed", belief=0.5, **policy):
        (seen, of_filter), (rule, of_rule) = (
            each if isinstance(each, tuple) else (each, {}) for each in (seen, rule)
        )
        parts = {
            "filter": part("filter", seen, **of_filter),
            "quoting": part("quoting", rule, **of_rule),
        }
        policies = ((0, LabMakerPolicy(**parts, **COMMON | policy)),)
        self.state = lab_maker.make(Members(policies, np.zeros(1), 1, 1, 1000, 100, belief))
        self.view, self.private = allocate_view(1, 8), allocate_private(1, 1)
        self.intents = allocate_intents(1)

    def decide(self, time=0, prints=(), signal=None, look=0, book=None, report=-1):
        self.view.time[0], self.view.n_prints[0] = time, len(prints)
        self.view.print_price[0, : len(prints)] = prints
        self.view.look[0], self.view.signal[0] = look, 0.0 if signal is None else signal
        seen = self.state.seen
        bid, ask, bid_lots, ask_lots = book or (None, None, 0, 0)
        seen.has_bid[0], seen.has_ask[0] = bid is not None, ask is not None
        seen.bid[0], seen.ask[0] = bid or -1, ask or -1
        seen.bid_lots[0], seen.ask_lots[0], seen.report[0] = bid_lots, ask_lots, report
        self.intents.count[0] = 0
        decide_charged(
            self.state, self.view, self.private, signal is not None, Uncharged(), self.intents, 0, 0
        )
        assert list(self.intents.side[0, :2]) == [BUY, SELL]
        lots, prices = self.intents.lots[0, :2], self.intents.price[0, :2]
        return tuple(int(p) if n > 0 else None for p, n in zip(prices, lots, strict=True))

    def fill(self, sign, time=0):
        learn_fill_one(self.state, 0, 0, float(sign), 0.5, time, time)

    @property
    def belief(self):
        return float(self.state.maker.belief[0, 0])


# --- readiness ------------------------------------------------------------------------------------

SHOWN = {
    "ewma": {"prints": [520]}, "kalman": {"signal": 0.52}, "oracle": {"report": 520_000_000},
    "microprice": {"book": (510, 530, 5, 5)}, "imbalance": {"book": (510, 530, 5, 5)},
}  # fmt: skip


@pytest.mark.parametrize("name", SHOWN)
def test_until_its_filter_is_ready_a_maker_quotes_nothing(name):
    mind = Mind((name, {"start_variance": 1} if name == "kalman" else {}), FIXED)
    assert mind.decide() == (None, None)
    bid, ask = mind.decide(time=MS, **SHOWN[name])
    assert (bid + ask) / 2 == pytest.approx(520, abs=1)


@pytest.mark.parametrize("name", SHOWN)
def test_or_its_widest(name):
    mind = Mind(name, FIXED, not_ready="widest", max_half_spread=0.2)
    assert mind.decide() == (300, 700)


@pytest.mark.parametrize("name", ["tape", "tape_only"])
def test_the_tape_is_always_ready(name):
    assert Mind(name, FIXED).decide() == (490, 510)


@pytest.mark.parametrize("book", [(510, None, 5, 0), (None, 530, 0, 5), (510, 530, 0, 0), None])
@pytest.mark.parametrize("name", ["microprice", "imbalance"])
def test_a_one_sided_market_takes_a_filter_of_the_book_out(name, book):
    mind = Mind(name, FIXED)
    assert mind.decide(book=(510, 530, 5, 5)) == (510, 530)
    assert mind.decide(time=MS, book=book) == (None, None)
    assert mind.belief == pytest.approx(0.52)  # the last estimate stays


# --- bounds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_keeps_its_half_spread_within_bounds(rule):
    assert Mind("tape", rule, min_half_spread=0.1).decide() == (400, 600)
    narrow = Mind("tape", rule, max_half_spread=0.002).decide()
    assert narrow == (498, 502)


@pytest.mark.parametrize("rule", RULES)
def test_prices_round_outward(rule):
    """At an estimate that is no tick, to a half-spread of 0: one tick apart."""
    mind = Mind(("ewma", {"gain": 1}), rule, max_half_spread=0.0)
    assert mind.decide(signal=0.5004) == (500, 501)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("belief", [0.004, 0.996])
def test_a_side_outside_of_the_prices_is_not_quoted(rule, belief):
    bid, ask = Mind("tape", rule, belief=belief, min_half_spread=0.006).decide()
    assert (bid is None) == (belief < 0.5)
    assert (ask is None) == (belief > 0.5)


@pytest.mark.parametrize("rule", RULES)
def test_beliefs_and_inventories_are_mirrored(rule):
    for held in (0, 30, -70):
        mind, mirrored = Mind("tape", rule, belief=0.3), Mind("tape", rule, belief=0.7)
        mind.private.position[0, 0], mirrored.private.position[0, 0] = held, -held
        (bid, ask), (other_bid, other_ask) = mind.decide(), mirrored.decide()
        assert (bid, ask) == (1000 - other_ask, 1000 - other_bid)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_but_the_fixed_one_leans_against_inventory(rule):
    quotes = []
    for held in (0, 50):
        mind = Mind("tape", rule)
        mind.private.position[0, 0] = held
        quotes.append(mind.decide()[1])
    assert (quotes[1] < quotes[0]) == (rule != "fixed")


def test_at_the_bound_of_cartea_jaimungal_one_side_is_quoted():
    mind = Mind("tape", ("cartea_jaimungal", {"levels": 3}))
    mind.private.position[0, 0] = 30
    assert mind.decide()[0] is None
    mind.private.position[0, 0] = -30
    assert mind.decide()[1] is None


def test_a_tiny_decay_without_a_bound_quotes_nothing():
    for rule in ("avellaneda_stoikov", "glft"):
        keys = {"fill_decay": 1e-9, "risk_aversion": 0}
        assert Mind("tape", (rule, keys)).decide() == (None, None)
        assert Mind("tape", (rule, keys), max_half_spread=0.1).decide() == (400, 600)


# --- what it finds out ----------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["avellaneda_stoikov", "glft"])
def test_volatility_moves_the_quotes_whether_given_or_estimated(rule):
    def leaning(**keys):
        mind = Mind(("ewma", {"gain": 1}), (rule, {"risk_aversion": 0.02, **keys}))
        for look, signal in enumerate((0.5, 0.52, 0.5)):  # 0.08 of log-odds in 0.1 s
            mind.private.position[0, 0] = 30
            mind.decide(time=(look + 1) * 100 * MS, signal=signal, look=look)
        return sum(mind.decide(time=400 * MS, signal=0.5, look=2))

    assert leaning(volatility_per_root_s=0.2) < leaning(volatility_per_root_s=0.1)
    estimated = leaning(volatility="estimated", volatility_decay=0.5, volatility_per_root_s=0)
    changes = [0.0, math.log(0.52 / 0.48), -math.log(0.52 / 0.48), 0.0]
    variance = changes[0] ** 2 / 0.1
    for change in changes[1:]:
        variance += 0.5 * (change**2 / 0.1 - variance)
    assert estimated == leaning(volatility_per_root_s=math.sqrt(variance) / 4)


def test_a_fit_replaces_the_fill_rate_that_was_given():
    keys = {"fills": "fitted", "least_fills": 3, "distance_class": 0.005, "risk_aversion": 0}
    mind = Mind(("ewma", {"gain": 1}), ("glft", keys))
    quoting = mind.state.quoting
    mind.decide(time=S, signal=0.5)
    assert mind.decide(time=3 * S, signal=0.5) == (483, 517)  # 1 / k = 1 / 60
    assert quoting.exposure[0, 0].sum() == pytest.approx(4.0)  # two sides for two seconds
    quoting.exposure[0, 0, 0] += 1.0  # and something near
    for _ in range(2):
        mind.fill(1)
    assert (quoting.rate[0, 0], quoting.decay[0, 0]) == (10, 60)
    mind.fill(-1)
    # All three fills at 0.0175, none in a second at 0.0025: k at its lower bound.
    assert quoting.decay[0, 0] == pytest.approx(6)
    weight = 4 * math.exp(-6 * 0.0175) + math.exp(-6 * 0.0025)
    assert quoting.rate[0, 0] == pytest.approx(3 / weight)


def test_a_side_that_is_not_quoted_is_not_exposed():
    mind = Mind("tape", ("glft", {"fills": "fitted"}))
    mind.private.position[0, 0] = 100  # at the limit no bid stands
    assert mind.decide(time=S)[0] is None
    mind.decide(time=3 * S)
    assert mind.state.quoting.exposure[0, 0].sum() == pytest.approx(2.0)


def test_told_prices_reach_filters_of_prints():
    for name in ("ewma", "kalman"):
        mind = Mind((name, {"start_variance": 1} if name == "kalman" else {}), FIXED)
        learn_price_one(mind.state, 0, 0, 600)
        assert mind.decide(time=MS)[0] is not None
        assert mind.belief == pytest.approx(0.6, abs=0.01)


# --- perturbation: what a filter does not read cannot move its quotes -----------------------------

READS = {
    "tape": {"prints", "signal"}, "tape_only": {"prints"}, "ewma": {"prints", "signal"},
    "kalman": {"prints", "signal"}, "oracle": {"report"}, "microprice": {"book"},
    "imbalance": {"book"},
}  # fmt: skip
LOOKS = {
    "prints": ([550], [560]), "signal": (0.55, 0.6), "book": ((480, 520, 9, 3), (480, 520, 1, 30)),
    "report": (530_000_000, 560_000_000),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", FILTERS)
def test_quotes_move_with_what_a_filter_reads_and_with_nothing_else(name, rule):
    keys = {"start_variance": 1} if name == "kalman" else {}
    before = {source: values[0] for source, values in LOOKS.items()}
    quotes = Mind((name, keys), rule).decide(time=MS, **before)
    for source, (_, other) in LOOKS.items():
        moved = Mind((name, keys), rule).decide(time=MS, **{**before, source: other})
        assert (moved != quotes) == (source in READS[name]), source


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("filter=microprice", "mechanism=clob"),
         "execution.leakage.clob.book.size=hidden is not allowed: must be public: "
         "population.maker.policy.filter.name=microprice reads it"),
        (("filter=imbalance", "mechanism=rfq"),
         "population.maker.policy.filter.name=imbalance is not allowed: must be another one: "
         "mechanism=rfq publishes no book"),
        (("filter=oracle",),
         "population.maker.policy.filter.name=oracle is not allowed: must be another one: "
         "environment has no oracle"),
        (("population.maker.policy.not_ready=widest",),
         "population.maker.policy.max_half_spread=null is not allowed: must be given when "
         "not_ready=widest"),
        (("population.maker.policy.min_half_spread=0.2",
          "population.maker.policy.max_half_spread=0.1"),
         "population.maker.policy.max_half_spread=0.1 is not allowed: must be at least "
         "min_half_spread=0.2"),
    ],
)  # fmt: skip
def test_contradictions_are_said_in_a_sentence(words, sentence):
    with pytest.raises(ConfigError) as error:
        cell("population.maker=lab", *words)
    assert str(error.value) == sentence
