"""What the configuration of every mechanism has, and the sizes a mechanism is built for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from proteus.basics.schema import Schema
from proteus.market.information.leakage import Table


class MechanismConfig(Schema):
    """Hold the keys of one mechanism.

    A subclass says whether it trades in batches of delta, in how many auctions (two keep makers and
    takers apart), whether by requests for quotes, and what its leakage table has.
    """

    uses_delta: ClassVar[bool]
    auctions: ClassVar[int] = 1
    has_requests: ClassVar[bool] = False
    table: ClassVar[type[Table]]
    name: str

    def places(self, orders_per_s: float) -> float:
        """Return how many more orders and envelopes a lane has at once, for capacities.

        Parameters
            orders_per_s: of takers.
        """
        return 0.0


class Sizes(NamedTuple):
    """The sizes and the interval that a mechanism's state is allocated for."""

    lanes: int
    slots: int  # orders per lane
    traders: int  # per lane
    keyed: bool  # ties by addressed random key (simulation) or by order id (replay)
    delta_ns: int  # batch interval


class Mechanism(NamedTuple):
    """A row of the table: its configuration model, and the function that builds its state."""

    config: type[MechanismConfig]
    make: Callable[[Any, Sizes], Any]
