"""The page of a change of rules: the verdict first, then who pays whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from proteus.pages.report import PHONE
from proteus.pages.tables import Table
from proteus.pages.templates import render
from proteus.plots.style import inline_svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Part(NamedTuple):
    """A section of the page."""

    name: str
    title: str
    caption: str
    figure: Figure | None
    table: Table
    more: Table | None = None  # shown on demand


def change_page(name: str, sentences: Sequence[str], parts: Sequence[Part], facts: Table) -> str:
    """Return the page as HTML, in one file without any network.

    Parameters
        name: what was changed. sentences: the verdict. parts: its evidence. facts: what was run.
    """
    shown: list[dict[str, Any]] = [
        {
            **part._asdict(),
            "figure": Markup(inline_svg(part.figure, part.name, part.title))
            if part.figure else None,
            "width": round(PHONE * 96 * part.figure.get_figwidth()) if part.figure else 0,
        }
        for part in parts
    ]  # fmt: skip
    return render("change.html", name=name, sentences=sentences, parts=shown, facts=facts)
