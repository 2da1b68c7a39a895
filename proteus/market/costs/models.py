"""The cost models there are; each key that is a number may be a list of [from_s, value].

    none             nothing
    notional         parts per million of price x lots, and an amount per lot
    binary_quadratic rate x lots x (p (1 - p))^exponent
    smaller_leg      parts per million of min(p, 1 - p) x lots
    risk_notional    parts per million of what a side can lose: p x lots for buyers, else (1 - p)
    tiered           one of the above, with rates by what the trader has traded lately
    surplus          a share of the improvement over a price, capped by a share of volume
    gas              units per message x (base fee + tip)
    parts            several of these, added up

Source
    ``conf/costs`` has the schedules of venues with their sources; facts/venues.md, part A, theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, SerializeAsAny, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from proteus import plugins
from proteus.basics.schema import AS_TUPLE, NonNegative, PositiveSeconds, Schema, requirement
from proteus.errors import nearest
from proteus.market.book.codes import BUY
from proteus.market.costs.base import Bound, CostKind, CostModel
from proteus.market.costs.codes import ACTIONS, MAKER
from proteus.market.costs.schedule import (
    AmountOrNullScheduled,
    AmountScheduled,
    NonNegativeScheduled,
    Scheduled,
    constant,
)

MILLION = 1_000_000


class NoCosts(CostModel):
    """Charge nothing."""

    model: Literal["none"]

    def per_lot(self, role: int, side: int, price: Fraction, tier: int) -> Fraction:
        """Return nothing."""
        return Fraction(0)


class NotionalCosts(CostModel):
    """Charge a part of price times lots, and an amount per lot; negative: a rebate."""

    model: Literal["notional"]
    taker_ppm: Scheduled = constant(0)
    maker_ppm: Scheduled = constant(0)
    taker_per_lot: Scheduled = constant(0)  # currency
    maker_per_lot: Scheduled = constant(0)  # currency

    def per_lot(self, role: int, side: int, price: Fraction, tier: int) -> Fraction:
        """Return ppm of the price, plus the amount of a lot."""
        if role == MAKER:
            return self.maker_ppm.exact * price / MILLION + self.maker_per_lot.exact
        return self.taker_ppm.exact * price / MILLION + self.taker_per_lot.exact


class BinaryQuadraticCosts(CostModel):
    """Charge most at even odds, and nothing where the outcome is certain.

    With ``balance_to`` a balance stays a multiple of it: what a fill takes beyond its fee is a
    rounding fee, and once an order has paid more than ``balance_rebate`` of these it gets that much
    back (Kalshi, "Fee Rounding").
    """

    model: Literal["binary_quadratic"]
    taker_rate: Scheduled = constant(0)
    maker_rate: Scheduled = constant(0)
    maker_rebate_share: NonNegativeScheduled = constant(0)  # of what a taker would pay
    exponent: Annotated[int, Field(ge=0, le=8)] = 1
    balance_to: AmountOrNullScheduled = constant(None)  # currency; null: as they come
    balance_rebate: AmountOrNullScheduled = constant(None)  # currency; null: never

    def per_lot(self, role: int, side: int, price: Fraction, tier: int) -> Fraction:
        """Return the rate times (p (1 - p))^exponent."""
        rate = self.taker_rate.exact
        if role == MAKER:
            rate = self.maker_rate.exact - self.maker_rebate_share.exact * rate
        return rate * (price * (1 - price)) ** self.exponent


class SmallerLegCosts(CostModel):
    """Charge a part of the cheaper of the two outcomes."""

    model: Literal["smaller_leg"]
    taker_ppm: Scheduled = constant(0)
    maker_ppm: Scheduled = constant(0)

    def per_lot(self, role: int, side: int, price: Fraction, tier: int) -> Fraction:
        """Return ppm of the smaller of p and 1 - p."""
        ppm = self.maker_ppm if role == MAKER else self.taker_ppm
        return ppm.exact * min(price, 1 - price) / MILLION


class RiskNotionalCosts(CostModel):
    """Charge a part of what a side can lose."""

    model: Literal["risk_notional"]
    taker_ppm: Scheduled = constant(0)
    maker_ppm: Scheduled = constant(0)

    def per_lot(self, role: int, side: int, price: Fraction, tier: int) -> Fraction:
        """Return ppm of p for a buyer, of 1 - p for a seller."""
        ppm = self.maker_ppm if role == MAKER else self.taker_ppm
        return ppm.exact * (price if side == BUY else 1 - price) / MILLION


class Tier(Schema):
    """Rates, and what a trader needs for them, all of it inclusive."""

    volume: AmountScheduled = constant(0)  # currency, taker and maker
    share_ppm: NonNegativeScheduled = constant(0)  # of all volume, each fill counted once
    maker_share_ppm: NonNegativeScheduled = constant(0)  # of what all makers traded
    taker: Scheduled
    maker: Scheduled

    @property
    def bound(self) -> Bound:
        """Return what a trader needs."""
        return Bound(self.volume.exact, self.share_ppm.exact, self.maker_share_ppm.exact)


ListOfTiers = Annotated[tuple[Tier, ...], AS_TUPLE]
Volume = Annotated[tuple[str, NonNegative], AS_TUPLE]  # of each trader of a group
ListOfVolumes = Annotated[tuple[Volume, ...], AS_TUPLE]


class TieredCosts(CostModel):
    """Charge by what the trader has traded in a window that ends before the event.

    A trader has the last tier before the first of whose bounds it misses one.
    """

    model: Literal["tiered"]
    base: Literal["notional", "smaller_leg", "risk_notional", "binary_quadratic"] = "notional"
    window_s: PositiveSeconds | None = None  # None: the horizon
    start_volume: ListOfVolumes = ()  # what each trader of a group traded before, currency
    tiers: ListOfTiers  # rates in ppm of the base; of binary_quadratic as they are

    @model_validator(mode="after")
    def _check_first(self) -> Self:
        if not self.tiers:
            raise requirement("tiers", "must hold at least one tier")
        groups = [group for group, _ in self.start_volume]
        if len({*groups}) < len(groups):
            raise requirement("start_volume", "must name each group once")
        first = self.tiers[0]
        for key in ("volume", "share_ppm", "maker_share_ppm"):
            if any(value != 0 for value in getattr(first, key).values):
                raise requirement(f"tiers.0.{key}", "must be 0: everyone has the first tier")
        return self

    def per_lot(self, role: int, side: int, price: Fraction, tier: int) -> Fraction:
        """Return the rate of the tier times what the base model takes it of."""
        rates = self.tiers[tier]
        rate = (rates.maker if role == MAKER else rates.taker).exact
        if self.base == "binary_quadratic":
            return rate * price * (1 - price)
        of = price
        if self.base == "smaller_leg":
            of = min(price, 1 - price)
        elif self.base == "risk_notional" and side != BUY:
            of = 1 - price
        return rate * of / MILLION

    def bounds(self) -> tuple[Bound, ...]:
        """Return what a trader needs for each tier."""
        return tuple(tier.bound for tier in self.tiers)


class SurplusCosts(CostModel):
    """Charge a share of the improvement that an order got, at most a share of its volume.

    The improvement is over the limit of a resting order, and over the public reference at the
    intent of an immediate one; it is never negative.
    """

    model: Literal["surplus"]
    taker_share: NonNegativeScheduled = constant(0)
    maker_share: NonNegativeScheduled = constant(0)
    cap_ppm: NonNegativeScheduled = constant(MILLION)  # of price x lots

    def share(self, role: int) -> Fraction:
        """Return the share of the improvement."""
        return (self.maker_share if role == MAKER else self.taker_share).exact


class GasCosts(CostModel):
    """Charge for messages, also for those that are refused: units x (base fee + tip)."""

    model: Literal["gas"]
    new_units: NonNegativeScheduled = constant(1)
    cancel_units: NonNegativeScheduled = constant(1)
    replace_units: NonNegativeScheduled = constant(1)
    request_units: NonNegativeScheduled = constant(1)
    quote_units: NonNegativeScheduled = constant(1)
    accept_units: NonNegativeScheduled = constant(1)
    confirm_units: NonNegativeScheduled = constant(1)
    base_fee: AmountScheduled = constant(0.0005)  # currency per unit, where no block has one
    tip: AmountScheduled = constant(0)  # currency per unit

    @model_validator(mode="after")
    def _check_minimum(self) -> Self:
        if any(self.minimum.values):
            raise requirement("minimum", "must be 0: gas is of messages, and a minimum of orders")
        return self

    def units(self) -> tuple[Fraction, ...]:
        """Return the units of each action of ``codes.ACTIONS``."""
        return tuple(getattr(self, f"{action}_units").exact for action in ACTIONS)


def _as_model(tree: Any) -> Any:
    """Read one part; its key ``model`` says which it is."""
    if not isinstance(tree, Mapping):
        return tree
    name = tree.get("model")
    if name not in COST_MODELS or name == "parts":
        parts = [each for each in COST_MODELS if each != "parts"]
        raise _refused(f"its part {name} does not exist{nearest(str(name), parts)}")
    try:
        return COST_MODELS[name].model_validate(tree)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = [*first["loc"], first.get("ctx", {}).get("key")]
        key = ".".join(str(part) for part in place if part is not None)
        what = "unknown key" if first["type"] == "extra_forbidden" else first["msg"]
        raise _refused(f"{key} of its part {name}: {what}") from None


def _refused(allowed: str) -> PydanticCustomError:
    return PydanticCustomError("requirement", "{allowed}", {"allowed": allowed})


ListOfParts = Annotated[
    tuple[Annotated[SerializeAsAny[CostModel], BeforeValidator(_as_model)], ...], AS_TUPLE
]


class AddedCosts(CostModel):
    """Charge several models at once; ``scale`` multiplies the rates of all of them."""

    model: Literal["parts"]
    parts: ListOfParts

    @model_validator(mode="after")
    def _check_parts(self) -> Self:
        if not self.parts:
            raise requirement("parts", "must hold at least one model, as [{model: gas}]")
        for key in ("rounding", "round_to", "minimum"):
            if getattr(self, key) != type(self).model_fields[key].default:
                raise requirement(key, "each of the parts has its own")
        windows = {part.window_s for part in self.parts if isinstance(part, TieredCosts)}
        if len(windows) > 1:
            raise requirement("parts", "tiers must have one window_s in all parts")
        starts = [part.start_volume for part in self.parts if isinstance(part, TieredCosts)]
        if any(start != starts[0] for start in starts):
            raise requirement("parts", "tiers must have one start_volume in all parts")
        return self


COST_KINDS: dict[str, CostKind] = {
    "none": CostKind(NoCosts),
    "notional": CostKind(NotionalCosts),
    "binary_quadratic": CostKind(BinaryQuadraticCosts),
    "smaller_leg": CostKind(SmallerLegCosts),
    "risk_notional": CostKind(RiskNotionalCosts),
    "tiered": CostKind(TieredCosts),
    "surplus": CostKind(SurplusCosts),
    "gas": CostKind(GasCosts),
    "parts": CostKind(AddedCosts),
}
COST_KINDS |= plugins.rows(plugins.COSTS, CostKind, COST_KINDS)
COST_MODELS: dict[str, type[CostModel]] = {name: kind.config for name, kind in COST_KINDS.items()}
NO_COSTS = NoCosts(model="none")


def parts_of(model: CostModel) -> tuple[CostModel, ...]:
    """Return what a model is made of at a time (``at``), with all that scales each part.

    What never charges anything is left out.
    """
    if not isinstance(model, AddedCosts):
        return () if isinstance(model, NoCosts) else (model,)
    scales = (constant(model.scale.exact * part.scale.exact) for part in model.parts)
    return tuple(
        part.model_copy(update={"scale": scale})
        for part, scale in zip(model.parts, scales, strict=True)
        if not isinstance(part, NoCosts)
    )


def tips_of(model: CostModel) -> dict[str, float]:
    """Return the largest tip of every model of gas, by its key, currency per unit."""
    named = {"tip": model}
    if isinstance(model, AddedCosts):
        named = {f"parts.{number}.tip": part for number, part in enumerate(model.parts)}
    return {key: max(gas.tip.values) for key, gas in named.items() if isinstance(gas, GasCosts)}


def start_volumes(model: CostModel) -> dict[str, float]:
    """Return what each trader of a group had traded before, by group, currency."""
    parts = model.parts if isinstance(model, AddedCosts) else (model,)
    named = (part.start_volume for part in parts if isinstance(part, TieredCosts))
    return {group: amount for volumes in named for group, amount in volumes}
