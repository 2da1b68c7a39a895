"""The order book, the codes of events and the outbox."""
