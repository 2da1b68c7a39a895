"""What policies owe: money that adds up, scores in range, and trades of those who do not look."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from proteus.compiler.jit import compiled
from proteus.configuration.locate import conf_file
from proteus.market.book.codes import BUY, SELL
from proteus.market.cell import CellConfig
from proteus.market.incentives.added import (
    ADDED_KINDS,
    SCORE_CODES,
    points_of_fill,
    points_of_order,
)
from proteus.market.incentives.base import Score
from proteus.market.incentives.models import AnyPolicy, RewardPolicy
from proteus.market.incentives.state import Incentives
from proteus.market.ledger.accounts import CASH, POOL, STAKES, account_of
from proteus.market.ledger.codes import PENALTY, REWARD, SLASH
from proteus.market.rules.state import Rules
from proteus.market.trading.world import World
from proteus.testing.lanes import cell, differing, finished_plain

_SHORTEST_S = 1.5  # of a lane
_LOTS = (1, 7, 1000)


def check_incentives(
    name: str, mechanisms: tuple[str, ...] = ("clob", "fba"), words: tuple[str, ...] = ()
) -> None:
    """Check what a file of policies owes to everyone.

    Their scores are in the table; those of other packages give whole numbers in range, compiled as
    in plain Python. In lanes of one epoch or a halving, pools never go below zero and hold what
    their account holds, stakes are given back or lost, cash sums to zero, and a second run is the
    same to the bit. Makers who do not know of rewards trade as if there were none. Under one of
    the mechanisms at least somebody is rewarded or charged.

    Parameters
        name: of the file in ``conf/incentives``. mechanisms: for the lanes; it is read under the
            first. words: further words of each lane, as ``costs=kalshi`` for a pool of fees.

    Raises
        AssertionError: what it owes and does not do.
    """
    assert conf_file("incentives", name) is not None, f"there is no conf/incentives/{name}.yaml"
    config = cell(f"mechanism={mechanisms[0]}", f"incentives={name}", "horizon_s=1000", *words)
    policies = config.incentives.policies.values()
    for policy in policies:
        score = policy.score if isinstance(policy, RewardPolicy) else policy.measure
        assert score.name in SCORE_CODES
        if score.name in ADDED_KINDS:
            _check_points(score, score.name, config)
    if policies:
        longest_s = max(_SHORTEST_S, *map(_least_s, policies))
        moved = [_moved(name, mechanism, longest_s, words) for mechanism in mechanisms]
        assert any(moved), f"{name}: nobody is ever rewarded or charged"


def _least_s(policy: AnyPolicy) -> float:
    """Return how long a lane must be for one epoch, and for one after a halving."""
    halving_s = policy.halving_s if isinstance(policy, RewardPolicy) else None
    return policy.epoch_s + (halving_s or 0)


def _check_points(score: Score, name: str, config: CellConfig) -> None:
    """Compare what an order or a fill scores with what the engine makes of it."""
    code, points = SCORE_CODES[name], ADDED_KINDS[name].points
    numbers = np.array(score.numbers(config.tick_nano), np.int64)
    part = points_of_order if score.READS_BOOK else points_of_fill
    machine = compiled(part)
    for about in _cases(score, config.n_ticks):
        found, known = points(numbers, *about), part(code, numbers, *about)
        assert found == known, f"{name}: {found} points for {about} are no whole number in range"
        assert machine(code, numbers, *about) == known, f"{name}: compiled {about} scores otherwise"


def _cases(score: Score, n_ticks: int) -> Iterator[tuple[int, ...]]:
    """Give the arguments of ``ScoreKind.points`` after the numbers."""
    prices = sorted({1, n_ticks // 2, n_ticks - 1, *range(1, n_ticks, max(n_ticks // 20, 1))})
    for side in (BUY, SELL):
        for price in prices:
            for lots in _LOTS:
                if score.READS_BOOK:
                    yield from ((side, price, lots, 2 * price + away) for away in (-3, 0, 1, 40))
                else:
                    yield from ((side, makes, price, lots) for makes in (False, True))


def _moved(name: str, mechanism: str, longest_s: float, words: tuple[str, ...]) -> bool:
    """Check lanes under a mechanism; tells whether anybody was rewarded or charged."""
    common = (f"mechanism={mechanism}", f"horizon_s={longest_s:g}", *words)
    with_it = cell(*common, f"incentives={name}")
    blind = tuple(
        f"population.{group}.policy.knows_rewards=false"
        for group, made in with_it.population.items() if hasattr(made.policy, "knows_rewards")
    )  # fmt: skip
    one, two = (finished_plain(cell(*common, f"incentives={name}", *blind)) for _ in range(2))
    assert not differing(one, two), f"{name}: a lane is another one the second time"
    mine = tuple(word for word in common if not word.startswith("incentives."))
    without = finished_plain(cell(*mine))
    for field in ("bought", "sold"):
        same = np.array_equal(getattr(one.ledger, field), getattr(without.ledger, field))
        assert same, f"{name}: what nobody knows of has moved a trade"
    _check_money(name, one)
    knowing = finished_plain(with_it)
    _check_money(name, knowing)
    ledger = knowing.ledger
    return any(ledger.total[:, :, ledger.place[code]].any() for code in (REWARD, PENALTY, SLASH))


def _check_money(name: str, world: World) -> None:
    """Check the accounts of pools and stakes at the end."""
    assert isinstance(world.rules, Rules)
    incentives: Incentives = world.rules.incentives
    cash = world.ledger.balance[:, :, CASH]
    pool, stakes = (cash[:, account_of(world.ledger, which)] for which in (POOL, STAKES))
    assert (incentives.pool >= 0).all(), f"{name}: a pool is below zero"
    assert np.array_equal(incentives.pool.sum(axis=1), pool), f"{name}: a pool is not its account"
    assert not stakes.any(), f"{name}: a stake is neither given back nor lost"
    assert not cash.sum(axis=1).any(), f"{name}: cash is not conserved"
