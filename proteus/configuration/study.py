"""What a study declares before it runs: endpoint, precision, parity, and what its seeds are for.

None of it changes a result; it decides what is compared, how many seeds run, and what is refused.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from proteus.basics.schema import (
    AS_TUPLE,
    Milliseconds,
    NonNegative,
    Positive,
    PositiveCount,
    Schema,
    requirement,
)
from proteus.configuration.lab import PARTS
from proteus.configuration.treatments import ORDINARY, TREATMENTS, listed
from proteus.market.setup.designs import ANTITHETIC, IID, INTENTS, NEWS, Design

# Replicates by purpose: what was chosen with some seeds is never judged with them.
EVALUATION, SELECTION, PILOT = "evaluation", "selection", "pilot"
PURPOSES = (EVALUATION, SELECTION, PILOT)
PURPOSE_SPAN = 2**40  # evaluation starts at 0, selection at 2**40, pilot at 2**41

# The mechanism that is judged in phase 4 only, after the phases before it; elsewhere its results
# are exploratory. The attribute ``gate`` of results says which.
GATED = "dual_flow"
NOT_CHECKED, PASSED = "not_checked", "passed"

LAST_EPISODE = 2**31  # with as many to come an index of random addresses still fits
MOST_SEEDS = 10**8  # beyond what any disk holds, and small enough to list in memory
LEAST_SEEDS = 30  # of a look or a pilot: a standard deviation from fewer says little
LARGEST_UNIT = 1024  # seeds: an interval needs units in numbers

ListOfTexts = Annotated[tuple[str, ...], AS_TUPLE]
ListOfStreams = Annotated[tuple[Literal["news", "intents"], ...], AS_TUPLE]


def purpose_of(replicate: int) -> str:
    """Return what a replicate is for: "evaluation", "selection" or "pilot"."""
    return PURPOSES[min(replicate // PURPOSE_SPAN, len(PURPOSES) - 1)]


def first_of(purpose: str) -> int:
    """Return the first replicate of a purpose."""
    return PURPOSES.index(purpose) * PURPOSE_SPAN


class Seeds(Schema):
    """Choose the replicates: first .. first + count - 1 of one root seed; and the first episode.

    A design lets neighbouring replicates depend on each other; together they are one unit of every
    statistic.
    """

    NEUTRAL: ClassVar[dict[str, Any]] = {
        "episode": 0, "design": IID, "streams": [NEWS], "points": 16, "controls": "none",
    }  # fmt: skip

    count: int = Field(ge=1, le=MOST_SEEDS)
    root: int = Field(ge=0, lt=2**64)
    first: int = Field(ge=0, le=2**62)
    episode: Annotated[int, Field(ge=0, le=LAST_EPISODE)] = 0
    design: Literal["iid", "antithetic", "sobol"] = IID
    streams: ListOfStreams = (NEWS,)  # that are mirrored in antithetic pairs
    points: int = Field(default=16, ge=2, le=LARGEST_UNIT)  # of a unit under sobol
    controls: Literal["none", "jumps"] = "none"  # what is known of the news and taken away

    @property
    def dependence(self) -> Design:
        """Return how the replicates depend on each other."""
        return Design(self.design, self.streams, self.points)

    @property
    def unit(self) -> int:
        """Return how many neighbouring replicates make a unit."""
        return self.dependence.unit

    @property
    def unit_name(self) -> str:
        """Return what many units are called."""
        named = {IID: "seeds", ANTITHETIC: "pairs of seeds"}
        return named.get(self.design, f"units of {self.unit} seeds")

    @property
    def words_of_design(self) -> list[str]:
        """Return the words of a command line that choose the design; none without one."""
        if self.design == IID:
            return []
        chosen = f"seeds.streams=[{','.join(self.streams)}]", f"seeds.points={self.points}"
        return [f"seeds.design={self.design}", *chosen]

    @model_validator(mode="after")
    def _check_units(self) -> Self:
        if self.points & (self.points - 1):
            raise requirement("points", "must be a power of 2")
        if not self.streams or len({*self.streams}) < len(self.streams):
            raise requirement("streams", f"must name {NEWS}, {INTENTS} or both, each once")
        for key in ("first", "count"):
            if getattr(self, key) % self.unit:
                allowed = f"must be a multiple of {self.unit}, the seeds of a unit"
                raise requirement(key, f"{allowed} under design={self.design}")
        return self

    @model_validator(mode="after")
    def _check_purpose(self) -> Self:
        purpose, last = purpose_of(self.first), purpose_of(self.first + self.count - 1)
        if purpose != last:
            edge = (self.first // PURPOSE_SPAN + 1) * PURPOSE_SPAN
            allowed = f"with count={self.count} it reaches from {purpose} into {last} seeds"
            raise requirement("first", f"{allowed}, which start at {edge}")
        return self


class Precision(Schema):
    """Say how many seeds run; ``seeds.count`` is the number or the most."""

    name: str


class FixedPrecision(Precision):
    """Run exactly ``seeds.count`` seeds."""

    name: Literal["fixed"]


class SequentialPrecision(Precision):
    """Add seeds in looks until the primary contrast is narrow or ``seeds.count`` is spent."""

    name: Literal["sequential"]
    half_width: Positive | None  # in the unit of the endpoint
    half_width_share: Positive | None  # of the baseline's value
    first_look: int = Field(ge=LEAST_SEEDS)
    look_every: PositiveCount

    @model_validator(mode="after")
    def _check_target(self) -> Self:
        if (self.half_width is None) == (self.half_width_share is None):
            allowed = "exactly one of half_width and half_width_share must be given"
            raise requirement("half_width", f"{allowed}, the other null")
        return self


class PowerPrecision(Precision):
    """Run as many seeds as a pilot says are needed to find an effect, at most ``seeds.count``."""

    name: Literal["power"]
    effect: Positive | None  # in the unit of the endpoint
    effect_share: Positive | None  # of the baseline's value
    power: float = Field(ge=0.5, lt=1)
    pilot_seeds: int = Field(ge=LEAST_SEEDS)

    @model_validator(mode="after")
    def _check_effect(self) -> Self:
        if (self.effect is None) == (self.effect_share is None):
            allowed = "exactly one of effect and effect_share must be given, the other null"
            raise requirement("effect", allowed)
        return self


PRECISION_MODELS: dict[str, type[Precision]] = {
    "fixed": FixedPrecision,
    "sequential": SequentialPrecision,
    "power": PowerPrecision,
}


class Budget(Schema):
    """Bound what the endpoint may cost: how far another variable may move the wrong way."""

    variable: str
    may: Literal["rise", "fall"]
    at_most: NonNegative  # from its value under the baseline, in the unit of the variable


ListOfBudgets = Annotated[tuple[Budget, ...], AS_TUPLE]


class Endpoint(Schema):
    """Declare the one measure that the verdict is computed from, and what it may cost."""

    variable: str
    per: str | None  # total of this variable, for a ratio of totals; null: the mean over seeds
    horizon_ms: Milliseconds | None  # where the variable has horizons
    better: Literal["higher", "lower"]
    baseline: str  # mechanism
    budgets: ListOfBudgets
    companions: ListOfTexts  # variables that are named beside the verdict where they move

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        for key, names in (
            ("budgets", [f"{budget.variable} that may {budget.may}" for budget in self.budgets]),
            ("companions", self.companions),
        ):
            for name in names:
                if names.count(name) > 1:
                    raise requirement(key, f"must name {name} once")
        return self


class Survival(Schema):
    """Say when a maker survives: profit, and the risk that most seeds must respect."""

    largest_inventory_lots: PositiveCount
    largest_drawdown: Positive  # currency
    share_of_seeds: float = Field(gt=0, le=1)  # that respect both
    confirmed: PositiveCount  # candidates that are run again on other seeds
    confirmed_seeds: int = Field(ge=LEAST_SEEDS)


class Lab(Schema):
    """Say which part of the lab makers a study varies: compared cells differ in it alone."""

    vary: Literal["filter", "quoting", "risk", "all"] | None

    @property
    def treatment(self) -> tuple[str, ...]:
        """Return the parts in which compared cells may differ; none where no part is varied."""
        return tuple(PARTS) if self.vary == "all" else (self.vary,) if self.vary else ()


class Parity(Schema):
    """Declare what compared cells may differ in: the treatment, and keys that are named on purpose.

    Only a file of a study declares another treatment than mechanism and delta.
    """

    exceptions: ListOfTexts
    treatment: ListOfTexts = Field(default=ORDINARY, exclude=True)

    @model_validator(mode="after")
    def _check_treatment(self) -> Self:
        if not self.treatment or not {*self.treatment} <= {*TREATMENTS}:
            raise requirement("treatment", f"must be keys of {listed([*TREATMENTS])}")
        return self
