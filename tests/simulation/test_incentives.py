"""Policies in markets: what a sweep over them touches, where money is, how makers react."""

from pathlib import Path

import numpy as np
import pytest
from numba import typeof

import proteus
from proteus.market import rng
from proteus.market.events.queue import NEVER_NS
from proteus.market.ledger.accounts import CASH, ISSUER, POOL, STAKES, account_of
from proteus.market.ledger.codes import DEFAULT, FILL, FUND, PENALTY, REWARD, SLASH
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell
from proteus.market.trading.loop import advance_block
from proteus.market.variables import measure
from proteus.market.variables.base import TERM
from proteus.plans import planner
from tests.helpers.cells import MECHANISM_NAMES, ROOT, cell, run_plain
from tests.unit.market.incentives.paper import NAMES

PER_EPOCH = "incentives.policies.liquidity.per_epoch"
SHORT = ["horizon_s=10", "metrics.tau_ms=700"]


def block_of(config, lanes=1, is_rich=True):
    keys = rng.replicate_keys(ROOT, np.arange(lanes))
    return build_block(set_up_cell(config, is_rich), keys, 4, False)


def played(config):
    """One lane in plain Python."""
    block = block_of(config)
    run_plain(*block)
    assert not block.world.progress.fault.any()
    return block.world


@pytest.mark.nojit
@pytest.mark.parametrize("mechanism", ["clob", "fba", "dual_flow"])
def test_a_sweep_over_policies_compiles_nothing(mechanism):
    """Kernels are compiled by the types of what they are given: these are the same for all."""
    neutral = block_of(cell(f"mechanism={mechanism}"))
    for name in NAMES:
        if name != "maker_rebate":  # without costs nothing would flow into its pool
            block = block_of(cell(f"mechanism={mechanism}", f"incentives={name}", *SHORT))
            assert typeof(block.world) == typeof(neutral.world)
            assert typeof(block.mechanism) == typeof(neutral.mechanism)


@pytest.mark.nojit
def test_plain_cells_have_no_policies_and_keep_their_name():
    """What a cell is does not change with a key that it does not use."""
    plain = cell("mechanism=clob")
    assert not plain.needs_rules
    assert "incentives" not in plain.canonical()
    assert "reward" not in plain.canonical()
    assert cell("mechanism=clob", "incentives=polymarket", *SHORT).needs_rules


@pytest.mark.nojit
@pytest.mark.parametrize("name", ["polymarket", "kalshi_volume", "staking", "message_ratio"])
@pytest.mark.parametrize("mechanism", ["clob", "dual_flow"])
def test_pools_and_stakes_are_what_their_accounts_hold(mechanism, name):
    """Cash in the pool = funds - rewards + penalties; stakes are all given back or lost."""
    world = played(cell(f"mechanism={mechanism}", f"incentives={name}", *SHORT))
    ledger, incentives = world.ledger, world.rules.incentives
    pool, stakes = account_of(ledger, POOL), account_of(ledger, STAKES)
    traders = ledger.bought.shape[1]

    def moved(code, account):
        return int(ledger.total[0, account, ledger.place[code], CASH])

    assert ledger.balance[0, pool, CASH] == incentives.pool[0].sum() >= 0
    assert (incentives.pool >= 0).all()
    assert ledger.balance[0, stakes, CASH] == 0
    assert ledger.balance[0, pool, CASH] == sum(
        moved(code, pool) for code in (FUND, REWARD, PENALTY, SLASH)
    )
    assert moved(FUND, pool) == -moved(FUND, account_of(ledger, ISSUER))
    measured = measure(world, (TERM,))
    received = sum(moved(REWARD, trader) for trader in range(traders))
    paid = -sum(moved(code, trader) for code in (PENALTY, SLASH) for trader in range(traders))
    assert received + paid > 0 or mechanism == "dual_flow"  # where few quotes outlive a batch
    assert measured["rewards_received"].sum() == pytest.approx(received / 1e9, rel=1e-12)
    assert measured["penalties_paid"].sum() == pytest.approx(paid / 1e9, rel=1e-12)


@pytest.mark.nojit
def test_a_fine_beyond_the_cash_of_a_trader_is_a_default():
    """Makers of a cent of capital, fined a currency for each message too many."""
    words = ["population.maker.capital=0.01", "incentives.policies.messages.charge.amount=1"]
    world = played(cell("mechanism=clob", "incentives=message_ratio", *words, *SHORT))
    ledger = world.ledger
    fined, let_off = (
        int(sign * ledger.total[0, :2, ledger.place[code], CASH].sum())
        for sign, code in ((-1, PENALTY), (1, DEFAULT))
    )
    assert 0 < let_off <= fined
    assert fined - let_off == ledger.balance[0, account_of(ledger, POOL), CASH]
    paid = measure(world, (TERM,))["penalties_paid"][0, 0]
    assert paid == pytest.approx((fined - let_off) / 1e9, abs=1e-12)


