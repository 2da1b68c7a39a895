"""Market making: what stands on both sides of a market maker, at each of its wake-ups.

The action says how far from the reference price each side stands, how large it is, and what the
contract is thought to be worth. A distance may be negative: a bid above the reference, or an ask
below it, as of a maker who knows better than the last price. Prices are rounded outward to whole
ticks; a side whose price would leave 1 .. n_ticks - 1 is not quoted. Of two quotes that cross each
other the later cancels the other, by the mechanism's ``self_trade``.
"""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import numpy as np

from proteus.compiler.held import bound
from proteus.envs.tasks.base import COMMON_FEATURES, OWN, Feature, Floats, Task, Term
from proteus.envs.tasks.kernels import quote, read_shares
from proteus.sessions.session import Session

_QUOTES = (
    Feature("bid_stands", "0 or 1", 0.0, 1.0, OWN, "whether its bid stands, as far as it knows"),
    Feature("bid_distance", "currency", -1.0, 1.0, OWN, "reference less its bid; 0 without one"),
    Feature("bid_lots", "scale_lots", 0.0, 100.0, OWN, "open lots of its bid"),
    Feature("bid_exposure", "scale_lots", 0.0, 100.0, OWN, "lots that may yet buy, at worst"),
    Feature("ask_stands", "0 or 1", 0.0, 1.0, OWN, "whether its ask stands, as far as it knows"),
    Feature("ask_distance", "currency", -1.0, 1.0, OWN, "its ask less reference; 0 without one"),
    Feature("ask_lots", "scale_lots", 0.0, 100.0, OWN, "open lots of its ask"),
    Feature("ask_exposure", "scale_lots", 0.0, 100.0, OWN, "lots that may yet sell, at worst"),
)
_TERMS = (
    Term("", "change of equity marked at v, net of all costs"),
    Term("inventory_penalty", "less so much per lot held, squared, and second"),
    Term("spread_penalty", "less so much per currency of quoted spread, and second"),
    Term("end_penalty", "less so much per lot held at the end, squared"),
)


class Maker(Task):
    """Offsets, sizes and a belief as numbers from -1 to 1."""

    name: ClassVar[str] = "maker"
    control: ClassVar[str] = "maker"
    shows_quotes: ClassVar[bool] = True
    options: ClassVar[dict[str, Any]] = {
        "most_offset": 1.0, "most_lots": 20, "scale_lots": 10.0,
        "inventory_penalty": 0.0, "spread_penalty": 0.0, "end_penalty": 0.0,
    }  # fmt: skip
    features: ClassVar[tuple[Feature, ...]] = (*COMMON_FEATURES, *_QUOTES)
    terms: ClassVar[tuple[Term, ...]] = _TERMS
    actions: ClassVar[tuple[str, ...]] = (
        "distance of the bid below the reference, a abs(a) most_offset, currency; above it if < 0",
        "distance of the ask above the reference, likewise; below it if < 0",
        "lots of the bid: -1 is nothing, 1 is most_lots",
        "lots of the ask, likewise",
        "what the contract is worth less the reference, a abs(a) most_offset, currency",
    )

    def __init__(self, session: Session, **options: Any) -> None:
        """Take the options of the task; errors as of every task."""
        super().__init__(session, **options)
        self._read_shares = bound(read_shares, self._wanted)
        self._quote = bound(quote, self.world, self._wanted)

    @property
    def action_space(self) -> gymnasium.spaces.Space[Any]:
        """Return offsets and sizes of both sides, and a belief, float32 [5]."""
        return gymnasium.spaces.Box(-1.0, 1.0, (5,), np.float32)

    def decide(self) -> None:
        """Quote both sides around the reference, where lanes wait."""
        self._read_shares()
        self._quote()

    def penalty(self) -> Floats | None:
        """Charge inventory and spread over the time of the step, and what is left at the end."""
        of_inventory, of_spread = self.given["inventory_penalty"], self.given["spread_penalty"]
        at_end = self.given["end_penalty"]
        if of_inventory == of_spread == at_end == 0:
            return None
        wanted, now, ended = self.wanted, self.session.world.progress.now, self.session.ended
        now = np.where(ended, self.session.cell.horizon_ns, now)
        seconds = np.maximum(now - wanted.since, 0)[:, None] / 1e9
        running = (of_inventory * wanted.held**2.0 + of_spread * wanted.spread) * seconds
        return np.asarray(running + np.where(ended[:, None], at_end * self.held() ** 2.0, 0.0))


class MakerGrid(Maker):
    """Offsets in steps, at one size."""

    name: ClassVar[str] = "maker_grid"
    options: ClassVar[dict[str, Any]] = {
        **Maker.options, "levels": 10, "most_offset": 0.1, "most_lots": 10,
    }  # fmt: skip
    actions: ClassVar[tuple[str, ...]] = (
        "bid: 0 is nothing, k is most_lots at k x most_offset / levels below the reference",
        "ask, likewise above it",
    )

    @property
    def action_space(self) -> gymnasium.spaces.Space[Any]:
        """Return the steps of both sides, integers [2]."""
        levels = int(self.given["levels"])
        return gymnasium.spaces.MultiDiscrete([levels + 1, levels + 1])

    def decide(self) -> None:
        """Quote both sides so many steps from the reference, where lanes wait."""
        step, actions = self.given["most_offset"] / int(self.given["levels"]), self.wanted.actions
        self.wanted.offset[:] = actions * step
        self.wanted.lots[:] = np.where(actions > 0, int(self.given["most_lots"]), 0)
        self._quote()
