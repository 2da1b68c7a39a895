"""V17: what a Poisson flow of orders pays under each schedule of fees.

Orders of one side or the other and of geometric size arrive at a rate and meet quotes that never
move, so what they pay is a compound Poisson sum: its mean is rate x T x E[fee of an order].

Source
    ``conf/costs`` for each schedule; Ross (2014) Introduction to Probability Models, section 5.4.2,
    for the mean of a compound Poisson process.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np

from proteus.market.ledger.accounts import CASH
from proteus.market.ledger.codes import FEE, GAS_BURNED, REBATE, ROUNDING
from proteus.market.trading.world import World
from proteus.validation.comparison import (
    Array,
    Comparison,
    between,
    mean_of,
    one_of,
    sampled,
    whole,
)
from proteus.validation.running import (
    FROZEN_MAKER,
    ROOT,
    compose,
    market,
    ns,
    once,
    poisson,
    simulate,
    trader,
)

_START_S = 1e-6  # when the maker posts its quotes
_LARGEST = 20  # lots of an order
_CODES = (FEE, REBATE, GAS_BURNED, ROUNDING)
_GAS = Fraction("0.0005")  # a message
Rule = Callable[[Fraction, int, bool], Fraction]  # of price, lots, and whether it buys: currency


def _up(amount: Fraction, unit: str) -> Fraction:
    return math.ceil(amount / Fraction(unit)) * Fraction(unit)


def _kalshi(p: Fraction, lots: int, buys: bool) -> Fraction:
    """The trade fee, and what rounds the balance of its only fill down to the cent."""
    fee = _up(Fraction("0.07") * lots * p * (1 - p), "0.0001")
    change = (-1 if buys else 1) * p * lots - fee
    return fee + change % Fraction("0.01")


def _risk(p: Fraction, lots: int, buys: bool) -> Fraction:
    return lots * (p if buys else 1 - p)


# What a taker and the maker pay for one fill; None where many fills of an order depend on another.
SCHEDULES: dict[str, tuple[Rule, Rule | None]] = {
    "kalshi": (_kalshi, None),
    "kalshi_cent": (
        lambda p, lots, buys: _up(Fraction("0.07") * lots * p * (1 - p), "0.01"),
        lambda p, lots, buys: _up(Fraction("0.0175") * lots * p * (1 - p), "0.01"),
    ),
    "polymarket": (
        lambda p, lots, buys: math.floor(lots * p * (1 - p) * 7000) / Fraction(100_000),
        lambda p, lots, buys: -math.floor(lots * p * (1 - p) * 1400) / Fraction(100_000),
    ),
    "polymarket_us": (
        lambda p, lots, buys: round(_risk(p, lots, buys) * Fraction("0.3")) / Fraction(100),
        lambda p, lots, buys: -round(_risk(p, lots, buys) * Fraction("0.2")) / Fraction(100),
    ),
    "min_leg": (
        lambda p, lots, buys: Fraction("0.02") * lots * min(p, 1 - p),
        lambda p, lots, buys: Fraction("0.02") * lots * min(p, 1 - p),
    ),
    "dydx": (
        lambda p, lots, buys: Fraction("0.0005") * lots * p,
        lambda p, lots, buys: Fraction("0.0001") * lots * p,
    ),
    "maker_taker": (
        lambda p, lots, buys: Fraction("0.003") * lots,
        lambda p, lots, buys: -Fraction("0.002") * lots,
    ),
    "gas": (lambda p, lots, buys: _GAS, None),
}


def poisson_fees(
    schedule: str = "kalshi", half_spread: float = 0.01, orders_per_s: int = 10, *,
    lanes: int = 400, root: int = ROOT,
) -> Comparison:  # fmt: skip
    """Compare what takers and a maker pay with the mean of a compound Poisson sum.

    Parameters
        schedule: one of ``SCHEDULES``. half_spread: of the quotes around 0.5, 0.001 .. 0.4 in whole
            thousandths. orders_per_s: of takers, 1 .. 100. lanes, root: as in ``identities``.

    Returns
        Comparison of what is paid in a second, currency: by takers, and by the maker where its
        fills do not depend on each other.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    one_of("schedule", schedule, sorted(SCHEDULES))
    h = between("half_spread", half_spread, 0.001, 0.4, ends=True)
    between("half_spread", half_spread, round(h, 3) - 1e-9, round(h, 3) + 1e-9)
    rate, (lanes, root) = whole("orders_per_s", orders_per_s, 1, 100), sampled(lanes, root)
    taking = {"marketable_probability": 1, "size_mean_lots": 3, "max_lots": _LARGEST}
    cell = compose([
        *market("clob", ns(1)), "execution.protection_ticks=500", f"costs={schedule}",
        *trader("quoting", "maker", schedule=once(_START_S),
                policy={**FROZEN_MAKER, "half_spread": round(h, 3), "quote_lots": 1_000_000}),
        *trader("taking", "noise", schedule=poisson(float(rate)), policy=taking),
        "population.quoting.knows_costs=false",
    ])  # fmt: skip
    paid = simulate(cell, lanes, root, _paid)
    names, expected, found = [], [], []
    of_roles = zip(("takers", "the maker"), SCHEDULES[schedule], paid.T, strict=True)
    for role, (who, rule, column) in enumerate(of_roles):
        if rule is not None:
            names.append(f"paid by {who}, per s")
            expected.append(rate * float(_mean(rule, Fraction(str(round(h, 3))), role == 1)))
            found.append(mean_of(column))
    return Comparison(
        names, expected, [each.value for each in found], [each.error for each in found],
        lanes=lanes, tolerance=[abs(amount) * 10 * _START_S for amount in expected],
    )  # fmt: skip


def _sizes() -> Iterator[tuple[int, Fraction]]:
    """Give the sizes of orders and their chances: geometric with mean 3, the rest in the last."""
    stays = Fraction(2, 3)
    for lots in range(1, _LARGEST):
        yield lots, (1 - stays) * stays ** (lots - 1)
    yield _LARGEST, stays ** (_LARGEST - 1)


def _mean(rule: Rule, h: Fraction, is_maker: bool) -> Fraction:
    """Return what one order costs on average; takers buy at the ask, and sell at the bid."""
    total = Fraction(0)
    for lots, chance in _sizes():
        for taker_buys, price in ((True, Fraction(1, 2) + h), (False, Fraction(1, 2) - h)):
            total += chance / 2 * rule(price, lots, taker_buys != is_maker)
    return total


def _paid(world: World) -> Array:
    """Return what takers and the maker paid in each lane, currency: [L, 2]."""
    ledger = world.ledger
    places = ledger.place[list(_CODES)]
    paid = -ledger.total[:, :, places, CASH].sum(axis=2) / 1e9
    taker, maker = paid[:, 1], paid[:, 0]
    return np.stack([taker, maker], axis=1)
