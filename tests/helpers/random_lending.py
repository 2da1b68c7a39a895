"""Random sequences of lending actions, by preset, over any state that kernels allow."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.market.lending import codes, collateral, curves, liquidation, pool
from proteus.market.lending.aave_door import act_aave
from proteus.market.lending.accrual import EXACT, SIMPLE, TAYLOR_3
from proteus.market.lending.compound_door import act_compound
from proteus.market.lending.morpho_door import act_morpho
from proteus.market.lending.pool_actions import act_pool
from tests.helpers.lending import WAD, aave_pool, compound_pool, morpho_pool

ACCOUNTS = 3
NANO = 10**9
CASH = 10**15


class Step(NamedTuple):
    """An action, as every preset takes it."""

    time: int
    action: int
    account: int
    asset: int
    amount: int
    shares: int
    borrower: int
    flag: bool


def amount(draw: random.Random, most: int) -> int:
    """Tiny ones, round ones and all sizes between."""
    kind = draw.randrange(4)
    if kind == 0:
        return draw.randrange(4)
    return min(most, int(10 ** draw.uniform(0, 13))) if kind < 3 else draw.randrange(1, most)


def squeeze(rules: str, draw: random.Random, time: int, price: int) -> list[Step]:
    """A loan near its limit, a fall of the price, and three liquidations of any size."""
    lots = int(10 ** draw.uniform(1, 5 if rules == "proteus" else 9))
    value = lots * price if rules == "proteus" else lots
    part = {"proteus": 0.49, "morpho": 0.3, "compound": 0.7, "aave": 0.7}[rules]
    fallen = price * draw.uniform(0.05, 0.95)
    add = codes.SUPPLY if rules in ("compound", "aave") else codes.ADD_COLLATERAL
    rows = [
        (codes.PRICE, 0, 0, price, 0), (codes.SUPPLY, 0, 1, 10**12, 0), (add, 1, 0, lots, 0),
        (codes.BORROW, 1, 1, int(value * part), 0), (codes.PRICE, 0, 0, int(fallen), 0),
    ]  # fmt: skip
    for _ in range(3):
        size, shares = int(lots * draw.uniform(0, 1.2)), 0
        if rules == "morpho" and draw.random() < 0.4:
            size, shares = 0, size * 400_000
        if rules in ("compound", "aave"):
            size = codes.ALL if draw.random() < 0.3 else int(value * draw.uniform(0, 0.6))
        kind = draw.random() < 0.3
        action = codes.HEAL if rules == "compound" and kind else codes.LIQUIDATE
        rows.append((action, 0, 1, size, shares))
    return [Step(time, *row, 1, draw.random() < 0.5) for row in rows]


def steps(rules: str, draw: random.Random, count: int, most: int, price: int) -> Iterator[Step]:
    """Yield so many actions of a preset."""
    time, waiting = 1, []
    for _ in range(count):
        time += draw.choice((0, 0, 1, 12, 3600, 86_400, 2_592_000))
        if not waiting and draw.random() < 0.06:
            waiting = squeeze(rules, draw, time, price)
        if waiting:
            yield waiting.pop(0)._replace(time=time)
        else:
            yield _any(rules, draw, time, most, price)


def _any(rules: str, draw: random.Random, time: int, most: int, price: int) -> Step:
    """Any action of anybody."""
    action = draw.choice(sorted(set(codes.ACTIONS[rules].values())))
    account = draw.randrange(ACCOUNTS - 1)
    size, shares = amount(draw, most), 0
    if action == codes.PRICE:
        size = max(1, int(price * 10 ** draw.uniform(-0.5, 0.5)))
    elif action == codes.SET_FEE:
        size = draw.choice((0, WAD // 10, WAD // 4, WAD // 2))
    elif rules in ("morpho", "proteus") and draw.random() < 0.3:
        size, shares = 0, min(size * draw.choice((1, 1000, 10**6)), 2**62)
    elif draw.random() < 0.1:
        size = codes.ALL if rules != "morpho" else size
    asset = 1 if action in (codes.BORROW, codes.REPAY) else draw.randrange(2)
    flag, borrower = draw.random() < 0.5, draw.randrange(ACCOUNTS - 1)
    return Step(time, action, account, asset, size, shares, borrower, flag)


def proteus_terms(draw: random.Random) -> pool.PoolTerms:
    """Terms of our own rules, at random."""
    policy = liquidation.Policy(
        draw.randrange(3), WAD // 2, 95 * WAD // 100, 105 * WAD // 100, draw.choice((0, WAD // 10)),
        draw.choice((0, NANO)),
    )  # fmt: skip
    lots = collateral.Collateral(
        NANO, NANO // 1000, WAD // 2, 65 * WAD // 100, 8 * WAD // 100, NANO // 50
    )
    curve = draw.choice((curves.CURVE_FIXED, pool.CURVE_KINKED, curves.CURVE_ADAPTIVE))
    return pool.PoolTerms(
        curve, WAD // 20, WAD // 10, 3 * WAD, 8 * WAD // 10, draw.random() < 0.5,
        draw.choice((SIMPLE, TAYLOR_3, EXACT)), 100_000, curves.YEAR_S,
        draw.choice((0, WAD // 10)), lots, policy,
    )  # fmt: skip


def proteus_pool(terms: pool.PoolTerms, lots: int = 10**6) -> pool.Pool:
    """A pool of three accounts, each with cash and lots."""
    wallet = np.zeros((1, ACCOUNTS, 2), np.int64)
    wallet[0] = (CASH, lots)
    state = allocate(pool.Pool, L=1, A=ACCOUNTS, price=NANO // 2, wallet=wallet)
    pool.set_rate(terms, state, 0)
    return state


def act(rules: str, terms: Any, state: Any, kept: Any, step: Step) -> int:
    """Do a step by a preset."""
    time, size, shares = np.int64(step.time), np.int64(step.amount), np.int64(step.shares)
    if rules == "proteus":
        return int(act_pool(
            terms, state, 0, time, step.action, step.account, size, shares, step.borrower
        ))  # fmt: skip
    if rules == "morpho":
        return int(act_morpho(
            terms, state, kept, 0, time, step.action, step.account, size, shares, step.borrower
        ))  # fmt: skip
    if rules == "compound":
        return int(act_compound(
            terms, state, kept, 0, time, step.action, step.account, step.asset, size, step.borrower
        ))  # fmt: skip
    return int(act_aave(
        terms, state, kept, 0, time, step.action, step.account, step.asset, size, step.borrower,
        step.flag,
    ))  # fmt: skip


def market(rules: str, draw: random.Random) -> tuple[Any, Any, Any]:
    """Terms, state and scratch of a preset, at random."""
    if rules == "proteus":
        terms = proteus_terms(draw)
        return terms, proteus_pool(terms), None
    if rules == "morpho":
        lltv = draw.choice((0, 385, 860, 980)) * WAD // 1000
        rate = draw.choice((0, 2219685438, 204528158295))
        return morpho_pool(lltv, 10**6, 10**6, rate=rate, fee=draw.choice((0, WAD // 10)))
    if rules == "compound":
        year = curves.YEAR_S
        curve = curves.KinkedWad(WAD // 50 // year, WAD // 10 // year, 5 * WAD // 2 // year,
                                 8 * WAD // 10)  # fmt: skip
        entered = np.array([[[True, False], [draw.random() < 0.5, False]]])
        return compound_pool(curve, entered=entered)
    decimals = draw.choice(((6, 6), (8, 6), (6, 8)))
    return aave_pool(decimals, (10**8, 10**8), draw.choice((0, 1000)), wallet=CASH)
