"""Exponentially weighted mean of what is observed, by either of the two conventions.

    recursive   m_1 = x_1,  m_n = m_{n-1} + a (x_n - m_{n-1})            pandas: adjust=False
    corrected   m_n = sum_i (1 - a)^{n-i} x_i / sum_i (1 - a)^{n-i}      pandas: adjust=True

Observations are counted, not timed: a quiet minute does not age the mean. Not ready before the
first of them.

Source
    pandas, ``Series.ewm``; Hunter (1986) Journal of Quality Technology 18:203.
"""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel


@inline_kernel
def init():
    """Return the mean and the weight of a filter that has seen nothing."""
    return 0.0, 0.0


@inline_kernel
def update(mean, weight, observed, gain, is_corrected):
    """Return mean and weight with one more observation.

    Parameters
        mean: so far. weight: sum of the weights so far, 0 before the first. observed: the new one.
        gain: a, 0 .. 1 without 0. is_corrected: which convention.
    """
    total = (1.0 - gain) * weight + 1.0
    if weight == 0.0:
        return observed, total
    step = 1.0 / total if is_corrected else gain
    return mean + step * (observed - mean), total


@inline_kernel
def ready(weight):
    """Tell whether anything was observed."""
    return weight > 0.0
