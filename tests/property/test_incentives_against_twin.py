"""Policies against the twin: alone, every amount equal; in markets, every event equal.

Markets are random ones with random policies; makers react to what they earn. All numbers are
compared exactly, so there are no false alarms.
"""

from collections import Counter
from random import Random

import pytest

from proteus.configuration.reading import read_cell
from proteus.market.incentives.codes import FINES, PAYS
from proteus.market.incentives.payments import fine_of, open_epoch, pay_epoch, slash_of
from proteus.market.incentives.scores import is_response, sample, volume_of_fill
from tests.helpers.budget import budget
from tests.helpers.cells import RULED
from tests.helpers.random_cells import random_tree
from tests.helpers.random_policies import with_incentives
from tests.helpers.twinning import assert_twins
from tests.reference.incentives import Program, Resting, exact
from tests.unit.market.incentives.paper import (
    DEPTH,
    MESSAGES,
    MISSED,
    RESPONSE,
    TWO_SIDED,
    UPTIME,
    VOLUME,
    incentives,
    penalty,
    reward,
    stand,
    state_of,
)

TRADERS, MAKERS, EPOCHS = 5, 2, 4
SIDES = ("buy", "sell")


def random_score(chooser):
    near = {
        "max_spread": chooser.choice((0.005, 0.02, 0.03, 0.5)), "min_lots": chooser.choice((1, 5)),
    }  # fmt: skip
    return chooser.choice((
        TWO_SIDED | near | {"one_side_divisor": chooser.choice((1, 3)),
                            "lowest_mid": chooser.choice((0, 0.1, 0.49))},
        DEPTH | {"target_lots": chooser.choice((1, 10, 25)), "step": chooser.choice((0.01, 0.02)),
                 "discount": chooser.choice((0.5, 0.9, 0.333, 1)),
                 "skip_from": chooser.choice((0.5, 0.99))},
        UPTIME | near,
        VOLUME | {"role": chooser.choice(("maker", "taker", "both")),
                  "lowest_price": chooser.choice((0, 0.48))},
        RESPONSE | near,
    ))  # fmt: skip


def random_policy(chooser):
    keys = {"traders": chooser.choice(("makers", "takers", "all")), "epoch_s": 5}
    if chooser.random() < 0.4:
        measure = chooser.choice((
            MISSED | {"required_share": chooser.choice((0.3, 0.5, 1))},
            MESSAGES | {"most_per_fill": chooser.choice((0, 2))},
        ))  # fmt: skip
        steps = [[0, chooser.choice((0, 0.01))], [chooser.choice((4.9, 5, 7)), 0.5]]
        charge = chooser.choice((
            {"name": "fine", "amount": steps},
            {"name": "slash", "stake": 1.000000007, "share": steps},
        ))  # fmt: skip
        return penalty(measure, charge, **keys)
    score = random_score(chooser)
    if chooser.random() < 0.2:
        keys |= {"pool": {"source": "fees", "share": 0.3}, "per_epoch": None}
    else:
        keys |= {
            "pool": {"source": "issuer", "currency": chooser.choice((0, 0.3, 20))},
            "per_epoch": [[0, chooser.choice((0.000000007, 0.3))], [10, 1]],
            "halving_s": chooser.choice((None, 5, 7)),
        }  # fmt: skip
    if score["name"] == "volume":
        keys["most_per_lot"] = chooser.choice((None, 0.001))
    return reward(score, **keys)


def random_book(chooser):
    """Orders of all traders around a middle that may be near an end, sometimes of one side."""
    middle = chooser.choice((3, 50, 50, 97))
    made = []
    for _ in range(chooser.randint(0, 12)):
        side, away = chooser.randint(0, 1), chooser.randint(0, 5)
        price = min(max(middle - away if side == 0 else middle + 1 + away, 1), 99)
        made.append((chooser.randrange(TRADERS), side, price, chooser.randint(1, 15)))
    return made


def play(chooser, state, twin, groups):
    """One epoch: some samples, fills, messages and answers, told to both."""
    table = state.table
    for _ in range(chooser.randint(0, 4) if table.sample_ns[0] else 0):
        rows = random_book(chooser)
        stand(state, rows)
        sample(state, 0, 0)
        twin.sample([Resting(t, SIDES[s], price, lots) for t, s, price, lots in rows])
    for _ in range(chooser.randint(0, 6)):
        maker, taker = chooser.sample(range(TRADERS), 2)
        price, lots = chooser.randint(1, 99), chooser.randint(1, 9)
        for trader, other, makes in ((maker, taker, True), (taker, maker, False)):
            state.lots[0, 0, trader] += lots
            state.fills[0, 0, trader] += 1
            if table.score[0] == 0:
                state.score[0, 0, trader] += volume_of_fill(
                    table, 0, trader, groups[other], groups[trader], makes, price, lots
                )
        twin.fill([(maker, True), (taker, False)], price, lots)
    for _ in range(chooser.randint(0, 30)):
        trader = chooser.randrange(TRADERS)
        state.score[0, 0, trader] += table.score[0] == 6
        twin.message(trader)
        elapsed, away = chooser.choice((10, 50, 51)) * 10**6, chooser.randint(0, 8)
        lots, wanted = chooser.randint(1, 6), chooser.randint(1, 6)
        if table.score[0] == 4:
            state.score[0, 0, trader] += is_response(table, 0, trader, elapsed, away, lots, wanted)
        twin.response(trader, elapsed, away * twin.tick / 2, lots, wanted)


