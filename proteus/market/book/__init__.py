"""The order book, the codes of events and the outbox.

``orders``, ``book`` and ``outbox`` are written, ``lane`` is their row, ``slot`` that of an order.
A ladder is one side of one auction; ``rank`` is a limit as its ladder keeps it, a better one is
larger, so that both sides are one piece of code; ``price`` is in ticks, ``lots`` in lots: int64.
"""