@pytest.mark.nojit
def test_who_begins_with_nothing_is_not_who_has_no_limit():
    """The first fine finds no cash, as nothing was sold yet: all of it is a default."""
    words = [
        "incentives.policies.messages.charge.amount=1",
        "population.maker.schedule.rate_per_s=40",
    ]
    of = {}
    for capital in ("0", "null"):
        capitals = [f"population.{name}.capital={capital}" for name in ("maker", "noise")]
        world = played(
            cell("mechanism=clob", "incentives=message_ratio", *words, *capitals, *SHORT)
        )
        ledger = world.ledger
        of[capital] = int(ledger.total[0, :2, ledger.place[DEFAULT], CASH].sum())
    assert of["null"] == 0 < of["0"]


# --- makers ---------------------------------------------------------------------------------------

LANES = 60


@pytest.fixture(scope="module")
def swept():
    """Baseline makers under pools of 0, 1 and 4 currency an epoch, and some who do not know."""
    cells = {
        pay: planner.from_words(["mechanism=clob", "incentives=polymarket", f"{PER_EPOCH}={pay}"])
        for pay in (0, 1, 4)
    }
    blind = "population.maker.policy.knows_rewards=false"
    cells["blind"] = planner.from_words(
        ["mechanism=clob", "incentives=polymarket", f"{PER_EPOCH}=4", blind]
    )
    blocks = {pay: block_of(plan.cells[0], LANES) for pay, plan in cells.items()}
    for block in blocks.values():
        advance_block(*block, NEVER_NS)
        assert not block.world.progress.fault.any()
    return {pay: block.world for pay, block in blocks.items()}


def test_no_policy_needs_another_kernel(swept):
    """Counted: what one policy has compiled runs all others, and one in an experiment."""
    before = len(advance_block.signatures)
    cells = [cell("mechanism=clob", f"incentives={name}", "costs=kalshi", *SHORT) for name in NAMES]
    cells += planner.from_words(["+experiment=incentives_over_time", "size=quick"]).cells[:1]
    for config in cells:
        block = block_of(config)
        advance_block(*block, NEVER_NS)
        assert not block.world.progress.fault.any()
    assert len(advance_block.signatures) == before > 0


@pytest.mark.nojit
def test_an_epoch_that_cannot_be_paid_in_full_is_counted():
    """A pool of 2.5 under five epochs of 1 (those of 2 s in 10 s): the last three are short."""
    words = [
        "incentives.policies.liquidity.epoch_s=2",
        "incentives.policies.liquidity.pool.currency=2.5",
    ]
    world = played(cell("mechanism=clob", "incentives=polymarket", *words, *SHORT))
    measured = measure(world, (TERM,))
    assert measured["epochs_short"] == 3
    assert measured["rewards_received"].sum() == pytest.approx(2.5, abs=1e-7)


def test_a_reward_sweep_moves_the_spread(swept):
    """Not a transfer alone: the more a pool pays, the narrower makers quote, seed by seed.

    Differences of the same seeds, at six standard errors: a false alarm in 10^9 runs.
    """
    spreads = {pay: measure(world)["quoted_spread"] for pay, world in swept.items()}
    for less, more in ((0, 1), (1, 4)):
        change = spreads[more] - spreads[less]
        assert change.mean() < -6 * change.std() / LANES**0.5
    assert spreads[4].mean() < 0.9 * spreads[0].mean()
    volumes = {pay: measure(world)["volume_lots"].mean() for pay, world in swept.items()}
    assert volumes[4] > volumes[0]


def test_makers_who_do_not_know_get_a_transfer_and_nothing_else(swept):
    """Every fill and quote has the bits that it has without rewards."""
    without, blind = swept[0], swept["blind"]
    ours, theirs = measure(blind), measure(without)
    moved = {name for name in ours if ours[name].tobytes() != theirs[name].tobytes()}
    assert all("pnl" in name or "drawdown" in name or "sharpe" in name for name in moved), moved
    place = without.ledger.place[FILL]
    assert np.array_equal(blind.ledger.total[:, :, place], without.ledger.total[:, :, place])
    earned = measure(blind, (TERM,))["rewards_received"].sum(axis=1)
    gained = ours["pnl_maker"] - theirs["pnl_maker"]
    assert np.allclose(gained, earned, rtol=0, atol=1e-9)
    assert (earned > 0).all()


# --- the scenario ---------------------------------------------------------------------------------


@pytest.mark.nojit
def test_the_scenario_schedules_rewards_and_fines_over_time():
    """What is paid and charged, epoch by epoch, of one lane: the amounts of its file."""
    words = ["+experiment=incentives_over_time", "size=quick"]
    plan = planner.from_words(words)
    assert plan.axes["maker_policy_knows_rewards"] == ("true", "false")
    world = played(plan.cells[0])
    table = world.rules.incentives.table
    rewards = (table.amount[0] / 1e9).tolist()
    fines = (table.amount[1] / 1e9).tolist()
    assert rewards == [0] * 4 + [2] * 6 + [0.5] * 2 + [0] * 4
    assert fines == [0] * 8 + [0.05] * 8
    assert measure(world, (TERM,))["rewards_received"].sum() > 0


def test_mechanisms_know_nothing_of_incentives():
    """A policy is swept without touching a mechanism: none of their files names one."""
    folder = Path(proteus.__file__).parent / "market" / "mechanisms"
    assert len(MECHANISM_NAMES) >= 4
    for path in folder.glob("*.py"):
        assert "incentive" not in path.read_text(), path.name
