"""Papers at a tiny size: each gives the numbers that its page has, and none is far off.

What ordinary traders do runs compiled, as in other tests; traders of theory run in plain Python,
since their loops are compiled by ``make papers`` and ``make validate`` alone, and one case stands
for all. Verdicts of so few lanes mean little: a z score beyond 6 would be a fault. Kyle's auction
and the tables of Avellaneda and Stoikov are too long for plain Python, and the markets of others
are in ``test_validation.py`` already; what is made of them is tested here.
"""

import numpy as np
import pytest

from proteus.configuration.locate import conf_folder
from proteus.papers import (
    avellaneda_stoikov,
    budish,
    colliard_foucault,
    glosten_milgrom,
    gode_sunder,
    haas,
    order_flow,
    riggs,
    roll,
    warmuz,
)
from proteus.papers.table import NUMBERS, read
from proteus.validation import running
from tests.helpers.budget import budget, is_proof
from tests.helpers.cells import run_plain
from tests.reference import zero_intelligence

NEAR = 6
FOUND = read(conf_folder().parent / "docs" / "papers" / NUMBERS)
COMPILED = ((haas, 0.03), (riggs, 0.05), (roll, 0.05), (colliard_foucault, 0.02), (warmuz, 0.03))
PLAIN = ((budish, "_RATIOS"), (glosten_milgrom, "_CASES"))  # of which the first is taken


@pytest.fixture
def in_plain_python(monkeypatch):
    monkeypatch.setattr(running, "advance_block", run_plain)
    monkeypatch.setattr(running, "usable_cores", lambda: 1)


def check(module, share, part=1.0):
    """Run a tiny part of a paper, and compare with what is published and with its page."""
    claims = module.PAPER.run(share * budget("papers"), 1985)
    committed = {claim.number: claim for claim in FOUND.claims[module.PAPER.name]}
    assert part * len(committed) <= len(claims) <= len(committed)
    said = ("published", "where", "low", "high", "kind")
    for ours in claims:
        theirs = committed[ours.number]
        assert [getattr(ours, key) for key in said] == [getattr(theirs, key) for key in said]
        off = max(ours.low - ours.ours, ours.ours - ours.high, 0.0) - ours.slack
        assert off <= NEAR * np.hypot(ours.error, ours.paper_error) or theirs.why, ours.number


@pytest.mark.parametrize(("module", "share"), COMPILED)
def test_ordinary_traders_give_the_numbers_of_the_page(module, share):
    check(module, share)


@pytest.mark.parametrize(("module", "cases"), PLAIN)
@pytest.mark.usefixtures("in_plain_python")
def test_traders_of_theory_give_the_numbers_of_the_page(module, cases, monkeypatch):
    monkeypatch.setattr(module, cases, getattr(module, cases)[:1])
    check(module, 0.002, part=0.5)


@pytest.mark.usefixtures("in_plain_python")
def test_random_traders_of_one_schedule(monkeypatch):
    monkeypatch.setattr(gode_sunder, "_DEAREST", (0.7,))
    monkeypatch.setattr(gode_sunder, "_LOOKS", 20)
    limited, free, gain = gode_sunder.PAPER.run(0.001, 1985)
    assert 0.8 < limited.ours <= 1
    assert free.ours == pytest.approx(15 / 22)  # 1.2 of 1.76: all six pairs trade
    assert gain.ours == pytest.approx(limited.ours - free.ours)


@pytest.mark.usefixtures("in_plain_python")
def test_limit_orders_never_trade_with_each_other_and_market_orders_do(monkeypatch):
    """Of one market order a second as many trades, and a limit order is in a trade once at most."""
    monkeypatch.setattr(order_flow, "_RELAXED", 2.0)
    monkeypatch.setattr(order_flow, "_ENDS", 5.0)
    cell = order_flow._cell(0.5, 16)
    traded, limits, ticks, all_trades = running.simulate(cell, 2, 7, _volumes).sum(axis=0)
    seconds = 2 * cell.horizon_ns / 1e9
    assert traded == pytest.approx(seconds, abs=4 * np.sqrt(seconds))
    assert traded / 2 < limits <= all_trades
    assert ticks > 0


def _volumes(world):
    """Lots of market orders, of limit orders, the spread, and all trades: [L, 4]."""
    lots = world.ledger.bought + world.ledger.sold
    columns = lots[:, [2, 4]].sum(axis=1), lots[:, 0], order_flow._spreads(world)
    return np.stack([*columns, world.ledger.bought.sum(axis=1)], axis=1)


def test_rows_of_a_table_are_told_from_others(monkeypatch):
    """Normal profits with the moments of the first table agree with it, and with no other."""
    rows = iter([row for table in avellaneda_stoikov._TABLES.values() for row in table[2:]])
    first = next(iter(avellaneda_stoikov._TABLES.values()))

    def lanes(g, half_spread=None, *, lanes, root):
        row, normal = first[2], np.random.default_rng(root).standard_normal((2, 3_000))
        next(rows)
        return (
            np.full(3_000, first[1]), row.profit + row.profit_sd * normal[0],
            row.final + row.final_sd * normal[1],
        )  # fmt: skip

    monkeypatch.setattr(avellaneda_stoikov, "study_lanes", lanes)
    claims = avellaneda_stoikov.PAPER.run(1.0, 1)
    near = [claim.p > 1e-4 or claim.untested() == "agrees" for claim in claims]
    assert all(near[:5])
    assert not all(near[5:9])
    assert not all(near[10:14])


@pytest.mark.skipif(not is_proof(), reason="minutes in plain Python")
@pytest.mark.usefixtures("in_plain_python")
def test_spreads_of_order_flow_grow_with_the_granularity():
    few, many = (order_flow.spread(each, 16, lanes=8, root=1) for each in (0.1, 0.4))
    assert many.value - few.value > 2 * np.hypot(few.error, many.error)


@pytest.mark.plain
def test_random_traders_of_several_units_are_as_efficient_as_the_paper_says():
    """One unit each as the page has it, within six errors; three each in the range of the paper."""
    found = {claim.number: claim for claim in FOUND.claims["gode_sunder"]}
    page = found["efficiency within budgets; dearest cost 0.65"]
    one = np.array([zero_intelligence.efficiency(0.65, 1, seed) for seed in range(60)])
    assert abs(one.mean() - page.ours) < NEAR * np.hypot(one.std() / np.sqrt(60), page.error)
    several = np.array([zero_intelligence.efficiency(0.65, 3, seed, True) for seed in range(20)])
    assert page.low <= several.mean() <= page.high
