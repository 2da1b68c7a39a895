"""Structures kept on disk: as Hydra composes them, and never a moment longer than they are so."""

import json

import pytest

from proteus.configuration import compose, resolved
from proteus.configuration.compose import compose_words, hydra_session

pytestmark = pytest.mark.plain

WORDS = ("mechanism=fba", "delta=125", "costs=kalshi", "population.maker.policy.half_spread=0.02")


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("PROTEUS_CACHE_DIR", str(tmp_path / "cache"))
    yield tmp_path / "cache/proteus/composed"
    forget()


@pytest.fixture
def composing(monkeypatch):
    """List the words that Hydra composes."""
    asked, hydra = [], compose.compose
    monkeypatch.setattr(
        compose, "compose", lambda name, **how: asked.append(how["overrides"]) or hydra(name, **how)
    )
    return asked


def forget():
    compose._compose_resolved.cache_clear()
    compose._compose_structure.cache_clear()


def composed(*words):
    """Compose as a new process does."""
    forget()
    with hydra_session():
        return compose_words(words)


def test_the_next_process_has_what_hydra_composed_without_composing(folder, composing):
    first = composed(*WORDS)
    assert composing == [["mechanism=fba", "costs=kalshi"]]
    assert composed(*WORDS) == first
    assert composed(*WORDS[:1], "delta=80", *WORDS[2:]).tree["delta"] == 80
    assert len(composing) == len([*folder.iterdir()]) == 1


def test_a_changed_file_is_composed_again(monkeypatch, tmp_path, composing):
    (tmp_path / "conf/costs").mkdir(parents=True)
    file = tmp_path / "conf/costs/ours.yaml"
    monkeypatch.setenv("PROTEUS_CONF", str(tmp_path / "conf"))
    for number in (100, 2000):
        file.write_text(f"defaults: [none, _self_]\ntaker_ppm: {number}\n")
        for _ in range(2):
            assert composed("costs=ours").tree["costs"]["taker_ppm"] == number
    assert len(composing) == 2


def test_other_code_composes_again(monkeypatch, composing):
    composed(*WORDS)
    monkeypatch.setattr(resolved, "_code", lambda: "of another version")
    composed(*WORDS)
    assert len(composing) == 2


def test_what_the_environment_says_is_asked_each_time(monkeypatch, folder):
    for name in ("first", "second"):
        monkeypatch.setenv("PROTEUS_TEST_FOLDER", name)
        forget()
        tree = composed("+record.note=${oc.env:PROTEUS_TEST_FOLDER}").tree
        assert tree["record"]["note"] == name
    assert not folder.exists()


@pytest.mark.parametrize("content", ["", "[1, 2", "{}", '["{}"]', "\x00"])
def test_a_file_that_is_broken_is_written_again(folder, content):
    first = composed(*WORDS)
    (file,) = folder.iterdir()
    whole = file.read_text()
    file.write_text(content)
    assert composed(*WORDS) == first
    assert file.read_text() == whole


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(folder):
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    assert composed(*WORDS) == composed(*WORDS)


def test_the_newest_are_left(monkeypatch, folder):
    monkeypatch.setattr(resolved, "MOST", 2)
    for mechanism in ("clob", "fba", "rfq"):
        composed(f"mechanism={mechanism}")
    kept = [json.loads(json.loads(file.read_text())[0]) for file in folder.iterdir()]
    assert sorted(tree["mechanism"]["name"] for tree in kept) == ["fba", "rfq"]
