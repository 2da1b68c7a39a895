"""The baseline maker outside: the rule of ``market.agents.maker``, to the bit, for all lanes.

    r = belief - kappa I                                   reservation price
    h = h0 + a |I| + b sigma_hat + c AS_hat                half-spread
    bid = floor(r - h), ask = ceil(r + h)                  outward, in whole ticks

Where a cell has costs and its group knows them, each side is wider by what a fill would cost a lot,
which the session says (``Session.with_costs``).

Source
    The docstring of ``proteus.market.agents.maker``, and MODEL rules 12 to 14.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.basics.units import milliseconds_to_ns
from proteus.errors import ConfigError
from proteus.market.agents.maker import MakerPolicy
from proteus.market.book.codes import BUY, SELL
from proteus.sessions.actions import Quotes
from proteus.sessions.observation import Observation
from proteus.sessions.session import Session

_ROUNDING = 1e-9  # of a tick: a price that is a whole tick stays there in spite of binary fractions
_SIGNS = {BUY: 1.0, SELL: -1.0}

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class BaselineMaker:
    """What makers of the lanes of a session think, one in each lane."""

    def __init__(self, session: Session, number: int = 0) -> None:
        """Take the keys of the maker from its group.

        Parameters
            number: of the maker among the traders outside; of the decisions of others ``act`` is
                not about, and its quotes there mean nothing.

        Raises
            ConfigError: there is no such trader outside, or it is no maker of that kind.
        """
        if not 0 <= number < len(session.traders):
            allowed = f"must be 0 .. {len(session.traders) - 1}, traders outside"
            raise ConfigError(f"number={number!r} is not allowed: {allowed}")
        self.number: int = number
        group = session.setup.members[int(session.traders[number])].group
        if not isinstance(group.policy, MakerPolicy):
            raise ConfigError(f"control={group.kind} is not allowed: must be of kind maker")
        self._session = session
        self._keys, self._lanes, self._ticks = group.policy, session.lanes, session.cell.n_ticks
        self._first = session.cell.contract.initial_probability
        self._most = group.most_held or self._keys.inventory_limit_lots
        self._horizon = milliseconds_to_ns(self._keys.adverse_selection_horizon_ms)
        self._reward_pass = self._keys.reward_pass if self._keys.knows_rewards else 0.0
        self.belief: Floats = np.empty(self._lanes)  # probability
        self._last = np.empty(self._lanes)  # the belief at the last requote
        self.half_spread: Floats = np.empty(self._lanes)  # at the last requote, currency
        self.volatility: Floats = np.empty(self._lanes)  # sigma_hat
        self.adverse: Floats = np.empty(self._lanes)  # the average behind AS_hat
        self._look = np.empty(self._lanes, np.int64)  # of the signal, that was used last
        self._judged = np.empty(self._lanes, np.int64)
        self._marks = np.empty(self._lanes, np.int64)
        # Zeros, as lanes without a due fill are computed along: what lay there may overflow.
        self._due = np.zeros((self._lanes, 64), np.int64)  # own fills that are judged later
        self._sign = np.zeros((self._lanes, 64))
        self._quoted = np.zeros((self._lanes, 64))
        self.reset()

    def reset(self, lanes: Flags | None = None) -> None:
        """Forget everything, in the lanes bool [N] that start over, or in all."""
        of: Any = slice(None) if lanes is None else lanes
        self.belief[of] = self._last[of] = self._first
        self.half_spread[of] = self._keys.half_spread
        self.volatility[of] = self.adverse[of] = 0.0
        self._look[of] = -1
        self._judged[of] = self._marks[of] = 0

    def act(self, seen: Observation) -> Quotes:
        """Learn what was told and shown, and say what should stand on both sides."""
        seen = seen._replace(decides=seen.decides & (seen.trader == self.number))
        told = np.minimum(seen.prints.number, seen.prints.order.shape[1]) - seen.prints.read
        self._learn_told(seen, np.maximum(told, 0))
        self._judge(seen.decides, seen.time_ns)
        self._learn(seen, np.maximum(told, 0))
        change = np.abs(self.belief - self._last)
        moved = self.volatility + self._keys.volatility_decay * (change - self.volatility)
        self.volatility = np.where(seen.decides, moved, self.volatility)
        self._last = np.where(seen.decides, self.belief, self._last)
        reservation = self._linear(seen)
        sizes = [self._size(seen, side) for side in (BUY, SELL)]
        half, lots, widened = (np.stack(each, axis=1) for each in zip(*sizes, strict=True))
        price = self._prices(reservation, half)
        half = self._session.with_costs(half, price, lots)
        price = np.where(lots > 0, self._prices(reservation, half), price)
        for side in (BUY, SELL):
            most = self._most - _signed(seen, side)
            fits = self._fit(seen, side, price[:, side], lots[:, side], most)
            lots[:, side] = np.where(widened[:, side], lots[:, side], fits)
        lots = np.where((price < 1) | (price >= self._ticks), 0, lots)
        return Quotes(price, np.maximum(lots, 0), self.belief)

    # --- learning ---------------------------------------------------------------------------------

    def _learn_told(self, seen: Observation, told: NDArray[np.int64]) -> None:
        """Go through own fills and the prices told by name, in the order in which they came."""
        lanes, room = np.arange(self._lanes), seen.fills.order.shape[1] - 1
        fills = np.where(seen.decides, np.minimum(seen.fills.number, room + 1), 0)
        prices = np.where(seen.decides, told, 0)
        fill, price = np.zeros_like(fills), np.zeros_like(prices)
        while ((fill < fills) | (price < prices)).any():
            fill_at, price_at = np.minimum(fill, room), np.minimum(price, room)
            is_first = seen.fills.order[lanes, fill_at] < seen.prints.order[lanes, price_at]
            is_fill = (fill < fills) & ((price >= prices) | is_first)
            is_price = (price < prices) & ~is_fill
            self._learn_fill(seen, is_fill, lanes, fill_at)
            self._learn_price(seen.prints.price[lanes, price_at], is_price)
            fill, price = fill + is_fill, price + is_price

    def _learn_fill(self, seen: Observation, here: Flags, lanes: Any, at: Any) -> None:
        if not here.any():
            return
        fills = seen.fills
        self._judge(here, fills.told_ns[lanes, at])
        sign = np.where(fills.side[lanes, at] == BUY, 1.0, -1.0)
        step = self._keys.belief_gain_fill * self.half_spread
        learned = np.minimum(np.maximum(self.belief - sign * step, 0.0), 1.0)
        self.belief = np.where(here, learned, self.belief)
        if (self._marks - self._judged)[here].max() == self._due.shape[1]:
            self._make_room()
        place = self._marks % self._due.shape[1]
        rows, place = lanes[here], place[here]
        self._due[rows, place] = (fills.time_ns[lanes, at] + self._horizon)[here]
        self._sign[rows, place] = sign[here]
        self._quoted[rows, place] = fills.belief[lanes, at][here]
        self._marks = self._marks + here

    def _make_room(self) -> None:
        """Let twice as many fills wait; each keeps its number, which says where it is."""
        old, new = self._due.shape[1], 2 * self._due.shape[1]
        for name in ("_due", "_sign", "_quoted"):
            array = getattr(self, name)
            larger = np.zeros((self._lanes, new), array.dtype)
            for number in range(old):
                which = self._judged + number
                rows = np.arange(self._lanes)
                larger[rows, which % new] = array[rows, which % old]
            setattr(self, name, larger)

    def _learn_price(self, price: NDArray[np.int64], here: Flags) -> None:
        gain = self._keys.belief_gain_trade
        learned = self.belief + gain * (price / self._ticks - self.belief)
        self.belief = np.where(here, learned, self.belief)

    def _judge(self, here: Flags, now: NDArray[np.int64]) -> None:
        """Fold own fills whose horizon has passed into AS_hat."""
        lanes, weight = np.arange(self._lanes), self._keys.adverse_selection_decay
        while True:
            at = self._judged % self._due.shape[1]
            due = here & (self._judged < self._marks) & (self._due[lanes, at] <= now)
            if not due.any():
                return
            loss = -self._sign[lanes, at] * (self.belief - self._quoted[lanes, at])
            judged = self.adverse + weight * (loss - self.adverse)
            self.adverse = np.where(due, judged, self.adverse)
            self._judged = self._judged + due

    def _learn(self, seen: Observation, told: NDArray[np.int64]) -> None:
        """Move the belief to the prints that were read, and to a new look at the signal."""
        count = np.minimum(seen.prints.number, seen.prints.price.shape[1])
        for i in range(int(count[seen.decides].max(initial=0))):
            here = seen.decides & (i >= told) & (i < count)
            self._learn_price(seen.prints.price[:, i], here)
        is_new = seen.decides & seen.has_signal & (seen.look != self._look)
        self._look = np.where(is_new, seen.look, self._look)
        learned = self.belief + self._keys.belief_gain_signal * (seen.signal - self.belief)
        self.belief = np.where(is_new, learned, self.belief)

    # --- quoting ----------------------------------------------------------------------------------

    def _linear(self, seen: Observation) -> Floats:
        """Set the half-spread; returns the reservation price."""
        keys = self._keys
        half_spread = (
            keys.half_spread
            + keys.inventory_slope * np.abs(seen.position)
            + keys.volatility_weight * self.volatility
            + keys.adverse_selection_weight * np.maximum(self.adverse, 0.0)
        )
        passed = np.maximum(self._reward_pass * seen.rewarded, 0.0)
        half_spread = np.maximum(half_spread - passed, keys.half_spread)
        self.half_spread = np.where(seen.decides, half_spread, self.half_spread)
        return self.belief - keys.skew * seen.position

    def _size(self, seen: Observation, side: int) -> tuple[Floats, Any, Flags]:
        """Return half-spread and lots of one side, and whether it is the wider one at the limit."""
        keys, limit = self._keys, self._keys.inventory_limit_lots
        lots = keys.quote_lots * (limit - np.maximum(_signed(seen, side), 0)) // limit
        widened = (lots <= 0) & (keys.at_limit == "widen")
        if self._reward_pass > 0.0:
            lots = np.where(seen.rewarded > 0.0, np.maximum(lots, seen.least_lots), lots)
        lots = np.where(widened, keys.quote_lots, lots)
        return np.where(widened, self.half_spread + keys.widen_by, self.half_spread), lots, widened

    def _prices(self, reservation: Floats, half_spread: Floats) -> Any:
        """Return the ticks of both sides."""
        sides = (_price(at, reservation, half_spread[:, at], self._ticks) for at in (BUY, SELL))
        return np.stack(tuple(sides), axis=1)

    @staticmethod
    def _fit(seen: Observation, side: int, price: Any, lots: Any, most: Any) -> Any:
        """Return the lots that can be quoted so that ``most`` is kept if all that may fill does."""
        stands = (seen.quote_lots[:, side] > 0) & (seen.quote_price[:, side] == price)
        kept = stands & (seen.quote_lots[:, side] <= lots)
        return np.where(kept, lots, np.minimum(lots, most - seen.exposure[:, side]))


def _signed(seen: Observation, side: int) -> NDArray[np.int64]:
    """Return the inventory that a side would add to."""
    return seen.position if side == BUY else -seen.position


def _price(side: int, reservation: Floats, half_spread: Floats, n_ticks: int) -> NDArray[np.int64]:
    """Return the tick of a quote, rounded outward."""
    if side == BUY:
        return np.floor((reservation - half_spread) * n_ticks + _ROUNDING).astype(np.int64)
    return np.ceil((reservation + half_spread) * n_ticks - _ROUNDING).astype(np.int64)
