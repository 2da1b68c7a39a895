"""What a maker makes of its rewards: by hand, two policies, an epoch without fills."""

import numpy as np
import pytest

from proteus.market.agents.traders import allocate_private
from proteus.market.incentives.state import allocate_incentives
from proteus.market.incentives.tables import make_table
from proteus.market.rules.incentives import _learn
from tests.unit.market.incentives.paper import UPTIME, S, incentives, reward

pytestmark = pytest.mark.plain


def test_what_comes_without_fills_counts_with_the_next_that_there_are():
    policies = incentives(a=reward(UPTIME), b=reward(UPTIME, traders="makers"))
    decay = np.array([0.5, 0.0, 0.25])
    table = make_table(policies, 20 * S, 10**6, np.array([True, True, False]), decay)
    state, private = allocate_incentives(table, 1, 8), allocate_private(1, 3)
    state.due[0] = 3 * S
    _learn(state, private, 0, 0)  # nobody traded
    assert private.rewarded.tolist() == [[0, 0, 0]]
    state.due[0] = S
    state.lots[0, 0] = 4
    _learn(state, private, 0, 0)  # four currency for four lots; the second does not want to know
    assert private.rewarded.tolist() == [[0.5, 0, 0.25]]
    state.due[0] = -2 * S
    state.lots[0, 1] = 1
    _learn(state, private, 0, 1)  # the other policy charges; the third takes no part in it
    assert private.rewarded.tolist() == [[0.5 - 1, 0, 0.25]]
    assert not state.waiting.any()
