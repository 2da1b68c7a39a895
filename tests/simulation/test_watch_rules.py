"""The page of a lane with rules: what it shows beside the trades is what the log says."""

from pathlib import Path

import numpy as np
import pytest

import proteus
from proteus.basics.units import NANO
from proteus.pages.lane import lane_page
from proteus.recording import watched_rules
from proteus.recording.watched import read_lane
from proteus.sweep import main as sweep
from tests.helpers.browser import PHONE, is_wider_than_its_window, opened
from tests.helpers.browser import chromium as chromium
from tests.helpers.recorded import WORDS
from tests.helpers.recorded import near_barriers as near_barriers

RULES = [
    "environment=chain", "environment.blocks.interval_ms=150", "environment.oracle.deviation=0.005",
    "environment.oracle.lag_ms=120", "execution.route=blocks",
    "costs=parts", "costs.parts=[{model: binary_quadratic, maker_rate: -0.004}, {model: gas}]",
    "settlement=blocks", "settlement.finality_blocks=2", "settlement.fork_depth=2",
    "settlement.fork_probability=0.3", "incentives=polymarket",
    "incentives.policies.liquidity.epoch_s=0.5",
    "incentives.policies.liquidity.sampling.every_ms=100",
    "incentives.policies.liquidity.score.max_spread=0.2",
]  # fmt: skip
FAILS = ["settlement=t_plus", "settlement.delay_ms=100", "population.noise.capital=0.5"]
PANELS = ["blocks, messages", "base fee", "fees and gas", "value not final", "policies"]


def recorded(folder: Path, *words: str) -> Path:
    """Record one lane of the batch auction."""
    short = [word for word in WORDS if not word.startswith("mechanism")]
    more = ["mechanism=fba", "seeds.count=1", "record.events=all", f"output_dir={folder}"]
    assert sweep([*short, *words, *more]) == 0
    return folder


@pytest.fixture(scope="module")
def folder(near_barriers, tmp_path_factory):
    return recorded(tmp_path_factory.mktemp("rules") / "out", *RULES)


@pytest.fixture(scope="module")
def lane(folder):
    return read_lane(str(folder), "seed:0")


@pytest.fixture(scope="module")
def log(folder):
    return proteus.load_events(folder)


def test_postings_are_those_of_the_ledger(folder, lane):
    ledger = proteus.load_ledger(folder)
    for name, codes in (
        ("charges", {"fee", "rebate", "gas_burned", "gas_tip", "rounding"}),
        ("rewards", {"fund", "reward"}),
    ):
        found = getattr(watched_rules, name)(lane)
        wanted = ledger[ledger["code"].isin(codes)]
        assert found["amount"].sum() == wanted["amount"].sum() > 0
        assert found["time_ns"].tolist() == wanted["time_ns"].tolist()


def test_blocks_forks_and_reports_are_those_of_the_environment(folder, lane, log):
    environment = proteus.load_environment(folder)
    of = dict([*environment.groupby("channel", observed=True)])
    blocks, reports = watched_rules.blocks(lane), watched_rules.reports(lane)
    assert blocks["time_ns"].tolist() == of["blocks"]["time_ns"].tolist()
    forks = log[log.kind == "environment_fork"]
    assert len(forks) > 0
    assert blocks["dropped"].sum() == forks["depth"].sum()
    assert set(blocks["time_ns"][blocks["dropped"] > 0]) == set(forks["time_ns"])
    assert reports["time_ns"].tolist() == of["oracle"]["time_ns"].tolist()
    assert set(reports["arrives_ns"] - reports["time_ns"]) == {120_000_000}


def test_what_is_not_final_is_what_the_log_adds_up_to(lane, log):
    pending = watched_rules.pending(lane)
    waits: dict[int, int] = {}
    for kind, time, fill, amount in log[["kind", "time_ns", "fill", "amount"]].itertuples(index=0):
        if kind == "settlement_pending":
            waits[fill] = amount
        elif kind in ("settlement_final", "settlement_reverted"):
            del waits[fill]
        else:
            continue
        at = np.searchsorted(pending["time_ns"], time, side="right") - 1
        last = log[(log.time_ns == time) & log.kind.astype(str).str.startswith("settlement")]
        if fill == last.iloc[-1].fill and kind == last.iloc[-1].kind:
            assert pending["value"][at] == sum(waits.values())
    assert pending["value"].max() > 0 == pending["value"][-1]


