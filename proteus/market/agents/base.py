"""What every trader kind has in common: its configuration base, its sizes, its row in the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.basics.schema import Schema
from proteus.compiler.jit import inline_kernel, interface


class PolicyConfig(Schema):
    """Hold the keys of one policy; a subclass says whether it cannot act without a signal."""

    needs_signal: ClassVar[bool] = False


class Members(NamedTuple):
    """The traders of one kind, and the sizes of the population they live in."""

    policies: tuple[tuple[int, Any], ...]  # (trader number, its policy configuration)
    latency_s: NDArray[np.float64]  # [A] mean submission plus market data latency, seconds
    traders: int  # A, all kinds
    lanes: int
    n_ticks: int
    protection_ticks: int
    initial_probability: float = 0.5  # p0
    growth: int = 1  # factor on capacities
    most_held: tuple[int | None, ...] = ()  # lots, by the chains of the plain loop; () as policies

    def column(self, values: Iterable[Any], dtype: Any = np.float64) -> NDArray[Any]:
        """Return an array [A] with the members' values in their places, zero elsewhere."""
        column = np.zeros(self.traders, dtype)
        for (trader, _), value in zip(self.policies, values, strict=True):
            column[trader] = value
        return column

    def key(self, name: str, dtype: Any = np.float64) -> NDArray[Any]:
        """Return an array [A] of one policy key."""
        return self.column((getattr(policy, name) for _, policy in self.policies), dtype)

    def thresholds(self) -> NDArray[np.float64]:
        """Return theta plus the latency-risk term, [A] in currency.

        The term grows with the root of the latency in seconds.
        """
        return self.column(
            policy.theta + policy.latency_risk * self.latency_s[trader] ** 0.5
            for trader, policy in self.policies
        )


class TraderKind(NamedTuple):
    """A row of the table of kinds: its configuration model, its class, and what builds its state.

    An ordinary kind is built and called by ``ordinary``; every other one implements ``decide_one``.
    """

    policy: type[PolicyConfig]
    role: int  # CLASS_* of ``traders``
    make: Callable[[Members], Any] | None = None  # None: the kind is ordinary
    needs_words: bool = False  # its decisions take addressed random words of their own
    carries: tuple[str, ...] = ()  # dotted arrays of its state that last beyond an episode
    number: int = -1  # in the switch; the table gives it

    @property
    def is_ordinary(self) -> bool:
        """Tell whether the loop of every population knows it."""
        return self.make is None


@interface
def decide_one(policy, view, private, has_signal, intents, lane, trader):
    """Let one trader of a kind decide; it gets its view, its own state and nothing else.

    Parameters
        policy: state of the kind. view: what this wake-up shows. private: what traders know of
            themselves. has_signal: whether it sees a signal. intents: written.
        lane: row. trader: its number.
    """


# What most kinds need not implement: they reckon with no costs, learn nothing, and see no more.


@interface
def decide_charged(policy, view, private, has_signal, costs, intents, lane, trader):
    """Let one trader decide that may reckon with ``costs``; the rest is as in ``decide_one``."""


@decide_charged.otherwise
@inline_kernel
def _decide_uncharged(policy, view, private, has_signal, costs, intents, lane, trader):
    decide_one(policy, view, private, has_signal, intents, lane, trader)


@interface
def show_one(policy, data, at, report, lane):
    """Show one trader of a kind, before it decides, what is public beside its view.

    Parameters
        data: the public history. at: ring position of the state that it sees. report: of the
            oracle, nano, or NO_REPORT.
    """


@interface
def learn_fill_one(policy, lane, trader, sign, quoted_belief, filled_ns, now):
    """Tell one trader of a kind of its own fill; parameters are those of ``learn_fill``."""


@interface
def learn_price_one(policy, lane, trader, price):
    """Tell one trader of a kind a price in ticks."""


@interface
def has_overflown_one(policy, lane):
    """Tell whether what some trader of a kind remembers has outgrown its room; 0 or 1."""


@show_one.otherwise
@inline_kernel
def _see_no_more(policy, data, at, report, lane):
    pass


@learn_fill_one.otherwise
@inline_kernel
def _learn_no_fill(policy, lane, trader, sign, quoted_belief, filled_ns, now):
    pass


@learn_price_one.otherwise
@inline_kernel
def _learn_no_price(policy, lane, trader, price):
    pass


@has_overflown_one.otherwise
@inline_kernel
def _has_room(policy, lane):
    return 0
