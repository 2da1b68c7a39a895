"""The one look of every figure: a colour per mechanism and per class, units on axes, files.

Figures are ``matplotlib.figure.Figure`` objects without pyplot, so no global state is touched and
nothing needs a display. Colour-blind readers can tell the colours apart (Okabe & Ito 2008).
"""

from __future__ import annotations

import html
import io
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from proteus.basics.files import whole
from proteus.basics.versions import STAMP
from proteus.errors import ConfigError
from proteus.results.coordinates import axis_unit, short_name

MECHANISM_COLOURS = {
    "clob": "#0072b2", "fba": "#d55e00", "rfq": "#009e73", "dual_flow": "#aa4499",
}  # fmt: skip
CLASS_COLOURS = {
    "maker": "#3d8fd1", "informed": "#cc8800", "noise": "#7d8590", "sniper": "#c1355a",
    "spoofer": "#4d7c0f", "venue": "#2a9d8f",
}  # fmt: skip
ACCOUNT_COLOURS = {  # who gets or gives beside the classes and the venue, where rules say so
    "network": "#8c6d31", "proposer": "#7a2e4a", "pool": "#8a63d2",
}  # fmt: skip
END_COLOURS = {  # how an intent ended
    "filled": "#2a9d8f", "expired": "#e0b13c", "cancelled": "#7d8590", "self_trade": "#c1355a",
    "priced_out": "#8a63d2", "refused": "#8c6d31", "trading_ended": "#b5bdc6",
}  # fmt: skip
TERM_COLOURS = {  # what a profit or loss comes from
    "fills": "#3d8fd1", "drift": "#b5bdc6", "fees": "#c1355a", "rebates": "#2a9d8f",
    "gas": "#cc8800", "rewards": "#8a63d2", "penalties": "#7a2e4a", "interest": "#5a7d2a",
    "liquidation": "#8c6d31", "defaults": "#111111", "reverted": "#7d8590",
}  # fmt: skip
VALUE_COLOUR = "#8a63d2"  # the fair value
OTHER_COLOUR = "#8c6d31"  # what has no colour of its own
INK, GRID = "#24292f", "#d0d7de"  # replaced by variables of the page where a figure stands in one
LINE_STYLES = ("-", "--", ":", "-.")  # of what differs within a mechanism
MARKS = ("o", "s", "^", "D")

FORMATS = ("png", "pdf", "svg")
PANEL = (4.4, 3.1)  # inches
_LETTER = 0.068  # inches of a letter in a legend

_SVG_DPI = 72  # points
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


def panels(
    count: int, size: tuple[float, float] = PANEL, most: int = 3
) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels, at most so many to a row."""
    columns = max(1, min(count, most))
    rows = -(-count // columns)
    figure = Figure(figsize=(size[0] * columns, size[1] * rows))
    axes = [figure.add_subplot(rows, columns, place + 1) for place in range(count)]
    return figure, axes


def legend_below(figure: Figure, handles: Sequence[Artist]) -> None:
    """Give a figure one legend, under its panels, where no axis and no data are."""
    longest = max(len(str(each.get_label())) for each in handles)
    fitting = int(figure.get_figwidth() / (0.45 + _LETTER * longest))
    columns = max(1, min(fitting, len(handles)))
    rows = -(-len(handles) // columns)
    figure.set_figheight(figure.get_figheight() + 0.18 * rows + 0.1)
    figure.legend(handles=handles, loc="outside lower center", ncols=columns)


class LegendKey(NamedTuple):
    """A line of a legend, for a page that shows one for many figures."""

    label: str
    colour: str
    dashes: str  # of a stroke in SVG; empty for a solid one
    mark: str  # a letter; empty for none
    is_area: bool


_DASHES = {"--": "5 3", ":": "1.5 2.5", "-.": "6 2 1.5 2"}
_LETTERS = {"o": "\u25cf", "s": "\u25a0", "^": "\u25b2", "D": "\u25c6"}


def legend_keys(figure: Figure) -> list[LegendKey]:
    """Return the lines of the legend of a figure; none where it has none."""
    handles = [each for legend in figure.legends for each in legend.legend_handles]
    keys = []
    for each in handles:
        if isinstance(each, Line2D):
            style, mark = str(each.get_linestyle()), str(each.get_marker())
            colour = to_hex(each.get_color()).replace(INK, "currentColor")
            marked = _LETTERS.get(mark, "")
            keys.append(
                LegendKey(str(each.get_label()), colour, _DASHES.get(style, ""), marked, False)
            )
        elif isinstance(each, Patch):
            colour = to_hex(each.get_facecolor())
            keys.append(LegendKey(str(each.get_label()), colour, "", "", True))
    return keys


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


def axis_name(dataset: xr.Dataset, name: str) -> str:
    """Return the long name of a swept key, or its short one where that says no more."""
    attributes = dataset[name].attrs if name in dataset.coords else {}
    plain = name.replace("_", " ")
    long_name = str(attributes.get("long_name", plain))
    return short_name(name) if long_name == plain else long_name


def axis_title(dataset: xr.Dataset, name: str) -> str:
    """Return the name of a swept key with its unit."""
    known = str(dataset[name].attrs.get("units", "")) if name in dataset.coords else ""
    unit = known if known not in ("", "as configured") else axis_unit(name)
    return with_unit(axis_name(dataset, name), unit)


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
        with _laid_out(figure):
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


@contextmanager
def _laid_out(figure: Figure) -> Iterator[None]:
    """Lay a figure out as its saving would, which then need not draw all of it once for that."""
    engine, canvas, dpi = figure.get_layout_engine(), figure.canvas, figure.dpi
    if engine is None:
        yield
        return
    FigureCanvasSVG(figure)  # which measures text
    figure.dpi = _SVG_DPI
    engine.execute(figure)
    figure.dpi = dpi
    with matplotlib.rc_context({"figure.constrained_layout.use": False}):
        figure.set_layout_engine(None)
    try:
        yield
    finally:
        figure.set_layout_engine(engine)
        figure.set_canvas(canvas)
