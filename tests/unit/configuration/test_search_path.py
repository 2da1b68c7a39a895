"""Folders of configuration laid beside ours."""

import pytest

from proteus.configuration.locate import SEARCH_PATH, conf_file, conf_folder
from proteus.errors import ConfigError
from proteus.plans import planner
from proteus.sweep import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a sniper of another size."""
    text = (conf_folder() / "trader" / "sniper.yaml").read_text()
    assert "  lots: 5 " in text
    (tmp_path / "trader").mkdir()
    (tmp_path / "trader" / "large_sniper.yaml").write_text(text.replace("  lots: 5 ", "  lots: 7 "))
    monkeypatch.setenv(SEARCH_PATH, str(tmp_path))
    return tmp_path


def test_its_options_are_chosen_as_ours(folder):
    word = "trader@population.sniper=large_sniper"
    cell = planner.from_words([word]).cells[0]
    assert cell.population["sniper"].policy.lots == 7
    assert conf_file("trader", "large_sniper") == folder.resolve() / "trader" / "large_sniper.yaml"


def test_help_lists_them(folder, capsys):
    assert main(["--help"]) == 0
    assert ", large_sniper, " in capsys.readouterr().out


def test_a_mechanism_file_may_be_a_variant_of_a_mechanism(folder):
    text = (conf_folder() / "mechanism" / "fba.yaml").read_text()
    (folder / "mechanism").mkdir()
    (folder / "mechanism" / "closing.yaml").write_text(
        text.replace("random_close: 0.0 ", "random_close: 0.5 ")
    )
    cell = planner.from_words(["mechanism=closing"]).cells[0]
    assert (cell.mechanism.name, cell.mechanism.random_close) == ("fba", 0.5)


def test_what_hides_a_file_of_ours_is_refused(folder):
    (folder / "trader" / "sniper.yaml").write_text("kind: sniper\n")
    with pytest.raises(ConfigError, match=r"proteus has trader/sniper\.yaml already"):
        planner.from_words([])


def test_a_folder_that_is_not_there_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv(SEARCH_PATH, str(tmp_path / "none"))
    with pytest.raises(ConfigError, match=f"{SEARCH_PATH}=.*none is not allowed"):
        planner.from_words([])
