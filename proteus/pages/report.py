"""Bundles as one page: verdict first, then the evidence, then where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from proteus.pages import tables
from proteus.pages.bundle import Bundle, words
from proteus.pages.glossary import Glossary
from proteus.pages.sections import Section, sections
from proteus.pages.templates import render
from proteus.plots.style import inline_svg, legend_keys

if TYPE_CHECKING:
    from proteus.pages.bundle import Bundle
    from proteus.pages.sections import Section

PHONE = 0.75  # of its size is a figure shown at least, where figures are scrolled sideways
_LONG = 8.0  # inches of a figure that has a row of its own
_WIDE = 5.0  # inches of a figure of which two fit beside each other


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
    return render("report.html", chapters=chapters, glossary=Glossary())


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
        "details": _first(said.cells),
        "violated": one.violated,
        "sections": [_section(part, key) for part in drawn],
        "primary": tables.primary(one, contrasts),
        "levels": tables.levels(one),
        "rules": tables.rules(one),
        "credit": tables.credit(one),
        "counterparties": tables.counterparties(one),
        "seeds": tables.seeds_sentence(one),
        "precision": tables.precision(contrasts),
        "lanes": tables.lanes(one),
        "parity": shared,
        "exceptions": exceptions,
        "violations": tables.violations(one),
        "provenance": tables.provenance(one),
        "agents": tables.agents_of(one),
        "command": tables.command(one),
        "config": str(one.dataset.attrs.get("config", "")),
    }


def _first(sentences: list[str]) -> list[str]:
    """Keep the sentences on the first cells, and say where the others are."""
    kept, more = sentences[: tables.MOST_CELLS], len(sentences) - tables.MOST_CELLS
    return [*kept, f"verdict.txt has {more} more."] if more > 0 else kept


def _section(part: Section, key: str) -> dict[str, Any]:
    """Return what the template shows of a section; figures that share a legend leave it to it."""
    keys = [legend_keys(each.figure) for each in part.drawn]
    shared = keys[0] if keys and all(each == keys[0] for each in keys) else []
    if shared:
        for legend in [legend for each in part.drawn for legend in each.figure.legends]:
            legend.remove()
    figures = [
        {
            "svg": Markup(inline_svg(each.figure, f"{key}-{each.name}", each.title)),
            "width": round(PHONE * 96 * each.figure.get_figwidth()),
            "long": each.figure.get_figwidth() > _LONG,
        }
        for each in part.drawn
    ]
    wide = all(each.figure.get_figwidth() > _WIDE for each in part.drawn)
    return {
        "name": part.name, "title": part.title, "caption": part.caption, "figures": figures,
        "keys": shared, "left_out": part.left_out, "wide": wide,
    }  # fmt: skip
