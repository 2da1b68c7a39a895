"""Fair-value tables are made once, whoever asks, and kept as far as they fit."""

import threading
import time

import numpy as np
import pytest

from proteus.errors import ConfigError
from proteus.market.environment import fair_value
from proteus.market.environment.fair_value import FairValueTable
from proteus.market.environment.tables import Tables

IDLE = np.array([[1.0, 0.0, 0.0]])
BYTES = 8 * 100
LAW = (0.4, 0.5, 0.0, IDLE, 20.0)


@pytest.fixture
def made(monkeypatch):
    """The laws of the tables that are made, which takes a while."""
    laws = []

    def slowly(*law):
        laws.append(law)
        time.sleep(0.02)
        if law[0] > 10:
            raise ConfigError("too strong")
        return FairValueTable(np.full((10, 10), law[0]), 24.0, 0.0, 0.0, 0.0)

    monkeypatch.setattr(fair_value, "tabulate", slowly)
    return laws


def test_threads_that_want_the_same_table_share_one(made):
    tables, found, start = Tables(), [], threading.Barrier(8)

    def ask():
        start.wait()
        found.append(tables.of(*LAW))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len({id(each) for each in found}) == 1


@pytest.mark.parametrize(
    "other",
    [
        (0.5, *LAW[1:]),
        (LAW[0], 0.6, *LAW[2:]),
        (*LAW[:2], 0.1, *LAW[3:]),
        (*LAW[:3], np.array([[1.0, 0.0, 0.1]]), LAW[4]),
        (*LAW[:4], 21.0),
    ],
)
def test_another_law_has_another_table(made, other):
    tables = Tables()
    assert tables.of(*LAW) is not tables.of(*other)
    assert len(made) == 2


def test_those_asked_for_longest_ago_go_when_there_are_too_many(made):
    tables = Tables(kept_bytes=2 * BYTES)
    for sigma in (1.0, 2.0, 1.0, 3.0, 1.0):  # 2 was asked for longest ago when 3 came
        assert (tables.of(sigma, *LAW[1:]).table == sigma).all()
    assert [law[0] for law in made] == [1.0, 2.0, 3.0]
    tables.of(2.0, *LAW[1:])
    assert [law[0] for law in made] == [1.0, 2.0, 3.0, 2.0]


def test_a_table_larger_than_all_that_is_kept_is_kept_alone(made):
    tables = Tables(kept_bytes=BYTES // 2)
    assert tables.of(*LAW) is tables.of(*LAW)


def test_news_that_is_refused_is_refused_again(made):
    tables = Tables()
    for _ in range(2):
        with pytest.raises(ConfigError):
            tables.of(11.0, *LAW[1:])
    tables.of(*LAW)
    assert len(made) == 3
