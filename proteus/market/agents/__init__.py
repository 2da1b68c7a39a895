"""Traders: the configuration of each kind, what it knows, and how it decides.

In every ``decide`` the first argument is the state of the kind, which only a kind that learns
writes; ``view`` (what this wake-up shows) and ``private`` (what traders know of themselves) are
read, and what the trader wants is written to ``intents``. ``lane`` is the row, ``trader`` the
number of the trader, ``has_signal`` whether it sees a signal. Prices are in ticks, a reference in
half ticks, ``lots`` in lots, beliefs and signals float64 in currency, times int64 ns. The rules
and their sources are in the docstrings of the files.
"""
