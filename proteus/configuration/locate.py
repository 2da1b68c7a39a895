"""Where the configuration is. Imports nothing heavy, so that ``--help`` is quick."""

from __future__ import annotations

from pathlib import Path

from proteus.errors import ConfigError

CONFIG_NAME = "sweep"
HYDRA_VERSION = "1.3"


def docs_folder() -> Path:
    """Return the absolute folder of the pages that texts name, in a wheel or in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "docs"
    return inside if inside.is_dir() else package.parent / "docs"


def conf_folder() -> Path:
    """Return the absolute folder of the configuration, in a wheel or in a checkout.

    Raises
        ConfigError: there is none beside the package.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "conf", package.parent / "conf"):
        if (folder / f"{CONFIG_NAME}.yaml").is_file():
            return folder
    raise ConfigError(f"the configuration folder conf is missing beside {package}")
