"""The event queue, envelopes, latency and schedules."""
