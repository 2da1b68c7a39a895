"""What is built for others: its name, what it says of itself, and the pages that texts name."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import proteus

ROOT = Path(proteus.__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
               "--disable-pip-version-check", "--wheel-dir", str(folder), str(ROOT)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_has_a_name_of_its_own(wheel):
    """``proteus`` on PyPI is another project, since 2006."""
    assert wheel.name.startswith(f"proteus_markets-{proteus.__version__}-")


def test_the_wheel_says_what_it_is(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith(".dist-info/METADATA")]
        said = archive.read(name).decode()
        assert any(each.endswith("CITATION.cff") for each in archive.namelist())
    for line in ("Name: proteus-markets", "License-Expression: Apache-2.0", "Author: ",
                 "Project-URL: ", "Classifier: Intended Audience :: Science/Research"):  # fmt: skip
        assert line in said, line


def test_pages_that_texts_name_are_in_the_wheel_and_its_command_runs(wheel, tmp_path):
    """Unpacked elsewhere, as an installer does; the dependencies are those of this environment."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    named = {
        match for path in (tmp_path / "proteus").rglob("*.py")
        for match in re.findall(r"docs/[a-z_]+\.md", path.read_text())
    }  # fmt: skip
    assert len(named) > 5
    assert [page for page in named if not (tmp_path / "proteus" / page).is_file()] == []
    done = subprocess.run(
        [sys.executable, "-m", "proteus", "--help"], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)}, check=True, timeout=120,
    )  # fmt: skip
    assert str(tmp_path / "proteus" / "docs") in done.stdout


def test_the_uppermost_section_of_changes_is_of_this_version():
    heads = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heads[0] == proteus.__version__
    numbers = [tuple(map(int, head.split("."))) for head in heads]
    assert numbers == sorted(set(numbers), reverse=True)


def test_no_text_tells_anyone_to_install_the_stranger():
    texts = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "proteus").rglob("*.py")]
    stranger = re.compile(r"pip install [^\n]*\bproteus(?!-markets)(\[|'|\"|`|\s|$)")
    assert [path.name for path in texts if stranger.search(path.read_text())] == []
