"""Environments of their own, the Pythons that are installed, and what is installed into them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NAME = re.compile(r"[A-Za-z0-9._-]+")


class Environment:
    """A virtual environment of a Python."""

    def __init__(self, python: Path, folder: Path) -> None:
        subprocess.run([python, "-m", "venv", folder], check=True, capture_output=True, text=True)
        self.folder, self._python = folder, folder / "bin" / "python"

    def install(self, *wanted: str, versions: Mapping[str, str] | None = None) -> None:
        """Install requirements, and of what is named in ``versions`` exactly that.

        Raises
            CalledProcessError: an index lacks something.
        """
        command = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if versions is not None:
            listed = self.folder / "versions.txt"
            listed.write_text("".join(f"{name}=={at}\n" for name, at in versions.items()))
            command += ["--constraint", str(listed)]
        self.run([*command, *wanted]).check_returncode()

    def without_cuda(self, name: str) -> str:
        """Return a requirement of a package in its newest build for processors alone.

        The other builds of torch bring gigabytes for cards that no test uses. Where no index has
        one, as for systems of which every build is like that, it is the name.
        """
        done = self.run(["-m", "pip", "index", "versions", name, "--disable-pip-version-check"])
        found = re.search(r"(?:^|[\s(])(\d[\w.]*\+cpu)\b", done.stdout)  # newest first
        return name if found is None else f"{name}=={found[1]}"

    def versions(self) -> dict[str, str]:
        """Return what is installed, by name in small letters."""
        done = self.run(["-m", "pip", "list", "--format=json", "--disable-pip-version-check"])
        return {each["name"].lower(): each["version"] for each in json.loads(done.stdout)}

    def run(
        self, words: Sequence[str], variables: Mapping[str, str] | None = None,
        folder: Path = ROOT,
    ) -> subprocess.CompletedProcess[str]:  # fmt: skip
        """Run this Python with words, in a folder, with nothing of the caller's Python."""
        mine = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        return subprocess.run(
            [str(self._python), *words], cwd=folder, env={**mine, **(variables or {})},
            capture_output=True, text=True,
        )  # fmt: skip

    def failure(
        self, words: Sequence[str], variables: Mapping[str, str] | None = None,
        folder: Path = ROOT,
    ) -> list[str]:  # fmt: skip
        """Run words; returns nothing where that goes well, else what was said."""
        done = self.run(words, variables, folder)
        if done.returncode == 0:
            return []
        return [f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}"]


def _project() -> dict[str, object]:
    found: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return found


def runtime() -> list[str]:
    """Return the requirements of the package itself."""
    found = _project()["dependencies"]
    assert isinstance(found, list)
    return found


def bounds_left_out(requirement: str) -> str:
    """Return the name that a requirement begins with."""
    found = _NAME.match(requirement)
    assert found is not None
    return found[0]


def supported() -> list[str]:
    """Return the versions of Python that the package says it runs on, as ``3.11``."""
    said = _project()["classifiers"]
    assert isinstance(said, list)
    prefix = "Programming Language :: Python :: "
    found = [each.removeprefix(prefix) for each in said if each.startswith(prefix)]
    return [each for each in found if re.fullmatch(r"3\.\d+", each)]


def pythons() -> dict[str, Path]:
    """Return the Pythons that are installed, by version: on the path, and those that pyenv has."""
    found = {}
    for version in supported():
        for candidate in (shutil.which(f"python{version}"), *_of_pyenv(version)):
            if candidate is not None and _is(Path(candidate), version):
                found[version] = Path(candidate)
                break
    return found


def _of_pyenv(version: str) -> list[str]:
    if shutil.which("pyenv") is None:
        return []
    done = subprocess.run(["pyenv", "root"], capture_output=True, text=True)
    folders = Path(done.stdout.strip(), "versions").glob(f"{version}.*")
    return [str(folder / "bin" / "python") for folder in sorted(folders)]


def _is(python: Path, version: str) -> bool:
    """Tell whether a Python runs and is of that version: a shim may be there without one."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True)
    return done.returncode == 0 and done.stdout.strip() == version


def locked() -> dict[str, str]:
    """Return the versions of ``requirements.lock``, by name in small letters."""
    text = (ROOT / "requirements.lock").read_text()
    return {name.lower(): at for name, at in re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)}


def extra(name: str) -> list[str]:
    """Return the requirements of an extra of the package."""
    found = _project()["optional-dependencies"]
    assert isinstance(found, dict)
    listed: list[str] = found[name]
    return listed
