"""The kernels of lending compile, and do what plain Python does, number by number.

No lane calls them yet; of the four presets three are behind PROTEUS_PROOF=1.
"""

import random

import numpy as np
import pytest

from proteus.compiler.jit import compiled
from proteus.market.lending.aave_door import act_aave
from proteus.market.lending.compound_door import act_compound
from proteus.market.lending.morpho_door import act_morpho
from proteus.market.lending.pool_actions import act_pool
from tests.helpers.budget import is_proof
from tests.helpers.random_lending import act, market, steps
from tests.property.test_lending_laws import MOST, PRICE, frozen, same

KERNELS = {"proteus": act_pool, "morpho": act_morpho, "compound": act_compound, "aave": act_aave}


@pytest.mark.parametrize("rules", KERNELS if is_proof() else ["proteus"])
def test_compiled_lending_is_plain_lending(rules):
    kernel = compiled(KERNELS[rules])
    for seed in range(20):
        terms, plain, kept = market(rules, random.Random(seed))
        _, fast, scratch = market(rules, random.Random(seed))
        for step in steps(rules, random.Random(seed), 60, MOST[rules], PRICE[rules]):
            refusal = act(rules, terms, plain, kept, step)
            numbers = [np.int64(each) for each in (step.amount, step.shares)]
            places = {
                "proteus": (0, np.int64(step.time), step.action, step.account, *numbers),
                "morpho": (scratch, 0, np.int64(step.time), step.action, step.account, *numbers),
            }.get(rules, (scratch, 0, np.int64(step.time), step.action, step.account, step.asset,
                          numbers[0]))  # fmt: skip
            last = (step.borrower, step.flag) if rules == "aave" else (step.borrower,)
            assert kernel(terms, fast, *places, *last) == refusal
            assert same(frozen(plain), frozen(fast)), step
