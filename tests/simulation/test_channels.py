"""Sources of oracles: the contract that ours and those of other packages obey."""

import numpy as np
import pytest

from proteus.market.environment import sources
from proteus.market.rules import environment
from proteus.testing import check_channel
from tests.helpers.cells import MECHANISM_NAMES

pytestmark = pytest.mark.plain


@pytest.mark.parametrize("name", [*sources.SOURCES])
def test_every_source_obeys_the_contract(name):
    check_channel(name, mechanisms=("clob", "rfq"))


def added(read):
    return sources._or_else(sources.FIRST_ADDED, read, sources._public)


def test_a_source_of_another_package_is_read_where_it_is_named():
    read = added(lambda public, value, time: (public + value) // 2 + time)
    assert read(sources.FIRST_ADDED, 400, 600, 7) == 507
    assert read(sources.FIRST_ADDED + 1, 400, 600, 7) == 400


@pytest.mark.parametrize(
    ("read", "reason"),
    [
        (
            lambda public, value, time: public + np.random.default_rng().integers(10**8),
            "the second time",
        ),
        (lambda public, value, time: (public + value) // 2, None),
    ],
)
def test_the_contract_notices_what_draws_by_itself(monkeypatch, read, reason):
    """It is put in the place of ``twap``'s reading, whose name the configuration knows."""
    kept = environment.oracle.price_in_nano
    monkeypatch.setattr(
        environment.oracle, "price_in_nano",
        lambda doubled, tick: added(read)(sources.FIRST_ADDED, kept(doubled, tick), 10**8, 0),
    )  # fmt: skip
    if reason is None:
        check_channel("public", mechanisms=MECHANISM_NAMES[:1])
    else:
        with pytest.raises(AssertionError, match=reason):
            check_channel("public", mechanisms=MECHANISM_NAMES[:1])
