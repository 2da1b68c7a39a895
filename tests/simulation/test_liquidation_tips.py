"""Liquidators who compete for a place in a block: by tip, and where tips are equal by latency."""

from collections import Counter

import numpy as np
import pytest

from proteus.market.events.envelopes import MESSAGE_CREDIT
from proteus.market.trading import calling
from proteus.market.trading import credit as asking
from tests.helpers.cells import cell
from tests.helpers.crediting import BORROWER, CALLER, CALLERS, LENDER, LEVERAGED, NANO, ByHand
from tests.helpers.twinning import engine_block, engine_rows

pytestmark = pytest.mark.plain

LANES = 5
FAST, SLOW = 12, 13  # traders
BY_BLOCKS = (
    "execution.route=blocks", "environment=blocks", "environment.blocks.interval_ms=25",
)  # fmt: skip
RIVALS = (
    "mechanism=clob", *LEVERAGED, *BY_BLOCKS, "horizon_s=0.4", "+trader@population.fast=liquidator",
    "+trader@population.slow=liquidator", "population.fast.schedule.rate_per_s=100",
    "population.slow.schedule.rate_per_s=100", "population.slow.latency.submission.base_ms=5",
)  # fmt: skip
SHARES = ("execution.tips=edge_share", "execution.tip_share=0.5")


def lanes_of(*words):
    """The rows of recorded lanes."""
    config = cell(*RIVALS, *words)
    assert [*config.population][-2:] == ["fast", "slow"]
    worlds = [engine_block(config, lane, plain=True).world for lane in range(LANES)]
    assert not any(world.progress.fault.any() for world in worlds)
    return [engine_rows(world) for world in worlds]


def contests_of(rows):
    """Blocks with a call of each about the same account: in their order, caller, tip, arrival.

    Of each trader the call must be the first that waits: its messages keep their order.
    """
    heads, taken, calls = {}, {}, {}
    for row in rows:
        if row["kind"] == "environment_wait":
            heads.setdefault((row["trader"], row["order_id"] is None), row)
        elif row["kind"] == "credit_liquidation" and row["source"] == "trader":
            call, order = (taken.get((row["trader"], is_call)) for is_call in (True, False))
            is_first = order is None or order["time_ns"] > call["time_ns"]
            about = row["time_ns"], row["receiver"]
            found = row["trader"], call["tip"], call["time_ns"], is_first
            calls.setdefault(about, []).append(found)
        elif row["kind"] == "environment_block":
            taken, heads = heads, {}
    return [found for found in calls.values() if len(found) == 2 and all(c[3] for c in found)]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ((), FAST),
        ((*SHARES, "population.fast.policy.tip_share=0.2"), SLOW),
        ((*SHARES, "population.slow.policy.tip_share=0.2"), FAST),
    ],
)
def test_the_higher_tip_goes_before_the_lower_latency(words, first):
    """Who offers half of its gain has the lots before who offers a fifth, however slow it is."""
    lanes = lanes_of(*words)
    contests = [each for rows in lanes for each in contests_of(rows)]
    for before, after in contests:  # by tip, then by arrival
        assert (-before[1], before[2]) <= (-after[1], after[2])
    overtakes = sum(before[2] > after[2] for before, after in contests)
    assert (overtakes > 1) == (first == SLOW)
    seizures = Counter(
        row["receiver"] for rows in lanes for row in rows
        if row["kind"] == "credit_liquidation" and row["source"] == "rules"
    )  # fmt: skip
    assert seizures[first] > seizures[FAST + SLOW - first]


def test_tips_of_calls_are_posted_to_the_proposer_by_the_block_that_takes_them():
    """Code, cause and both sides; a call has no order. What is waiting at the end pays nothing."""
    paid = 0
    for rows in lanes_of(*SHARES):
        blocks = {row["event"] for row in rows if row["kind"] == "environment_block"}
        offered = [
            row["tip"]
            for row in rows
            if row["kind"] == "environment_wait"
            and row["trader"] in (FAST, SLOW)
            and row["order_id"] is None
            and row["tip"]
        ]
        posted = [row for row in rows if row["kind"] == "posting" and row["code"] == "gas_tip"
                  and row["giver"] in (FAST, SLOW) and row["order_id"] is None]  # fmt: skip
        assert {row["event"] for row in posted} <= blocks
        assert {row["receiver"] for row in posted} <= {14 + 3}  # the proposer, after the traders
        left = Counter(offered)
        left.subtract(row["amount"] for row in posted)
        assert min(left.values(), default=0) >= 0
        assert left.total() <= 2
        paid += len(posted)
    assert paid > 5


@pytest.mark.parametrize(
    ("share", "capital", "lots", "tip"),
    [
        (None, 20, 8, 86_880_000),  # half of 8 x (0.03072 - 0.005 - 8 x 0.0005)
        (0.25, 20, 8, 43_440_000),
        (0, 0.71, 2, 0),  # two lots cost 0.70656
        (1, 0.71, 1, 25_220_000),  # with a tip of up to 0.03072 for each it cannot pay two
    ],
)
def test_a_call_offers_its_share_of_the_gain_of_all_lots_and_keeps_the_cash_for_it(
    share, capital, lots, tip, monkeypatch
):
    own = () if share is None else (f"population.liquidator.policy.tip_share={share}",)
    lane = ByHand(*CALLERS, *BY_BLOCKS, *SHARES, *own, f"population.liquidator.capital={capital}")
    lane.supply(LENDER, 10 * NANO)
    lane.trade(BORROWER, 10, NANO // 2)
    assert lane.borrow(BORROWER, 5 * NANO // 2, NANO // 2)
    monkeypatch.setattr(calling, "price_seen", lambda *_: np.int64(384 * NANO // 1000))
    monkeypatch.setattr(calling, "_half_spread_seen", lambda *_: np.int64(5 * NANO // 1000))
    asking._ask(lane.rules, lane.world, 0, CALLER, np.int64(0), 0, 0)
    messages = lane.world.messages
    sent = [at for at in range(messages.kind.shape[1]) if messages.kind[0, at] == MESSAGE_CREDIT]
    assert [int(messages.lots[0, at]) for at in sent] == [lots]
    assert lane.rules.environment.mempool.tip[0, sent[0]] == pytest.approx(tip, abs=10)
