"""What is measured while the engine runs: one file per family, ``sums.py`` brings them together.

In every function here the first argument is the state that it writes; ``world`` is read, and
``lane`` is its row. ``time`` is in ns, ``price`` in ticks, ``lots`` and ``quantity`` in lots (a
quantity bought is positive), ``value`` is v in nano-currency, ``slot`` the slot of an order, and
``role`` a class of traders (``CLASS_*``). Sources are in the docstrings of the files.
"""
