"""Taking: a parent order to be executed, or a sniper that trades when it likes.

A taker's action is one order that trades at once or not at all, or where requests are sent a
request with that limit; the best quote inside the limit is accepted, as noise traders do.
"""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import numpy as np
from numpy.typing import NDArray

from proteus.envs.tasks.base import COMMON, OWN, Feature, Flags, Floats, Task, Term, common_columns
from proteus.errors import ConfigError
from proteus.market.book.codes import BUY, SELL
from proteus.sessions.actions import Orders
from proteus.sessions.observation import Observation

_ROUNDING = 1e-9  # of a tick
_SIDES = {"buy": BUY, "sell": SELL}


class _Ordering(Task):
    """What both kinds of takers share: limits around the price at which they could trade."""

    def order(self, seen: Observation, side: Any, offset: Floats, lots: Any) -> Orders:
        """Order at a limit so far beyond the executable price, rounded outward.

        Parameters
            side: int64 [N]. offset: currency [N]. lots: int64 [N].
        """
        ticks = self.session.cell.n_ticks
        buys = side == BUY
        buying = np.floor(seen.executable[:, SELL] + offset * ticks + _ROUNDING)
        selling = np.ceil(seen.executable[:, BUY] - offset * ticks - _ROUNDING)
        price = np.clip(np.where(buys, buying, selling), 1, ticks - 1).astype(np.int64)
        return Orders(side, price, lots, np.zeros(len(lots), np.int64))


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
        *COMMON,
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

    def __init__(self, session: Any, **options: Any) -> None:
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

    def left(self, seen: Observation) -> NDArray[np.int64]:
        """Return the lots that are not filled, as reported, int64 [N]."""
        done = np.where(self.side == BUY, seen.position, -seen.position)
        return np.clip(int(self.given["parent_lots"]) - done, 0, None)

    def columns(self, seen: Observation) -> tuple[Any, ...]:
        """Return the features as arrays [N], in their order."""
        common = common_columns(self.session, seen, self.given["scale_lots"])
        share = self.left(seen) / max(int(self.given["parent_lots"]), 1)
        return (*common, self.side == BUY, share)

    def wanted(self, seen: Observation, actions: NDArray[Any]) -> Orders:
        """Order a share of what is left."""
        numbers = actions.astype(np.float64)
        lots = np.rint((numbers[:, 0] + 1.0) / 2.0 * self.left(seen)).astype(np.int64)
        return self.order(seen, self.side, numbers[:, 1] * self.given["most_offset"], lots)

    def penalty(self, seen: Observation, ended: Flags) -> Floats | float:
        """Charge what is not filled at the end, by true balances."""
        trader = int(self.session.traders[0])
        ledger = self.session.world.ledger
        held = ledger.bought[:, trader] - ledger.sold[:, trader]
        done = np.where(self.side == BUY, held, -held)
        missing = np.clip(int(self.given["parent_lots"]) - done, 0, None)
        return np.asarray(np.where(ended, self.given["unfilled_penalty"] * missing, 0.0))


class Sniper(_Ordering):
    """Trade at once, on either side, at the wake-ups of a sniper."""

    name: ClassVar[str] = "sniper"
    control: ClassVar[str] = "sniper"
    options: ClassVar[dict[str, Any]] = {
        "most_offset": 0.05, "most_lots": 20, "scale_lots": 10.0,
    }  # fmt: skip
    features: ClassVar[tuple[Feature, ...]] = COMMON
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

    def columns(self, seen: Observation) -> tuple[Any, ...]:
        """Return the features as arrays [N], in their order."""
        return common_columns(self.session, seen, self.given["scale_lots"])

    def wanted(self, seen: Observation, actions: NDArray[Any]) -> Orders:
        """Order at once on the side of the sign."""
        numbers = actions.astype(np.float64)
        signed = np.rint(numbers[:, 0] * self.given["most_lots"]).astype(np.int64)
        side = np.where(signed < 0, SELL, BUY)
        return self.order(seen, side, numbers[:, 1] * self.given["most_offset"], np.abs(signed))
