"""Published results: verdicts can go every way, pages are what the numbers say, words are read."""

import math

import numpy as np
import pytest

from proteus.configuration.locate import conf_folder
from proteus.papers import __main__ as command
from proteus.papers import farmer, order_flow, page, smith, table
from proteus.papers.paper import (
    AGREES,
    DIFFERS,
    UNDECIDED,
    Claim,
    direction,
    number,
    verdicts,
)
from proteus.validation.comparison import Estimate, mean_of
from tests.reference.order_flow import Flow

pytestmark = pytest.mark.plain

DOCS = conf_folder().parent / "docs" / "papers"


def of(ours, error, published=1.0, **more):
    return number("a number", published, "p. 1", Estimate(ours, error), 100, **more)


def signed(ours, error, sign="above 0"):
    return direction("a sign", sign, "p. 1", Estimate(ours, error), 100)


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (of(1.02, 0.01), AGREES),  # two standard errors
        (of(1.03, 0.01), DIFFERS),  # three: p = 0.0027
        (of(1.03, 0.01, slack=0.01), AGREES),
        (of(1.03, 0.01, paper_error=0.01), AGREES),
        (of(0.97, 0.01), DIFFERS),
        (of(1.03, 0.01, high=1.2), AGREES),  # inside what is published
        (of(1.23, 0.01, high=1.2), DIFFERS),
        (of(1.0, 0.0), AGREES),
        (of(1.0 + 1e-9, 0.0), DIFFERS),
        (of(1.0 + 1e-9, 1e-18, slack=1e-8), AGREES),
        (signed(0.3, 0.1), AGREES),
        (signed(0.1, 0.1), UNDECIDED),
        (signed(-0.3, 0.1), DIFFERS),
        (signed(-0.3, 0.1, "below 0"), AGREES),
        (signed(0.0, 0.0), DIFFERS),
    ],
)
def test_the_verdict_of_one_claim(claim, verdict):
    assert verdicts([claim]) == [verdict]


def test_all_numbers_of_a_paper_are_one_family():
    """p = 0.0027 alone differs, and of ten is chance; one beyond five standard errors is not."""
    chance = [of(1.03, 0.01), *[of(1.0, 0.01)] * 9]
    assert verdicts(chance) == [AGREES] * 10
    assert verdicts([of(1.06, 0.01), *chance]) == [DIFFERS, *[AGREES] * 10]


def test_pages_are_written_from_the_numbers_that_are_committed():
    found = table.read(DOCS / table.NUMBERS)
    assert set(found.claims) == {paper.name for paper in table.PAPERS}
    assert set(found.sizes.values()) == {"standard"}
    for paper in table.PAPERS:
        written = (DOCS / f"{paper.name}.md").read_text(encoding="utf-8")
        assert written == page.page(paper, found.claims[paper.name], "standard"), "make papers"
    assert (DOCS / page.INDEX).read_text(encoding="utf-8") == page.index(found)
    assert {path.stem for path in DOCS.glob("*.md")} == {*found.claims, "README"}


def test_what_differs_is_explained_and_most_agree():
    found = table.read(DOCS / table.NUMBERS)
    assert [name for name, claims in found.claims.items() if page.unexplained(claims)] == []
    said = [verdict for claims in found.claims.values() for verdict in verdicts(claims)]
    assert DIFFERS in said  # a list that only agrees would prove little
    assert said.count(AGREES) > 0.9 * len(said)


def test_numbers_are_read_back_as_they_were_written(tmp_path):
    claims = [
        of(1 / 3, 0.1 / 3, published=0.1, high=math.inf, why='it is, "so", to say'),
        signed(-2e-17, 0.0, "below 0"),
    ]
    found = table.Found()
    found.take("roll", "quick", claims)
    page.write(found, tmp_path)
    again = table.read(tmp_path / table.NUMBERS)
    assert again.claims == {"roll": claims}
    assert again.sizes == {"roll": "quick"}
    text = (tmp_path / "roll.md").read_text()
    assert "size=quick" in text


def test_a_page_says_what_nothing_explains():
    text = page.page(table.PAPERS[0], [of(2.0, 0.0), of(1.0, 0.0)], "standard")
    assert "1 of 2 agree." in text
    assert "- a number: nothing here explains it." in text
    twice = page.page(table.PAPERS[0], [of(2.0, 0.0, why="because")] * 2, "standard")
    assert "- a number · a number: because" in twice
    assert page.unexplained([of(2.0, 0.0, why="because"), of(2.0, 0.0)]) == ["a number"]


