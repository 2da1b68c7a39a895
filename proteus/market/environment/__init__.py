"""The news and fair value.

``news`` is written, ``parameters`` are the numbers of a cell's news, ``lane`` is the row. Times are
int64 ns, log-odds and v float64 (v in currency, 0 to 1), integrals float64 in seconds. The laws
are in ``news.py`` and ``models.py``, the addresses of the draws in docs/seeds.md.
"""
