"""What an environment does to a market, and what it leaves alone."""

import contextlib
import io
import json

import numpy as np
import pytest

import proteus
from proteus.market import rng
from proteus.market.agents.traders import CLASS_NAMES
from proteus.market.environment.trace import trace_hash
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.variables import measure
from proteus.market.variables.base import GROUP, TERM
from proteus.market.variables.environment import ENVIRONMENT_VARIABLES
from proteus.recording.columns import FILL, NEWS, WAITS_FOR_BLOCK, is_kind, rows_of
from proteus.recording.tables import owners
from proteus.sweep import main
from tests.helpers.cells import MECHANISM_NAMES, ROOT, cell, run_plain

pytestmark = pytest.mark.nojit

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
S = 10**9
LONG_LIVES = ["mechanism.quote_ttl_ms=400", "mechanism.request_ttl_ms=600"]
BY_BLOCKS = ["execution.route=blocks", "environment.blocks.interval_ms=100"]
OURS = {variable.name for variable in ENVIRONMENT_VARIABLES}
COUNTED = OURS | {"n_events"}  # entries of the environment are events


def words_of(mechanism, *words, horizon_s=2):
    lives = LONG_LIVES if mechanism == "rfq" else []
    short = [f"horizon_s={horizon_s}", "metrics.tau_ms=500", "metrics.elapsed_ms=[100]"]
    short += ["metrics.horizons_ms=[0]", "record.warmup_s=0.5", "population.noise.count=2"]
    return [f"mechanism={mechanism}", *lives, *short, *words]


def run(mechanism, *words, replicates=(0,), rich=False):
    setup = set_up_cell(cell(*words_of(mechanism, *words)), rich)
    keys = rng.replicate_keys(ROOT, np.array(replicates))
    block = build_block(setup, keys, 8, False)
    run_plain(*block)
    assert not block.world.progress.fault.any()
    return block.world


def measured(world):
    return measure(world, (GROUP, TERM))


def differing(one, two):
    ours, theirs = measured(one), measured(two)
    return {name for name in ours if ours[name].tobytes() != theirs[name].tobytes()}


# --- what nobody reads moves nothing --------------------------------------------------------------


@EVERY_MECHANISM
def test_an_oracle_that_nobody_reads_moves_no_trade(mechanism):
    """Whatever it reads, and however often: all of the rest has the bits that it has without."""
    without = run(mechanism, rich=True)
    for words in (
        ["environment=oracle"],
        ["environment=oracle", "environment.oracle.deviation=0.001"],
        ["environment=none", "+channel@environment.oracle=oracle_value"],
    ):
        world = run(mechanism, *words)
        assert world.rules.environment.oracle.reports[0] > 0
        assert differing(world, without) <= COUNTED


def test_blocks_and_base_fees_that_nobody_pays_move_no_trade():
    without = run("fba", rich=True)
    world = run("fba", "environment=chain")
    assert world.rules.environment.blocks.made[0] == 3
    assert differing(world, without) <= COUNTED


# --- the trace ------------------------------------------------------------------------------------

EXOGENOUS = [
    "environment=congestion", "+channel@environment.oracle=oracle_value",
    "environment.blocks.interval_ms=100", "environment.blocks.missed=0.3",
]  # fmt: skip


def traces(world):
    trace = world.rules.environment.trace
    return trace_hash(trace.words, trace.rows)


def test_exogenous_channels_are_the_same_bits_whatever_the_market_does():
    """The trace's hash: other mechanisms, traders, tips and routes, whoever pays or looks."""
    hashes = {
        traces(run(mechanism, *EXOGENOUS, *words, replicates=(0, 1)))
        for mechanism in ("clob", "rfq")
        for words in (
            [],
            ["population.maker.count=1"],
            ["execution.route=blocks", "execution.tips=edge_share", "execution.max_fee=0.0006"],
        )
    }
    assert len(hashes) == 1


def test_a_replicate_has_the_trace_that_it_has_among_others():
    together = run("fba", *EXOGENOUS, replicates=(0, 1, 2)).rules.environment.trace
    for lane in range(3):
        alone = run("fba", *EXOGENOUS, replicates=(lane,)).rules.environment.trace
        np.testing.assert_array_equal(alone.words[0], together.words[lane])
        assert alone.rows[0] == together.rows[lane] > 20
    assert len({words.tobytes() for words in together.words}) == 3


