"""Where the configuration is. Imports nothing heavy, so that ``--help`` is quick."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from proteus import plugins
from proteus.errors import ConfigError

CONFIG_NAME = "sweep"
HYDRA_VERSION = "1.3"
OF_AN_EXPERIMENT = ("axes", "sizes", "study", "parity.treatment")  # keys that no word sets
SEARCH_PATH = "PROTEUS_CONF"  # further folders of configuration, as PATH has them
_PACKAGE = Path(__file__).resolve().parent.parent


def docs_folder() -> Path:
    """Return the absolute folder of the pages that texts name, in a wheel or in a checkout."""
    inside = _PACKAGE / "docs"
    return inside if inside.is_dir() else _PACKAGE.parent / "docs"


def read_yaml(text: str) -> Any:
    """Return what a text of yaml says, by libyaml where it is there: five times as fast."""
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def conf_folder() -> Path:
    """Return the absolute folder of the configuration, in a wheel or in a checkout.

    Raises
        ConfigError: there is none beside the package.
    """
    for folder in (_PACKAGE / "conf", _PACKAGE.parent / "conf"):
        if (folder / f"{CONFIG_NAME}.yaml").is_file():
            return folder
    raise ConfigError(f"the configuration folder conf is missing beside {_PACKAGE}")


def added_folders() -> list[Path]:
    """Return the folders laid beside ours: those of PROTEUS_CONF, then those of other packages.

    Raises
        ConfigError: a folder that is not there.
    """
    named = [Path(part) for part in os.environ.get(SEARCH_PATH, "").split(os.pathsep) if part]
    for folder in named:
        if not folder.is_dir():
            raise ConfigError(f"{SEARCH_PATH}={folder} is not allowed: it must be a folder")
    return [*(folder.resolve() for folder in named), *plugins.conf_folders()]


def conf_folders() -> list[Path]:
    """Return every folder of the configuration, ours first."""
    return [conf_folder(), *added_folders()]


def conf_file(group: str, option: str) -> Path | None:
    """Return the file of an option of a group, as of ``mechanism``, or None."""
    paths = (folder / group / f"{option}.yaml" for folder in conf_folders())
    return next((path for path in paths if path.is_file()), None)


def options_of(group: str) -> list[str]:
    """Return the options of a group, in order."""
    places = (folder / group for folder in conf_folders())
    return sorted({path.stem for place in places for path in place.glob("*.yaml")})


def checked_folders() -> list[Path]:
    """Return what is laid beside our folder, once it is known to hide nothing.

    Raises
        ConfigError: a folder that is not there, or a file that another one has.
    """
    added, ours = added_folders(), conf_folder()
    owners: dict[str, Path] = {}
    for folder in (ours, *added) if added else ():
        for path in sorted(folder.rglob("*.yaml")):
            name = path.relative_to(folder).as_posix()
            other = owners.setdefault(name, folder)
            if other != folder:
                where = "proteus" if other == ours else other
                raise ConfigError(f"{path} is not allowed: {where} has {name} already")
    return added


def show_hydra() -> None:
    """Let Hydra search what is laid beside our folder, from now on."""
    if not checked_folders():
        return
    from hydra.core.config_search_path import ConfigSearchPath
    from hydra.core.plugins import Plugins
    from hydra.plugins.search_path_plugin import SearchPathPlugin

    class ProteusFolders(SearchPathPlugin):
        """Adds the folders that are there when Hydra starts."""

        def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
            for folder in added_folders():
                search_path.append(provider="proteus", path=f"file://{folder}")

    known = Plugins.instance().discover(SearchPathPlugin)
    if not any(each.__name__ == ProteusFolders.__name__ for each in known):
        Plugins.instance().register(ProteusFolders)
