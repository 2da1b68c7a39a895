"""Three episodes of the same traders against the plain-Python twin: every event of each day equal.

Each side begins a day with what it has itself made of the day before: the engine with the bytes of
a snapshot, the twin with what ``tests/reference/past.py`` says that agents bring along. Every
number is compared exactly, so there are no false alarms.
"""

from collections import Counter
from random import Random

import pytest

from proteus.configuration.reading import read_cell
from tests.helpers.budget import budget
from tests.helpers.cells import RULED
from tests.helpers.random_cells import Tree, random_tree
from tests.helpers.random_costs import random_charged
from tests.helpers.random_lab import RULES, random_lab
from tests.helpers.random_policies import with_incentives
from tests.helpers.settling import DELAYED
from tests.helpers.twinning import assert_twin_days
from tests.property.test_constraints_against_twin import chained_tree

DAYS = 3
POLICIES = {
    "hard_reset": {"carryover": "hard_reset"},
    "capital_only": {"carryover": "capital_only"},
    "full_carryover": {"carryover": "full_carryover"},
    "continue": {"carryover": "full_carryover", "boundary": "continue"},
}
NEWS = {
    "model": "log_odds", "dt": 10, "total_variance": None, "sigma": 1.0, "jump_rate_per_s": 3,
    "mean_reversion_per_s": 0.5, "jumps": [
        {"weight": 0.5, "mean": 0.8, "sd": 0.2}, {"weight": 0.5, "mean": -0.8, "sd": 0.2},
    ],
}  # fmt: skip


def with_chains(chooser: Random, mechanism: str) -> Tree:
    """Capital that binds, buckets and loss limits."""
    return chained_tree(chooser, mechanism)


def with_policies(chooser: Random, mechanism: str) -> Tree:
    """Tiers, and policies whose makers learn what a lot earns them."""
    return with_incentives(chooser, random_charged(chooser, mechanism))


def in_parts(chooser: Random, mechanism: str) -> Tree:
    """Makers of the laboratory, some of whom fit A and k."""
    return random_lab(chooser, mechanism, chooser.choice(RULES))


def settled_late(chooser: Random, mechanism: str) -> Tree:
    """Fills that wait, so that positions which go on must be settled at once."""
    return random_tree(chooser, mechanism) | {"settlement": DELAYED | {"cycle_ms": 15}}


MARKETS = (with_chains, with_policies, in_parts, settled_late)


def of_days(chooser: Random, tree: Tree, policy: str) -> Tree:
    """Make a lane three short days, of traders of whom some have little to lose."""
    for group in tree["population"].values():
        if group.get("capital") is None:
            group["capital"] = chooser.choice((1, 3, 20, None))
    group["capital"] = group["capital"] or 3  # somebody has something to carry
    ruin = chooser.choice((0.9, 1.5, 2.9, 2.9))
    tree |= {"horizon_s": 0.35, "episodes": {"count": DAYS, "ruin_below": ruin, **POLICIES[policy]}}
    tree |= {"record": tree["record"] | {"warmup_s": 0.1}}
    return tree | {"latent": NEWS} if policy == "continue" else tree


@pytest.mark.plain
@pytest.mark.parametrize("mechanism", RULED)
def test_every_event_of_three_days_equals_the_twin(mechanism: str) -> None:
    seen: Counter[tuple[str, str]] = Counter()
    for number in range(len(POLICIES) * budget("days_twin")):
        policy = [*POLICIES][number % len(POLICIES)]
        market = MARKETS[(number + number // len(POLICIES)) % len(MARKETS)]
        chooser = Random(f"three days {mechanism} {number}")
        cell = read_cell(of_days(chooser, market(chooser, mechanism), policy))
        for day in assert_twin_days(cell, number, plain=True):
            postings = [row for row in day.rows if row["kind"] == "posting"]
            seen.update((policy, row["code"]) for row in postings)
            seen.update((policy, row["kind"]) for row in day.rows)
            seen[policy, "ruined"] += len(day.past.ruined)
            seen[policy, "learned"] += len(day.past.learned)
            opened = [row for row in postings if row["asset"] == "contract" and row["event"] == -1]
            assert sum(row["amount"] for row in opened) == 0
    assert sum(seen[policy, "fill"] for policy in POLICIES) > 20
    for policy in POLICIES:
        assert (seen[policy, "learned"] > 0) == (policy in ("full_carryover", "continue"))
        assert seen[policy, "carry"] == 0 or policy == "continue"
    assert seen["continue", "carry"] > 0 or seen["continue", "fill"] == 0
    assert seen["hard_reset", "ruined"] == 0
    assert seen["capital_only", "ruined"] > 0
