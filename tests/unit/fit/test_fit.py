"""Parameters of exchanges and of markets of our own are found again in what they record."""

import itertools
import json
import shlex

import numpy as np
import pytest
import yaml

from proteus.configuration.locate import SEARCH_PATH
from proteus.fit import fitting, recorded
from proteus.fit.__main__ import main
from proteus.fit.following import CANCELLED
from proteus.fit.words import read_words
from proteus.plans import planner
from tests.helpers import written_runs
from tests.helpers.budget import budget
from tests.helpers.recorded_files import write_csv, write_itch, write_kalshi, write_lobster
from tests.helpers.venue import Flow, trade

pytestmark = pytest.mark.nojit

FLOW = Flow(limits=12.0, takers=5.0, reduced=0.0, replaced=0.0)
MORNING = 34_200 * 10**9
MIX = ["mechanism=clob", *(f"~population.{name}" for name in ("maker", "informed", "sniper"))]


def fit(path, *words):
    return fitting.fit(read_words([str(path), "tick=0.01", *words]))


def named(fitted):
    return {group.name: group for group in fitted.groups}


def is_near(found, true, errors=4.0):
    return abs(found.value - true) < errors * found.error


def test_best_prices_and_lives_are_those_of_the_exchange(tmp_path, monkeypatch):
    venue = trade(Flow(limits=12.0, takers=5.0, replaced=0.2, reduced=0.2), 20, 5)
    path, mapping = write_csv(tmp_path, venue)
    kept = {}

    def follow(whole, times, rank, count):
        kept["lives"], kept["rank"] = follow_really(whole, times, rank, count), rank
        return kept["lives"]

    follow_really = recorded._follow
    monkeypatch.setattr(recorded, "_follow", follow)
    flow = recorded.record(path, read_words([str(path), f"mapping={mapping}", "tick=0.01"]))
    prices = np.unique([did.price for did in venue.did])
    lives = kept["lives"]
    for row, (bids, asks) in enumerate(venue.books[:-1], 1):
        best = [prices[at] if at >= 0 else None for at in (lives.bid[row], lives.ask[row])]
        assert best == [bids[0][0] if bids else None, asks[0][0] if asks else None]
    born, ended = {}, {}
    for row, did in enumerate(venue.did):
        if did.what in ("add", "replace"):
            born[did.new or did.order] = row
        if did.what in ("delete", "replace") or (did.what == "execute" and did.left == 0):
            ended[did.order] = (row, did.what != "execute")
    for order, row in born.items():
        end, is_cancelled = ended.get(order, (-1, False))
        assert lives.end[row] == end
        assert (lives.cause[row] == CANCELLED) == is_cancelled
    assert len(flow.limits.side) == len(born) == lives.is_birth.sum()
    assert flow.limits.is_cancelled.sum() == sum(cancelled for _, cancelled in ended.values())
    takes = {(did.ns, did.side) for did in venue.did if did.what == "execute"}
    assert len(flow.takers.side) == len(takes)


def test_the_time_of_lots_is_that_of_the_exchange(tmp_path):
    venue = trade(Flow(limits=12.0, takers=5.0, replaced=0.1, reduced=0.3), 20, 5)
    path, mapping = write_csv(tmp_path, venue)
    flow = recorded.record(path, read_words([str(path), f"mapping={mapping}", "tick=0.01"]))
    spent, left = {}, {}
    for did, following in itertools.pairwise([*venue.did, venue.did[-1]]):
        if did.what == "replace":
            del left[did.order]
        left[did.new or did.order] = did.left
        for order, lots in left.items():
            spent[order] = spent.get(order, 0.0) + lots * (following.ns - did.ns) / 1e9
    assert flow.limits.lot_s.tolist() == pytest.approx([*spent.values()], rel=1e-4, abs=1e-4)


def test_what_an_exchange_draws_is_found_again(tmp_path):
    """Its laws: 5 immediate orders and 12 limits per second, 4 lots, 5 s; true values within four
    errors, which one of 15,000 is not."""
    found = fit(write_lobster(tmp_path, trade(FLOW, 100, 3, MORNING), 99))
    groups = named(found)
    takers, limits = groups.pop("takers"), [*groups.values()]
    assert is_near(takers.rate, 5)
    assert is_near(takers.size.mean, 4)
    total = sum(each.rate.value for each in limits)
    assert abs(total - 12) < 4 * np.sqrt(12 / 100) + 0.1  # 1 % stand further away
    large = max(limits, key=lambda each: each.orders)
    assert is_near(large.size.mean, 4)
    assert is_near(large.lifetime.mean_s, 5)
    assert all(each.p > 1e-4 for each in takers.fits)


def test_every_format_says_the_same_of_the_same_orders(tmp_path):
    venue = trade(FLOW, 30, 6, MORNING)
    plain = [
        fit(write_lobster(tmp_path, venue, 99)).groups,
        fit(write_itch(tmp_path, venue), "symbol=PROT").groups,
        fit(*(f"{how}{path}" for how, path in zip(("", "mapping="), write_csv(tmp_path, venue),
                                                 strict=True))).groups,
    ]  # fmt: skip
    assert plain[0] == plain[1]
    for one, other in zip(plain[0], plain[2], strict=True):  # the CSV file has microseconds
        assert one._replace(rate=0, lifetime=0, fits=0) == other._replace(
            rate=0, lifetime=0, fits=0
        )
        assert one.rate.value == pytest.approx(other.rate.value, rel=1e-5)


