"""How often the price jumps, by simulated moments.

The middle of the book is a diffusion with jumps, seen with noise and rounded to half a tick:

    x(t) = sigma W(t) + jumps of a Poisson process, each normal around 0;  m = round(x + noise)

Its likelihood is not closed, so moments of its changes are compared with those of simulated ones:
variance, first autocovariance, bipower variation, variance of longer changes, and how many and how
large the extreme ones are. Six moments and four parameters leave two that say whether it fits;
jumps are seen where moments do not fit without them. Simulations begin at the recorded prices, so
that a tick is as coarse as it was. Of a price between 0 and 1, x is its log-odds, else the price in
ticks.

Source
    McFadden (1989) Econometrica 57:995; Duffie & Singleton (1993) Econometrica 61:929 (simulated
    moments, their covariance and test). Newey & West (1987) Econometrica 55:703. Barndorff-Nielsen
    & Shephard (2004) J. Financial Econometrics 2:1 (bipower variation). Merton (1976) J. Financial
    Economics 3:125 (the process).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import optimize, stats
from scipy.stats import qmc

from proteus.fit.estimates import Estimate, Fit, Floats, Whole

LEAST = 400  # changes of the price on the grid
_WINDOW = 5  # changes that follow each other
_DRAWS = 6_000  # windows that are simulated
_EXTREME = 4.0  # of that many deviations
_STILL = 0.5  # most of the changes that may be none
_DISTINCT = 0.05  # variance beside the other moments that makes one count in a test, relative
_STEPS = 400  # of the search
_SEED = 20_261_128
_LOG_ODDS, _TICKS = "log-odds", "ticks"


class Path(NamedTuple):
    """The middle of a book over time, while it has two sides. M changes."""

    time_ns: Whole  # [M]
    doubled: Whole  # [M] half ticks


class News(NamedTuple):
    """What moves the price; x is in ``unit``."""

    unit: str
    grid_s: float
    volatility: Estimate  # sigma, per square root of a second
    noise: Estimate  # sd of what is seen beside it
    jump_rate: Estimate | None  # per second; None: no jumps are seen
    jump_sd: Estimate | None
    fit: Fit
    without: Fit  # the same without jumps


def grid(paths: list[Path], grid_s: float | None) -> tuple[float, list[Floats]]:
    """Return a grid of time and the prices on it, half ticks: by default the finest that moves."""
    longest = max(float(path.time_ns[-1] - path.time_ns[0]) / 1e9 for path in paths)
    if grid_s is not None:
        return grid_s, [_sampled(path, grid_s) for path in paths]
    found = longest / 200
    for step in (20_000, 10_000, 5_000, 2_000, 1_000, 500):
        prices = [_sampled(path, longest / step) for path in paths]
        if np.mean(np.concatenate([np.diff(each) for each in prices]) == 0) <= _STILL:
            return longest / step, prices
    return found, [_sampled(path, found) for path in paths]


def _sampled(path: Path, grid_s: float) -> Floats:
    times = np.arange(path.time_ns[0], path.time_ns[-1] + 1, max(int(grid_s * 1e9), 1))
    return path.doubled[np.searchsorted(path.time_ns, times, "right") - 1].astype(float)


def news(prices: list[Floats], grid_s: float, n_ticks: int | None) -> News | None:
    """Fit what moves prices on a grid; None where they move too seldom.

    Parameters
        prices: half ticks, of each file. n_ticks: in a price of 1, where that is the largest;
            None: prices have no bound.
    """
    scale = _Scale(n_ticks)
    paths = [scale.of_price(each) for each in prices]
    moved = sum(int((np.diff(each) != 0).sum()) for each in paths)
    if moved < LEAST:
        return None
    problem = _Problem(prices, paths, grid_s, scale)
    whole = problem.solve(with_jumps=True)
    still = problem.solve(with_jumps=False)
    rate = whole.estimates[2]
    seen = still.fit.p < 0.05 and rate.value > 2 * rate.error
    found = whole if seen else still
    volatility, noise, *jumps = found.estimates
    return News(
        scale.unit, grid_s, volatility, noise, jumps[0] if seen else None,
        jumps[1] if seen else None, found.fit, still.fit,
    )  # fmt: skip


class _Scale:
    """From half ticks to x and back."""

    def __init__(self, n_ticks: int | None) -> None:
        self._most = 2.0 * n_ticks if n_ticks else None
        self.unit = _LOG_ODDS if n_ticks else _TICKS

    def of_price(self, doubled: Floats) -> Floats:
        if self._most is None:
            return doubled / 2
        inside = np.clip(doubled, 1, self._most - 1)
        return np.log(inside / (self._most - inside))

    def rounded(self, x: Floats) -> Floats:
        """Return x as it is seen in half ticks."""
        if self._most is None:
            return np.rint(2 * x) / 2
        return self.of_price(np.rint(self._most / (1 + np.exp(-x))))


class _Solved(NamedTuple):
    estimates: list[Estimate]
    fit: Fit


class _Problem:
    """Moments of what was recorded, and the search for parameters that give them."""

    def __init__(
        self, prices: list[Floats], paths: list[Floats], grid_s: float, scale: _Scale
    ) -> None:
        self._grid, self._scale = grid_s, scale
        changes = [np.diff(each) for each in paths if len(each) > _WINDOW + 1]
        pairs = np.concatenate([np.abs(r[1:] * r[:-1]) for r in changes])
        smallest = float(np.mean(np.abs(np.concatenate(changes))))
        self._sd = max(float(np.sqrt(np.pi / 2 * pairs.mean())), smallest / 2)
        rows = np.concatenate([self._rows(_windows(r)) for r in changes])
        self.target = rows.mean(axis=0)
        # That nothing extreme was recorded is as uncertain as that one thing was.
        one = np.array([0, 0, 0, 0, 1, _EXTREME * self._sd]) / len(rows)
        self._covariance = _covariance(rows) + np.outer(one, one)
        self._weight = 1 / np.diag(self._covariance)
        self._inflated = 1 + len(rows) / (_DRAWS * _WINDOW)
        draw = np.random.default_rng(_SEED)
        starts = np.concatenate(prices)
        starts = starts[draw.integers(len(starts), size=_DRAWS)] + draw.uniform(-0.5, 0.5, _DRAWS)
        self._start = scale.of_price(starts)
        # Each is spread evenly over its law, and so are the sizes of however many jumps there are.
        of = _DRAWS * _WINDOW
        self._moves = stats.norm.ppf(_even(draw, of)).reshape(_DRAWS, _WINDOW)
        self._seen = stats.norm.ppf(_even(draw, of + _DRAWS)).reshape(_DRAWS, _WINDOW + 1)
        many = _even(draw, of)
        jumps = np.empty(of)
        jumps[np.argsort(-many)] = stats.norm.ppf(qmc.Halton(1, seed=draw).random(of)[:, 0])
        self._many, self._jumps = (each.reshape(_DRAWS, _WINDOW) for each in (many, jumps))

    def _rows(self, windows: Floats) -> Floats:
        """Return the moments of windows of changes, a row for each."""
        first, second = windows[:, 0], windows[:, 1]
        large = np.abs(first) > _EXTREME * self._sd
        long = windows.sum(axis=1)
        return np.stack([
            first**2, first * second, np.abs(first * second), long**2, large.astype(float),
            np.where(large, np.abs(first), 0.0),
        ], axis=1)  # fmt: skip

    def _simulated(self, log: Floats) -> Floats:
        """Return the moments of simulated windows, for logs of the parameters."""
        volatility, noise = np.exp(log[:2])
        steps = volatility * np.sqrt(self._grid) * self._moves
        if len(log) > 2:
            mean, sd = np.exp(log[2]) * self._grid, np.exp(log[3])
            none = np.exp(-mean)
            until = np.cumsum([none, none * mean, none * mean**2 / 2])
            many = (self._many[..., None] > until).sum(axis=-1)
            steps = steps + sd * np.sqrt(many) * self._jumps
        x = np.concatenate([self._start[:, None], self._start[:, None] + steps.cumsum(1)], axis=1)
        seen = self._scale.rounded(x + noise * self._seen)
        changes = np.diff(seen, axis=1)
        # Windows of a simulation stand alone, so every pair of changes in them counts.
        rows = self._rows(changes)
        for at in range(1, _WINDOW - 1):
            rolled = self._rows(np.roll(changes, -at, axis=1))
            rows[:, [0, 1, 2, 4, 5]] += rolled[:, [0, 1, 2, 4, 5]]
        mean_rows = rows.mean(axis=0)
        mean_rows[[0, 1, 2, 4, 5]] /= _WINDOW - 1
        return np.asarray(mean_rows)

    def _distance(self, log: Floats) -> float:
        if np.abs(log).max() > 40:
            return 1e12
        apart = self._simulated(log) - self.target
        return float(apart**2 @ self._weight)

    def _begin(self, with_jumps: bool) -> Floats:
        variance, paired, bipower, longer, large, size = self.target
        tiny = 1e-3 * self._sd
        diffusion = np.sqrt(np.pi / 2 * bipower / self._grid) if bipower > 0 else self._sd
        noise = np.sqrt(max(-paired, tiny**2))
        if not with_jumps:
            return np.log([np.sqrt(max(longer, variance) / _WINDOW / self._grid), noise])
        share = max(large, 1e-4)
        return np.log([diffusion, noise, share / self._grid, max(size / share, 2 * self._sd)])

    def solve(self, with_jumps: bool) -> _Solved:
        """Search for the parameters with the least distance."""
        begin = self._begin(with_jumps)
        found = optimize.minimize(
            self._distance, begin, method="Nelder-Mead",
            options={"maxfev": _STEPS, "xatol": 1e-3, "fatol": 1e-3,
                     "initial_simplex": _simplex(begin)},
        )  # fmt: skip
        values = np.exp(found.x)
        errors, fit = self._judged(found.x)
        return _Solved(
            [Estimate(float(v), float(v * e)) for v, e in zip(values, errors, strict=True)], fit
        )

    def _judged(self, log: Floats, step: float = 0.1) -> tuple[Floats, Fit]:
        """Return the errors of the logs, and how well the moments fit."""
        slopes = np.stack([
            (self._simulated(log + move) - self._simulated(log - move)) / (2 * step)
            for move in step * np.eye(len(log))
        ], axis=1)  # fmt: skip
        weighted = slopes.T * self._weight
        to_log = np.linalg.pinv(weighted @ slopes) @ weighted
        covariance = self._covariance * self._inflated
        errors = np.sqrt(np.diag(to_log @ covariance @ to_log.T))
        rest = np.eye(len(self.target)) - slopes @ to_log
        sd = np.sqrt(1 / self._weight)
        spread = (rest @ covariance @ rest.T) / np.outer(sd, sd)
        apart = (self._simulated(log) - self.target) / sd
        values, axes = np.linalg.eigh(spread)
        kept = values > _DISTINCT
        distance = float(((axes[:, kept].T @ apart) ** 2 / values[kept]).sum())
        free = int(kept.sum())
        return errors, Fit("distance of moments", distance, float(stats.chi2.sf(distance, free)))


def _even(draw: np.random.Generator, count: int) -> Floats:
    """Return the middles of as many equal parts of 0 .. 1, in random order."""
    return np.asarray((draw.permutation(count) + 0.5) / count)


def _covariance(rows: Floats) -> Floats:
    """Return the covariance of the means of rows that depend on those near them (Newey & West)."""
    apart, count = rows - rows.mean(axis=0), len(rows)
    lags = max(2 * _WINDOW, round(count ** (1 / 3)))
    total = apart.T @ apart
    for lag in range(1, lags + 1):
        one = apart[lag:].T @ apart[:-lag]
        total = total + (1 - lag / (lags + 1)) * (one + one.T)
    return np.asarray(total / count**2)


def _windows(changes: Floats) -> Floats:
    return np.lib.stride_tricks.sliding_window_view(changes, _WINDOW)


def _simplex(begin: Floats) -> Floats:
    return np.concatenate([begin[None], begin + 0.5 * np.eye(len(begin))])
