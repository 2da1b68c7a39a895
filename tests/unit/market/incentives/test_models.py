"""Policies as they are configured: what is refused and in which words, versions, the yaml files."""

import numpy as np
import pytest
from pydantic import ValidationError

from proteus.market.incentives import checks
from proteus.market.incentives.codes import SCORES
from proteus.market.incentives.models import Incentives
from proteus.market.incentives.state import allocate_incentives
from proteus.market.incentives.tables import make_table, policy_entity, weights_of
from tests.unit.market.incentives.paper import (
    DEPTH,
    GRID,
    MESSAGES,
    MISSED,
    NAMES,
    RESPONSE,
    TWO_SIDED,
    UPTIME,
    VOLUME,
    S,
    from_yaml,
    incentives,
    penalty,
    reward,
    state_of,
)

pytestmark = pytest.mark.plain

FINE = {"name": "fine", "amount": 0.001}
BASELINE = checks.Market(20 * S, 10**6, False, 1, 3, None, None)
CENTS = BASELINE._replace(tick_nano=10**7)
RFQ = BASELINE._replace(has_requests=True)


def refusal(policy):
    """What a policy alone is refused for: the key as a person writes it, and the words."""
    with pytest.raises(ValidationError) as error:
        incentives(p=policy)
    details = error.value.errors()[0]
    tags = {"reward", "penalty", *SCORES, "issuer", "fees", "fine", "slash"}
    place = [part for part in details["loc"][2:] if part not in tags]
    return ".".join([*place, *[details.get("ctx", {}).get("key", "")]]).strip("."), details["msg"]


ALONE = [
    (reward(UPTIME, sampling=None), "sampling",
     "must be given, as score.name=uptime looks at the book"),
    (reward(VOLUME, sampling=GRID), "sampling",
     "must be null, as score.name=volume takes no samples"),
    (penalty(MESSAGES, FINE, sampling=GRID), "sampling",
     "must be null, as measure.name=message_ratio takes no samples"),
    (reward(UPTIME, epoch_s=2.5), "epoch_s", "must be a multiple of sampling.every_ms=1000"),
    (reward(VOLUME, per_epoch=None), "per_epoch", "must be a number where pool.source is not fees"),
    (reward(VOLUME, per_epoch=None, halving_s=5, pool={"source": "fees", "share": 0.5}),
     "halving_s", "must be null where per_epoch is"),
    (reward(UPTIME, most_per_lot=0.01), "most_per_lot",
     "must be null where score.name is not volume"),
    (reward(VOLUME, per_epoch=1_000_001), "per_epoch", "must be at most 1000000"),
    (reward(VOLUME, per_epoch=[[1, 1]]), "per_epoch",
     "the times of [from_s, value] must start with 0 and increase"),
    (reward(VOLUME | {"lowest_price": 0.98}), "score.lowest_price",
     "must be at most highest_price=0.97"),
    (reward(TWO_SIDED | {"lowest_mid": 0.95}), "score.lowest_mid",
     "must be at most highest_mid=0.9"),
    (reward(UPTIME | {"max_spread": 1e-10}), "score.max_spread",
     "must be a multiple of 0.000000001"),
    (penalty(MISSED, FINE | {"amount": 1001}), "charge.amount", "must be at most 1000"),
    (penalty(MISSED, {"name": "slash", "stake": 1, "share": 1.5}), "charge.share",
     "must be at most 1"),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "key", "allowed"), ALONE, ids=[row[2][:40] for row in ALONE])
def test_what_a_policy_alone_cannot_be(policy, key, allowed):
    assert refusal(policy) == (key, allowed)


def test_a_name_is_lower_case():
    with pytest.raises(ValidationError, match="the name must be lower case, as my_rewards"):
        incentives(Mine=reward(UPTIME))


NO_REQUESTS = "another score: only under mechanism=rfq is there anything to answer"
IN_A_CELL = [
    (reward(UPTIME), RFQ, "score.name",
     "volume, response or message_ratio under mechanism=rfq: no order rests"),
    (penalty(MISSED, FINE), RFQ, "measure.name",
     "volume, response or message_ratio under mechanism=rfq: no order rests"),
    (reward(RESPONSE, traders="makers"), BASELINE, "score.name", NO_REQUESTS),
    (reward(RESPONSE), RFQ, "traders",
     "makers with score.name=response: nobody else is asked"),
    (reward(UPTIME, traders="makers"), BASELINE._replace(makers=0), "traders",
     "a class that the population has, or nobody could take part"),
    (reward(VOLUME, traders="takers"), BASELINE._replace(takers=0), "traders",
     "a class that the population has, or nobody could take part"),
    (reward(VOLUME, epoch_s=21), BASELINE, "epoch_s",
     "at most horizon_s=20: an epoch is paid when it has ended"),
    (reward(VOLUME, epoch_s=0.0001), BASELINE, "epoch_s",
     "large enough for at most 100000 epochs in horizon_s=20"),
    (reward(UPTIME, epoch_s=20, sampling={"every_ms": 0.000001, "at": "grid"}), BASELINE,
     "sampling.every_ms", "large enough for at most 2305843 samples in epoch_s=20"),
    (reward(UPTIME, epoch_s=20, sampling={"every_ms": 20000, "at": "grid"}), BASELINE,
     "sampling.every_ms", "less than horizon_s=20: at=grid takes no sample at 0"),
    (reward(VOLUME | {"lowest_price": 0.035}), CENTS, "score.lowest_price",
     "a multiple of contract.tick=0.01"),
    (penalty(MISSED, {"name": "slash", "stake": 6, "share": 0}),
     BASELINE._replace(maker_capital=5.5), "charge.stake",
     "at most the capital=5.5 of makers, for all policies together"),
    (reward(VOLUME, per_epoch=None, pool={"source": "fees", "share": 0.5}),
     BASELINE._replace(has_fees=False), "pool.source",
     "issuer where costs have no fees, as costs=none: nothing would flow into the pool"),
    (reward(VOLUME, halving_s=20), BASELINE, "halving_s", "less than horizon_s=20, or null"),
    (reward(VOLUME | {"role": "taker"}, traders="makers"), BASELINE._replace(makes_by_class=True),
     "score.role", "both with traders=makers: under this mechanism makers make in every fill,"
     " and nobody else does"),
    (reward(DEPTH | {"step": 0.005}), CENTS, "score.step",
     "a multiple of contract.tick=0.01"),
    (reward(UPTIME | {"max_spread": 0.032}), CENTS, "score.max_spread",
     "a multiple of half contract.tick=0.01"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "market", "key", "allowed"), IN_A_CELL, ids=[row[3][:40] for row in IN_A_CELL]
)
def test_what_contradicts_a_cell(policy, market, key, allowed):
    found = [*checks.contradictions(incentives(p=policy), market)]
    assert [(each.key, each.allowed) for each in found] == [(f"p.{key}", allowed)]


