"""The text of ``--help`` without Hydra, which takes half a second to compose and list it.

The text is that of ``conf/sweep.yaml``; groups are listed as they are in the folders of the
configuration, those of other packages included; the composed defaults are a generated file.
"""

from __future__ import annotations

import string
from pathlib import Path

from proteus.configuration.locate import (
    CONFIG_NAME,
    checked_folders,
    conf_folder,
    conf_folders,
    read_yaml,
)

COMPOSED = Path(__file__).with_name("composed.yaml")  # ``make docs`` writes it


def help_text() -> str:
    """Return what ``python -m proteus.sweep --help`` prints.

    Raises
        ConfigError: a folder of further configuration is not there, or hides what another has.
    """
    checked_folders()
    sweep = read_yaml((conf_folder() / f"{CONFIG_NAME}.yaml").read_text(encoding="utf-8"))
    template = string.Template(sweep["hydra"]["help"]["template"])
    groups = "".join(f"{name}: {', '.join(options)}\n" for name, options in _groups().items())
    composed = COMPOSED.read_text(encoding="utf-8")
    return template.substitute(APP_CONFIG_GROUPS=groups, CONFIG=composed)


def _groups() -> dict[str, list[str]]:
    """Return the options of every group, both in order."""
    found: dict[str, set[str]] = {}
    for folder in conf_folders():
        for path in folder.glob("*/**/*.yaml"):
            group = path.relative_to(folder).parent.as_posix()
            found.setdefault(group, set()).add(path.stem)
    return {group: sorted(found[group]) for group in sorted(found)}
