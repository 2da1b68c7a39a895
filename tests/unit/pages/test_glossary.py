"""Words that a newcomer may not know are explained where a page first uses them."""

import itertools
import re

import pytest

from proteus.pages.bundle import bundle
from proteus.pages.glossary import TERMS
from proteus.pages.report import report_page
from tests.unit.commands.test_report import few, page_of, words_of
from tests.unit.pages.test_grid_page import grid


@pytest.fixture(scope="module")
def page():
    return report_page([bundle(few(), {}, "x")])


def sections_of(page):
    """Return the name of each section of a page, in order, with what a reader sees in it."""
    found = re.findall(r'<section[^>]* id="b\d+-([\w-]+)"[^>]*>(.*?)</section>', page, re.S)
    return [(name, re.sub(r"<pre.*?</pre>", "", text, flags=re.S)) for name, text in found]


def test_a_word_is_explained_once_in_the_section_that_is_the_first_to_use_it(page):
    parts = sections_of(page)
    explained = [re.findall(r"<b>([^<]+)</b>:", text) for _, text in parts]
    names = list(itertools.chain(*explained))
    assert len(names) == len(set(names))
    assert {"RMSE", "PnL", "Holm", "budget", "95 % interval", "lane"} <= {*names}
    for term in TERMS:
        bare = [re.sub(r'<p class="soft terms">.*?</p>', "", text, flags=re.S) for _, text in parts]
        uses = [bool(re.search(term.pattern, words_of(f"<body>{text}"), re.I)) for text in bare]
        told = [term.name in of for of in explained]
        assert told == [use and not any(uses[:at]) for at, use in enumerate(uses)], term.name


def test_a_closed_list_explains_its_own_words_and_the_page_explains_them_again():
    data = grid()
    (verdict_part, *rest) = sections_of(page_of(data))
    shown, closed = verdict_part[1].split("<details>")
    assert "<b>budget</b>" in closed
    assert "<b>budget</b>" not in shown
    assert "<b>lane</b>" in "".join(text for _, text in rest)
