"""Taking: a parent order to be executed, or a sniper that trades when it likes.

A taker's action is one order that trades at once or not at all, or where requests are sent a
request with that limit; the best quote inside the limit is accepted, as noise traders do.
"""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import numpy as np
from numpy.typing import NDArray

from proteus.compiler.held import bound
from proteus.envs.tasks.base import COMMON_FEATURES, OWN, Feature, Floats, Task, Term
from proteus.envs.tasks.kernels import order
from proteus.errors import ConfigError
from proteus.market.book.codes import BUY, SELL
from proteus.sessions.session import Session

_SIDES = {"buy": BUY, "sell": SELL}


class _Ordering(Task):
    """What both kinds of takers share: limits around the price at which they could trade."""

    def __init__(self, session: Session, **options: Any) -> None:
        """Take the options of the task; errors as of every task."""
        super().__init__(session, **options)
        self._order = bound(order, self.world, self._wanted)

    def order(self, side: Any, offset: Floats, lots: Any) -> None:
        """Order at a limit so far beyond the executable price, where lanes wait.

        Parameters
            side: int64 [N]. offset: currency [N]. lots: int64 [N].
        """
        self.wanted.offset[:, 0] = offset
        for each in (BUY, SELL):
            self.wanted.lots[:, each] = np.where(side == each, lots, 0)
        self._order()


class Taker(_Ordering):
    """Execute a parent order until trading ends."""

    name: ClassVar[str] = "taker"
    control: ClassVar[str] = "noise"
    decisions: ClassVar[str] = "step_ms"
    step_ms: ClassVar[float | None] = 200
    options: ClassVar[dict[str, Any]] = {
        "parent_lots": 100, "side": "alternate", "most_offset": 0.05, "scale_lots": 10.0,
        "unfilled_penalty": 0.05,
    }  # fmt: skip
    features: ClassVar[tuple[Feature, ...]] = (
        *COMMON_FEATURES,
        Feature("buys", "0 or 1", 0.0, 1.0, OWN, "whether the parent order buys"),
        Feature("left", "share of the parent order", 0.0, 1.0, OWN, "not filled, as reported"),
    )
    terms: ClassVar[tuple[Term, ...]] = (
        Term("", "change of equity marked at v, net of all costs"),
        Term("unfilled_penalty", "less so much per lot of the parent order not filled at the end"),
    )
    actions: ClassVar[tuple[str, ...]] = (
        "lots of the order: -1 is nothing, 1 is all that is left",
        "limit: 0 is the price at which it could trade, 1 is most_offset beyond it",
    )

    def __init__(self, session: Session, **options: Any) -> None:
        """Take the options of the task; errors as of every task."""
        super().__init__(session, **options)
        if self.given["side"] not in (*_SIDES, "alternate"):
            raise ConfigError(f"side={self.given['side']!r} is not allowed: buy, sell, alternate")

    @property
    def action_space(self) -> gymnasium.spaces.Space[Any]:
        """Return size and limit, float32 [2]."""
        return gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32)

    @property
    def side(self) -> NDArray[np.int64]:
        """Return BUY or SELL of each parent order, int64 [N]; they alternate over seeds."""
        lanes, side = self.session.lanes, self.given["side"]
        if side == "alternate":
            return np.asarray((self.session.replicates + self.session.episodes) % 2)
        return np.full(lanes, _SIDES[side], np.int64)

    def left(self, held: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the lots that are not filled, int64 [N], or [N, M], for what is held."""
        buys = (self.side == BUY).reshape(-1, *[1] * (held.ndim - 1))
        done = np.where(buys, held, -held)
        return np.asarray(np.maximum(int(self.given["parent_lots"]) - done, 0))

    @property
    def _reported(self) -> NDArray[np.int64]:
        lanes = np.arange(self.session.lanes)
        return np.asarray(self.session.world.private.position[lanes, self.decider])

    def add(self, vector: NDArray[np.float32]) -> None:
        """Write the features of the parent order."""
        left = self.left(self._reported) / max(int(self.given["parent_lots"]), 1)
        vector[:, -2] = self.side == BUY
        vector[:, -1] = np.minimum(left, 1.0)

    def decide(self) -> None:
        """Order a share of what is left."""
        numbers = self.wanted.actions
        lots = np.rint((numbers[:, 0] + 1.0) / 2.0 * self.left(self._reported)).astype(np.int64)
        self.order(self.side, numbers[:, 1] * self.given["most_offset"], lots)

    def penalty(self) -> Floats | None:
        """Charge what is not filled at the end, told or not."""
        missing, ended = self.left(self.held()), self.session.ended
        return np.asarray(np.where(ended[:, None], self.given["unfilled_penalty"] * missing, 0.0))


class Sniper(_Ordering):
    """Trade at once, on either side, at the wake-ups of a sniper."""

    name: ClassVar[str] = "sniper"
    control: ClassVar[str] = "sniper"
    options: ClassVar[dict[str, Any]] = {
        "most_offset": 0.05, "most_lots": 20, "scale_lots": 10.0,
    }  # fmt: skip
    features: ClassVar[tuple[Feature, ...]] = COMMON_FEATURES
    terms: ClassVar[tuple[Term, ...]] = (
        Term("", "change of equity marked at v, net of all costs"),
    )
    actions: ClassVar[tuple[str, ...]] = (
        "signed lots: -1 sells most_lots, 1 buys them",
        "limit: 0 is the price at which it could trade, 1 is most_offset beyond it",
    )

    @property
    def action_space(self) -> gymnasium.spaces.Space[Any]:
        """Return signed size and limit, float32 [2]."""
        return gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32)

    def decide(self) -> None:
        """Order at once on the side of the sign."""
        numbers = self.wanted.actions
        signed = np.rint(numbers[:, 0] * self.given["most_lots"]).astype(np.int64)
        side = np.where(signed < 0, SELL, BUY)
        self.order(side, numbers[:, 1] * self.given["most_offset"], np.abs(signed))
