"""The event queue, envelopes, latency and schedules.

The first argument is the state that is written or read, ``lane`` its row. Times and delays are
int64 ns, words uint32, and ``item`` is what the kind of a queue entry says: a trader, an envelope,
a jump.
"""
