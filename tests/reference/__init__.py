"""The independent twin: a slow market in plain Python, written to be read.

It shares no line with ``proteus``. Lists are sorted again for every question, demand and supply
are counted at every tick, and every number is an integer. The kernels are compared with it.
"""
