"""What noise traders pay for wanting to trade, reckoned row by row from the log of a run."""

import functools

import numpy as np
import pytest

from proteus.arena.matches import Cells, matches_of
from proteus.arena.news import Values
from proteus.arena.playing import play_alone
from proteus.arena.season import read_season
from proteus.market.book.codes import BUY
from proteus.recording.columns import FILL, INTENT, ORDER, REQUEST
from proteus.recording.traces import value_path
from proteus.runs.blocks import Pools, run_task
from proteus.runs.tasks import Task
from tests.helpers.seasons import small_file

TAU, END = 500 * 10**6, 2 * 10**9
SEEDS = np.array([3, 4, 5])


def match_of(folder, mechanism):
    scenarios = {"calm": {"keys": {"mechanism": mechanism, "delta": 100}}}
    season = read_season([small_file(folder, scenarios=scenarios)])
    return next(each for each in matches_of(season, Cells(season)) if each.seats == ("plain",))


def logs_of(cell):
    """Run the lanes as a sweep does, with the log of every one."""
    nothing = np.zeros(len(SEEDS), np.bool_)
    task = Task(0, "x", cell, 7, SEEDS, nothing, 8, True, False, {})
    return [log.rows for log in run_task(task, Pools()).logs]


def by_hand(rows, value, noise):
    """Go through the rows of a lane; ``value`` is v at a time, ns."""
    wants, owner, paid = [], {}, 0.0
    for i in range(len(rows["event"])):
        row = {name: int(column[i]) for name, column in rows.items()}
        kind, who = (row["source"], row["kind"]), row["trader"]
        if kind == INTENT and who in noise and row["time_ns"] <= END - TAU:
            sign = 1 if row["side"] == BUY else -1
            wants.append({"at": row["time_ns"], "who": who, "sign": sign, "left": row["lots"]})
        elif kind in (ORDER, REQUEST) and who in noise:
            for want in wants:
                if (want["who"], want["at"]) == (who, row["intent_ns"]):
                    owner[row["order_id"]] = want
        elif kind == FILL:
            for number in (row["order_id"], row["other_id"]):
                want = owner.get(number)
                if want is not None and row["time_ns"] <= want["at"] + TAU:
                    beyond = row["price_ticks"] / 1000 - value(row["time_ns"])
                    paid += want["sign"] * row["lots"] * beyond
                    want["left"] -= row["lots"]
    missed = 0.0
    for want in wants:
        moved = want["sign"] * (value(want["at"] + TAU) - value(want["at"]))
        missed += want["left"] * max(0.0, moved)
    return paid, missed


@pytest.mark.parametrize(
    "mechanism", [pytest.param("clob", marks=pytest.mark.nojit), "fba", "rfq", "dual_flow"]
)
def test_the_cost_of_wanting_is_what_the_log_says(tmp_path, mechanism):
    match = match_of(tmp_path, mechanism)
    names = [name for name, group in match.cell.population.items() for _ in range(group.count)]
    noise = {at for at, name in enumerate(names) if name == "noise"}
    _, wanting = play_alone(match, 7, SEEDS)
    whole = np.zeros(2)
    for seed, rows, one in zip(SEEDS, logs_of(match.cell), wanting, strict=True):

        def value(time, seed=seed):
            return float(value_path(match.cell, 7, int(seed), 0, np.array([time]))[0])

        paid, missed = by_hand(rows, functools.cache(value), noise)
        assert one == pytest.approx(paid + missed, abs=1e-9)
        whole += np.array([abs(paid), missed])
    assert (whole > 0.01).all()


def test_values_are_those_of_the_traces(tmp_path):
    cell = match_of(tmp_path, "clob").cell
    times, values = (
        np.sort(np.random.default_rng(0).integers(0, cell.horizon_ns, 200)),
        Values(cell),
    )
    for seed in SEEDS.tolist():
        expected = value_path(cell, 7, seed, 0, times)
        np.testing.assert_array_equal(values.at(7, seed, times), expected)
