"""The one look of every figure: a colour per mechanism and per class, units on axes, files.

Figures are ``matplotlib.figure.Figure`` objects without pyplot, so no global state is touched and
nothing needs a display. Colour-blind readers can tell the colours apart (Okabe & Ito 2008).
"""

from __future__ import annotations

import html
import io
import os
import re
from pathlib import Path
from typing import Any

import matplotlib
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from proteus.basics.files import whole
from proteus.basics.versions import STAMP
from proteus.errors import ConfigError
from proteus.results.coordinates import axis_unit

MECHANISM_COLOURS = {
    "clob": "#0072b2", "fba": "#d55e00", "rfq": "#009e73", "dual_flow": "#aa4499",
}  # fmt: skip
CLASS_COLOURS = {
    "maker": "#3d8fd1", "informed": "#cc8800", "noise": "#7d8590", "sniper": "#c1355a",
    "venue": "#2a9d8f",
}  # fmt: skip
VALUE_COLOUR = "#8a63d2"  # the fair value
OTHER_COLOUR = "#8c6d31"  # what has no colour of its own
INK, GRID = "#24292f", "#d0d7de"  # replaced by variables of the page where a figure stands in one
LINE_STYLES = ("-", "--", ":", "-.")  # of what differs within a mechanism

FORMATS = ("png", "pdf", "svg")
PANEL = (4.4, 3.1)  # inches

_RULES: Any = {
    "font.size": 9.0,
    "font.family": "sans-serif",
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "svg.fonttype": "none",
    "svg.hashsalt": "proteus",
    "savefig.dpi": 160,
}


def rules() -> Any:
    """Return the context in which figures are made and saved."""
    return matplotlib.rc_context(_RULES)


def panels(count: int, size: tuple[float, float] = PANEL) -> tuple[Figure, list[Axes]]:
    """Return a figure with a row of panels; three to a row."""
    columns = max(1, min(count, 3))
    rows = -(-count // columns)
    figure = Figure(figsize=(size[0] * columns, size[1] * rows))
    axes = [figure.add_subplot(rows, columns, place + 1) for place in range(count)]
    return figure, axes


def mechanism_colour(name: str) -> str:
    """Return the colour of a mechanism, the same in every figure."""
    return MECHANISM_COLOURS.get(name, OTHER_COLOUR)


def with_unit(text: str, unit: str) -> str:
    """Write the title of an axis with its unit, where it has one."""
    return f"{text} ({unit})" if unit and unit != "1" else text


def wrapped(text: str, width: int = 46) -> str:
    """Break a title into lines that fit a panel, and begin it with a capital."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join([lines[0][:1].upper() + lines[0][1:], *lines[1:]])


def axis_title(dataset: xr.Dataset, name: str) -> str:
    """Return the long name of a swept key with its unit."""
    attributes = dataset[name].attrs if name in dataset.coords else {}
    known = str(attributes.get("units", ""))
    unit = known if known not in ("", "as configured") else axis_unit(name)
    return with_unit(str(attributes.get("long_name", name.replace("_", " "))), unit)


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure whole, with the schema version in its metadata.

    Parameters
        figure: the figure. path: its ending is the format, one of ``FORMATS``.

    Raises
        ConfigError: another format. OSError: the file cannot be written.
    """
    path = Path(path)
    kind = path.suffix.lstrip(".")
    if kind not in FORMATS:
        raise ConfigError(f"format={kind} is not allowed: it must be one of {', '.join(FORMATS)}")
    metadata = {
        "svg": {"Date": None, "Description": STAMP},
        "pdf": {"CreationDate": None, "Subject": STAMP},
        "png": {"Description": STAMP},
    }[kind]
    with rules(), whole(path) as temporary:
        figure.savefig(temporary, format=kind, metadata=metadata)


def inline_svg(figure: Figure, name: str, title: str) -> str:
    """Return a figure as an SVG element for a page, in the colours of the page.

    Parameters
        figure: the figure. name: unique in the page, for the ids inside. title: read aloud.

    Returns
        The element ``<svg>``, as wide as the figure at most.
    """
    buffer = io.StringIO()
    with rules():
        figure.patch.set_alpha(0.0)
        for axes in figure.axes:
            axes.patch.set_alpha(0.0)
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = text.replace(INK, "var(--ink)").replace(GRID, "var(--grid)")
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r'(href="#|url\(#)([^")]+)', rf"\1{name}-\2", text)
    size = re.search(r'<svg[^>]*?width="([\d.]+)pt"', text)
    width = f"{float(size[1]) * 4 / 3:.0f}px" if size else "100%"
    head = f'<svg role="img" aria-label="{html.escape(title)}" style="max-width: {width}"'
    return re.sub(r' (width|height)="[\d.]+pt"', "", text, count=2).replace("<svg", head, 1)
