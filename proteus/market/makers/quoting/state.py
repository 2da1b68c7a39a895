"""The state of every quoting rule but the linear one, which is that of ``agents.maker`` itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.basics import units
from proteus.compiler.arrays import allocate
from proteus.compiler.jit import state
from proteus.market.makers.intensity import CLASSES
from proteus.market.makers.quoting import cartea_jaimungal
from proteus.market.makers.quoting.added import make_added
from proteus.market.makers.quoting.base import EstimatingQuoting, Quoting
from proteus.market.makers.quoting.models import (
    AvellanedaStoikovQuoting,
    CarteaJaimungalQuoting,
    FixedQuoting,
)

NO_CLASS = -1  # no quote stands on this side


@state
class QuotingParameters(NamedTuple):
    """Fixed numbers. A traders, M makers with a table, K points of it, R inventories."""

    code: np.ndarray  # int64 [A] of the rule
    half_spread: np.ndarray  # float64 [A] of fixed, currency
    risk_aversion: np.ndarray  # float64 [A] g, per currency
    estimates_volatility: np.ndarray  # bool [A]
    volatility: np.ndarray  # float64 [A] sigma, given, currency per root second
    volatility_decay: np.ndarray  # float64 [A]
    fits: np.ndarray  # bool [A] A and k to own fills
    fill_rate: np.ndarray  # float64 [A] A, given, per second
    fill_decay: np.ndarray  # float64 [A] k, given, per currency
    distance_class: np.ndarray  # float64 [A] width of a class, currency
    least_fills: np.ndarray  # float64 [A] before a fit is used
    closing_ns: np.ndarray  # int64 [A] T
    levels: np.ndarray  # int64 [A] Q, quotes
    number: np.ndarray  # int64 [A] of the maker's table
    tables: np.ndarray  # float64 [M, K, R] h of Cartea-Jaimungal, currency


@state
class QuotingState(NamedTuple):
    """What rules have found out. L lanes, A traders, M of them makers, sides BUY and SELL."""

    parameters: QuotingParameters
    maker: np.ndarray  # int64 [A] number of the maker in the arrays of classes
    variance: np.ndarray  # float64 [L, A] of the log-odds, per second
    changes: np.ndarray  # int64 [L, A] that it is made of
    level: np.ndarray  # float64 [L, A] log-odds of the estimate at the last requote
    updated_ns: np.ndarray  # int64 [L, A] when that was, ns
    rate: np.ndarray  # float64 [L, A] A, per second, as used
    decay: np.ndarray  # float64 [L, A] k, per currency, as used
    quoted: np.ndarray  # int64 [L, A, 2] class of distance of the quote sent last, or NO_CLASS
    exposure: np.ndarray  # float64 [L, M, 16] seconds that quotes stood, by class of distance
    fills: np.ndarray  # float64 [L, M, 16] of them
    added: Any  # chain of rules of other packages


def make_quoting(
    configured: Sequence[tuple[int, Quoting]], lanes: int, traders: int, initial_level: float
) -> QuotingState:
    """Build the rules of makers.

    Parameters
        configured: (number of the trader, its rule). traders: of all kinds.
        initial_level: log-odds of p0.
    """
    with_tables = [(trader, q) for trader, q in configured if isinstance(q, CarteaJaimungalQuoting)]
    tables = _tables([rule for _, rule in with_tables])
    parameters = allocate(
        QuotingParameters, A=traders, M=tables.shape[0], K=tables.shape[1], R=tables.shape[2],
        fill_rate=1.0, fill_decay=1.0, distance_class=1.0, closing_ns=1, tables=tables,
    )  # fmt: skip
    number = np.zeros(traders, np.int64)
    for at, (trader, each) in enumerate(configured):
        number[trader] = at
        _write(parameters, trader, each)
    for at, (trader, _) in enumerate(with_tables):
        parameters.number[trader] = at
    assert CLASSES == 16
    return allocate(
        QuotingState, L=lanes, A=traders, M=max(len(configured), 1), parameters=parameters,
        maker=number, level=initial_level, rate=parameters.fill_rate, decay=parameters.fill_decay,
        quoted=NO_CLASS, added=make_added(configured, traders),
    )  # fmt: skip


def _write(parameters: QuotingParameters, trader: int, each: Quoting) -> None:
    parameters.code[trader] = each.CODE
    if isinstance(each, FixedQuoting):
        parameters.half_spread[trader] = each.half_spread
    elif isinstance(each, EstimatingQuoting):
        parameters.risk_aversion[trader] = each.risk_aversion
        parameters.estimates_volatility[trader] = each.volatility == "estimated"
        parameters.volatility[trader] = each.volatility_per_root_s
        parameters.volatility_decay[trader] = each.volatility_decay
        parameters.fits[trader] = each.fills == "fitted"
        parameters.fill_rate[trader] = each.fill_rate_per_s
        parameters.fill_decay[trader] = each.fill_decay
        parameters.distance_class[trader] = each.distance_class
        parameters.least_fills[trader] = each.least_fills
    if isinstance(each, CarteaJaimungalQuoting):
        parameters.fill_decay[trader] = each.fill_decay
        parameters.levels[trader] = each.levels
    if isinstance(each, AvellanedaStoikovQuoting | CarteaJaimungalQuoting):
        parameters.closing_ns[trader] = units.seconds_to_ns(each.closing_s)


def _tables(rules: Sequence[CarteaJaimungalQuoting]) -> NDArray[np.float64]:
    """Return the tables of makers, [M, K, R]; rows behind those of a maker are not read."""
    made = [
        cartea_jaimungal.table(
            rule.fill_rate_per_s, rule.fill_decay, rule.running_penalty, rule.final_penalty,
            rule.levels, rule.closing_s,
        )
        for rule in rules
    ]  # fmt: skip
    width = max((each.shape[1] for each in made), default=1)
    tables = np.zeros((max(len(made), 1), cartea_jaimungal.POINTS + 1, width))
    for at, each in enumerate(made):
        tables[at, :, : each.shape[1]] = each
    return tables