def test_every_paper_has_a_name_seeds_and_words_of_its_own():
    names = [paper.name for paper in table.PAPERS]
    assert len(set(names)) == len(names) >= 8
    assert len({table.seed(paper) for paper in table.PAPERS}) == len(names)
    for paper in table.PAPERS:
        assert all(isinstance(part, str) and part for part in paper[:-1]), paper.name
        assert paper.run.__module__ == f"proteus.papers.{paper.name}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["budysh"], "unknown paper budysh"),
        (["roll", "size=huge"], "size=huge is not allowed: must be one of quick, standard"),
        (["roll", "--rewrite", "x"], "--rewrite is not allowed with papers"),
        (["roll", "--pages", "/dev/null/x"], "/dev/null/x cannot be made"),
    ],
)
def test_wrong_words_are_one_sentence(words, said, capsys):
    assert command.main(words) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(f"error: {said}")
    assert captured.out == ""


def test_without_a_name_they_are_listed(capsys):
    assert command.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [paper.name for paper in table.PAPERS]


def test_a_table_of_something_else_is_refused(tmp_path, capsys):
    (tmp_path / table.NUMBERS).write_text("a,b\n1,2\n")
    assert command.main(["--rewrite", str(tmp_path)]) == 2
    assert "is no table of papers: it has no column error" in capsys.readouterr().err


def test_a_surprise_is_an_exit_code(tmp_path, monkeypatch, capsys):
    """The command runs what is named, keeps the others' numbers, and says that a number differs."""
    found = table.Found()
    found.take("kyle", "standard", [of(1.0, 0.0)])
    found.write(tmp_path / table.NUMBERS)
    for why, code in (("", 1), ("because", 0)):
        monkeypatch.setattr(table, "run", lambda paper, size, why=why: [of(2.0, 0.0, why=why)])
        assert command.main(["roll", "size=quick", "--pages", str(tmp_path)]) == code
        assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path)
    again = table.read(tmp_path / table.NUMBERS)
    assert again.sizes == {"kyle": "standard", "roll": "quick"}
    assert again.claims["roll"] == [of(2.0, 0.0, why="because")]


def a_law(factor, power=1.0):
    """A market whose spread is a factor, and a power, of what the law says."""

    def spread(granularity, price_ticks, *, lanes, root):
        value = factor * farmer._law(granularity) ** power * price_ticks ** (power - 1.0)
        return Estimate(value, 0.001)

    return spread


@pytest.mark.parametrize(
    ("spread", "said"),
    [
        (a_law(1.0), [AGREES] * 6),
        (a_law(0.7), [*[AGREES] * 3, *[DIFFERS] * 3]),  # the level alone
        (a_law(1.0, 0.5), [DIFFERS, DIFFERS, AGREES, *[DIFFERS] * 3]),  # the slope too
    ],
)
def test_the_law_of_order_flow_is_told_from_others(spread, said, monkeypatch):
    monkeypatch.setattr(farmer, "spread", spread)
    assert verdicts(farmer.PAPER.run(1.0, 1)) == said


def test_a_spread_that_follows_the_tick_is_told_from_one_that_follows_the_flow(monkeypatch):
    """In the first the granularity does nothing, in the second the tick."""
    for growth, said in (
        (lambda granularity, ticks: 1 / ticks, [UNDECIDED, DIFFERS]),
        (lambda granularity, ticks: granularity, [AGREES, AGREES]),
    ):

        def spread(granularity, ticks, *, lanes, root, growth=growth):
            value = growth(granularity, ticks)
            return Estimate(value, 0.001 * value)

        monkeypatch.setattr(smith, "spread", spread)
        assert verdicts(smith.PAPER.run(1.0, 1)) == said * 3


@pytest.mark.parametrize("place", [-2, -1])
def test_a_book_of_counts_gives_the_committed_spread(place):
    """Of 40 paths; a z score beyond 4 would be a false alarm in 1 of 16,000 choices of seeds."""
    granularity = farmer._LEVELS[place]
    claims = table.read(DOCS / table.NUMBERS).claims["farmer"]
    ours = next(each for each in claims if each.number.endswith(f"granularity {granularity:g}"))
    times = order_flow._RELAXED / granularity, order_flow._ENDS / granularity
    spreads = np.array([
        Flow(granularity, farmer._FINE, 20, seed).mean_spread(*times) for seed in range(40)
    ])  # fmt: skip
    apart = mean_of(spreads / farmer._FINE)
    assert abs(apart.value - ours.ours) < 4 * math.hypot(apart.error, ours.error)
    assert apart.value < 0.8 * farmer._law(granularity)


def test_fields_of_a_claim_are_columns():
    assert {"number", "published", "where", "ours", "error", "kind", "why"} <= {*Claim._fields}
