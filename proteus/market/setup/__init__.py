"""From the configuration of a cell to the state of a block of lanes.

Ordinary Python: it reads a ``CellConfig``, converts units to ns, ticks and nano-currency, and
allocates arrays whose types and shapes are the notes of their states.
"""
