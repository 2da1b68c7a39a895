"""What contradicts the rest of a cell, found before anything runs; or would not fit into int64."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from proteus.basics import units
from proteus.basics.schema import MAX_LOTS
from proteus.market.incentives.codes import SHARE_ONE
from proteus.market.incentives.models import (
    AnyPolicy,
    FeePool,
    Incentives,
    PenaltyPolicy,
    Response,
    RewardPolicy,
    Score,
    Slash,
    TwoSidedQuadratic,
    Volume,
)

MOST_EPOCHS = 100_000  # of a policy: their amounts are a table
MOST_LOTS = 2**32  # that rest at once: 4,294 orders of MAX_LOTS
_MOST_SAMPLES = units.LARGEST // (2 * SHARE_ONE)  # of an epoch: the shares of both sides add up


class Market(NamedTuple):
    """What of a cell the policies are checked against."""

    horizon_ns: int
    tick_nano: int
    has_requests: bool  # trades by request for quote: no order rests
    makers: int
    takers: int
    maker_capital: float | None  # currency, of who has least; None: unlimited
    taker_capital: float | None
    has_fees: bool = True  # some are charged, so that they can be shared
    makes_by_class: bool = False  # makers make in every fill, and all others take


class Contradiction(NamedTuple):
    """A key below ``incentives.policies``, its value, and what it must be, without "must be"."""

    key: str
    value: object
    allowed: str


def contradictions(incentives: Incentives, market: Market) -> Iterator[Contradiction]:
    """List what is wrong with policies, given the rest of their cell."""
    staked = {"makers": Fraction(0), "takers": Fraction(0)}
    for name, policy in incentives.in_order:
        where = "score" if isinstance(policy, RewardPolicy) else "measure"
        score = policy.score if isinstance(policy, RewardPolicy) else policy.measure
        found = [
            *_of_mechanism(policy, where, score, market.has_requests),
            *_of_traders(policy, market),
            *_of_roles(policy, where, score, market),
            *_of_money(policy, market),
            *_of_epochs(policy, market),
            *_of_ticks(where, score, market),
            *_of_stakes(policy, staked, market),
        ]
        for key, value, allowed in found:
            yield Contradiction(f"{name}.{key}", value, allowed)


def room_for(orders: int) -> bool:
    """Tell whether so many orders at once cannot take a score out of int64."""
    return orders * MAX_LOTS <= MOST_LOTS


def _of_mechanism(
    policy: AnyPolicy, where: str, score: Score, has_requests: bool
) -> Iterator[Contradiction]:
    named = score.name  # type: ignore[attr-defined]
    if score.READS_BOOK and has_requests:
        allowed = "volume, response or message_ratio under mechanism=rfq: no order rests"
        yield Contradiction(f"{where}.name", named, allowed)
    if isinstance(score, Response) and not has_requests:
        allowed = "another score: only under mechanism=rfq is there anything to answer"
        yield Contradiction(f"{where}.name", named, allowed)
    if isinstance(score, Response) and policy.traders != "makers":
        allowed = "makers with score.name=response: nobody else is asked"
        yield Contradiction("traders", policy.traders, allowed)


def _of_traders(policy: AnyPolicy, market: Market) -> Iterator[Contradiction]:
    there = {"makers": market.makers, "takers": market.takers}
    if there.get(policy.traders, market.makers + market.takers) == 0:
        allowed = "a class that the population has, or nobody could take part"
        yield Contradiction("traders", policy.traders, allowed)


def _of_roles(
    policy: AnyPolicy, where: str, score: Score, market: Market
) -> Iterator[Contradiction]:
    """Refuse a volume in a role that no fill gives to who takes part."""
    if not isinstance(score, Volume) or not market.makes_by_class:
        return
    other = {"makers": "taker", "takers": "maker"}.get(policy.traders)
    if score.role == other:
        allowed = (
            f"both with traders={policy.traders}: under this mechanism makers make in every fill,"
            " and nobody else does"
        )
        yield Contradiction(f"{where}.role", score.role, allowed)


def _of_money(policy: AnyPolicy, market: Market) -> Iterator[Contradiction]:
    """Refuse a pool that nothing flows into, and a reward that never halves."""
    if not isinstance(policy, RewardPolicy):
        return
    if isinstance(policy.pool, FeePool) and not market.has_fees:
        allowed = "issuer where costs have no fees, as costs=none: nothing would flow into the pool"
        yield Contradiction("pool.source", policy.pool.source, allowed)
    halving_s = policy.halving_s
    if halving_s is not None and units.seconds_to_ns(halving_s) >= market.horizon_ns:
        allowed = f"less than horizon_s={market.horizon_ns / units.NS_PER_S:g}, or null"
        yield Contradiction("halving_s", halving_s, allowed)


def _of_epochs(policy: AnyPolicy, market: Market) -> Iterator[Contradiction]:
    seconds = market.horizon_ns / units.NS_PER_S
    epochs = market.horizon_ns // policy.epoch_ns
    if epochs == 0:
        allowed = f"at most horizon_s={seconds:g}: an epoch is paid when it has ended"
        yield Contradiction("epoch_s", policy.epoch_s, allowed)
    if epochs > MOST_EPOCHS:
        allowed = f"large enough for at most {MOST_EPOCHS} epochs in horizon_s={seconds:g}"
        yield Contradiction("epoch_s", policy.epoch_s, allowed)
    if policy.sampling is not None:
        samples = policy.epoch_ns // policy.sampling.every_ns
        if samples > _MOST_SAMPLES:
            allowed = (
                f"large enough for at most {_MOST_SAMPLES} samples in epoch_s={policy.epoch_s}"
            )
            yield Contradiction("sampling.every_ms", policy.sampling.every_ms, allowed)
        is_grid = policy.sampling.at == "grid"
        if is_grid and policy.sampling.every_ns >= market.horizon_ns:
            allowed = f"less than horizon_s={seconds:g}: at=grid takes no sample at 0"
            yield Contradiction("sampling.every_ms", policy.sampling.every_ms, allowed)


def _of_stakes(
    policy: AnyPolicy, staked: dict[str, Fraction], market: Market
) -> Iterator[Contradiction]:
    """Add up the stakes of a trader of each class, which it must have the capital for."""
    if not isinstance(policy, PenaltyPolicy) or not isinstance(policy.charge, Slash):
        return
    for named, capital in (("makers", market.maker_capital), ("takers", market.taker_capital)):
        if policy.traders in (named, "all"):
            staked[named] += Fraction(str(policy.charge.stake))
            if capital is not None and staked[named] > Fraction(str(capital)):
                allowed = f"at most the capital={capital} of {named}, for all policies together"
                yield Contradiction("charge.stake", policy.charge.stake, allowed)


def _of_ticks(where: str, score: Score, market: Market) -> Iterator[Contradiction]:
    tick = f"contract.tick={market.tick_nano / units.NANO:.12g}"
    for key in score.ON_GRID:
        value = getattr(score, key)
        if units.currency_to_nano(value) % market.tick_nano:
            yield Contradiction(f"{where}.{key}", value, f"a multiple of {tick}")
    if "max_spread" in type(score).model_fields:
        value = score.max_spread  # type: ignore[attr-defined]
        if 2 * units.currency_to_nano(value) % market.tick_nano:
            yield Contradiction(f"{where}.max_spread", value, f"a multiple of half {tick}")
        elif isinstance(score, TwoSidedQuadratic):
            yield from _of_size(where, score, market.tick_nano)


def _of_size(where: str, score: TwoSidedQuadratic, tick_nano: int) -> Iterator[Contradiction]:
    """Bound (v - s)^2 x lots x divisor by what int64 holds, for all the lots that can rest."""
    divisor = score.one_side_divisor
    most = math.isqrt(units.LARGEST // (MOST_LOTS * divisor))
    if 2 * units.currency_to_nano(score.max_spread) // tick_nano > most:
        allowed = f"at most {most // 2} ticks with one_side_divisor={divisor}"
        yield Contradiction(f"{where}.max_spread", score.max_spread, allowed)