@pytest.mark.parametrize(
    "word",
    ["environment.blocks.missed=0.2", "environment.congestion.demand_spread=0.4",
     "environment.oracle.noise_sd=0.02", "environment.oracle.deviation=0.02"],
)  # fmt: skip
def test_other_channels_have_another_trace(word):
    assert traces(run("fba", *EXOGENOUS, word)) != traces(run("fba", *EXOGENOUS))


def test_a_base_fee_that_the_market_moves_is_no_part_of_the_trace():
    words = [*EXOGENOUS, "execution.route=blocks"]
    one, two = (
        run("clob", *words, "environment.congestion.message_gas=1000000", more)
        for more in ("population.noise.count=1", "population.noise.count=3")
    )
    assert traces(one) == traces(two)
    fees = [world.rules.environment.congestion.base_fee[0] for world in (one, two)]
    assert fees[0] < fees[1]  # more messages, fuller blocks


# --- messages by blocks ---------------------------------------------------------------------------


@EVERY_MECHANISM
def test_by_blocks_a_market_trades_and_nothing_reaches_it_between(mechanism, monkeypatch):
    from proteus.market.trading import protocol

    times, receive = [], protocol.receive

    def note(mechanism, world, lane, time, item):
        times.append(int(time))
        return receive(mechanism, world, lane, time, item)

    monkeypatch.setattr(protocol, "receive", note)
    world = run(mechanism, "environment=blocks", *BY_BLOCKS)
    assert world.progress.fills[0] > 0
    assert {time % (100 * 10**6) for time in times} == {0}
    pool = world.rules.environment.mempool
    assert pool.taken[0] == world.progress.messages[0] == len(times)
    assert pool.reordered[0] == 0  # without tips in order of arrival
    values = measured(world)
    assert 0 < values["block_wait"][0] < 100
    assert values["messages_stuck"][0] == pool.waiting[0]
    assert values["blocks_made"][0] == 19


def test_a_small_block_leaves_messages_to_the_next_ones():
    whole = run("clob", "environment=blocks", *BY_BLOCKS, rich=True)
    some = run("clob", "environment=blocks", *BY_BLOCKS, "execution.capacity=7")
    values, others = measured(some), measured(whole)
    assert some.rules.environment.mempool.taken[0] == 19 * 7
    assert values["block_wait"][0] > others["block_wait"][0]
    assert values["messages_stuck"][0] > others["messages_stuck"][0]


def test_tips_go_to_the_proposer_and_reorder():
    words = ["environment=blocks", *BY_BLOCKS, "execution.tips=edge_share"]
    values = measured(run("clob", *words))
    assert values["tips_paid"].sum() > 0
    assert 0 < values["reordered_share"][0] < 1
    twice = measured(run("clob", *words, "execution.tip_share=1.0"))
    assert twice["tips_paid"].sum() > values["tips_paid"].sum()
    fixed = measured(run("clob", *words, "execution.tips=fixed", "execution.tip=0.001"))
    none = measured(run("clob", *words, "execution.tips=none"))
    assert fixed["reordered_share"][0] == none["reordered_share"][0] == none["tips_paid"].sum() == 0
    sent = run("clob", *words, "execution.tips=fixed").rules.environment.mempool.taken[0]
    assert fixed["tips_paid"].sum() == pytest.approx(0.001 * sent)


def test_equal_tips_cost_money_and_change_no_trade():
    """A tip that everybody offers moves nobody: PnL differs by what was paid, and nothing else."""
    words = ["environment=blocks", *BY_BLOCKS]
    free = run("fba", *words)
    paid = run("fba", *words, "execution.tips=fixed", "execution.tip=0.002")
    moved = {name for name in differing(free, paid) if not name.startswith(("pnl_", "tips_"))}
    allowed = {"maker_pnl", "sharpe", "drawdown", "error_net"}
    assert {name for name in moved if not any(word in name for word in allowed)} == set()
    total = sum(
        measured(paid)[f"pnl_{name}"][0] - measured(free)[f"pnl_{name}"][0]
        for name in ("maker", "informed", "noise", "sniper")
    )
    assert total == pytest.approx(-measured(paid)["tips_paid"].sum())