def test_what_fits_is_not_refused():
    """Half cents as a distance, both ends of the prices, epochs that leave a rest, no policy."""
    policies = incentives(
        a=reward(UPTIME | {"max_spread": 0.035}, epoch_s=7),
        b=reward(VOLUME | {"lowest_price": 0, "highest_price": 1}),
        c=reward(UPTIME, epoch_s=20, sampling={"every_ms": 20000, "at": "instant"}),
    )
    assert not [*checks.contradictions(policies, CENTS)]
    assert not [*checks.contradictions(incentives(), BASELINE)]


# --- versions and order ---------------------------------------------------------------------------


def test_a_version_is_that_of_what_is_configured():
    """Equal for the same rules under another name, other for other numbers; also when written."""
    versions = incentives(
        a=reward(UPTIME), b=reward(UPTIME), c=reward(UPTIME, per_epoch=2)
    ).versions
    assert versions["a"] == versions["b"] != versions["c"]
    later = reward(UPTIME, per_epoch=[[0, 1], [10, 1]])
    assert incentives(a=later).versions["a"] != versions["a"]
    assert len(versions["a"]) == 16
    written = incentives(a=later).model_dump(mode="json")
    assert Incentives.model_validate(written).versions == incentives(a=later).versions


def test_the_order_in_which_policies_are_written_is_nothing():
    first, second = reward(UPTIME), penalty(MESSAGES, FINE)
    one, other = incentives(b=first, a=second), incentives(a=second, b=first)
    assert [name for name, _ in one.in_order] == ["a", "b"]
    for left, right in zip(state_of(one).table, state_of(other).table, strict=True):
        np.testing.assert_array_equal(left, right)


def test_addresses_are_those_of_names():
    assert policy_entity("liquidity") != policy_entity("presence")
    assert 0 <= policy_entity("liquidity") < 2**32


# --- tables and files -----------------------------------------------------------------------------


def test_the_discounts_of_nine_tenths_are_exact_powers_rounded_down():
    score = incentives(p=reward(DEPTH | {"discount": 0.9})).policies["p"].score
    weights = weights_of(score, 1, 1000)
    assert weights[:4] == [10**9, 9 * 10**8, 81 * 10**7, 729 * 10**6]
    assert weights[50] == 9**50 * 10**9 // 10**50
    assert weights[-2:] == [0, 0]  # the rest of a nano after 197 steps
    flat = incentives(p=reward(DEPTH | {"discount": 1})).policies["p"].score
    assert weights_of(flat, 10, 100) == [10**9] * 10 + [0]


def test_without_policies_there_is_nothing():
    state = state_of(incentives())
    table = state.table
    assert table.score.shape == (0,)
    assert table.amount.shape == (0, 0)
    arrays = state._asdict() | state.standing._asdict() | table._asdict()
    of_policies = [name for name, array in arrays.items() if isinstance(array, np.ndarray)]
    of_traders = ["decay", "points", "due", "unpaid", "shares", "scored", "met", "could"]
    once = ["count", "horizon_ns", "n_ticks"]
    assert {name for name in of_policies if arrays[name].size} == {*of_traders, *once}


@pytest.mark.parametrize("name", NAMES)
def test_every_file_is_valid_and_fits_the_baseline(name):
    """And is read again from what is written of it."""
    policies = from_yaml(name)
    assert Incentives.model_validate(policies.model_dump(mode="json")) == policies
    assert not [*checks.contradictions(policies, BASELINE)]
    table = make_table(policies, 20 * S, 10**6, np.arange(8) < 2)
    assert allocate_incentives(table, 2, 16).score.shape == (2, len(policies.policies), 8)


def test_the_files_are_those_that_there_should_be():
    assert NAMES == [
        "emission", "kalshi_liquidity", "kalshi_volume", "maker_rebate", "message_ratio", "none",
        "polymarket", "staking", "uptime",
    ]  # fmt: skip
    assert from_yaml("none").policies == {}
