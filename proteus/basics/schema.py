"""The base of every configuration model, and the types of its fields.

Policies and mechanisms declare their own models beside their code; they import this file.

Times stay in milliseconds or seconds as the user wrote them (a resolved configuration can be read
and run again), but each is proved convertible to whole nanoseconds when it is read.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
)
from pydantic_core import PydanticCustomError

from proteus.basics import selection, units
from proteus.errors import ConfigError as ConfigError


def canonical_json(tree: Any) -> str:
    """Write a tree of plain values and models as JSON with sorted keys and no spaces.

    A key of a model that is as neutral as if it were not there is left out.
    """
    return json.dumps(tree, sort_keys=True, separators=(",", ":"), default=_plain)


def _plain(model: Any) -> Any:
    return _without_neutral(model, model.model_dump(mode="json"))


def _without_neutral(model: BaseModel, dumped: dict[str, Any]) -> dict[str, Any]:
    """Drop what adds nothing, in place, so that keys that come later change no older hash."""
    for key in [*dumped]:
        inside, neutral = getattr(model, key), getattr(model, "NEUTRAL", {})
        if key in neutral and dumped[key] == neutral[key]:
            del dumped[key]
        elif isinstance(inside, BaseModel):
            _without_neutral(inside, dumped[key])
        elif isinstance(inside, Mapping):
            for name, each in inside.items():
                if isinstance(each, BaseModel):
                    _without_neutral(each, dumped[key][name])
    return dumped


LARGEST_GRID = 20_000  # grid points; composing one takes 20 ms, so this is seven minutes
MAX_LOTS = 1_000_000  # an order of this size times 1000 traders is far inside int64 money
LARGEST_AMOUNT = 1_000_000  # currency; thousands of these are far inside int64 money
LONGEST_NAME, LONGEST_PATH = 255, 4000  # bytes; what files are named is shorter than the rest
MAX_TICKS = 100_000  # price levels of a contract

AS_TUPLE = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)


class Schema(BaseModel):
    """Be frozen, accept no unknown key, and convert no type silently.

    ``NEUTRAL`` are values of keys at which these change nothing, and are no part of what a cell is.
    """

    NEUTRAL: ClassVar[dict[str, Any]] = {}

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False
    )


_CONVERTERS = {
    "ms": units.milliseconds_to_ns,
    "s": units.seconds_to_ns,
    "currency": units.currency_to_nano,
}


def _exact(value: Any, unit: str, positive: bool) -> float:
    """Return the number in its shortest form after proving that it converts exactly."""
    is_plain = isinstance(value, int | float | str)  # others may have no hash
    proved = _proved_once if is_plain else _proved
    return proved(value, unit, positive)


def _proved(value: Any, unit: str, positive: bool) -> float:
    try:
        converted = _CONVERTERS[unit](value)
    except units.UnitError as error:
        allowed = error.allowed
        raise _requirement(
            allowed.replace("at least", "more than") if positive else allowed
        ) from None
    if positive and converted == 0:
        raise _requirement("must be more than 0")
    number = Decimal(str(value).strip())
    whole = int(number)
    if whole == number:
        return whole
    if Decimal(repr(float(number))) != number:
        raise _requirement("must have at most 15 digits")
    return float(number)


# Cells of a sweep have most of their numbers in common.
_proved_once = functools.lru_cache(maxsize=4096, typed=True)(_proved)


def _requirement(allowed: str) -> PydanticCustomError:
    return PydanticCustomError("requirement", "{allowed}", {"allowed": allowed})


def requirement(key: str, allowed: str) -> PydanticCustomError:
    """Build the error of a check between keys.

    Parameters
        key: dotted key inside the model that checks; the dots of its parents are added later.
        allowed: what it must be, as a sentence that follows "key=value is not allowed: ".
    """
    return PydanticCustomError("requirement", "{allowed}", {"allowed": allowed, "key": key})


def _is_path(text: str) -> str:
    """Check that a system can have a folder of that name."""
    longest = max((len(part.encode()) for part in text.split("/")), default=0)
    if "\0" in text or longest > LONGEST_NAME or len(text.encode()) > LONGEST_PATH:
        sizes = f"names of at most {LONGEST_NAME} bytes, {LONGEST_PATH} together"
        raise _requirement(f"must be a path without NUL, with {sizes}")
    return text


def _selects(text: Any) -> Any:
    """Check the words of a selection of lanes; whether there are such lanes, the plan checks."""
    if isinstance(text, str):
        try:
            selection.parse(text)
        except ValueError as error:
            raise _requirement(str(error)) from None
    return text


Milliseconds = Annotated[float, PlainValidator(lambda value: _exact(value, "ms", False))]
PositiveMilliseconds = Annotated[float, PlainValidator(lambda value: _exact(value, "ms", True))]
Seconds = Annotated[float, PlainValidator(lambda value: _exact(value, "s", False))]
PositiveSeconds = Annotated[float, PlainValidator(lambda value: _exact(value, "s", True))]

Amount = Annotated[
    float,
    PlainValidator(lambda value: _exact(value, "currency", False)),
    Field(ge=0, le=LARGEST_AMOUNT),
]

Probability = Annotated[float, Field(ge=0, le=1)]
FolderName = Annotated[str, Field(min_length=1), AfterValidator(_is_path)]
NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
PositiveCount = Annotated[int, Field(ge=1)]
Lots = Annotated[int, Field(ge=1, le=MAX_LOTS)]
Ticks = Annotated[int, Field(ge=0, le=MAX_TICKS)]
SignedTicks = Annotated[int, Field(ge=-MAX_TICKS, le=MAX_TICKS)]
Selection = Annotated[str, BeforeValidator(_selects)]  # of lanes
