"""A cell in which some traders are decided for outside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from proteus.market.agents.external import EXTERNAL, NUMBER, ExternalPolicy
from proteus.market.agents.group import Group
from proteus.market.constraints.models import UNLIMITED_LOTS
from proteus.market.events.schedule import PERIODIC
from proteus.market.setup.members import CellSetup


def with_outside(
    setup: CellSetup,
    traders: Sequence[int],
    *,
    log_rows: int,
    asks_each: bool,
    step_ns: int | None,
) -> CellSetup:
    """Return the set-up with some traders decided for outside; nothing else of them changes.

    Parameters
        traders: their numbers, different ones. log_rows: fills, and prices, that are kept between
            two decisions.
        asks_each: they also decide about each request and last look.
        step_ns: they decide on a grid of this period, with an addressed phase, and at no other
            time; None: at the wake-ups of their groups.
    """
    policies = tuple(
        (trader, ExternalPolicy(log_rows, _most_held(setup.members[trader].group), asks_each))
        for trader in traders
    )
    chosen = list(traders)
    kind, needs_words = setup.traders.kind.copy(), setup.traders.needs_words.copy()
    kind[chosen], needs_words[chosen] = NUMBER, False
    made = setup._replace(
        traders=setup.traders._replace(kind=kind, needs_words=needs_words),
        kinds={**setup.kinds, EXTERNAL: setup.kinds["maker"]._replace(policies=policies)},
    )
    return made if step_ns is None else _on_grid(made, chosen, step_ns)


def _most_held(group: Group) -> int:
    """Return the lots that the plain loop lets a trader of a group hold."""
    if group.most_held is not None:
        return group.most_held
    if getattr(group.policy, "at_limit", None) == "widen":
        return UNLIMITED_LOTS
    return getattr(group.policy, "inventory_limit_lots", UNLIMITED_LOTS)


def _on_grid(setup: CellSetup, chosen: list[int], step_ns: int) -> CellSetup:
    def changed(column: NDArray[np.generic], value: float) -> NDArray[np.generic]:
        column = column.copy()
        column[chosen] = value
        return column

    given = setup.schedules
    return setup._replace(
        schedules=given._replace(
            law=changed(given.law, PERIODIC),
            gap_ns=changed(given.gap_ns, step_ns),
            jitter_ns=changed(given.jitter_ns, 0.0),
            on_news=changed(given.on_news, False),
            on_fill=changed(given.on_fill, False),
        )
    )
