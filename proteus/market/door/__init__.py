"""Recorded messages to a mechanism, without traders.

Kernels read rows of messages, int64 columns [N] in the units of ``proteus.replay`` (ns, ticks,
lots), and write fills, refusals and cancels into columns given by the caller.
"""
