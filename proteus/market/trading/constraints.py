"""The constraint step: how much of what a trader wants may be sent.

A strategy says what it wants; constraints (``hooks.constrain``) cut or drop lots wherever an intent
becomes a message. Zero lots are no new order, request, quote or acceptance, and no confirmation in
a last look; for a quote that stands they are a cancel, so a dropped replace becomes one. Cancels,
refusals and the ends of lifetimes are never asked about.
"""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel
from proteus.market.constraints.codes import AS_ACCEPTANCE as AS_ACCEPTANCE
from proteus.market.constraints.codes import AS_LAST_LOOK as AS_LAST_LOOK
from proteus.market.constraints.codes import AS_ORDER as AS_ORDER
from proteus.market.constraints.codes import AS_QUOTE as AS_QUOTE
from proteus.market.constraints.codes import AS_REDUCTION as AS_REDUCTION
from proteus.market.constraints.codes import AS_REPLACE as AS_REPLACE
from proteus.market.constraints.codes import AS_REQUEST as AS_REQUEST
from proteus.market.constraints.codes import AS_STANDING as AS_STANDING
from proteus.market.trading import hooks, stressing


@inline_kernel
def allowed_lots(world, lane, trader, becomes, side, price, lots):
    """Return how many of the lots that a trader wants may be sent, 0 to ``lots``.

    Parameters
        becomes: AS_*. side, price: BUY or SELL, and the limit in ticks. lots: wanted, above 0.
    """
    if not hooks.may_cut(world.rules):
        return lots
    now, event = world.progress.now[lane], world.progress.events[lane]
    lots = hooks.constrain(
        world.rules, world.ledger, world.log, world.private, world.seen, lane, trader, now, event,
        becomes, side, price, lots,
    )  # fmt: skip
    return stressing.cut(world.rules, trader, now, becomes, lots)
