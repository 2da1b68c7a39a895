"""The event loop, and how traders and the venue talk.

In every function here ``mechanism`` is the state of the mechanism and ``world`` the state of the
block, both read and written, and ``lane`` (int64) is the row. ``time`` is in ns, ``trader`` the
number of a trader, ``slot`` that of an order, ``envelope`` that of a message, notice or timer;
``side`` is BUY or SELL, ``price`` in ticks, ``rank`` a limit as the book keeps it, ``lots`` in
lots; ``words`` are uint32 random words, ``address`` or ``cause`` packs what a message comes from
(``events.envelopes.pack_address``). Nothing is raised: a lane that breaks an invariant or outgrows
its room is stopped (``world.stop_lane``). The rules are those of docs/mechanisms.md.
"""
