"""How many seeds run: a fixed number, looks until the endpoint is narrow, or by power.

Successive ranges of replicates are joined, so the result has the same bits as one run of that many
seeds. A look sees the width of the interval only, never the difference.

Source
    Chow & Robbins (1965) Ann. Math. Statist. 36:457, and Law, ch. 9, for stopping by width.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from proteus.analysis.statistics import power
from proteus.analysis.verdict import Width, widths
from proteus.configuration.study import (
    PILOT,
    PURPOSE_SPAN,
    PowerPrecision,
    SequentialPrecision,
    first_of,
)
from proteus.plans.plan import Plan, with_seeds
from proteus.results import flags

_log = logging.getLogger(__name__)

NARROW, SPENT, STOPPED = "narrow", "budget spent", "a lane was stopped"


class Seen(NamedTuple):
    """All that a look may know: how wide intervals of the endpoint are, and no difference."""

    widths: list[Width]
    is_stopped: bool  # some lane was


Simulate = Callable[[Plan], None]
Look = Callable[[Plan], Seen]


class Run(NamedTuple):
    """What was run: the plan as it turned out, and why it ended."""

    plan: Plan
    record: dict[str, Any]


def run(plan: Plan, simulate: Simulate, look: Look) -> Run:
    """Run as many seeds as the precision of a plan asks for.

    Parameters
        plan: the checked sweep; ``seeds.count`` is the most.
        simulate: runs the lanes of a plan that have not run.
        look: tells of lanes that have run how wide the declared endpoint is.
    """
    rule = plan.settings.precision
    if isinstance(rule, SequentialPrecision):
        return _run_in_looks(plan, rule, simulate, look)
    if isinstance(rule, PowerPrecision):
        return _run_by_power(plan, rule, simulate, look)
    simulate(plan)
    return Run(plan, {"rule": rule.name, "seeds": len(plan.replicates)})


def looks(first: int, every: int, most: int) -> Iterator[int]:
    """List the numbers of seeds at which a sequential run looks; the last is ``most``."""
    for seeds in itertools.count(first, every):
        yield min(seeds, most)
        if seeds >= most:
            return


def _run_in_looks(plan: Plan, rule: SequentialPrecision, simulate: Simulate, look: Look) -> Run:
    seeds = plan.settings.seeds
    seen: list[dict[str, Any]] = []
    reason = SPENT
    for count in looks(rule.first_look, rule.look_every, seeds.count):
        now = with_seeds(plan, seeds.first, count)
        simulate(now)
        given = look(now)
        half_width, wanted = _widest(given.widths, rule)
        known = half_width if np.isfinite(half_width) else None  # JSON has no infinity
        seen.append({"seeds": count, "half_width": known, "wanted": wanted})
        _log.info("look at %d seeds: half-width %g, wanted %g", count, half_width, wanted)
        if given.is_stopped:
            reason = STOPPED
            break
        if half_width <= wanted:
            reason = NARROW
            break
    record = {"rule": rule.name, "seeds": count, "ended": reason, "looks": seen}
    return Run(now, record)


def seen(dataset: xr.Dataset, plan: Plan) -> Seen:
    """Look at the endpoint of a sweep, in every cell that is compared."""
    return Seen(widths(dataset, plan.settings.endpoint), bool(flags.stopped(dataset).any()))


def _widest(widths: Sequence[Width], rule: SequentialPrecision) -> tuple[float, float]:
    """Return half-width and target of the endpoint where it is furthest from its target."""
    found = []
    for width in widths:
        wanted = rule.half_width or (rule.half_width_share or 0.0) * width.scale
        half = width.half if width.half >= 0 else np.inf
        found.append((half, wanted if wanted >= 0 else 0.0))
    return max(found, key=_distance, default=(np.inf, 0.0))


def _distance(width: tuple[float, float]) -> float:
    half_width, wanted = width
    return half_width / wanted if wanted > 0 else np.inf


def _run_by_power(plan: Plan, rule: PowerPrecision, simulate: Simulate, look: Look) -> Run:
    seeds = plan.settings.seeds
    first = first_of(PILOT) + seeds.first % PURPOSE_SPAN
    pilot = with_seeds(plan, first, rule.pilot_seeds)
    simulate(pilot)
    needed = _needed(look(pilot).widths, seeds.unit, rule, seeds.count)
    _log.info("%d pilot seeds ask for %d seeds", rule.pilot_seeds, needed)
    now = with_seeds(plan, seeds.first, min(needed, seeds.count))
    simulate(now)
    record = {
        "rule": rule.name,
        "seeds": len(now.replicates),
        "ended": NARROW if needed <= seeds.count else SPENT,
        "needed": needed,
        "pilot_first": first,
        "pilot_seeds": rule.pilot_seeds,
    }
    return Run(now, record)


def _needed(widths: Sequence[Width], unit: int, rule: PowerPrecision, most: int) -> int:
    """Return the seeds, whole units, that find the effect in every primary contrast."""
    needed = power.LEAST_SEEDS
    for _, scale, deviation in widths:
        effect = rule.effect or (rule.effect_share or 0.0) * scale
        if effect > 0 and np.isfinite(effect) and np.isfinite(deviation):
            needed = max(needed, power.seeds_for(effect, deviation, rule.power))
        else:  # the pilot says nothing: run all that the budget allows
            needed = max(needed, most // unit)
    return needed * unit


def words(record: dict[str, Any]) -> str:
    """Say in one sentence how many seeds ran and why."""
    if record["rule"] == "sequential":
        last = record["looks"][-1]
        reached = "none" if last["half_width"] is None else f"{last['half_width']:.3g}"
        width = f"half-width {reached}, wanted {last['wanted']:.3g}"
        return f"ended after {record['seeds']} seeds: {record['ended']} ({width})"
    if record["rule"] == "power":
        pilot = f"{record['pilot_seeds']} pilot seeds from {record['pilot_first']}"
        enough = "" if record["ended"] == NARROW else ", which seeds.count does not allow"
        return f"ran {record['seeds']} seeds: {pilot} ask for {record['needed']}{enough}"
    return f"ran {record['seeds']} seeds"
