"""Fair-value tables that have been made: cells with the same news share one, and so do threads.

A table takes a tenth of a second, and a sweep asks for it wherever it estimates, compares and runs
a cell. Kernels only read tables. A process that works for another makes its own, once.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from proteus.market.environment import fair_value
from proteus.market.environment.fair_value import FairValueTable

KEPT_BYTES = 64 * 2**20  # of tables, about forty; those asked for longest ago go first

_Law = tuple[float, float, float, bytes, float]


class Tables:
    """The tables of a process, by the numbers that they follow from."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        """Start without any."""
        self._kept_bytes = kept_bytes
        self._lock = threading.Lock()
        self._tables: OrderedDict[_Law, FairValueTable] = OrderedDict()

    def of(
        self,
        sigma: float,
        kappa: float,
        jump_rate: float,
        jump_law: NDArray[np.float64],
        settle_s: float,
    ) -> FairValueTable:
        """Return the table of :func:`fair_value.tabulate`, which makes it when it is not there.

        One is made at a time, so that threads that want the same one wait for it.

        Raises
            ConfigError: the news is so strong that the table would be too large.
        """
        law = sigma, kappa, jump_rate, jump_law.tobytes(), settle_s
        with self._lock:
            if law not in self._tables:
                made = fair_value.tabulate(sigma, kappa, jump_rate, jump_law, settle_s)
                self._tables[law] = made
                self._forget()
            self._tables.move_to_end(law)
            return self._tables[law]

    def _forget(self) -> None:
        """Let tables go that are too many, the last excepted."""
        size = sum(each.table.nbytes for each in self._tables.values())
        while size > self._kept_bytes and len(self._tables) > 1:
            _, oldest = self._tables.popitem(last=False)
            size -= oldest.table.nbytes


TABLES = Tables()
