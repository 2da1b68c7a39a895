"""Adjusted p values: Holm for a family of declared endpoints, Benjamini-Hochberg for a grid.

A test that was not made (p is NaN: the arms do not vary) is not in the family.

Source
    Holm (1979) Scand. J. Statist. 6:65. Benjamini & Hochberg (1995) JRSSB 57:289. statsmodels.
"""

from __future__ import annotations

import numpy as np

from proteus.analysis.statistics.paired import Array

HOLM = "holm"  # the chance of any false rejection in the family
BENJAMINI_HOCHBERG = "fdr_bh"  # the expected share of false ones among the rejections


def adjusted(p: Array, method: str) -> Array:
    """Return p values adjusted for the size of their family.

    Parameters
        p: float64 [m], NaN where no test was made. method: HOLM or BENJAMINI_HOCHBERG.

    Returns
        float64 [m], 0 .. 1, NaN where p is.
    """
    tested = ~np.isnan(p)
    result = np.array(p, dtype=float)
    if tested.sum() > 1:  # one test needs no adjustment, and statsmodels takes a second to load
        from statsmodels.stats.multitest import multipletests

        result[tested] = multipletests(p[tested], method=method)[1]
    return result
