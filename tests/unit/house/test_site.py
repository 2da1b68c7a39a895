"""The sources of the site are complete, and what checks the built pages sees what is wrong.

``make site`` builds the pages and looks for every entry in them; here nothing is built.
"""

import re

import pytest

import proteus
from proteus import errors
from tests.site import checking, names, reference, sources
from tests.site.markup import escaped

pytestmark = pytest.mark.plain


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "sources"
    sources.write(folder)
    return folder


def test_every_page_of_docs_stands_in_the_order_once(written):
    listed = [page for pages in sources.parts(written).values() for page in pages]
    assert len(listed) == len(set(listed))
    docs = {f"docs/{path.stem}" for path in (names.ROOT / "docs").glob("*.md")}
    assert docs <= set(listed)
    assert all(f"\n{page}\n" in (written / "index.md").read_text() for page in listed)


def test_what_python_and_the_registries_hold_has_an_entry():
    """By what is there at run time, not by what the pages were made of."""
    made = reference.pages()
    whole = "\n".join(made.values())
    for name, module in proteus._FUNCTIONS.items():
        room = next(text for text in made.values() if f"py:module:: {module}\n" in text)
        assert re.search(rf"^\.\. py:(function|class):: {name}\b", room, re.MULTILINE), name
    for name in dir(errors):
        if name.endswith("Error") and not name.startswith("_"):
            assert f".. py:exception:: {name}\n" in whole, name
    for key in ("sweep: seeds.count", "mechanism/fba: allocation", "costs/kalshi", "risk/capital"):
        assert f".. key:: {key}\n" in made["keys.rst"], key
    assert made["variables.rst"].count(".. variable:: ") == len(names.variables())
    assert ".. event:: rules: constraint_cut\n" in made["events.rst"]


def test_nothing_but_code_and_roles_is_markup():
    assert escaped("a_ *b ``c_*`` |d| :func:`e_f`") == r"a\_ \*b ``c_*`` \|d\| :func:`e_f`"


def test_a_missing_entry_a_dead_link_and_a_fetched_script_are_seen(tmp_path):
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "x.html").write_text("<p id='module-proteus'></p>")
    (tmp_path / "index.html").write_text(
        "<a href='gone.html'></a><a href='reference/x.html#no'></a><a href='reference/x.html'></a>"
        "<script src='https://example.org/x.js'></script>"
    )
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "documentation_options.js").write_text("SHOW_SEARCH_SUMMARY: true,")
    said = checking.faults(tmp_path)
    assert said[:4] == [
        "index.html fetches https://example.org/x.js from elsewhere",
        "the search fetches each page that it finds, which no page of a file may",
        "index.html links to gone.html, which is not there",
        "index.html links to reference/x.html#no, an anchor that is not there",
    ]
    assert "proteus has no entry" not in said
    assert "proteus.runs.api.sweep has no entry" in said