def test_where_lots_have_no_owner_lifetimes_are_those_of_lots(tmp_path):
    found = fit(write_kalshi(tmp_path, trade(FLOW, 40, 8, 0, 5000), True))
    assert found.flows[0].is_by_level
    assert found.n_ticks == 100
    large = max(found.groups[1:], key=lambda group: group.orders)
    assert is_near(large.lifetime.mean_s, 5)
    assert is_near(large.size.mean, 4)


def test_intervals_of_whole_files_cover(tmp_path):
    """Six intervals of each file at 95 %; missing more than these happens once in a thousand."""
    files = budget("fit_files")
    missed = 0
    for seed in range(files):
        folder = tmp_path / str(seed)
        folder.mkdir()
        groups = named(fit(write_lobster(folder, trade(FLOW, 40, 100 + seed, MORNING), 99)))
        takers = groups.pop("takers")
        large = max(groups.values(), key=lambda each: each.orders)
        rests = sum(each.orders for each in groups.values())
        missed += not is_near(takers.rate, 5, 1.96)
        missed += not is_near(takers.size.mean, 4, 1.96)
        missed += not is_near(large.size.mean, 4, 1.96)
        missed += not is_near(large.lifetime.mean_s, 5, 1.96)
        missed += abs(rests / 40 - 11.88) > 1.96 * np.sqrt(11.88 / 40)
    intervals = 5 * files
    assert missed <= 0.05 * intervals + 3.1 * np.sqrt(0.05 * 0.95 * intervals) + 1


def test_a_market_of_ours_is_found_again_and_its_population_runs(tmp_path, monkeypatch, capfd):
    noise = ["count=1", "schedule.rate_per_s=30", "policy.lifetime_ms=1000"]
    words = [*MIX, "horizon_s=25", *(f"population.noise.{word}" for word in noise)]
    path, mapping = written_runs.write(tmp_path, written_runs.run(tmp_path / "run", words))
    folder = tmp_path / "conf"
    capfd.readouterr()
    assert main([str(path), f"mapping={mapping}", "tick=0.001", f"output_dir={folder}"]) == 0
    said = capfd.readouterr().out.splitlines()
    assert said[-1] == str(folder)
    assert said[-2].startswith("Run it: python -m proteus.sweep --config-dir")
    groups = json.loads((folder / "fit.json").read_text())["groups"]
    takers, limits = groups[0], max(groups[1:], key=lambda group: group["orders"])
    for found, true in (
        (takers["rate"], 15), (takers["size"]["mean"], 3), (limits["size"]["mean"], 3),
        (limits["lifetime"]["mean_s"], 1),
    ):  # fmt: skip
        assert abs(found["value"] - true) < 4 * found["error"]
    assert abs(limits["low"]) <= 1  # the price may have moved while an order was on its way
    assert abs(limits["high"] - 10) <= 1
    rests = sum(group["rate"]["value"] for group in groups[1:])
    assert abs(rests - 15) < 4 * np.sqrt(15 / 25) + 0.4  # some limits trade at once
    written = yaml.safe_load((folder / "population" / "recorded.yaml").read_text())
    assert written["takers"]["schedule"]["rate_per_s"] == pytest.approx(
        takers["rate"]["value"], rel=1e-5
    )
    assert written[limits["name"]]["policy"]["lifetime_ms"] == pytest.approx(
        1000 * limits["lifetime"]["mean_s"]["value"], rel=1e-5
    )
    monkeypatch.setenv(SEARCH_PATH, str(folder))
    chosen = [*shlex.split(said[-2])[7:], "horizon_s=4", "metrics.tau_ms=1000"]
    assert chosen[:2] == ["mechanism=clob", "population=recorded"]
    (cell,) = planner.from_words(chosen).cells
    assert {*cell.population} == {group["name"] for group in groups}
    assert cell.population["takers"].policy.marketable_probability == 1
    log = written_runs.run(tmp_path / "again", chosen)
    orders = log[(log["source"] == "trader") & (log["kind"] == "order")]
    wanted = sum(group["rate"]["value"] for group in groups) * 4
    assert abs(len(orders) - wanted) < 4 * np.sqrt(wanted)


def test_files_of_several_days_are_one_population(tmp_path):
    days = []
    for seed in (11, 12):
        (tmp_path / str(seed)).mkdir()
        days.append(write_lobster(tmp_path / str(seed), trade(FLOW, 20, seed, MORNING), 99))
    both = fitting.fit(read_words([*map(str, days), "tick=0.01"]))
    one, other = (fit(day) for day in days)
    assert both.seconds == one.seconds + other.seconds
    takers = [named(each)["takers"].orders for each in (one, other, both)]
    assert takers[0] + takers[1] == takers[2]
