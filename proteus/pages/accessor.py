"""``dataset.proteus``: what Proteus says of a dataset of its own, from the dataset itself."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

import xarray as xr

from proteus.analysis.measures import check_sweep
from proteus.analysis.verdict import Verdict, judged
from proteus.errors import ResultsError


class Page(NamedTuple):
    """A report; a notebook shows it in a frame of its own."""

    html: str  # the whole page

    def _repr_html_(self) -> str:
        """Return the frame; what is in it can reach nothing of the notebook."""
        return (
            f"<iframe sandbox='allow-scripts' srcdoc='{escape(self.html)}'"
            " style='width: 100%; height: 40em; border: 0'></iframe>"
        )


class Accessor:
    """Say what a dataset shows."""

    def __init__(self, dataset: xr.Dataset) -> None:
        """Take the dataset of a sweep."""
        self._dataset = dataset

    def verdict(self) -> Verdict:
        """Return the verdict on every cell by the endpoint that the sweep declared.

        Returns
            ``cells``, of each its outcome, estimates and budgets, and ``refused``, why others are
            not judged; ``str`` has the sentences of ``verdict.txt``.

        Raises
            ResultsError: no dataset of a sweep, or nothing in it is compared.
        """
        check_sweep(self._dataset)
        found = judged(self._dataset)
        if found is None:
            raise ResultsError(
                "no verdict: it takes the baseline of a declared endpoint and another mechanism"
            )
        return found

    def report(self) -> Page:
        """Return the page that ``python -m proteus.report`` writes.

        Raises
            ResultsError: no dataset of a sweep.
        """
        from proteus.pages.bundle import bundle
        from proteus.pages.report import report_page

        check_sweep(self._dataset)
        return Page(report_page([bundle(self._dataset, {}, "results")]))
