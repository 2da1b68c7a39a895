"""What a word that changes nothing is told."""

import shlex

import pytest

from proteus.sweep import main


@pytest.mark.parametrize(("words", "said"), [
    ("mechanism=clob,rfq delta=50,100", "delta=50,100 changes nothing: for it to count, mechanism "
     "must trade in batches, as fba does"),
    ("episodes.count=3 episodes.ruin_below=1,5",
     "episodes.ruin_below=1,5 changes nothing: for it to count, episodes.carryover must be "
     "capital_only or full_carryover"),
    ("episodes.count=3 episodes.carryover=full_carryover episodes.ruin_below=1,5",
     "episodes.ruin_below=1,5 changes nothing: for it to count, a group of population must have "
     "capital"),
    ("costs.scale=0.5", "costs.scale=0.5 changes nothing: for it to count, costs must not be none"),
])  # fmt: skip
def test_a_word_that_changes_nothing_is_told_what_it_needs(capsys, words, said):
    assert main(shlex.split(words)) == 2
    assert capsys.readouterr().err == f"error: {said}\n"
