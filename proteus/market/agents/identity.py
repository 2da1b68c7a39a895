"""Who an agent is, beyond one run: the same number in every replicate, sweep and command."""

from __future__ import annotations

import hashlib
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from proteus.basics.schema import Schema

DEFAULT_COHORT = "default"
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")


def agent_uid(cohort: str, group: str, member: int) -> int:
    """Return the identity of an agent: 63 bits of a hash, so that it is an int64 from 0.

    Parameters
        cohort: whom it belongs with. group: its group in the population. member: its number there.
    """
    digest = hashlib.sha256(f"{cohort}/{group}/{member}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def _is_word(text: str) -> str:
    if not {*text} <= _LETTERS:
        allowed = "must be lower-case letters, digits, _ and -"
        raise PydanticCustomError("requirement", "{allowed}", {"allowed": allowed})
    return text


Cohort = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_is_word)]


class Identity(Schema):
    """Name the cohort of a run's agents."""

    NEUTRAL: ClassVar[dict[str, str]] = {"cohort": DEFAULT_COHORT}

    cohort: Cohort = DEFAULT_COHORT
