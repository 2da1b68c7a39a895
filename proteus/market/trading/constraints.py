"""The constraint step: how much of what a trader wants may be sent.

A strategy says what it wants; constraints (``hooks.constrain``) cut or drop lots wherever an intent
becomes a message. Zero lots are no new order, request, quote or acceptance, and no confirmation in
a last look; for a quote that stands they are a cancel, so a dropped replace becomes one. Cancels,
refusals and the ends of lifetimes are never asked about.
"""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel
from proteus.market.trading import hooks

# What an intent would become.
AS_ORDER = 0  # a new order, or the first version of a quote
AS_REPLACE = 1  # a standing quote moves to another price
AS_REDUCTION = 2  # a standing quote gets fewer lots: what limits messages lets it pass
AS_STANDING = 3  # a quote stands as it is wanted: no message, unless lots are cut
AS_REQUEST = 4
AS_QUOTE = 5  # for a request
AS_ACCEPTANCE = 6
AS_LAST_LOOK = 7  # a confirmation; of fewer lots there is none


@inline_kernel
def allowed_lots(world, lane, trader, becomes, side, price, lots):
    """Return how many of the lots that a trader wants may be sent, 0 to ``lots``.

    Parameters
        becomes: AS_*. side, price: BUY or SELL, and the limit in ticks. lots: wanted, above 0.
    """
    now = world.progress.now[lane]
    return hooks.constrain(
        world.rules, world.private, world.seen, lane, trader, now, becomes, side, price, lots
    )
