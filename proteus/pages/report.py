"""Bundles as one page: verdict first, then the evidence, then where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from proteus.pages import tables
from proteus.pages.bundle import Bundle, words
from proteus.pages.sections import Section, sections
from proteus.pages.templates import render
from proteus.plots.style import inline_svg

if TYPE_CHECKING:
    from proteus.pages.bundle import Bundle
    from proteus.pages.sections import Section


def report_page(bundles: Sequence[Bundle], drawn: Sequence[list[Section]] | None = None) -> str:
    """Return the report of bundles as HTML, in one file without any network.

    Parameters
        bundles: at least one. drawn: the sections of each, where they have been drawn already.
    """
    made = drawn if drawn is not None else [sections(one) for one in bundles]
    chapters = [
        _chapter(one, parts, f"b{number}")
        for number, (one, parts) in enumerate(zip(bundles, made, strict=True))
    ]
    return render("report.html", chapters=chapters)


def _chapter(one: Bundle, drawn: list[Section], key: str) -> dict[str, Any]:
    """Return what the template shows of one bundle; ``key`` starts its ids."""
    contrasts = tables.contrasts(one)
    said = words(one)
    shared, exceptions = tables.parity(one)
    return {
        "key": key,
        "name": one.name,
        "about": tables.cells_sentence(one),
        "first": said.first,
        "details": said.cells,
        "violated": one.violated,
        "sections": [_section(part, key) for part in drawn],
        "primary": tables.primary(one, contrasts),
        "levels": tables.levels(one),
        "counterparties": tables.counterparties(one),
        "seeds": tables.seeds_sentence(one),
        "precision": tables.precision(contrasts),
        "parity": shared,
        "exceptions": exceptions,
        "violations": tables.violations(one),
        "provenance": tables.provenance(one),
        "command": tables.command(one),
        "config": str(one.dataset.attrs.get("config", "")),
    }


def _section(part: Section, key: str) -> dict[str, Any]:
    figures = [
        Markup(inline_svg(each.figure, f"{key}-{each.name}", each.title)) for each in part.drawn
    ]
    return {"name": part.name, "title": part.title, "caption": part.caption, "figures": figures}
