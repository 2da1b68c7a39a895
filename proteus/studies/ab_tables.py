"""What a change of rules moved, as tables: who won and paid, from what, at what risk, by which."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from proteus.analysis import endpoint as endpoints
from proteus.analysis import showing
from proteus.analysis.change import Amounts, Chosen, attributed, nano
from proteus.analysis.contrasts import IDENTICAL, Pair, note, tidy
from proteus.analysis.costs import Cost, Move, binding, cost_text
from proteus.analysis.measures import Measure, arm, measures, units
from proteus.analysis.statistics import multiplicity, power
from proteus.analysis.statistics.paired import LEVEL, Arm, Array, Contrast, contrast, linear
from proteus.analysis.statistics.roots import mean_of
from proteus.analysis.statistics.tails import tail
from proteus.basics.units import NANO
from proteus.market.agents.traders import CLASS_MAKER, CLASS_NAMES
from proteus.market.ledger.codes import TERM_FILLS, TERM_NAMES
from proteus.market.variables.base import GROUP, HORIZON, TERM, TRADER
from proteus.results.agents import UID, uids_by_trader
from proteus.results.flags import VIOLATION
from proteus.studies.ab import AFTER, BEFORE, Experiment, Side, endpoint_arm
from proteus.studies.recorded import record
from proteus.studies.transfers import transfers

BETTER, WORSE, SAME = "better", "worse", "not shown to differ"
CLASS_OR_ACCOUNT, OF_GROUP, OF_TRADER = "party", "group", "trader"
DRAWDOWN = "maker_max_drawdown"
_CAPTURED, _ADVERSE = "maker_spread_captured", "maker_adverse_selection"
_OF_FILLS = ("spread captured", "adverse selection")  # at the fill; of makers
_FILLS, _MAKER = TERM_NAMES[TERM_FILLS], CLASS_NAMES[CLASS_MAKER]
TERMS_OF_TRADERS = "pnl_by_term_by_trader"
ENDPOINT = "endpoint"
RECORDED = 100  # seeds, the first ones, of which every fill is looked at


class Judged(NamedTuple):
    """The declared endpoint of both sides."""

    name: str
    unit: str
    found: Contrast  # of one column
    outcome: str
    costs: list[Cost]  # its budgets

    @property
    def half_width(self) -> float:
        """Return half the width of the interval of the difference."""
        return float(self.found.high[0] - self.found.low[0]) / 2

    @property
    def detectable(self) -> float:
        """Return the smallest difference that is found with power 0.8; NaN with two seeds."""
        return float(power.detectable(self.found.deviation, self.found.n)[0])

    @property
    def binding(self) -> str:
        """Word the budget that binds; empty without one."""
        tightest = binding(self.costs)
        return "" if tightest is None else cost_text(tightest)


def judged(experiment: Experiment) -> Judged | None:
    """Judge the endpoint that was declared before the run; None where a side does not have it."""
    declared = experiment.declared
    before, after = (side.data for side in (experiment.before, experiment.after))
    if any(declared.variable not in data for data in (before, after)):
        return None
    treated, baseline = (endpoint_arm(declared, data) for data in (after, before))
    found = contrast(treated, baseline)
    measure = endpoints.primary(before, declared)
    rises = found.difference[0] > 0
    is_shown = found.p[0] < 1 - LEVEL
    better = BETTER if rises == (declared.better == "higher") else WORSE
    costs = [
        Cost(budget, _move(after, before, budget.variable)) for budget in declared.budgets
        if all(budget.variable in data for data in (before, after))
    ]  # fmt: skip
    name = showing.called(measure, before)
    name += "".join(f" at {horizon:g} ms" for horizon in endpoints.at(declared).values())
    return Judged(name, units(before, measure), found, better if is_shown else SAME, costs)


def _move(after: xr.Dataset, before: xr.Dataset, name: str) -> Move:
    measure = endpoints.usual(before, name)
    found = contrast(arm(after, [measure]), arm(before, [measure]))
    return Move(
        name=showing.called(measure, before), unit=units(before, measure),
        baseline=float(found.baseline[0]), treated=float(found.treated[0]),
        difference=float(found.difference[0]), low=float(found.low[0]), high=float(found.high[0]),
        note=note(found, 0),
    )  # fmt: skip


def who(experiment: Experiment) -> pd.DataFrame:
    """Return what every party, group and trader wins more; currency per lane.

    Returns
        ``kind``, ``name``, ``agent_uid`` (of a trader, before), ``before``, ``after``, ``change``,
        its 95 % t interval ``low``, ``high``, ``p``, ``p_adjusted`` (Holm over the parties;
        Benjamini-Hochberg over groups, and over traders), ``seeds``. Parties are the classes and
        the accounts of nobody, but those that win nothing in any lane; their changes sum to zero.
    """
    before, after = experiment.before, experiment.after
    here = present(experiment)
    names = [before.won.names[place] for place in here]
    treated, baseline = (_means(_currency(side.won.total[:, here])) for side in (after, before))
    tables = [_rows(CLASS_OR_ACCOUNT, names, contrast(treated, baseline), multiplicity.HOLM)]
    for kind, dim in ((OF_GROUP, GROUP), (OF_TRADER, TRADER)):
        common = _common(experiment, dim)
        if not common:
            continue
        treated, baseline = (
            _means(side.data[f"pnl_marked_by_{kind}"].sel({dim: common}).transpose("seed", dim))
            for side in (after, before)
        )
        found = contrast(treated, baseline)
        tables.append(_rows(kind, common, found, multiplicity.BENJAMINI_HOCHBERG))
    return _with_agents(pd.concat(tables, ignore_index=True), before.data)


def _with_agents(table: pd.DataFrame, data: xr.Dataset) -> pd.DataFrame:
    """Add who the traders are; a party and a group are nobody."""
    uids = uids_by_trader(data)
    is_trader = table["kind"] == OF_TRADER
    found = [uids[name] if is_one else pd.NA
             for name, is_one in zip(table["name"], is_trader, strict=True)]  # fmt: skip
    column = pd.Series(found, table.index, "Int64")
    table.insert(list(table.columns).index("name") + 1, UID, column)
    return table


def _common(experiment: Experiment, dim: str) -> list[str]:
    """Return the groups, or traders, that both sides have."""
    sides = [side.data for side in (experiment.before, experiment.after)]
    if any(dim not in data.dims for data in sides):
        return []
    left, right = (data[dim].to_numpy().tolist() for data in sides)
    return [name for name in left if name in right]


def present(experiment: Experiment) -> list[int]:
    """Return the places of the parties that win or lose anything in some lane of some side."""
    moved = np.zeros(len(experiment.before.won.names), dtype=bool)
    for side in experiment.sides.values():
        moved |= (side.won.total != 0).any(axis=0)
    return np.flatnonzero(moved).tolist()


def _rows(kind: str, names: Sequence[str], found: Contrast, method: str) -> pd.DataFrame:
    return pd.DataFrame({
        "kind": kind, "name": names, BEFORE: found.baseline, AFTER: found.treated,
        "change": found.difference, "low": found.low, "high": found.high, "p": found.p,
        "p_adjusted": multiplicity.adjusted(found.p, method), "seeds": found.n,
    })  # fmt: skip


def _means(values: Array | xr.DataArray) -> Arm:
    """Return the arm of plain means over seeds."""
    above = np.asarray(values, dtype=float)
    return Arm(above, np.ones_like(above))


def _currency(amounts: NDArray[np.int64]) -> Array:
    return amounts / NANO


def terms(experiment: Experiment) -> pd.DataFrame:
    """Return what the change of every class and trader comes from; currency per lane.

    Returns
        ``kind``, ``name``, ``agent_uid`` (of a trader, before), ``term``, ``before``, ``after``,
        ``change``, ``low``, ``high``. In every seed the terms of a party or trader sum to its
        change, in whole nano-currency. Traders are those that both sides have. What fills bring
        makers has two terms: spread captured from the public mid, and adverse selection.
    """
    before, after = experiment.before, experiment.after
    names = before.won.terms
    sides = (_by_term(side) for side in (after, before))
    tables = [_rows_of_terms(CLASS_OR_ACCOUNT, before.won.classes, [*_OF_FILLS, *names], *sides)]
    common = _common(experiment, TRADER)
    if common:
        amounts = (
            nano(side.data[TERMS_OF_TRADERS].sel({TRADER: common})
                 .transpose("seed", TRADER, TERM).to_numpy())
            for side in (after, before)
        )  # fmt: skip
        tables.append(_rows_of_terms(OF_TRADER, common, names, *amounts))
    return _with_agents(pd.concat(tables, ignore_index=True), before.data)


def _by_term(side: Side) -> Amounts:
    """Return what classes win by term, those of ``_OF_FILLS`` first, nano-currency [n, C, T]."""
    maker, fills = side.won.classes.index(_MAKER), side.won.terms.index(_FILLS)
    parts, rest = np.zeros((*side.won.by_term.shape[:2], 2), np.int64), side.won.by_term.copy()
    parts[:, maker, 0] = nano(side.data[_CAPTURED].to_numpy())
    parts[:, maker, 1] = nano(side.data[_ADVERSE].isel({HORIZON: 0}).to_numpy())
    rest[:, maker, fills] -= parts[:, maker].sum(axis=1)  # 0 is left: each lane has checked it
    return np.concatenate([parts, rest], axis=2)


def _rows_of_terms(
    kind: str, names: Sequence[str], terms: Sequence[str], after: Amounts, before: Amounts
) -> pd.DataFrame:
    """Lay out what moved of the terms, nano-currency [seeds, names, terms] of both sides."""
    treated, baseline = (_means(_currency(each.reshape(len(each), -1))) for each in (after, before))
    found = contrast(treated, baseline)
    places = [(kind, name, term) for name in names for term in terms]
    table = pd.DataFrame(places, columns=["kind", "name", "term"])
    table = table.assign(**{
        BEFORE: found.baseline, AFTER: found.treated, "change": found.difference,
        "low": found.low, "high": found.high,
    })  # fmt: skip
    moved = (table[[BEFORE, AFTER]] != 0).any(axis=1)
    return table[moved].reset_index(drop=True)


def paid(experiment: Experiment) -> pd.DataFrame:
    """Return who pays whom, over the first seeds; currency per lane.

    Returns
        ``payer``, ``receiver``, ``before``, ``after``, ``change``, ``low``, ``high``: a pair has a
        row where anything moves between them, from who pays more before. What a party receives less
        what it pays is its PnL in these seeds.
    """
    names = experiment.before.won.names
    sides = []
    for side in (experiment.after, experiment.before):
        seeds = side.plan.settings.seeds
        lanes = record(side.words, seeds.first, min(seeds.count, RECORDED))
        one_way = transfers(lanes, names)
        sides.append(one_way - one_way.transpose(0, 2, 1))
    treated, baseline = sides
    pairs = [
        (payer, receiver) for payer in range(len(names)) for receiver in range(len(names))
        if _pays_more(payer, receiver, baseline, treated)
    ]  # fmt: skip
    arms = [
        _means(np.stack([side[:, one, other] for one, other in pairs], axis=1))
        if pairs else _means(np.zeros((len(side), 0))) for side in (treated, baseline)
    ]  # fmt: skip
    found = contrast(arms[0], arms[1])
    table = pd.DataFrame([(names[one], names[other]) for one, other in pairs],
                         columns=["payer", "receiver"])  # fmt: skip
    return table.assign(**{
        BEFORE: found.baseline, AFTER: found.treated, "change": found.difference,
        "low": found.low, "high": found.high,
    })  # fmt: skip


def _pays_more(payer: int, receiver: int, baseline: Array, treated: Array) -> bool:
    """Tell whether the first pays the second before, or after where nothing moves before."""
    if not (baseline[:, payer, receiver].any() or treated[:, payer, receiver].any()):
        return False
    means = [float(side[:, payer, receiver].mean()) for side in (baseline, treated)]
    first = means[0] or means[1]
    return first > 0 or (first == 0 and payer < receiver)


def risk(experiment: Experiment) -> pd.DataFrame:
    """Return how the worst lanes of every class move; currency per lane.

    Returns
        ``measure`` ("expected shortfall", the mean of the worst 5 % of the lanes, or the mean of
        the makers' largest drawdown), ``name``, ``before``, ``after``, ``change``, ``low``,
        ``high``: a percentile interval of a bootstrap that draws the seeds of both sides at once,
        and for the drawdown a t interval.
    """
    before, after = experiment.before, experiment.after
    count = len(before.won.classes)
    treated, baseline = (_currency(side.won.total[:, :count]) for side in (after, before))
    worst = tail(treated, baseline)
    table = pd.DataFrame({
        "measure": "expected shortfall", "name": before.won.classes, BEFORE: worst.baseline,
        AFTER: worst.treated, "change": worst.difference, "low": worst.low, "high": worst.high,
    })  # fmt: skip
    if all(DRAWDOWN in side.data for side in (before, after)):
        fall = _move(after.data, before.data, DRAWDOWN)
        row = pd.DataFrame([{
            "measure": "largest drawdown", "name": "maker", BEFORE: fall.baseline,
            AFTER: fall.treated, "change": fall.difference, "low": fall.low, "high": fall.high,
        }])  # fmt: skip
        table = pd.concat([table, row], ignore_index=True)
    return table


def attribution(experiment: Experiment) -> pd.DataFrame:
    """Split the change of the endpoint and of every party among the rules that were changed.

    Returns
        ``change`` (the rule), ``of`` ("endpoint" or a party), ``value``, ``low``, ``high``: the
        Shapley share with its 95 % t interval. Shares sum to the whole change.
    """
    rows = []
    for name, corners in _measured(experiment).items():
        shares, divisor = attributed(corners)
        for change, share in zip(experiment.changes, shares, strict=True):
            found = mean_of(share / divisor)
            rows.append((change, name, *(float(part[0]) for part in found[:3])))
    return pd.DataFrame(rows, columns=["change", "of", "value", "low", "high"])


def _measured(experiment: Experiment) -> dict[str, dict[Chosen, Array]]:
    """Return what is split: of each choice of rules, a value per seed whose mean is the estimate.

    Of a ratio of totals these are the estimate with the influence of each seed.
    """
    found: dict[str, dict[Chosen, Array]] = {}
    sides = experiment.sides
    if all(experiment.declared.variable in side.data for side in sides.values()):
        found[ENDPOINT] = {
            chosen: np.add(*linear(endpoint_arm(experiment.declared, side.data)))[:, 0]
            for chosen, side in sides.items()
        }  # fmt: skip
    for place in present(experiment):
        found[experiment.before.won.names[place]] = {
            chosen: _currency(side.won.total[:, place]) for chosen, side in sides.items()
        }
    return found


def measured(experiment: Experiment) -> pd.DataFrame:
    """Contrast everything that both sides measure; rows as :func:`proteus.compare`, exploratory."""
    before, after = (side.data for side in (experiment.before, experiment.after))
    names = [
        str(name) for name, values in before.items()
        if name != VIOLATION and name in after and values.dims == after[name].dims
        and values.shape == after[name].shape
    ]  # fmt: skip
    listed: list[Measure] = measures(before[[*names, VIOLATION]])
    listed = [one for one in listed if all(name in after for name in one.variables)]
    return tidy([Pair({"side": AFTER}, after, before, BEFORE)], listed, None)


def seeds_wanted(one: Judged, wanted: float) -> int:
    """Return about how many seeds make the interval so narrow."""
    return math.ceil(float(one.found.n[0]) * (one.half_width / wanted) ** 2)


def is_identical(one: Judged) -> bool:
    """Tell whether the endpoint is the same in every seed."""
    return note(one.found, 0) == IDENTICAL


def why_untested(one: Judged) -> str:
    """Say why the endpoint cannot be compared; empty where it can, or is the same."""
    return "" if is_identical(one) else note(one.found, 0)
