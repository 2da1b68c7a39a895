"""Statistics of paired runs: contrasts, intervals, multiplicity, precision and power.

Everything here works on arrays over seeds; nothing knows kernels or files. ``docs/statistics.md``
is the policy.
"""
