"""Integer tables of a cost model: exact, and small because equal curves are kept once.

What a lot costs is a fraction of currency for every role, side, price and tier. Over the prices it
is a factor times a curve of integers without a common divisor, so all tiers and both roles of a
venue usually share one curve. A kernel then charges

    round_to * round(lots * numerator * curve[price] / denominator)

in whole numbers. A model that does not fit int64 is refused here, before anything runs.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.basics.schema import MAX_LOTS, canonical_json
from proteus.basics.units import NANO, seconds_to_ns
from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state
from proteus.errors import ConfigError
from proteus.market.arithmetic.fixed_point import ROUNDINGS
from proteus.market.book.codes import BUY, SELL
from proteus.market.costs.base import CostModel
from proteus.market.costs.codes import MAKER, TAKER
from proteus.market.costs.models import (
    MILLION,
    BinaryQuadraticCosts,
    GasCosts,
    SurplusCosts,
    TieredCosts,
    parts_of,
)
from proteus.market.costs.schedule import Schedule
from proteus.market.events.queue import NEVER_NS

PER_LOT = 0  # by the curves
SURPLUS = 1
GAS = 2

LARGEST = 2**63 - 1
_LARGEST_CHARGE = 2**62  # nano, for the most lots that an order has
ROLES_AND_SIDES = tuple((role, side) for role in (TAKER, MAKER) for side in (BUY, SELL))


@state
class CostTables(NamedTuple):
    """What is charged. S segments of time, P parts, T tiers, K curves, N prices from 0 to 1.

    Money is in nano-currency. R rates are those of all segments, parts, tiers, roles and sides, the
    last of these fastest (``rate_at``).
    """

    from_ns: np.ndarray  # int64 [S] when each segment begins
    kind: np.ndarray  # int8 [P] PER_LOT, SURPLUS or GAS
    rounding: np.ndarray  # int8 [P] of fixed_point.ROUNDINGS
    has_gas: np.ndarray  # bool [1] some part is GAS
    round_to: np.ndarray  # int64 [S, P] nano
    minimum: np.ndarray  # int64 [S, P] nano; 0: none
    balance_to: np.ndarray  # int64 [S, P] nano that balances stay multiples of; 0: of anything
    balance_rebate: np.ndarray  # int64 [S, P] nano; 0: none
    numerator: np.ndarray  # int64 [R] below 0: a rebate; of a surplus its share
    denominator: np.ndarray  # int64 [R]
    cap: np.ndarray  # int64 [R] of a surplus: share of the price; same denominator
    curve: np.ndarray  # int64 [R] number of the curve
    curves: np.ndarray  # int64 [K, N]
    bound: np.ndarray  # int64 [S, P, T, 3] what a tier needs: volume in nano, two shares in ppm
    window_ns: np.ndarray  # int64 [1] of the volume that tiers are about, or NEVER_NS
    base_fee: np.ndarray  # int64 [S, P] nano per unit of gas
    tip: np.ndarray  # int64 [S, P] nano per unit of gas
    gas_numerator: np.ndarray  # int64 [S, P, 7] units of each action
    gas_denominator: np.ndarray  # int64 [S, P, 7] of them, in units of round_to
    tick_nano: np.ndarray  # int64 [1]
    steepest: np.ndarray  # float64 [1] most that a lot's charge changes from tick to tick, nano
    coarsest: np.ndarray  # float64 [1] most that all roundings of a charge move it, nano


def make_tables(model: CostModel, n_ticks: int, horizon_ns: int) -> CostTables:
    """Make the tables of a model; those of equal models are made once and shared.

    Parameters
        model: of ``models``, or of another package. n_ticks: prices are 1 .. n_ticks - 1.
        horizon_ns: T, the window of tiers that name none.

    Raises
        ConfigError: the tables leave int64.
    """
    return _cached(_Named(model), n_ticks, horizon_ns)


class _Named:
    """A model that equals every other one that is written alike."""

    def __init__(self, model: CostModel) -> None:
        self.model = model
        self.text = f"{type(model)} {canonical_json(model.model_dump(mode='json'))}"

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Named) and self.text == other.text


@functools.lru_cache(maxsize=16)
def _cached(named: _Named, n_ticks: int, horizon_ns: int) -> CostTables:
    times = named.model.times_ns()
    segments = [parts_of(named.model.at(time)) for time in times]
    parts, curves = segments[0], _Curves(n_ticks)
    tiers = max([len(part.bounds()) for now in segments for part in now], default=1)
    tables: CostTables = allocate(
        CostTables, S=len(times), P=len(parts), K=0, N=n_ticks + 1, T=tiers,
        R=len(times) * len(parts) * tiers * len(ROLES_AND_SIDES),
        from_ns=times,
        kind=np.array([_kind(part) for part in parts], np.int8),
        rounding=np.array([ROUNDINGS[part.rounding] for part in parts], np.int8),
        has_gas=any(isinstance(part, GasCosts) for part in parts),
        denominator=1, gas_denominator=1,
        bound=LARGEST,  # a tier that a part does not have is never reached
        window_ns=_window_ns(parts, horizon_ns), tick_nano=NANO // n_ticks,
    )  # fmt: skip
    for segment, now in enumerate(segments):
        for number, part in enumerate(now):
            _fill_amounts(tables, segment, number, part)
            _fill_rates(tables, (segment, number), part, curves)
    tables = tables._replace(curves=np.array([*curves.numbers.values()], np.int64))
    tables.steepest[0] = _slopes(tables).sum()
    steps = tables.round_to + tables.balance_to + tables.balance_rebate
    tables.coarsest[0] = steps.sum(axis=1).max()
    return tables


def _kind(part: CostModel) -> int:
    if isinstance(part, GasCosts):
        return GAS
    return SURPLUS if isinstance(part, SurplusCosts) else PER_LOT


def _window_ns(parts: Sequence[CostModel], horizon_ns: int) -> int:
    """Return the one window of all tiers, NEVER_NS where nothing can leave it."""
    named = [part.window_s for part in parts if isinstance(part, TieredCosts)]
    window = seconds_to_ns(named[0]) if named and named[0] is not None else horizon_ns
    return window if window < horizon_ns else NEVER_NS


def _fill_amounts(tables: CostTables, segment: int, number: int, part: CostModel) -> None:
    """Write the amounts of a part, which stay as they are written."""
    at = segment, number
    tables.round_to[at] = _nano(part.round_to) or 1
    tables.minimum[at] = _nano(part.minimum)
    if isinstance(part, BinaryQuadraticCosts):
        tables.balance_to[at] = _nano(part.balance_to)
        tables.balance_rebate[at] = _nano(part.balance_rebate)
    if isinstance(part, GasCosts):
        tables.base_fee[at], tables.tip[at] = _nano(part.base_fee), _nano(part.tip)
        for action, units in enumerate(part.units()):
            units_of_rounding = units * part.scale.exact / int(tables.round_to[at])
            tables.gas_numerator[(*at, action)] = _fits(part, units_of_rounding.numerator)
            tables.gas_denominator[(*at, action)] = _fits(part, units_of_rounding.denominator)


def _nano(amount: Schedule) -> int:
    """Return an amount of currency in nano, 0 where there is none."""
    return 0 if amount.values[0] is None else int(amount.exact * NANO)


def _fill_rates(tables: CostTables, at: tuple[int, int], part: CostModel, curves: _Curves) -> None:
    """Write what a lot costs by tier, role and side."""
    if isinstance(part, GasCosts):
        return
    to_units = part.scale.exact * NANO / int(tables.round_to[at])
    for tier, bound in enumerate(part.bounds()):
        tables.bound[(*at, tier)] = [
            _fits(part, math.ceil(bound.volume * NANO)),
            math.ceil(bound.share_ppm), math.ceil(bound.maker_share_ppm),
        ]  # fmt: skip
        for role, side in ROLES_AND_SIDES:
            here = rate_at(tables, *at, tier, role, side)
            if isinstance(part, SurplusCosts):
                _fill_surplus(tables, here, role, part, to_units / (2 * curves.n_ticks))
                continue
            factor, curve = curves.add(
                [part.per_lot(role, side, price, tier) for price in curves.prices]
            )
            most = max(map(abs, curves.numbers[curve]))
            factor *= to_units
            units = _LARGEST_CHARGE // int(tables.round_to[at])
            _fits(part, most * MAX_LOTS)
            _fits(part, abs(factor.numerator))
            _fits(part, int(abs(factor) * most * MAX_LOTS) * LARGEST // units)
            tables.numerator[here] = factor.numerator
            tables.denominator[here] = _fits(part, factor.denominator)
            tables.curve[here] = curve


def _fill_surplus(
    tables: CostTables, here: int, role: int, part: SurplusCosts, per_half_tick: Fraction
) -> None:
    """Write the share of the improvement and of the price, both in half ticks."""
    share = part.share(role) * per_half_tick
    cap = part.cap_ppm.exact / MILLION * per_half_tick
    denominator = math.lcm(share.denominator, cap.denominator)
    tables.denominator[here] = _fits(part, denominator)
    half_ticks = 2 * (tables.curves.shape[1] - 1)
    for table, rate in ((tables.numerator, share), (tables.cap, cap)):
        numerator = int(rate * denominator)
        _fits(part, numerator * half_ticks)
        table[here] = numerator


def _fits(part: CostModel, number: int) -> int:
    """Return a number that int64 holds, or say whose is too large."""
    if number <= LARGEST:
        return number
    written = part.model_dump(mode="json", exclude_defaults=True)
    raise ConfigError(
        f"costs={canonical_json(written)} is not allowed: its exact amounts do not fit 64 bits; "
        "take rates with fewer digits, or a coarser contract.tick"
    )


class _Curves:
    """Curves over the prices, each once; of a factor times a curve only the curve is kept."""

    def __init__(self, n_ticks: int) -> None:
        self.n_ticks = n_ticks
        self.prices = [Fraction(tick, n_ticks) for tick in range(1, n_ticks)]
        self.numbers: dict[int, tuple[int, ...]] = {}
        self._found: dict[tuple[int, ...], int] = {}
        self.add([Fraction(0)] * (n_ticks - 1))

    def add(self, costs: Sequence[Fraction]) -> tuple[Fraction, int]:
        """Return factor and number of the curve of costs at the prices 1 .. n_ticks - 1."""
        multiple = math.lcm(*(cost.denominator for cost in costs))
        numbers = [cost.numerator * (multiple // cost.denominator) for cost in costs]
        divisor = math.gcd(*numbers) or 1
        if next((number for number in numbers if number), 0) < 0:
            divisor = -divisor
        curve = (0, *(number // divisor for number in numbers), 0)
        number = self._found.setdefault(curve, len(self._found))
        self.numbers[number] = curve
        return Fraction(divisor, multiple), number


def _slopes(tables: CostTables) -> NDArray[np.float64]:
    """Return the most that each part changes from tick to tick, nano per lot."""
    inside = tables.curves[:, 1:-1].astype(float)
    changes = np.abs(np.diff(inside, axis=1)).max(axis=1, initial=0.0)
    segments, parts, tiers = tables.bound.shape[:3]
    of_parts = segments, parts, tiers * len(ROLES_AND_SIDES)
    rate = tables.round_to[:, :, None] / tables.denominator.reshape(of_parts)
    by_curve = (np.abs(tables.numerator) * changes[tables.curve]).reshape(of_parts)
    of_surplus = 2.0 * np.maximum(tables.numerator, tables.cap).reshape(of_parts)
    is_surplus = (tables.kind == SURPLUS)[None, :, None]
    return (rate * np.where(is_surplus, of_surplus, by_curve)).max(axis=(0, 2), initial=0.0)


@inline_kernel
def rate_at(tables, segment, part, tier, role, side):
    """Return the row of a rate."""
    row = (segment * tables.kind.shape[0] + part) * tables.bound.shape[2] + tier
    return (row * 2 + role) * 2 + side


@inline_kernel
def segment_at(tables, time):
    """Return the segment of a time; a segment begins with its first nanosecond."""
    segment = 0
    while segment + 1 < tables.from_ns.shape[0] and tables.from_ns[segment + 1] <= time:
        segment += 1
    return segment