def test_nobody_is_taken_while_the_base_fee_is_above_what_they_pay():
    """Full blocks of others raise it beyond every limit within the first second."""
    words = ["environment=congestion", *BY_BLOCKS, "execution.max_fee=0.0005"]
    words += ["environment.congestion.demand_mean=1.9", "environment.congestion.demand_spread=0.1"]
    pool = run("clob", *words).rules.environment.mempool
    assert pool.taken[0] > 0  # of the first block, whose base fee is just at the limit
    assert pool.waiting[0] > 5 * pool.taken[0]


STALE_MAKER = [
    "population.maker.count=1", "population.maker.signal=null", "population.informed.count=0",
    "population.noise.count=0", "latent.total_variance=0", "latent.jump_rate_per_s=1",
    "population.sniper.signal.noise_sd=0", "environment=blocks", "execution.route=blocks",
    "execution.tips=edge_share", "execution.tip_share=0.25",
]  # fmt: skip
READS = ["+channel@environment.mempool=mempool", "population.sniper.policy.reads_mempool=true"]


def tips_by_block(count, *words):
    """The tips of snipers by block, in order of arrival, and their orders that traded in it.

    Only of slots without news, in which the edge stays as it is.
    """
    words = [*STALE_MAKER, f"population.sniper.count={count}", *words]
    setup = with_log(set_up_cell(cell(*words_of("clob", *words, horizon_s=6))))
    block = build_block(setup, rng.replicate_keys(ROOT, np.arange(4)), 8, False)
    run_plain(*block)
    return [row for lane in range(4) for row in _tips_of_lane(rows_of(block.world.log, lane))]


def _tips_of_lane(rows):
    waits, fills = (is_kind(rows, kind) for kind in (WAITS_FOR_BLOCK, FILL))
    slots, owner = rows["time_ns"] // (500 * 10**6), owners(rows)
    is_sniper = waits & (rows["trader"] >= 1)
    early = is_sniper & (rows["time_ns"] % (500 * 10**6) < 2 * 10**6)  # sent before the last block
    for slot in np.setdiff1d(slots[is_sniper], slots[is_kind(rows, NEWS) | early]):
        at = is_sniper & (slots == slot)
        traded = rows["other_id"][fills & (rows["time_ns"] == (slot + 1) * 500 * 10**6)]
        tips = list(zip(rows["trader"][at], rows["tip"][at], rows["order_id"][at], strict=True))
        yield tips, [order for order in traded if owner[order] >= 1]


