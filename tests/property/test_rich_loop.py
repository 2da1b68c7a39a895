"""The loop with all hooks, every option neutral: the bits of the plain one, whatever the cell.

Random cells of every mechanism, allocation and model of news. Compared are all variables, the whole
log, the ledger with its entries by code, and every other array that a lane has.
"""

from random import Random

import numpy as np
import pytest

from proteus.configuration.reading import read_cell
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.variables import measure
from tests.helpers.budget import budget
from tests.helpers.cells import RULED, same_values
from tests.helpers.loops import differing, run_with_room, without_rules
from tests.helpers.random_cells import RULES, Tree, random_latent, random_tree

MODELS = ("bayesian", "log_odds")
LANES = np.arange(2)


def neutral_tree(mechanism: str, number: int) -> Tree:
    """Draw a cell; every allocation has its turn, and so has every model of news."""
    tree = random_tree(Random(f"neutral {mechanism} {number}"), mechanism)
    if "allocation" in RULES[mechanism]:
        allocations = RULES[mechanism]["allocation"]
        tree["mechanism"]["allocation"] = allocations[number % len(allocations)]
    again = Random(f"news {mechanism} {number}")
    while tree["latent"]["model"] != MODELS[number % len(MODELS)]:
        tree["latent"] = random_latent(again)
    return tree


@pytest.mark.parametrize("mechanism", RULED)
def test_every_option_neutral_has_the_bits_of_the_plain_loop(mechanism: str) -> None:
    rows, fills = 0, 0
    for number in range(budget("rich_loop")):
        cell = read_cell(neutral_tree(mechanism, number))
        plain, full = (
            run_with_room(with_log(set_up_cell(cell, is_rich)), LANES).world
            for is_rich in (False, True)
        )
        assert not plain.progress.fault.any(), cell.canonical()
        assert full.ledger.total.shape != plain.ledger.total.shape  # it is another loop
        assert differing(plain, without_rules(full)) == [], cell.canonical()
        assert same_values(measure(plain), measure(full)), cell.canonical()
        rows, fills = rows + int(plain.log.count.sum()), fills + int(plain.progress.fills.sum())
    assert rows > 100 * budget("rich_loop")
    assert fills > 5 * budget("rich_loop")
