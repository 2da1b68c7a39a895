"""What is measured of policies beyond what they move: fines, shares of scores, presence.

Rewards are among what rules move (``rules``). A cell without policies charges nothing, and has no
scores.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from proteus.market.agents.traders import NO_GROUP
from proteus.market.incentives.codes import SHARE_ONE
from proteus.market.incentives.state import Incentives
from proteus.market.ledger.accounts import CASH
from proteus.market.ledger.codes import PENALTY, SLASH
from proteus.market.rules.state import NoRules
from proteus.market.trading.world import World
from proteus.market.variables.base import (
    CLASS,
    GROUP,
    TERM,
    TRADER,
    Values,
    Variable,
    classes_of,
    currency,
    has_role,
    ratio,
)

Amounts = NDArray[np.int64]  # [L, A]


def _incentives(world: World) -> Incentives | None:
    """Return the state of policies, of a world with rules."""
    return None if isinstance(world.rules, NoRules) else world.rules.incentives


def _nothing(world: World) -> Amounts:
    return np.zeros_like(world.ledger.bought)


def _penalties(world: World) -> Values:
    """Return what each trader paid: fines as far as there was cash, and parts of stakes."""
    incentives, ledger = _incentives(world), world.ledger
    if incentives is None:
        return currency(_nothing(world))
    traders = ledger.bought.shape[1]
    charged = [ledger.total[:, :traders, ledger.place[code], CASH] for code in (PENALTY, SLASH)]
    return currency(-sum(charged) - incentives.unpaid)


def _score_shares(world: World) -> Values:
    """Return the mean over epochs of each trader's share of what all score, NaN without any."""
    incentives = _incentives(world)
    if incentives is None:
        return ratio(_nothing(world), _nothing(world))
    return ratio(incentives.shares, incentives.scored * SHARE_ONE)


def _presence(world: World) -> Values:
    """Return the share of samples at which each trader was there, NaN without any."""
    incentives = _incentives(world)
    if incentives is None:
        return ratio(_nothing(world), _nothing(world))
    return ratio(incentives.met, incentives.could)


def _short(world: World) -> Values:
    """Return in how many epochs pools could not pay in full."""
    incentives = _incentives(world)
    if incentives is None:
        return np.zeros(len(world.progress.fault))
    return np.asarray(incentives.short.sum(axis=1), float)


def _sum(values: Values) -> Values:
    return np.asarray(values.sum(axis=1))


def _mean(values: Values) -> Values:
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
    """Declare one measure by class, by group and by trader."""
    word = "sum" if over is _sum else "mean"

    def by_class(world: World) -> Values:
        values = of_traders(world)
        classes = range(classes_of(world))
        return np.stack([over(values[:, has_role(world, c)]) for c in classes], axis=1)

    def by_group(world: World) -> Values:
        values, groups = of_traders(world), world.traders.group
        found = np.empty((len(values), groups.max() + 1))  # nobody has no group
        for group in range(found.shape[1]):
            found[:, group] = over(values[:, groups == group])
        return found

    row = Variable(
        name=name, dims=(CLASS,), unit=unit, long_name=f"{long_name}, by class", sign=sign,
        formula=f"{word} over the traders of a class of {formula}", source="accounts",
        missing=missing, compute=by_class, needs=TERM,
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
        name="penalties_paid",
        unit="currency",
        long_name="penalties of policies",
        formula=(
            "fines (penalty) as far as there was cash, so less entries of default from the pool, "
            "and parts of stakes that it lost (slash); penalties of settlement (fail_penalty, "
            "close_out) are in the term penalties of pnl_by_term alone"
        ),
        of_traders=_penalties,
        over=_sum,
    ),
    *_rows(
        name="reward_score",
        unit="1",
        long_name="share of what all score",
        formula=(
            "its score (policy_reward) / those of all (policy_epoch), mean over the ended epochs "
            "of policies that reward its class, in which anybody scores; without a row it has 0"
        ),
        of_traders=_score_shares,
        over=_mean,
        missing="no_score",
    ),
    *_rows(
        name="uptime_share",
        unit="1",
        long_name="presence under policies that ask for it",
        formula=(
            "samples at which both sides had lots enough near the mid (the score of policy_reward "
            "where presence is rewarded) / all samples of the epochs that ended"
        ),
        of_traders=_presence,
        over=_mean,
        missing="no_sample",
    ),
    Variable(
        name="epochs_short",
        unit="1",
        long_name="epochs of policies that their pool could not pay in full",
        formula="number of epochs in which the pool had less than the reward and what was carried",
        source="count",
        compute=_short,
        needs=TERM,
    ),
)
