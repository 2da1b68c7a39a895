"""HTML of objects, read back by a parser: all that was said is text, whatever it looks like."""

from html.parser import HTMLParser

import pytest

from proteus.basics.in_html import paragraphs, table

HOSTILE = "<script>alert('x')</script> & \"quotes\" </td></table>"

pytestmark = pytest.mark.plain


class Reader(HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.texts, self.names = [], [""], set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.texts.append("")
        self.names |= {name for name, _ in attributes}

    def handle_data(self, data):
        self.texts[-1] += data


def test_sentences_are_paragraphs_of_text():
    found = Reader(paragraphs(["First.", HOSTILE]))
    assert found.tags == ["p", "p"]
    assert found.texts[1:] == ["First.", HOSTILE]


def test_a_table_has_its_names_and_values_as_text():
    found = Reader(table(HOSTILE, {"delta": "50, 100", HOSTILE: HOSTILE}))
    assert found.tags == ["table", "caption", "tr", "th", "td", "tr", "th", "td"]
    assert [text for text in found.texts if text] == [
        HOSTILE, "delta", "50, 100", HOSTILE, HOSTILE,
    ]  # fmt: skip
    assert found.names == {"scope", "style"}
