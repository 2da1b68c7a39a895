"""What a task is: a trader, a vector that it sees, actions, and terms of its reward."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import gymnasium
import numpy as np
from numpy.typing import NDArray

from proteus.basics.schema import MAX_LOTS
from proteus.compiler.arrays import allocate
from proteus.compiler.held import Held, bound
from proteus.envs.tasks.kernels import Shown, Wanted, are_allowed, show
from proteus.errors import ConfigError, nearest
from proteus.sessions.session import Session

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Feature(NamedTuple):
    """One number of an observation; values beyond the bounds are cut to them."""

    name: str
    unit: str
    low: float
    high: float
    source: str  # the row of the leakage table that it comes from, or what the trader knows itself
    means: str


class Term(NamedTuple):
    """One term of a reward, currency."""

    option: str  # its weight, by the option of the environment; "" for the first term
    means: str


OWN = "own state"
CLOCK = "clock"
SIGNAL = "own signal"
BOOK = "book: best prices"
TAPE = "tape: prices of prints"
REPORTS = "own fill reports"


class Task:
    """The task of a session's traders outside; a subclass says which, and what they are shown."""

    name: ClassVar[str]
    control: ClassVar[str]  # trader, unless another is named
    decisions: ClassVar[str] = "schedule"
    step_ms: ClassVar[float | None] = None
    options: ClassVar[dict[str, Any]]  # and their defaults; each has ``scale_lots``
    shows_quotes: ClassVar[bool] = False  # its features are the common ones and those of quotes
    features: ClassVar[tuple[Feature, ...]]
    terms: ClassVar[tuple[Term, ...]]
    actions: ClassVar[tuple[str, ...]]  # what each number of an action means

    def __init__(self, session: Session, **options: Any) -> None:
        """Take the options of the task.

        Raises
            ConfigError: an option that the task does not have, or a value that is not allowed.
        """
        for key, value in options.items():
            if key not in self.options:
                raise ConfigError(f"{key}={value!r} is not allowed{nearest(key, self.options)}")
            if isinstance(self.options[key], (int, float)):
                _check_number(key, value)
        self.session = session
        self.given: dict[str, Any] = {**self.options, **options}
        self._low = np.array([feature.low for feature in self.features], np.float32)
        self._high = np.array([feature.high for feature in self.features], np.float32)
        self.world: Held = session.held_world
        most = [float(self.given.get(key, 0)) for key in ("most_offset", "most_lots")]
        least, largest = bounds_of(self.action_space)
        self._wanted = Held(
            allocate(
                Wanted, L=session.lanes, M=len(session.traders), C=len(self.actions), most=most,
                least=least, largest=largest,
            )
        )  # fmt: skip
        self._shown = Held(
            allocate(
                Shown, L=session.lanes, F=len(self.features), scale=float(self.given["scale_lots"]),
                shows_quotes=self.shows_quotes, low=self._low, high=self._high,
            )
        )  # fmt: skip
        self._are_allowed = bound(are_allowed, self._wanted)
        self._show = bound(show, self.world, self._shown)

    @property
    def wanted(self) -> Wanted:
        """What the trader wants, as kernels read it."""
        made: Wanted = self._wanted.state
        return made

    @property
    def observation_space(self) -> gymnasium.spaces.Box:
        """Return what one lane shows: float32 [F]."""
        return gymnasium.spaces.Box(self._low, self._high, dtype=np.float32)

    @property
    def action_space(self) -> gymnasium.spaces.Space[Any]:
        """Return what one lane may be told."""
        raise NotImplementedError

    def begin(self, lanes: Flags) -> None:
        """Forget what traders wanted, in the lanes bool [N] that start over."""
        self.wanted.held[lanes], self.wanted.spread[lanes] = 0, 0.0

    def take(self, actions: NDArray[Any]) -> bool:
        """Take what traders are told; tells whether all of it is of the space.

        Parameters
            actions: [N, A], of each lane that of the trader who decides there.
        """
        self.wanted.actions[:] = actions
        return bool(self._are_allowed())

    def decide(self) -> None:
        """Say what the trader wants who decides, in every lane that waits, by what was taken."""
        raise NotImplementedError

    def penalty(self) -> Floats | None:
        """Return what is taken from the rewards beside what traders made, currency [N, M]."""
        return None

    def add(self, vector: NDArray[np.float32]) -> None:
        """Write the features that are the task's own, behind those that ``kernels.show`` writes.

        They must be within their bounds.
        """

    def observe(self) -> NDArray[np.float32]:
        """Return what the trader sees who decides, or decided last, float32 [N, F]."""
        self._show()
        vector: NDArray[np.float32] = self._shown.state.vector
        self.add(vector)
        return vector.copy()

    @property
    def decider(self) -> NDArray[np.int64]:
        """Return who that is, by the number in the population, int64 [N]."""
        return np.asarray(self.session.world.policies.others.policy.trader)

    def held(self) -> NDArray[np.int64]:
        """Return what each trader outside holds, told or not, int64 [N, M] lots."""
        ledger, traders = self.session.world.ledger, self.session.traders
        return np.asarray(ledger.bought[:, traders] - ledger.sold[:, traders])


def bounds_of(space: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the smallest and the largest of each number of an action."""
    if isinstance(space, gymnasium.spaces.Box):
        return space.low, space.high
    return np.zeros(len(space.nvec), np.int64), space.nvec - 1


_COUNTS = ("levels", "most_lots", "parent_lots")  # options that are whole numbers; none may be 0


def _check_number(key: str, value: Any) -> None:
    """Refuse what is no number from 0 on, or no whole one where a part is nothing."""
    is_number = isinstance(value, (int, float, np.integer, np.floating))
    is_number = is_number and not isinstance(value, bool) and 0 <= value < float("inf")
    fits, allowed = is_number, "a number of at least 0"
    if key in _COUNTS:
        fits = is_number and 1 <= value <= MAX_LOTS and value == int(value)
        allowed = f"a whole number, 1 .. {MAX_LOTS}"
    elif key == "scale_lots":
        fits, allowed = is_number and value > 0, "a number above 0"
    if not fits:
        raise ConfigError(f"{key}={value!r} is not allowed: must be {allowed}")


COMMON_FEATURES = (
    Feature("time_left", "share of the horizon", 0.0, 1.0, CLOCK, "until trading ends"),
    Feature("reference", "currency", 0.0, 1.0, BOOK, "public reference price"),
    Feature("sells_at", "currency", 0.0, 1.0, BOOK, "price at which it could sell"),
    Feature("buys_at", "currency", 0.0, 1.0, BOOK, "price at which it could buy"),
    Feature("has_signal", "0 or 1", 0.0, 1.0, SIGNAL, "whether it has a signal of its own"),
    Feature("signal", "currency", 0.0, 1.0, SIGNAL, "its signal; 0 without one"),
    Feature("position", "scale_lots", -100.0, 100.0, OWN, "inventory as reported"),
    Feature("bought", "scale_lots", 0.0, 100.0, REPORTS, "lots bought since the last decision"),
    Feature("sold", "scale_lots", 0.0, 100.0, REPORTS, "lots sold since the last decision"),
    Feature("prints", "prints", 0.0, 1000.0, TAPE, "trades of others since the last decision"),
    Feature("print_mean", "currency", 0.0, 1.0, TAPE, "their mean price; the reference if none"),
    Feature("overflow", "0 or 1", 0.0, 1.0, OWN, "whether the logs had no room for all of it"),
)  # fmt: skip
