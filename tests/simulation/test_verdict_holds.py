"""The verdict of the default question does not depend on how waiting is cut or noise is counted.

Does a batch auction help makers, within what it may cost takers? The answer must be that of the
market, whatever the longest wait that is measured, and whether the same stream of noise orders
comes from few busy accounts or from many idle ones.
"""

import pytest

import proteus
from proteus.analysis.verdict import BETTER, judged
from proteus.market.variables.base import CLASS, HORIZON

DELTAS = [50, 100, 250]  # ms
SEEDS = 500
FEW, MANY = (4, 5.0), (40, 0.5)  # noise traders, and intents of each per second
SHORT, LONG = (
    2_000,
    10_000,
)  # tau, ms; half of the horizon of 20 s is left to watch under the longer


def results(noise, tau):
    count, rate = noise
    return proteus.sweep(
        {
            "mechanism": ["clob", "fba"],
            "delta": DELTAS,
            "metrics.tau_ms": tau,
            "population.noise.count": count,
            "population.noise.schedule.rate_per_s": rate,
        },
        seeds=SEEDS,
    )


def answers(dataset):
    """Return what the verdict says of each delta: the endpoint, each budget, and what follows."""
    return {
        cell.pair.coordinates["delta"]: (
            cell.outcome, tuple(cost.kept for cost in cell.costs), cell.is_preferred,
        )
        for cell in judged(dataset).cells
    }  # fmt: skip


@pytest.fixture(scope="module")
def usual():
    return results(FEW, SHORT)


@pytest.mark.parametrize(
    ("noise", "tau"), [(FEW, LONG), (MANY, SHORT), (MANY, LONG)], ids=["tau", "accounts", "both"]
)
def test_no_verdict_flips_with_tau_or_with_how_noise_is_split(usual, noise, tau):
    assert answers(results(noise, tau)) == answers(usual)


def test_there_is_something_to_flip(usual):
    found = answers(usual)
    assert [outcome for outcome, *_ in found.values()] == [BETTER] * 3
    assert {preferred for *_, preferred in found.values()} == {True, False}


def test_what_makers_win_of_each_class_is_their_markout_at_the_fill(usual):
    """The kernel sums the markout of all makers apart from its parts by counterparty."""
    by_class = usual["maker_spread_captured_by_class"] + usual[
        "maker_adverse_selection_by_class"
    ].isel({HORIZON: 0})
    total = proteus.maker_pnl(usual).query("counterparty not in ['all', 'moves of what they hold']")
    mean = usual["maker_markout"].isel({HORIZON: 0}).mean("seed")
    assert abs(by_class.sum(CLASS) - usual["maker_markout"].isel({HORIZON: 0})).max() < 1e-9
    for mechanism in ("clob", "fba"):
        rows = total[total["mechanism"] == mechanism]
        for delta, found in rows.groupby("delta", dropna=False)["total"].sum().items():
            at = {"mechanism": mechanism, "delta": DELTAS[0] if mechanism == "clob" else delta}
            assert found == pytest.approx(float(mean.sel(at)), abs=1e-9)
