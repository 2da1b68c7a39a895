"""How objects show themselves in a notebook: a few lines of HTML, in which all text is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape


def paragraphs(said: Sequence[str]) -> str:
    """Return sentences as paragraphs."""
    return "".join(f"<p>{escape(each)}</p>" for each in said)


def table(title: str, rows: Mapping[str, str]) -> str:
    """Return names and what is said of them as a table with a title."""
    made = "".join(
        f"<tr><th scope='row' style='text-align: left'>{escape(name)}</th>"
        f"<td style='text-align: left'>{escape(text)}</td></tr>"
        for name, text in rows.items()
    )
    return f"<table><caption>{escape(title)}</caption>{made}</table>"