def test_the_edge_of_snipers_who_outbid_each_other_goes_to_the_proposer():
    """Budish, Cramton & Shim's race with an auction for its first place.

    The maker is stale, so every sniper sees the same edge E in a slot. Alone it offers E / 4 and
    keeps the rest. Of several the first offers E / 4, all who see it offer E, and who trades has
    paid all of its edge.
    """
    alone = tips_by_block(1, *READS)
    assert sum(bool(traded) for _, traded in alone) >= 3
    many = tips_by_block(3, *READS)
    races = 0
    for tips, _ in alone:
        assert len({tip for _, tip, _ in tips}) == 1
    for tips, traded in many:
        first = tips[0][1]
        if len({trader for trader, _, _ in tips}) < 2 or not traded:
            continue
        races += 1
        whole = {tip for _, tip, _ in tips} - {first}
        assert [tip // 4 for tip in whole] == [first]  # a share is rounded down
        assert {order: tip for _, tip, order in tips}[traded[0]] in whole
    assert races >= 3
    blind = tips_by_block(3)
    assert all(len({tip for _, tip, _ in tips}) == 1 for tips, _ in blind)


def test_who_is_shown_nothing_offers_as_one_who_does_not_look():
    """All bits are equal where nothing is visible; where it is, only those who read differ."""
    words = ["environment=blocks", *BY_BLOCKS, "execution.tips=edge_share"]
    words += ["population.sniper.count=3", "latent.jump_rate_per_s=4"]
    blind = run("clob", *words)
    hidden = run("clob", *words, *READS, "environment.mempool.visible=0.0")
    shown = run("clob", *words, *READS)
    assert differing(blind, hidden) == set()
    paid = {name: measured(world)["tips_paid"][0] for name, world in (("b", blind), ("s", shown))}
    sniper = CLASS_NAMES.index("sniper")
    assert paid["s"][sniper] > paid["b"][sniper]


# --- what is measured -----------------------------------------------------------------------------


def test_an_oracle_that_reports_at_once_is_as_wrong_as_the_price():
    """Every check reported and no lag: what is left is what happens between checks of 1 ms."""
    words = ["environment=oracle", "environment.oracle.deviation=0.0"]
    words += ["environment.oracle.check_ms=1", "environment.oracle.lag_ms=0"]
    values = measured(run("clob", *words))
    assert values["oracle_reports"][0] == 1999
    assert values["oracle_error_rmse"][0] == pytest.approx(values["price_rmse"][0], rel=0.02)
    late = measured(run("clob", *words, "environment.oracle.lag_ms=300"))
    assert late["oracle_error_rmse"][0] > values["oracle_error_rmse"][0]


def test_an_oracle_of_the_value_is_right_but_for_its_noise_and_its_lag():
    words = ["environment=none", "+channel@environment.oracle=oracle_value"]
    words += ["environment.oracle.deviation=0.0", "environment.oracle.lag_ms=0"]
    words += ["environment.oracle.check_ms=10", "environment.oracle.noise_sd=0.03"]
    values = measured(run("clob", *words, "latent.total_variance=0.01", "latent.jump_rate_per_s=0"))
    assert values["oracle_error_rmse"][0] == pytest.approx(0.03, rel=0.25)  # of 150 draws


def test_without_a_channel_its_measures_do_not_exist():
    values = measured(run("fba", "environment=oracle"))
    assert np.isnan(values["blocks_made"][0])
    assert np.isnan(values["block_wait"][0])
    assert values["oracle_reports"][0] >= 0
    assert all(np.isnan(measured(run("fba", rich=True))[name][0]) for name in OURS)


# --- files ----------------------------------------------------------------------------------------


def write(folder, *words):
    more = ["seeds.count=1", "record.events=seed:0", "executor.workers=1", f"output_dir={folder}"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert main([*words, *more]) == 0
    return proteus.load(folder)


@EVERY_MECHANISM
def test_recorded_lanes_have_their_environment_and_are_run_again(mechanism, tmp_path):
    words = ["environment=chain", *BY_BLOCKS, "execution.tips=edge_share"]
    folder = tmp_path / "out"
    dataset = write(folder, *words_of(mechanism, *words, horizon_s=1.5))
    found = proteus.load_environment(folder)
    assert list(found) == ["cell", "seed", "time_ns", "channel", "version", "fields"]
    assert found["time_ns"].is_monotonic_increasing
    fields = {}
    for name, of in found.groupby("channel", observed=True):
        assert of["version"].tolist() == list(range(len(of))), name
        fields[name] = [json.loads(text) for text in of["fields"]]
    assert len(fields["blocks"]) == len(fields["congestion"]) == 14
    assert dataset["blocks_made"].item() == 14
    assert len(fields["oracle"]) == dataset["oracle_reports"].item()
    events = proteus.load_events(folder)
    waited = events[events["kind"] == "environment_wait"]
    taken = sum(each["messages"] for each in fields["blocks"])
    assert len(waited) == taken + dataset["messages_stuck"].item()
    tips = events[events["code"] == "gas_tip"]["amount"].sum()
    assert dataset["tips_paid"].sum().item() == pytest.approx(tips / 10**9)
    (lane,) = proteus.replay_log(folder)
    assert not lane.violation
    for name in OURS | {"pnl_maker", "volume_lots"}:
        assert lane.metrics[name] == dataset[name].item(), name


def test_a_run_without_an_environment_has_no_file_of_it(tmp_path):
    folder = tmp_path / "out"
    dataset = write(folder, *words_of("fba", horizon_s=0.8))
    assert not (folder / "environment.parquet").exists()
    assert not OURS & {*dataset}
