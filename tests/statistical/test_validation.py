"""``make validate``, reduced: the engine against closed forms, and what the table says of them.

Items with ordinary traders run compiled, on the loops that other tests compile. Those with the
traders of theory run in plain Python: their loops are compiled by ``make validate`` alone. Seeds
are fixed; of the 31 z scores one beyond 4 would be a false alarm in 1 of 500 choices of seeds, but
for that of the five lanes of locked capital, in 1 of 60.
"""

import subprocess
import sys

import numpy as np
import pytest

from proteus import validation
from proteus.compiler.jit import compiled
from proteus.configuration.locate import conf_folder
from proteus.errors import ConfigError
from proteus.market.agents.kinds import KINDS
from proteus.market.agents.ordinary import decide
from proteus.validation import __main__ as command
from proteus.validation import running
from proteus.validation.comparison import Comparison
from proteus.validation.items import ITEMS, Item, seed
from proteus.validation.page import FIGURES, PAGE
from proteus.validation.queues import kaplan_meier
from proteus.validation.table import AGREES, DIFFERS, Tried, tabulate
from tests.helpers.budget import budget
from tests.helpers.cells import THEORY, S, build, cell, run_plain

LIMIT = 4

COMPILED = (
    (validation.batch_exposure, {"head_start_ms": 30}, 1_000),
    (validation.batch_wait, {"delta_ms": 40}, 60),
    (validation.latency_race, {"snipers": 3}, 1_000),
    (validation.roll, {"half_spread": 0.02}, 60),
    (validation.identities, {"mechanism": "clob"}, 20),
    (validation.identities, {"mechanism": "fba"}, 20),
    (validation.mean_reverting_jumps, {}, 2_000),
    (validation.winners_curse, {"dealers": 4}, 20),
    (validation.firm_quote, {}, 500),
    (validation.liquidity_rewards, {"far_lots": 5}, 10),
    (validation.volume_rewards, {"rate_per_s": 10, "reward_lots": 12}, 60),
    (validation.pending_value, {"delay_ms": 100}, 60),
    (validation.cycle_wait, {"cycle_ms": 100}, 60),
    (validation.ruin, {"days": 5}, 1_000),
)
PLAIN = (
    (validation.queue_wait, {"ahead": 2}, 60),
    (validation.call_auction, {"buyers": 3}, 60),
    (validation.glosten_milgrom, {"trades": 3}, 40),
    (validation.locked_capital, {"lots": 10, "offered": 10}, 5),
)


@pytest.fixture
def in_plain_python(monkeypatch):
    monkeypatch.setattr(running, "advance_block", run_plain)
    monkeypatch.setattr(running, "usable_cores", lambda: 1)


def agrees(compare, parameters, lanes):
    found = compare(**parameters, lanes=lanes * budget("validation"))
    assert (np.abs(found.z) < LIMIT).all(), dict(zip(found.names, found.z, strict=True))
    assert (found.standard_error >= 0).all()


@pytest.mark.parametrize(("compare", "parameters", "lanes"), COMPILED)
def test_ordinary_traders_give_what_theory_says(compare, parameters, lanes):
    agrees(compare, parameters, lanes)


@pytest.mark.parametrize(("compare", "parameters", "lanes"), PLAIN)
@pytest.mark.usefixtures("in_plain_python")
def test_traders_of_theory_give_what_theory_says(compare, parameters, lanes):
    agrees(compare, parameters, lanes)


