"""Memory that is asked for early is neither read nor changed, wherever it lies."""

from typing import NamedTuple

import numpy as np
import pytest

from proteus.compiler.fetching import fetch
from proteus.compiler.jit import compiled, inline_kernel, state


@state
class _Fields(NamedTuple):
    small: np.ndarray  # int8 [2]
    cube: np.ndarray  # float64 [2, 3, 4]
    total: np.ndarray  # float64 [1]


@inline_kernel
def _ask(fields, far):
    """Ask for what is there, and for what no memory is at; then work."""
    fetch(fields.small, (1,))
    fetch(fields.small, (-far,))
    fetch(fields.cube, (1, 2, 3))
    fetch(fields.cube, (far, 0, 0))
    for i in range(3):
        fields.total[0] += fields.cube[1, i, 2]


@pytest.mark.nojit
@pytest.mark.boundscheck
def test_asking_changes_nothing_and_reads_nothing_even_where_no_memory_is():
    fields = _Fields(np.array([3, 4], np.int8), np.arange(24.0).reshape(2, 3, 4), np.zeros(1))
    compiled(_ask)(fields, 1 << 40)
    assert fields.small.tolist() == [3, 4]
    np.testing.assert_array_equal(fields.cube, np.arange(24.0).reshape(2, 3, 4))
    assert fields.total.tolist() == [14 + 18 + 22]
