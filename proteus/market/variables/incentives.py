"""What is measured of incentives: what traders get and pay, their share of scores, their presence.

A cell without policies pays and charges nothing, and has no scores.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from proteus.market.agents.traders import CLASSES, NO_GROUP
from proteus.market.incentives.codes import SHARE_ONE
from proteus.market.ledger.accounts import CASH, NOT_CARRIED
from proteus.market.ledger.codes import PENALTY, REWARD, SLASH
from proteus.market.rules.state import NoRules
from proteus.market.trading.world import World
from proteus.market.variables.base import (
    CLASS,
    GROUP,
    TRADER,
    Values,
    Variable,
    currency,
    has_role,
    ratio,
)
from proteus.market.variables.dimensions import INCENTIVES

Amounts = NDArray[np.int64]  # [L, A]


def _posted(world: World, code: int) -> Amounts:
    """Return what each trader got under a code."""
    ledger = world.ledger
    traders, place = ledger.bought.shape[1], ledger.place[code]
    if place == NOT_CARRIED:
        return np.zeros((len(ledger.bought), traders), np.int64)
    return np.asarray(ledger.total[:, :traders, place, CASH])


def _received(world: World) -> Amounts:
    return _posted(world, REWARD)


def _paid(world: World) -> Amounts:
    """Return what each trader paid: fines as far as there was cash, and parts of stakes."""
    charged = -_posted(world, PENALTY) - _posted(world, SLASH)
    unpaid = 0 if isinstance(world.rules, NoRules) else world.rules.incentives.unpaid
    return np.asarray(charged - unpaid)


def _scores(world: World) -> tuple[Amounts, Amounts]:
    """Return the shares of each trader, summed over epochs, and these epochs."""
    if isinstance(world.rules, NoRules):
        return _nothing(world), _nothing(world)
    incentives = world.rules.incentives
    return incentives.shares, incentives.scored * SHARE_ONE


def _presence(world: World) -> tuple[Amounts, Amounts]:
    """Return the samples at which each trader was there, and all of these."""
    if isinstance(world.rules, NoRules):
        return _nothing(world), _nothing(world)
    return world.rules.incentives.met, world.rules.incentives.could


def _nothing(world: World) -> Amounts:
    return np.zeros_like(world.ledger.bought)


# --- over traders ---------------------------------------------------------------------------------


def _sum(values: NDArray[np.float64]) -> Values:
    return np.asarray(values.sum(axis=1))


def _mean(values: NDArray[np.float64]) -> Values:
    """Return the mean of those that there are, NaN where there is none."""
    there = ~np.isnan(values)
    return ratio(np.where(there, values, 0.0).sum(axis=1), there.sum(axis=1))


def _rows(
    name: str,
    unit: str,
    long_name: str,
    formula: str,
    of_traders: Callable[[World], Values],
    over: Callable[[Values], Values],
    sign: str = "",
    missing: str = "",
) -> tuple[Variable, ...]:
    """Declare one measure three times: by class, by group and by trader."""
    word = "sum" if over is _sum else "mean"

    def by_class(world: World) -> Values:
        values = of_traders(world)
        return np.stack([over(values[:, has_role(world, c)]) for c in range(CLASSES)], axis=1)

    def by_group(world: World) -> Values:
        values, groups = of_traders(world), world.traders.group
        return np.stack([over(values[:, groups == g]) for g in range(groups.max() + 1)], axis=1)

    row = Variable(
        name=name, dims=(CLASS,), unit=unit, long_name=f"{long_name}, by class", sign=sign,
        formula=f"{word} over the traders of a class of {formula}", source="accounts",
        missing=missing, compute=by_class, part=INCENTIVES,
    )  # fmt: skip
    return (
        row,
        row._replace(
            name=f"{name}_by_group", dims=(GROUP,), long_name=f"{long_name}, by group",
            formula=f"{word} over the traders of a group of {formula}", compute=by_group,
        ),
        row._replace(
            name=f"{name}_by_trader", dims=(TRADER,), long_name=f"{long_name}, by trader",
            formula=formula,
            compute=lambda world: of_traders(world)[:, world.traders.group != NO_GROUP],
        ),
    )  # fmt: skip


INCENTIVE_VARIABLES: tuple[Variable, ...] = (
    *_rows(
        name="rewards_received",
        unit="currency",
        long_name="rewards of policies",
        formula="what pools paid to it",
        of_traders=lambda world: currency(_received(world)),
        over=_sum,
    ),
    *_rows(
        name="penalties_paid",
        unit="currency",
        long_name="penalties of policies",
        sign="positive: it paid",
        formula="fines, as far as there was cash, and parts of stakes that it lost",
        of_traders=lambda world: currency(_paid(world)),
        over=_sum,
    ),
    *_rows(
        name="reward_score",
        unit="1",
        long_name="share of what all score",
        formula="its score / those of all, mean over epochs in which anybody scores",
        of_traders=lambda world: ratio(*_scores(world)),
        over=_mean,
        missing="no_score",
    ),
    *_rows(
        name="uptime_share",
        unit="1",
        long_name="presence under policies that ask for it",
        formula="samples at which both sides had lots enough near the mid / all samples",
        of_traders=lambda world: ratio(*_presence(world)),
        over=_mean,
        missing="no_sample",
    ),
)
