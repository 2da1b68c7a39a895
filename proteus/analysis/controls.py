"""Control variates: what is known of the news takes its noise from every estimate.

The losses of makers come from jumps of v, and how many a seed has, where v stands then and how long
before a clear they come is chance with a known mean. Two sums over the jumps of a lane, for times
that lie less than 20, 20 to 40 and more than 40 ms before a clear (under a continuous mechanism: at
all times), with d the change of v and g(v) = E[d^2 | v] at a jump:

    timing   sum of g(v-) - rate x integral of g(v) dt
    size     sum of d^2 - g(v-)

The jumps are a Poisson process, v- is known before each, and the law of its size as well: both are
martingales, so the mean of each is zero exactly, under every mechanism and in every unit of a
design. An estimate R with influence psi becomes R - b mean(C), b the regression of psi on the
controls C; the residuals are widened for the b that were estimated. The rate at which this loses
is 1/n: use at least ten units a control.

What has no value in some unit is left as it is: there the mean of C is not known.

Source
    Lavenberg & Welch (1981) Management Science 27:322. Glasserman (2004), Monte Carlo Methods in
    Financial Engineering, section 4.1. Bremaud (1981), Point Processes and Queues, ch. 2.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
import yaml

from proteus.analysis import units
from proteus.analysis.statistics.paired import Arm, Array, linear
from proteus.basics.units import NS_PER_S, milliseconds_to_ns
from proteus.compiler.jit import JIT_DISABLED, kernel
from proteus.configuration.study import Seeds
from proteus.market.environment.jumps import jump_size
from proteus.market.environment.models import LATENT_MODELS, BayesianLatent, LogOddsLatent
from proteus.market.environment.news import (
    MODEL_BAYESIAN,
    NEWS_OK,
    extend_news,
    start_news,
    value_at,
)
from proteus.market.environment.setup import allocate_news, parameters_for
from proteus.market.setup.designs import NEWS_MASKS, rows

LATE_MS = (20.0, 40.0)  # before a clear: what a requote and the news need to reach the venue
_NODES = 4097  # of v, between which g is a line
_QUADRATURE = 24  # nodes of a normal


def applied(dataset: xr.Dataset, arm: Arm, axes: Sequence[str], widths: Sequence[int]) -> Arm:
    """Take from the totals of every cell what its controls explain, where a run asks for it.

    Parameters
        dataset: of one cell or a sweep. arm: [units, k], of its units. axes: its swept dims.
        widths: columns of each measure, the labels of a grid point beside each other.
    """
    if units.seeds_of(dataset).controls == "none":
        return arm
    found = [_controls(dataset, axes, at) for at in np.ndindex(*(dataset.sizes[a] for a in axes))]
    points = np.concatenate([np.repeat(np.arange(len(found)), w // len(found)) for w in widths])
    parts = [adjusted(arm, found[point], points == point) for point in range(len(found))]
    above = arm.above.copy()
    for point, part in enumerate(parts):
        above[:, points == point] = part
    return Arm(above, arm.below)


def adjusted(arm: Arm, controls: Array, columns: np.ndarray) -> Array:
    """Return what stands above in some columns, without what the controls explain.

    Parameters
        controls: float64 [units, q], of mean zero. columns: bool [k].
    """
    part = Arm(arm.above[:, columns], arm.below[:, columns])
    n, q = controls.shape
    value, psi = linear(part)
    centred = controls - controls.mean(axis=0)
    if n < q + 3:
        return part.above
    slope = np.linalg.lstsq(centred, np.nan_to_num(psi), rcond=None)[0]
    left = (psi - centred @ slope) * np.sqrt((n - 1) / (n - 1 - q))
    total = part.below.sum(axis=0)
    made = left * total / n + (value - controls.mean(axis=0) @ slope) * part.below
    is_whole = (np.isfinite(made) & np.isfinite(part.above)).all(axis=0)
    return np.where(is_whole, made, part.above)


def _controls(dataset: xr.Dataset, axes: Sequence[str], at: tuple[int, ...]) -> Array:
    """Return the controls of the units of a grid point, float64 [units, q]."""
    place = dict(zip(axes, at, strict=True))

    def label(name: str) -> Any:
        coordinate = dataset[name]
        return coordinate.values[place[name]] if coordinate.dims else coordinate.item()

    delta_ns = milliseconds_to_ns(float(label("delta"))) if _clears(str(label("mechanism"))) else 0
    seeds = dataset["seed"].to_numpy().astype(np.int64)
    each = of_lanes(dataset.attrs["config"], delta_ns, seeds.tobytes())
    order, begins = units.starts(dataset)
    counts = np.diff([*begins, len(seeds)])
    return np.asarray(np.add.reduceat(each[order], begins) / counts[:, None])


def _clears(mechanism: str) -> bool:
    """Say whether a mechanism trades in batches; one that is not installed counts as continuous."""
    from proteus.market.mechanisms.table import MECHANISM_MODELS

    model = MECHANISM_MODELS.get(mechanism)
    return model is not None and model.uses_delta


@functools.lru_cache(maxsize=64)
def of_lanes(config: str, delta_ns: int, seeds: bytes) -> Array:
    """Return the controls of some lanes, float64 [R, 2 x phases].

    Parameters
        config: of the run, as its results have it. delta_ns: from clear to clear; 0: continuous.
        seeds: int64 [R], the replicates.
    """
    tree = yaml.safe_load(config)
    chosen = Seeds.model_validate(tree["seeds"])
    latent = LATENT_MODELS[tree["latent"]["model"]].model_validate(tree["latent"])
    assert isinstance(latent, BayesianLatent | LogOddsLatent)
    horizon_ns, start = round(tree["horizon_s"] * NS_PER_S), tree["contract"]["initial_probability"]
    parameters = parameters_for(latent, horizon_ns, horizon_ns, start)
    edges = np.array([0, *map(milliseconds_to_ns, LATE_MS), np.iinfo(np.int64).max >> 1])
    if delta_ns == 0:
        edges = edges[[0, -1]]
    made = rows(chosen.dependence, chosen.root, np.frombuffer(seeds, np.int64), chosen.episode)
    keys, masks = np.ascontiguousarray(made[:, :2]), np.ascontiguousarray(made[:, NEWS_MASKS:])
    found = np.zeros((len(keys), 2 * (len(edges) - 1)))
    expected, capacity = mean_squares(latent), 8
    while True:
        jumps = latent.jump_rate_per_s * horizon_ns / NS_PER_S
        window = horizon_ns + 2 * parameters.dt_ns
        news = allocate_news(1, window, parameters.dt_ns, jumps, capacity)
        with np.errstate(over="ignore" if JIT_DISABLED else "warn"):
            code = _sum(news, parameters, keys, masks, horizon_ns, delta_ns, edges,
                        latent.jump_rate_per_s / NS_PER_S, expected, found)  # fmt: skip
        if code == NEWS_OK:
            return found
        capacity *= 2


def mean_squares(latent: BayesianLatent | LogOddsLatent) -> Array:
    """Return g(v) = E[d^2 | v] at equal steps of v from 0 to 1, float64 [_NODES]."""
    v = np.linspace(0.0, 1.0, _NODES)
    if isinstance(latent, BayesianLatent):
        accuracy = latent.jump_accuracy
        size = np.log(accuracy / (1 - accuracy))
        up = v * accuracy + (1 - v) * (1 - accuracy)
        return np.asarray(up * _moved(v, size) ** 2 + (1 - up) * _moved(v, -size) ** 2)
    nodes, weights = np.polynomial.hermite_e.hermegauss(_QUADRATURE)
    total = np.zeros(_NODES)
    for part in latent.jumps:
        for node, weight in zip(nodes, weights / weights.sum(), strict=True):
            total += part.weight * weight * _moved(v, part.mean + part.sd * node) ** 2
    return total


def _moved(v: Array, jump: float) -> Array:
    """Return what a jump of the log-odds does to v."""
    factor = np.exp(jump)
    return np.asarray(v * factor / (1 - v + v * factor) - v)


@kernel
def _sum(  # type: ignore[no-untyped-def]
    news, parameters, keys, masks, horizon_ns, delta_ns, edges, rate_per_ns, expected, found
):
    """Write the controls of every lane; returns a code of ``extend_news``.

    Parameters
        keys: uint32 [R, 2]. masks: uint32 [R, M], or [R, 0] without a design.
        edges: int64 [phases + 1], ns before a clear. expected: of :func:`mean_squares`.
        found: float64 [R, 2 phases], written.
    """
    phases = edges.shape[0] - 1
    for lane in range(keys.shape[0]):
        key0, key1 = keys[lane, 0], keys[lane, 1]
        for column in range(masks.shape[1]):
            news.masks[0, column] = masks[lane, column]
        start_news(news, parameters, key0, key1, 0)
        code = extend_news(news, parameters, key0, key1, 0, np.int64(horizon_ns))
        if code != NEWS_OK:
            return code
        found[lane, :] = 0.0
        begin_ns, number = np.int64(0), 0
        for grid in range(1, horizon_ns // parameters.dt_ns + 1):
            end_ns = np.int64(grid * parameters.dt_ns)
            while number < news.n_jumps[0] and news.jump_ns[0, number] < end_ns:
                now_ns = news.jump_ns[0, number]
                v = value_at(news, parameters, 0, now_ns - 1)
                _add_time(found, lane, v, begin_ns, now_ns, delta_ns, edges, rate_per_ns, expected)
                phase = _phase_at(now_ns, delta_ns, edges)
                jump = jump_size(news, parameters.jump_law, key0, key1, 0, number)
                if parameters.model == MODEL_BAYESIAN and news.payoff[0] == 0:
                    jump = -jump
                factor = np.exp(jump)
                moved = v * factor / (1.0 - v + v * factor) - v
                mean = _between(expected, v)
                found[lane, phase] += mean
                found[lane, phases + phase] += moved * moved - mean
                begin_ns = now_ns
                number += 1
            v = value_at(news, parameters, 0, end_ns - 1)
            _add_time(found, lane, v, begin_ns, end_ns, delta_ns, edges, rate_per_ns, expected)
            begin_ns = end_ns
    return NEWS_OK


@kernel
def _add_time(  # type: ignore[no-untyped-def]
    found, lane, v, begin_ns, end_ns, delta_ns, edges, rate_per_ns, expected
):
    """Take what is expected of the jumps in a while in which v stands still."""
    amount = rate_per_ns * _between(expected, v)
    for phase in range(edges.shape[0] - 1):
        inside = _before(end_ns, phase, delta_ns, edges) - _before(begin_ns, phase, delta_ns, edges)
        found[lane, phase] -= amount * inside


@kernel
def _before(time_ns, phase, delta_ns, edges):  # type: ignore[no-untyped-def]
    """Return how much of the time from 0 to some time is of a phase, ns."""
    if delta_ns == 0:
        return time_ns
    first = delta_ns - min(edges[phase + 1], delta_ns)
    length = delta_ns - min(edges[phase], delta_ns) - first
    return time_ns // delta_ns * length + min(max(time_ns % delta_ns - first, 0), length)


@kernel
def _phase_at(time_ns, delta_ns, edges):  # type: ignore[no-untyped-def]
    """Return the phase of a time."""
    phase = 0
    if delta_ns > 0:
        while delta_ns - time_ns % delta_ns > edges[phase + 1]:
            phase += 1
    return phase


@kernel
def _between(expected, v):  # type: ignore[no-untyped-def]
    """Return a tabulated function of v."""
    place = v * (expected.shape[0] - 1)
    node = min(int(place), expected.shape[0] - 2)
    return expected[node] + (place - node) * (expected[node + 1] - expected[node])