def test_fills_that_fail_are_told_and_end(near_barriers, tmp_path):
    folder = recorded(tmp_path / "out", *FAILS)
    lane, log = read_lane(str(folder), "seed:0"), proteus.load_events(folder)
    fates = watched_rules.settlements(lane)["fate"]
    failed = log[log.kind == "settlement_failed"].reason.astype(str)
    for name in ("again", "closed_out"):
        count = (fates == watched_rules.FATES.index(name)).sum()
        assert count == (failed == name).sum() > 0
    assert watched_rules.pending(lane)["value"][-1] == 0


def test_the_page_has_a_panel_for_each_rule_and_tells_of_what_is_under_the_mouse(
    lane, log, tmp_path, chromium
):
    path = tmp_path / "lane.html"
    path.write_text(lane_page(lane, 0.0, 1.5))
    fork = log[log.kind == "environment_fork"].iloc[0]
    reverted = log[log.kind == "settlement_reverted"].iloc[0]
    gas = log[log.code == "gas_burned"].iloc[0]
    reward = log[log.code == "reward"].iloc[0]
    report = log[log.kind == "environment_report"].iloc[0]
    with opened(chromium, path) as browser:
        page = browser.page
        titles = page.evaluate("rulePanels.map((one) => one.title)")
        assert [any(title.startswith(name) for title in titles) for name in PANELS] == [True] * 5
        for panel, row, words in (
            (0, fork, [f"block {fork.version}:", f"fork: drops {fork.depth} before it"]),
            (2, gas, ["gas burned", "to network"]),
            (3, reverted, [f"fill {reverted.fill} is reverted: {reverted.lots} lots"]),
            (4, reward, [f"reward {reward.amount / NANO:.9f}".rstrip("0"), "pool to"]),
        ):
            told = tip_at(
                page, row.time_ns, f"(rulePanels[{panel}].top + rulePanels[{panel}].bottom) / 2"
            )
            assert f"{row.time_ns / 1e9:.6f} s" in told
            assert all(word in told for word in words), told
        told = tip_at(page, report.time_ns, f"plot.price({report.value_nano / NANO})")
        assert f"oracle report {report.version}:" in told or "fill:" in told  # a fill is nearer
        page.evaluate(f"show({fork.time_ns})")
        kinds = page.locator("#events td:nth-child(3)").all_inner_texts()
        sources = page.locator("#events td:nth-child(2)").all_inner_texts()
        assert set(sources) <= {"trader", "venue", "news", "rules"}
        assert len(kinds) == 12
        assert browser.complaints == browser.requests == []
    with opened(chromium, path, PHONE) as browser:
        assert not is_wider_than_its_window(browser.page)
        assert browser.complaints == []


def tip_at(page, time: int, y: str) -> str:
    """What is said where a time is drawn, at a height of the chart."""
    place = page.evaluate(f"[x({time}), {y}]")
    page.locator("#chart").hover(position={"x": place[0], "y": place[1]})
    return str(page.locator("#tip").inner_text())


def test_what_holds_now_of_the_rules_stands_in_the_table(lane, log, tmp_path, chromium):
    path = tmp_path / "lane.html"
    path.write_text(lane_page(lane))
    with opened(chromium, path) as browser:
        for time in (400_000_000, 1_100_000_000):
            browser.page.evaluate(f"show({time})")
            so_far = log[log.time_ns <= time]
            arrived = so_far[
                (so_far.kind == "environment_report") & (so_far.time_ns + 120_000_000 <= time)
            ]
            shown = {
                name: browser.page.locator(f"#now-{name}").inner_text()
                for name in ("oracle", "blocks", "base-fee", "charges", "pending")
            }
            blocks = so_far[so_far.kind == "environment_block"]
            assert shown["blocks"] == str(len(blocks))
            assert float(shown["base-fee"]) == blocks.iloc[-1].value_nano / NANO
            wanted = str(arrived.iloc[-1].value_nano / NANO) if len(arrived) else "none"
            assert shown["oracle"] == wanted
            paid = so_far[so_far.code.isin(["fee", "gas_burned", "gas_tip", "rounding"])]
            got = so_far[so_far.code == "rebate"]
            net = (paid.amount.sum() - got.amount.sum()) / NANO
            assert float(shown["charges"]) == pytest.approx(net, abs=1e-9)


