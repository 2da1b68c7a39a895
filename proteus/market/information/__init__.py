"""What traders are shown: public history, signals, disclosure.

``data`` is the public history that is written or read, ``lane`` its row; ``time`` is in ns, prices
in ticks, ``lots`` in lots, signals float64 in currency. Who is shown what is in docs/leakage.md.
"""
