"""What registers itself when it is imported, for the loop to find.

The mechanisms that traders talk to in another way than by orders, and what some rules let them do.
"""

from __future__ import annotations

from proteus.market.trading import rfq_notices, rfq_venue, stopping

# A mechanism with a path of its own between traders and venue registers it when imported.
PATHS = (rfq_notices, rfq_venue)
OF_RULES = (stopping,)
