"""Episodes: how many a lane is, and what its traders carry from one into the next.

    hard_reset        nothing: episode k is a run of its own with the random numbers of k
    capital_only      the wealth that a trader with capital ends with is its next endowment
    full_carryover    that, and what its kind has learned (``TraderKind.carries``), its rewards,
                      stakes, message rate and traded volume; ``docs/episodes.md`` is the table

A trader whose wealth at the end of an episode is below ``ruin_below`` is ruined: it keeps what it
has and sends nothing from the next episode on.

Between two episodes (``boundary``) the payoff ends positions, or they go on: then no episode pays,
positions are marked at v_T and opened again at the v of the next start, whose log-odds are those of
T, so that nobody wins or loses between two episodes.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from proteus.basics import units
from proteus.basics.schema import Amount, Schema

HARD_RESET, CAPITAL_ONLY, FULL = "hard_reset", "capital_only", "full_carryover"
SETTLE, CONTINUE = "settle", "continue"
MOST_EPISODES = 100_000


class Episodes(Schema):
    """Say how many episodes a lane is, and what carries over."""

    NEUTRAL: ClassVar[dict[str, Any]] = {"boundary": SETTLE}

    count: Annotated[int, Field(ge=1, le=MOST_EPISODES)] = 1
    carryover: Literal["hard_reset", "capital_only", "full_carryover"] = "hard_reset"
    boundary: Literal["settle", "continue"] = "settle"
    ruin_below: Amount = 1  # currency

    @property
    def are_used(self) -> bool:
        """Tell whether a lane is more than one day by itself."""
        return self.count > 1 or self.carries

    @property
    def carries(self) -> bool:
        """Tell whether anything is taken into the next episode."""
        return self.carryover != HARD_RESET

    @property
    def continues(self) -> bool:
        """Tell whether positions and the value go on."""
        return self.boundary == CONTINUE

    @property
    def ruin_nano(self) -> int:
        """Return the wealth below which a trader is ruined, nano-currency."""
        return units.currency_to_nano(self.ruin_below)