def ended(state, twin):
    """End the epoch on both sides; return what each pays or charges, by trader."""
    table, act = state.table, state.table.act[0]
    if act == PAYS:
        pay_epoch(state, 0, 0)
        made = state.due[0].tolist()
    elif act == FINES:
        made = [int(fine_of(state, 0, 0, trader)) for trader in range(TRADERS)]
    else:
        made = [int(slash_of(state, 0, 0, trader)) for trader in range(TRADERS)]
        state.stake[0, 0] -= made
    open_epoch(state, 0, 0)
    dues, expected = twin.end_epoch(), [0] * TRADERS
    for due in dues:
        expected[due.trader] = due.amount
        if due.kind == "slash":
            twin.stake[due.trader] -= due.amount
    assert table.epochs[0] == EPOCHS
    return made, expected


@pytest.mark.plain
def test_every_amount_equals_the_twin():
    """Counted, so that a comparison of nothing would be noticed."""
    seen = {"paid": 0, "charged": 0, "short": 0, "carried": 0}
    for number in range(budget("incentives_twin")):
        chooser = Random(f"incentives {number}")
        policies = incentives(p=random_policy(chooser))
        policy = policies.policies["p"]
        state = state_of(policies, traders=TRADERS, makers=MAKERS)
        groups = [chooser.randint(0, 2) for _ in range(TRADERS)]
        members = {"makers": range(MAKERS), "takers": range(MAKERS, TRADERS)}
        twin = Program(
            0, "p", policy, exact(0.01), 100,
            {*members.get(policy.traders, range(TRADERS))}, dict(enumerate(map(str, groups))),
        )  # fmt: skip
        state.pool[0, 0] = state.table.funded[0]
        state.stake[0, 0] = state.table.staked[0] * state.table.takes_part[0]
        for _ in range(EPOCHS):
            play(chooser, state, twin, groups)
            if policy.kind == "reward" and policy.per_epoch is None:
                state.pool[0, 0] += 10**6 + 1
                twin.pool += 10**6 + 1
            made, expected = ended(state, twin)
            assert made == expected, (number, policy)
            seen["paid" if policy.kind == "reward" else "charged"] += sum(made) > 0
        assert (state.pool[0, 0], state.carried[0, 0]) == (twin.pool, twin.carried), number
        assert state.short[0, 0] == twin.short
        assert state.stake[0, 0].tolist() == [twin.stake[t] for t in range(TRADERS)]
        seen["short"] += twin.short > 0
        seen["carried"] += twin.carried > 0
    assert min(seen.values()) > 10, seen


# --- in markets -----------------------------------------------------------------------------------

# What must happen: rows of the log, and codes of entries; penalties are fines or parts of stakes.
HAPPENS = {
    "policy_reward", "policy_penalty", "policy_epoch", "fund", "reward", "penalty", "stake",
    "slash", "unstake",
}  # fmt: skip


def seen_in(mechanism, number, plain):
    """Compare one random market, and count what happened in it."""
    chooser = Random(f"policies {mechanism} {number}")
    tree = with_incentives(chooser, random_tree(chooser, mechanism))
    horizon = {"horizon_s": 0.35} if plain else {}
    rows = assert_twins(read_cell(tree | horizon), number, plain).rows
    return Counter(row["kind"] for row in rows) + Counter(
        row["code"] for row in rows if "code" in row
    )


@pytest.mark.parametrize("mechanism", RULED)
def test_every_event_of_a_market_with_policies_equals_the_twin(mechanism):
    seen = Counter()
    for number in range(budget("incentives_market_twin")):
        seen += seen_in(mechanism, number, plain=False)
    assert min(seen[what] for what in HAPPENS) >= 5, seen


@pytest.mark.plain
@pytest.mark.parametrize("mechanism", RULED)
def test_every_event_of_a_market_with_policies_equals_the_twin_in_plain_python(mechanism):
    seen = Counter()
    for number in range(6):
        seen += seen_in(mechanism, number, plain=True)
    assert seen["policy_epoch"] > 20, seen