CHAINED = [
    "population.noise.capital=3", "risk@population.noise.risk=[capital]",
    "risk@population.maker.risk=[order_size,inventory_limit]",
    "population.maker.risk.order_size.lots=3",
]  # fmt: skip


def test_what_constraints_cut_is_shown_with_its_reason(near_barriers, tmp_path, chromium):
    folder = recorded(tmp_path / "out", *CHAINED)
    log, lane = proteus.load_events(folder), read_lane(str(folder), "seed:0")
    cuts, found = log[log["kind"] == "constraint_cut"], watched_rules.cuts(lane)
    refused = log["reason"] == "no_funds"
    assert {"order_size", "capital"} <= set(cuts["reason"])
    assert (
        found["time_ns"].tolist() == log["time_ns"][cuts.index.union(log.index[refused])].tolist()
    )
    assert (found["refused"] == 0).sum() == len(cuts) > 0
    assert found["lots"][found["refused"] == 0].tolist() == cuts["lots"].tolist()
    path = tmp_path / "lane.html"
    path.write_text(lane_page(lane))
    with opened(chromium, path) as browser:
        titles = browser.page.evaluate("rulePanels.map((one) => one.title)")
        assert [title[:8] for title in titles] == ["lots cut"]
        browser.page.evaluate(f"show({lane.end_ns})")
        assert browser.page.locator("#now-cuts").inner_text() == str(len(cuts))
        first = int(cuts["time_ns"].iloc[0])
        told = " ".join(browser.page.evaluate(f"rulePanels[0].tell({first})"))
        assert cuts["reason"].iloc[0].replace("_", " ") in told
        assert browser.complaints == []


def test_intents_that_lack_gas_are_shown_apart(near_barriers, tmp_path, chromium):
    gas = ["costs=gas", "costs.base_fee=0.02"]
    folder = recorded(tmp_path / "out", *CHAINED[:2], *gas)
    log, lane = proteus.load_events(folder), read_lane(str(folder), "seed:0")
    cuts = log[log["kind"] == "constraint_cut"]
    lacking = cuts[cuts["reason"] == "no_gas"]
    assert 0 < len(lacking) < len(cuts)
    path = tmp_path / "lane.html"
    path.write_text(lane_page(lane))
    with opened(chromium, path) as browser:
        browser.page.evaluate(f"show({lane.end_ns})")
        assert browser.page.locator("#now-no-gas").inner_text() == str(len(lacking))
        assert browser.page.locator("#now-cuts").inner_text() == str(len(cuts) - len(lacking))
        told = " ".join(browser.page.evaluate(
            f"rulePanels.find((one) => one.title.startsWith('lots cut'))"
            f".tell({int(lacking['time_ns'].iloc[0])})"
        ))  # fmt: skip
        assert "no gas" in told
        assert browser.complaints == []


def test_a_lane_without_rules_has_none_of_it(near_barriers, tmp_path, chromium):
    lane = read_lane(str(recorded(tmp_path / "out")), "seed:0")
    for name in ("charges", "rewards", "blocks", "reports", "settlements", "pending", "cuts"):
        series = getattr(watched_rules, name)(lane)
        assert {len(column) for column in series.values()} == {0}
    path = tmp_path / "lane.html"
    path.write_text(lane_page(lane))
    with opened(chromium, path) as browser:
        assert browser.page.evaluate("rulePanels.length") == 0
        legend = browser.page.locator("#legend").inner_text()
        assert "oracle" not in legend
        assert "fees" not in legend
        assert browser.page.locator("#now-blocks").count() == 0
        assert browser.complaints == []
