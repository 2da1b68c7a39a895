"""A block of lanes, compiled or in plain Python."""

import pytest
import yaml

import proteus
from tests.helpers.cells import TINY


@pytest.mark.nojit
@pytest.mark.filterwarnings("error")
def test_words_that_wrap_around_are_no_accident_that_is_told():
    """Philox adds modulo 2**32: in plain Python numpy would warn at every draw."""
    words = {key: yaml.safe_load(value) for key, value in (word.split("=") for word in TINY)}
    made = proteus.simulate(mechanism="clob", seeds=1, **words)
    assert made["n_fills"].notnull().all()
