"""The mechanisms that traders talk to in another way than by orders."""

from __future__ import annotations

from proteus.market.trading import rfq_notices, rfq_venue

# A mechanism with a path of its own between traders and venue registers it when imported.
PATHS = (rfq_notices, rfq_venue)
