"""What is measured of the market as a whole: volume, and who wins what from whom."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from proteus.market.agents.traders import CLASS_INFORMED, CLASS_MAKER, CLASS_NOISE, CLASS_SNIPER
from proteus.market.ledger.accounts import CASH, VENUE, account_of
from proteus.market.ledger.codes import TERM_CLAIMS
from proteus.market.trading.world import World
from proteus.market.variables.base import (
    Values,
    Variable,
    currency,
    has_role,
)


def _volume(world: World) -> Values:
    sums = world.sums
    return np.asarray((sums.markouts.lots + sums.execution.lots.sum(axis=1)) / 2.0)


def _pnl(role: int) -> Callable[[World], Values]:
    return lambda world: currency(world.totals.marked @ has_role(world, role))


def _pnl_venue(world: World) -> Values:
    """Return its cash; what it puts into pools is theirs to lose, so that all PnL sums to zero."""
    ledger, venue = world.ledger, account_of(world.ledger, VENUE)
    claims = ledger.total[:, venue, ledger.term == TERM_CLAIMS, CASH].sum(axis=1)
    return currency(ledger.balance[:, venue, CASH] - claims)


def _pnl_row(role: int, name: str, title: str) -> Variable:
    return Variable(
        name=f"pnl_{name}",
        unit="currency",
        long_name=f"PnL of all {title}, marked at the fair value at the end",
        sign="positive: they win",
        formula="sum over traders of cash + lots v_T",
        source="accounts",
        compute=_pnl(role),
    )


MARKET_VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="volume_lots",
        unit="lots",
        long_name="lots traded",
        formula="lots bought = lots sold",
        source="accounts",
        compute=_volume,
    ),
    _pnl_row(CLASS_NOISE, "noise", "noise traders"),
    _pnl_row(CLASS_INFORMED, "informed", "informed traders"),
    _pnl_row(CLASS_MAKER, "maker", "makers"),
    _pnl_row(CLASS_SNIPER, "sniper", "snipers"),
    Variable(
        name="pnl_venue",
        unit="currency",
        long_name="PnL of the venue",
        sign="positive: the venue earns",
        formula="cash of the venue: fees and rounding less rebates; what pools take is theirs",
        source="accounts",
        compute=_pnl_venue,
    ),
    Variable(
        name="n_events",
        unit="1",
        long_name="entries taken from the event queue that did work",
        formula="count, with which a log ends (`event` of its last row)",
        source="count",
        compute=lambda world: world.progress.events.astype(float),
    ),
    Variable(
        name="n_messages",
        unit="1",
        long_name="messages that reached the venue",
        formula=(
            "count of orders, cancels and replaces; of requests, quotes, acceptances and last "
            "looks: the rows of traders in a log but intents and environment_wait"
        ),
        source="count",
        compute=lambda world: world.progress.messages.astype(float),
    ),
    Variable(
        name="n_fills",
        unit="1",
        long_name="number of fills",
        formula="count",
        source="count",
        compute=lambda world: world.progress.fills.astype(float),
    ),
)
