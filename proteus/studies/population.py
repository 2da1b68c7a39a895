"""A population as a file of ``conf/population``: what differs from the baseline, with comments."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from proteus.basics.versions import STAMP
from proteus.configuration import defaults
from proteus.configuration.locate import conf_file, conf_folder
from proteus.plans import parity, planner
from proteus.plans.plan import Plan

COMMENT_COLUMN = 30


def chosen_words(plan: Plan, point: int) -> list[str]:
    """Return the words that give the designed keys of a plan their values at one point."""
    keys = [factor.key for factor in plan.settings.design.factors]  # type: ignore[union-attr]
    return [
        f"{key}={values[point]}" for key, values in zip(keys, plan.designed.values(), strict=True)
    ]


def population_yaml(plan: Plan, point: int, rationale: str) -> str:
    """Write the population of one point as a file that builds on ``baseline``.

    Parameters
        plan: of a calibration. point: of its design. rationale: why, in a sentence or two.
    """
    cell = plan.cells[int(plan.cell_of.ravel()[point])]
    groups = parity.tree(cell)["population"]
    baseline = parity.tree(planner.from_words(["population=baseline"]).cells[0])["population"]
    made = f"Written by `python -m proteus.calibrate`, size={plan.settings.size}, {STAMP}."
    head = f"{rationale} {made}"
    lines = textwrap.wrap(head, width=98, initial_indent="# ", subsequent_indent="# ")
    lines += [_line("defaults:", "what this file builds on"), "  - baseline", "  - _self_", ""]
    about = _comments(conf_folder() / "population" / "baseline.yaml")
    for name, group in groups.items():
        changed = _differing(group, baseline[name])
        if changed:
            path = conf_file("trader", group["kind"])
            comments = _comments(path) if path else {}
            lines += [_line(f"{name}:", about[name]), *_lines(changed, comments, 1)]
    return "\n".join(lines) + "\n"


def _differing(group: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """Return the branches of a group that differ from the baseline's."""
    kept: dict[str, Any] = {}
    for key, value in group.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), Mapping):
            inside = _differing(value, base[key])
            if inside:
                kept[key] = inside
        elif value != base.get(key):
            kept[key] = value
    return kept


def _comments(path: Path) -> dict[str, str]:
    """Return dotted key to the comment beside it in a yaml file."""
    return {key: comment for key, _, comment in defaults.rows(path, groups=True)}


def _lines(
    branch: Mapping[str, Any], comments: Mapping[str, str], depth: int, above: str = ""
) -> Iterator[str]:
    for key, value in branch.items():
        indent, dotted = "  " * depth, f"{above}{key}"
        if isinstance(value, Mapping):
            yield _line(f"{indent}{key}:", comments[dotted])
            yield from _lines(value, comments, depth + 1, f"{dotted}.")
        else:
            yield _line(f"{indent}{key}: {value}", comments[dotted])


def _line(written: str, comment: str) -> str:
    return f"{written:<{COMMENT_COLUMN - 2}} # {comment}"


def installed(text: str, folder: Path | None = None) -> Path | None:
    """Write ``calibrated.yaml`` where every phase finds it, in a checkout; elsewhere nothing.

    Parameters
        text: of :func:`population_yaml`. folder: in place of ``conf/population``.

    Returns
        The path of the file, or None.
    """
    from proteus.studies.folders import write_text

    conf = conf_folder()
    if folder is None and not (conf.parent / ".git").exists():
        return None
    path = (folder or conf / "population") / "calibrated.yaml"
    write_text(path, text)
    return path
