"""Configuration models of incentives: policies that reward or charge, each with epochs of its own.

A policy knows what is public, and fills. Its version is the hash of what is configured.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self, Union

from pydantic import Field, model_validator

from proteus.basics import units
from proteus.basics.schema import (
    Lots,
    PositiveMilliseconds,
    PositiveSeconds,
    Schema,
    canonical_json,
    requirement,
)
from proteus.market.costs.schedule import AmountScheduled, Schedule
from proteus.market.incentives.added import ADDED_MEASURES, ADDED_SCORES
from proteus.market.incentives.base import (
    LARGEST_AMOUNT,
    Amount,
    Distance,
    Factor,
    Measure,
    Price,
    Score,
    Share,
)

POLICY_NAME = re.compile(r"[a-z][a-z0-9_]*")
LARGEST_FINE = 1_000  # currency; of millions of messages it is inside int64 money
MOST_PER_FILL = 1_000_000  # messages
LARGEST_DIVISOR = 1_000  # of a score of one side


class Sampling(Schema):
    """Say when the published book is looked at: once in every interval that begins before T."""

    every_ms: PositiveMilliseconds
    at: Literal["grid", "instant"]  # where an interval begins, but for 0; an addressed instant

    @property
    def every_ns(self) -> int:
        """Return the length of the intervals."""
        return units.milliseconds_to_ns(self.every_ms)


# --- scores ---------------------------------------------------------------------------------------


class Volume(Score):
    """Score lots traded in a role and within a band of prices, but not with the own group."""

    ON_GRID: ClassVar[tuple[str, ...]] = "lowest_price", "highest_price"
    name: Literal["volume"]
    role: Literal["maker", "taker", "both"]
    lowest_price: Price  # both ends belong to the band
    highest_price: Price

    @model_validator(mode="after")
    def _check_band(self) -> Self:
        if self.lowest_price > self.highest_price:
            raise requirement("lowest_price", f"must be at most highest_price={self.highest_price}")
        return self


class TwoSidedQuadratic(Score):
    """Score ((v - s) / v)^2 lots of orders that are s < v from the mid; the thinner side counts.

    Source: Polymarket, liquidity rewards; its rules are in ``docs/venues.md``.
    """

    READS_BOOK: ClassVar[bool] = True
    ON_GRID: ClassVar[tuple[str, ...]] = "lowest_mid", "highest_mid"
    name: Literal["two_sided_quadratic"]
    max_spread: Distance  # v, from the mid of the orders that have min_lots
    min_lots: Lots  # smaller orders count nowhere
    one_side_divisor: int = Field(ge=1, le=LARGEST_DIVISOR)  # c, of what one side alone scores
    lowest_mid: Price  # of a mid where one side alone scores; both ends belong to it
    highest_mid: Price

    @model_validator(mode="after")
    def _check_band(self) -> Self:
        if self.lowest_mid > self.highest_mid:
            raise requirement("lowest_mid", f"must be at most highest_mid={self.highest_mid}")
        return self


class DiscountedDepth(Score):
    """Score lots that help a side to its target, less for every step behind its best price.

    Source: Kalshi, liquidity incentive programme; its rules are in ``docs/venues.md``.
    """

    READS_BOOK: ClassVar[bool] = True
    ON_GRID: ClassVar[tuple[str, ...]] = "step", "skip_from"
    name: Literal["discounted_depth"]
    target_lots: Lots
    discount: Factor  # factor for each step
    step: Distance  # currency behind the best price
    skip_from: Price  # of a side whose best price, as it sees it, is at least this


class Uptime(Score):
    """Score samples at which both sides have lots enough, near enough to the mid."""

    READS_BOOK: ClassVar[bool] = True
    name: Literal["uptime"]
    max_spread: Distance  # from the mid of the orders that have min_lots
    min_lots: Lots  # of a side within it


class Response(Score):
    """Score requests that are answered in time, with lots enough and a price near enough."""

    name: Literal["response"]
    within_ms: PositiveMilliseconds  # of the request's arrival at the venue
    max_spread: Distance  # from the public reference
    min_lots: Lots  # or the lots of the request, if these are fewer


_SCORES = (Volume, TwoSidedQuadratic, DiscountedDepth, Uptime, Response)
if TYPE_CHECKING:
    AnyScore = Volume | TwoSidedQuadratic | DiscountedDepth | Uptime | Response
else:
    AnyScore = Annotated[Union[(*_SCORES, *ADDED_SCORES)], Field(discriminator="name")]


# --- what a penalty is for ------------------------------------------------------------------------


class MissedUptime(Measure):
    """Count the samples that an epoch lacks of the required share; sampled as ``uptime``."""

    READS_BOOK: ClassVar[bool] = True
    name: Literal["missed_uptime"]
    max_spread: Distance  # from the mid of the orders that have min_lots
    min_lots: Lots  # of a side within it
    required_share: Factor  # of the samples of an epoch


class MessageRatio(Measure):
    """Count the messages of an epoch beyond (most_per_fill + 1) x fills; no fill counts as one.

    Source: (EU) 2017/566, article 3: messages / transactions - 1.
    """

    name: Literal["message_ratio"]
    most_per_fill: int = Field(ge=0, le=MOST_PER_FILL)


_MEASURES = (MissedUptime, MessageRatio)
if TYPE_CHECKING:
    AnyMeasure = MissedUptime | MessageRatio
else:
    AnyMeasure = Annotated[Union[(*_MEASURES, *ADDED_MEASURES)], Field(discriminator="name")]


class Fine(Schema):
    """Charge an amount for everything that is counted, as far as there is cash."""

    name: Literal["fine"]
    amount: AmountScheduled  # currency

    @model_validator(mode="after")
    def _check_amount(self) -> Self:
        _bound("amount", self.amount, LARGEST_FINE)
        return self


class Slash(Schema):
    """Take a share of what is left of a stake, in every epoch in which anything is counted."""

    name: Literal["slash"]
    stake: Amount  # currency of each trader, put aside at 0 and given back at T
    share: AmountScheduled

    @model_validator(mode="after")
    def _check_share(self) -> Self:
        _bound("share", self.share, 1)
        return self


AnyCharge = Annotated[Fine | Slash, Field(discriminator="name")]


# --- policies -------------------------------------------------------------------------------------


class IssuerPool(Schema):
    """A pool that the issuer funds at 0."""

    source: Literal["issuer"]
    currency: Amount


class FeePool(Schema):
    """A pool that a share of all fees flows into, at the end of each epoch."""

    source: Literal["fees"]
    share: Share


AnyPool = Annotated[IssuerPool | FeePool, Field(discriminator="source")]


class Policy(Schema):
    """Hold what rewards and penalties have in common."""

    kind: str
    traders: Literal["makers", "takers", "all"]
    epoch_s: PositiveSeconds
    sampling: Sampling | None  # of scores that read the book

    @property
    def epoch_ns(self) -> int:
        """Return the length of an epoch."""
        return units.seconds_to_ns(self.epoch_s)

    @property
    def version(self) -> str:
        """Return sixteen hexadecimal digits, equal for policies that are configured alike."""
        return hashlib.sha256(canonical_json(self).encode()).hexdigest()[:16]

    def _check_sampling(self, key: str, score: Score, name: str) -> None:
        if score.READS_BOOK and self.sampling is None:
            raise requirement("sampling", f"must be given, as {key}={name} looks at the book")
        if self.sampling is None:
            return
        if not score.READS_BOOK:
            raise requirement("sampling", f"must be null, as {key}={name} takes no samples")
        every = self.sampling.every_ms
        if self.epoch_ns % self.sampling.every_ns:
            raise requirement("epoch_s", f"must be a multiple of sampling.every_ms={every}")


class RewardPolicy(Policy):
    """Share the reward of each epoch pro rata of scores; what is not paid is carried over."""

    kind: Literal["reward"]
    score: AnyScore
    pool: AnyPool
    per_epoch: AmountScheduled | None  # currency; null: all that the pool has
    halving_s: PositiveSeconds | None  # the reward halves this often; null: never
    most_per_lot: Price | None  # currency; null: any

    @model_validator(mode="after")
    def _check_payment(self) -> Self:
        self._check_sampling("score.name", self.score, self.score.name)
        if self.per_epoch is not None:
            _bound("per_epoch", self.per_epoch, LARGEST_AMOUNT)
        elif self.pool.source != "fees":
            raise requirement("per_epoch", "must be a number where pool.source is not fees")
        elif self.halving_s is not None:
            raise requirement("halving_s", "must be null where per_epoch is")
        if self.most_per_lot is not None and self.score.name != "volume":
            raise requirement("most_per_lot", "must be null where score.name is not volume")
        return self


class PenaltyPolicy(Policy):
    """Charge what an epoch lacks of an obligation, to cash or to a stake."""

    kind: Literal["penalty"]
    measure: AnyMeasure
    charge: AnyCharge

    @model_validator(mode="after")
    def _check_measure(self) -> Self:
        self._check_sampling("measure.name", self.measure, self.measure.name)
        return self


AnyPolicy = Annotated[RewardPolicy | PenaltyPolicy, Field(discriminator="kind")]


class Incentives(Schema):
    """Hold the policies of a market by name; they are told and paid in the order of names."""

    policies: dict[str, AnyPolicy] = Field(default_factory=dict)

    @property
    def is_used(self) -> bool:
        """Tell whether there is any policy."""
        return bool(self.policies)

    @property
    def rewards_makers(self) -> bool:
        """Tell whether makers can earn anything, which is what they react to."""
        return any(
            isinstance(policy, RewardPolicy) and policy.traders != "takers"
            for policy in self.policies.values()
        )

    @property
    def in_order(self) -> tuple[tuple[str, AnyPolicy], ...]:
        """Return names and policies, in the order of their numbers."""
        return tuple(sorted(self.policies.items()))

    @property
    def versions(self) -> dict[str, str]:
        """Return the version of each policy, in the order of their numbers."""
        return {name: policy.version for name, policy in self.in_order}

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        for name in self.policies:
            if not POLICY_NAME.fullmatch(name):
                raise requirement(f"policies.{name}", "the name must be lower case, as my_rewards")
        return self


def _bound(key: str, number: Schedule, most: float) -> None:
    """Check the largest of the values of a number."""
    if max(number.values) > most:
        raise requirement(key, f"must be at most {most}")
