"""Policies that another package brings, by the entry point ``proteus.policies``."""

import hashlib
import sys

import pytest

from proteus.arena.policies import policies_of, sources_of
from proteus.arena.season import read_season
from proteus.errors import ConfigError
from tests.helpers.seasons import small_file

pytestmark = pytest.mark.plain
SOURCE = "class Maker:\n    pass\n"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a package that brings a policy of the name ``theirs``."""
    about = tmp_path / "theirs_of_a_test-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Name: theirs-of-a-test\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[proteus.policies]\ntheirs=theirs_of_a_test:Maker\n")
    (tmp_path / "theirs_of_a_test.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("theirs_of_a_test", None)


def entering(folder, policy):
    entrants = {"plain": {"trader": "maker"}, "mine": {"policy": policy}}
    return read_season([small_file(folder, entrants=entrants)])


@pytest.mark.parametrize("policy", ["theirs", "theirs_of_a_test:Maker"])
def test_a_policy_of_another_package_is_found_and_its_file_is_hashed(package, policy):
    season = entering(package, policy)
    policies = policies_of(season)
    assert policies["mine"].__name__ == "Maker"
    expected = hashlib.sha256(SOURCE.encode()).hexdigest()
    assert sources_of(season, policies, is_final=True) == {"mine": expected}


def test_a_name_that_is_nearly_one_is_told(package):
    with pytest.raises(ConfigError, match=r"mine\.policy=thiers does not exist; did you mean the"):
        policies_of(entering(package, "thiers"))
