"""Templates of pages: one file with everything in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from proteus.basics.versions import SCHEMA_KEY, SCHEMA_VERSION

_FOLDER = Path(__file__).parent


def render(template: str, **values: Any) -> str:
    """Render a template of this folder.

    Parameters
        template: its file name. values: what it shows; texts are escaped.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"included": _included, SCHEMA_KEY: SCHEMA_VERSION}
    return environment.get_template(template).render(**values)


def embedded(data: Any) -> Markup:
    """Return data as JSON that may stand inside a script element."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))  # no text may end the element


def _included(name: str) -> Markup:
    """Return a style or a script of this folder as it is."""
    return Markup((_FOLDER / name).read_text(encoding="utf-8"))