@pytest.mark.parametrize(
    ("compare", "parameters", "published"),
    [
        (validation.glosten_milgrom, {"prior": 0.7, "trades": 1}, {0: 0.556818, 1: 0.8125}),
        (validation.glosten_milgrom, {"trades": 2}, {0: 0.35, 1: 0.65, 4: 0.185712}),
        (validation.queue_wait, {"cancel_rate": 0}, {0: 2.0, 1: 0.4096}),
        (validation.queue_wait, {"cancel_rate": 0.4}, {0: 1.586310, 1: 0.485843}),
        (validation.call_auction, {"buyers": 5}, {0: 2.5, 1: 1.136364}),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("in_plain_python")
def test_closed_forms_are_those_published(compare, parameters, published):
    """Against the figures of facts B.11, which were computed apart."""
    found = compare(**parameters, lanes=8)
    for number, value in published.items():
        assert found.expected[number] == pytest.approx(value, rel=2e-6), found.names[number]


def test_kaplan_meier_is_the_textbook_one():
    """Ends at 1, 2, 4 of five lives, one cut off at 3, one at 5: S(4) = 4/5 3/4 1/2."""
    ended = np.array([1, 2, np.inf, 4, np.inf])
    censored = np.array([np.inf, np.inf, 3, np.inf, 5])
    found = kaplan_meier(ended, censored, 4.5)
    assert found.value == pytest.approx(1 - 0.3)
    assert found.error == pytest.approx(0.3 * np.sqrt(1 / 20 + 1 / 12 + 1 / 2))


@pytest.mark.parametrize(
    ("compare", "key", "value"),
    [
        (validation.identities, "mechanism", "auction"),
        (validation.identities, "delta_ms", -1),
        (validation.batch_exposure, "head_start_ms", 0),
        (validation.batch_exposure, "delta_ms", float("nan")),
        (validation.batch_wait, "rate_per_s", "fast"),
        (validation.latency_race, "snipers", 0),
        (validation.latency_race, "snipers", 2.5),
        (validation.sniping_equilibrium, "jump", 0.6),
        (validation.sniping_equilibrium, "firms", 1),
        (validation.sniping_equilibrium, "law", "cauchy"),
        (validation.sniping_equilibrium, "investor_rate", 1e6),
        (validation.queue_wait, "ahead", -1),
        (validation.queue_wait, "cancel_rate", -0.1),
        (validation.queue_length, "arrival_rate", 99),
        (validation.first_to_empty, "bids", True),
        (validation.mean_reverting_jumps, "reversion", 0),
        (validation.roll, "half_spread", 0.0105),
        (validation.call_auction, "buyers", 0),
        (validation.call_auction, "price_rule", "best"),
        (validation.glosten_milgrom, "prior", 1),
        (validation.glosten_milgrom, "trades", 50),
        (validation.kyle, "value_sd", 0.3),
        (validation.kyle, "noise_lots", float("inf")),
        (validation.avellaneda_stoikov, "risk_aversion", 0),
        (validation.avellaneda_stoikov, "strategy", "bold"),
        (validation.zero_intelligence, "traders", 2),
        (validation.winners_curse, "dealers", 0),
        (validation.winners_curse, "signal_sd", 0.5),
        (validation.firm_quote, "move_sd", 0),
        (validation.liquidity_rewards, "far", 0.01),
        (validation.liquidity_rewards, "far_lots", 0),
        (validation.volume_rewards, "reward_lots", 2.5),
        (validation.pending_value, "delay_ms", 0),
        (validation.cycle_wait, "rate_per_s", 1e9),
        (validation.locked_capital, "lots", 0),
        (validation.ruin, "lanes", 100),
        (validation.roll, "lanes", 1),
        (validation.roll, "root", -1),
    ],
)
def test_nonsense_is_refused_in_one_sentence(compare, key, value):
    with pytest.raises(ConfigError, match=rf"^{key}=.* is not allowed: [^\n]+$"):
        compare(**{key: value})


def of(kind, expected, simulated, error, tolerance=0.0):
    item = Item("V0", "an example", validation.roll, "clob", ({},), kind)
    numbers = Comparison(
        [f"number {i}" for i in range(len(expected))], expected, simulated, error, lanes=100,
        tolerance=tolerance,
    )  # fmt: skip
    return Tried(item, "", numbers)


def test_a_wrong_formula_is_noticed_and_chance_is_not():
    """Two of 101 numbers are wrong by 6 standard errors; chance alone reaches 3.5."""
    chance = np.linspace(-3.5, 3.5, 100)
    table = tabulate([
        of("closed form", [1.0], [1.06], 0.01),
        of("closed form", np.zeros(100), chance, 1.0),
        of("exact", [0.0, 0.0], [0.0, 1e-9], 0.0, [0.0, 1e-10]),
        of("band", [0.95, 0.05], [0.99, 0.01], 0.001),
    ])  # fmt: skip
    expected = [DIFFERS, *[AGREES] * 100, AGREES, DIFFERS, AGREES, DIFFERS]
    assert table.verdict.tolist() == expected


def test_the_tolerance_is_taken_off_before_the_score():
    found = of("closed form", [1.0, 1.0], [1.05, 0.95], 0.01, [0.04, 0.06]).comparison
    assert found.z == pytest.approx([1.0, 0.0])


def test_a_comparison_unpacks_into_three_arrays():
    expected, simulated, error = of("closed form", [1.0], [1.05], 0.01).comparison
    assert (expected.tolist(), simulated.tolist(), error.tolist()) == ([1.0], [1.05], [0.01])


def test_every_item_has_three_points_its_own_seeds_and_its_place_on_the_page():
    page = (conf_folder().parent / "docs" / PAGE).read_text()
    seeds = {seed(place, i) for place, item in enumerate(ITEMS) for i in range(len(item.points))}
    assert len(seeds) == sum(len(item.points) for item in ITEMS)
    for item in ITEMS:
        assert len(item.points) >= 3, item.title
        assert getattr(validation, item.name) is item.compare
        assert f"## {item.code} {item.title}" in page
    figures = {path.name for path in (conf_folder().parent / "docs" / FIGURES).glob("*.svg")}
    assert len(figures) == len(ITEMS)
    assert all(f"{FIGURES}/{name}" in page for name in figures)


def test_the_functions_are_loaded_when_they_are_first_used():
    code = "import sys, proteus; assert 'numba' not in sys.modules; proteus.validation.queue_wait"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_item_is_refused(capsys):
    assert command.main(["V66"]) == 2
    assert capsys.readouterr().err.startswith("error: unknown item V66")


def test_the_switch_of_theory_compiles_and_decides_as_in_plain_python():
    """Every kind of theory decides once, compiled and not, to the bit."""
    words = [f"+trader@population.probe_{kind}={kind}" for kind in THEORY]
    config = cell("latent.jump_rate_per_s=2", *words)
    worlds = [build(config).world for _ in range(2)]
    act = compiled(decide)
    acted = set()
    for trader, number in enumerate(worlds[0].traders.kind.tolist()):
        for world, choose in zip(worlds, (decide, act), strict=True):
            world.intents.count[0] = 0
            world.seen.signal[0], world.seen.time[0] = 0.53, S
            world.seen.reference_doubled[0] = 1001
            world.seen.words[0] = [1 << 31, 12345, 3 << 30, 77, 99, 0]
            world.private.wakes[0] = 1
            known = world.policies, world.traders, world.seen, world.private, world.rules.costs
            choose(*known, world.intents, 0, trader)
        sent = [
            [column[0, : world.intents.count[0]].tolist() for column in world.intents[:-1]]
            for world in worlds
        ]
        assert sent[0] == sent[1]
        if worlds[0].intents.count[0] > 0:
            acted.add(number)
    assert {KINDS[kind].number for kind in THEORY} <= acted
