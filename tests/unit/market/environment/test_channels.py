"""The configuration of channels: what is accepted, and in which words the rest is refused."""

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from proteus.configuration.compose import compose_words, hydra_session
from proteus.configuration.locate import conf_folder
from proteus.market.environment.channel_setup import allocate_channels
from proteus.market.environment.channels import Environment
from proteus.market.environment.contradictions import Around, contradictions
from proteus.market.environment.oracle import NO_DEVIATION
from tests.helpers.channels import (
    blocks,
    congestion,
    environment,
    mempool,
    numbers_of,
    oracle,
    routing,
)

pytestmark = pytest.mark.plain

S = 10**9
NOBODY = np.zeros(3, np.bool_)
SHOWN = {"shows_waiting": True}
AROUND = Around(horizon_ns=20 * S, messages_per_s=100.0, lives_ms={})
TWAP = {"source": "twap"}
ELASTIC = {"demand": "elastic", "demand_mean": 2.0, "highest_value": 0.001}


@pytest.mark.parametrize(
    ("make", "overrides", "key", "sentence"),
    [
        (oracle, {"source": "spot"}, "source", "Input should be 'public', 'twap' or 'value'"),
        (oracle, TWAP, "window_ms", "must be given"),
        (oracle, {"window_ms": 100}, "window_ms", "must be null when source=public"),
        (oracle, TWAP | {"window_ms": 120}, "window_ms", "must be 1 to 10000 times check_ms=50"),
        (oracle, TWAP | {"window_ms": 10**6}, "window_ms", "must be 1 to 10000 times check_ms=50"),
        (oracle, {"noise_sd": 0.1}, "noise_sd", "must be 0 when source=public"),
        (
            oracle, {"deviation": None, "heartbeat_s": None}, "deviation",
            "must be given where heartbeat_s is null: the oracle would never report",
        ),
        (
            oracle, {"deviation": 9.5, "deviation_in": "relative"}, "deviation",
            "must be at most 9 when deviation_in=relative",
        ),
        (
            oracle, {"deviation": 1e-10}, "deviation",
            "must be a multiple of 0.000000001, at most 4611686018",
        ),
        (oracle, {"lag_ms": 10**6}, "lag_ms", "must be at most 10000 times check_ms=50"),
        (blocks, {"missed": 1.0}, "missed", "must be at most 0.99"),
        (
            blocks, {"law": "poisson", "missed": 0.1}, "missed",
            "must be 0 when law=poisson, where there are no slots",
        ),
        (congestion, {"base_fee": 0.0}, "base_fee", "must be at least 0.000000001"),
        (
            congestion, {"gas_limit": 3, "elasticity": 4}, "elasticity",
            "must be at most gas_limit=3",
        ),
        (
            congestion, {"demand_mean": 0.4}, "demand_spread",
            "must be at most demand_mean=0.4: no demand is below 0",
        ),
        (
            congestion, {"demand_mean": 1.6}, "demand_mean",
            "must be at most elasticity=2 with demand_spread added",
        ),
        (
            congestion, {"highest_value": 0.1}, "highest_value",
            "must be null when demand=exogenous",
        ),
        (
            congestion, ELASTIC | {"highest_value": None}, "highest_value",
            "must be above 0 when demand=elastic",
        ),
        (
            congestion, ELASTIC | {"demand_mean": 1.0}, "demand_mean",
            "must be above 1 when demand=elastic: the base fee would go to nothing",
        ),
        (
            congestion, ELASTIC | {"demand_mean": 200.0}, "demand_mean",
            "must keep demand below 2147483648 units of gas",
        ),
        (
            environment, {"congestion": congestion()}, "congestion",
            "must be null without environment.blocks: a base fee is that of a block",
        ),
    ],
)  # fmt: skip
def test_what_contradicts_inside_a_channel(make, overrides, key, sentence):
    with pytest.raises(ValidationError) as caught:
        make(**overrides)
    (details,) = caught.value.errors()
    where = str(details.get("ctx", {}).get("key") or details["loc"][-1])
    assert (where, details["msg"]) == (key, sentence)


BY_BLOCKS = {"route": "blocks"}
CHAIN = {"blocks": blocks(), "congestion": congestion()}


@pytest.mark.parametrize(
    ("parts", "way", "around", "key", "allowed"),
    [
        ({}, BY_BLOCKS, {}, "execution.route", "direct without environment.blocks"),
        (
            CHAIN, {"tips": "fixed"}, {}, "execution.tips",
            "none when execution.route=direct: no block takes messages",
        ),
        (
            CHAIN, {"capacity": 100}, {}, "execution.capacity",
            "null when execution.route=direct: no block takes messages",
        ),
        (
            CHAIN, {"max_fee": 0.1}, {}, "execution.max_fee",
            "null when execution.route=direct: no block takes messages",
        ),
        (
            {"blocks": blocks()}, BY_BLOCKS | {"max_fee": 0.1}, {}, "execution.max_fee",
            "null without environment.congestion: there is no base fee",
        ),
        (
            CHAIN, BY_BLOCKS | {"max_fee": 0.0001}, {}, "execution.max_fee",
            "at least environment.congestion.base_fee=0.0005, that of the first block",
        ),
        (
            CHAIN, BY_BLOCKS | {"tips": "fixed", "tip": 0.0}, {}, "execution.tip",
            "above 0 when execution.tips=fixed",
        ),
        (
            CHAIN, BY_BLOCKS | {"tips": "edge_share", "tip_share": 0.0}, {}, "execution.tip_share",
            "above 0 when execution.tips=edge_share",
        ),
        (
            CHAIN | {"mempool": mempool()}, BY_BLOCKS, {}, "environment.mempool",
            "null where nobody reads it: policy.reads_mempool of a group of snipers is false",
        ),
        (
            CHAIN, BY_BLOCKS | {"tips": "edge_share"}, {"reader": "fast"},
            "population.fast.policy.reads_mempool",
            "false without environment.mempool and execution.tips=edge_share, by which it outbids",
        ),
        (
            CHAIN | {"mempool": mempool()}, BY_BLOCKS | {"tips": "edge_share"},
            {"reader": "fast", "lives_ms": {"mechanism.quote_ttl_ms": 2000}, **SHOWN},
            "population.fast.policy.reads_mempool",
            "false where traders send requests, which do not compete",
        ),
        (
            CHAIN | {"mempool": mempool()}, {}, {}, "environment.mempool",
            "null when execution.route=direct: no message waits",
        ),
        (
            CHAIN | {"mempool": mempool()}, BY_BLOCKS | {"tips": "edge_share"},
            {"reader": "fast", "table": "execution.leakage.clob"},
            "execution.leakage.clob.waiting.orders",
            "public with environment.mempool: who reads it must be shown it",
        ),
        (
            CHAIN, BY_BLOCKS, SHOWN, "execution.leakage.waiting.orders",
            "hidden without environment.mempool: no message is shown",
        ),
        (
            CHAIN, {}, {"shows_base_fee": True}, "execution.leakage.block.base_fee",
            "hidden without environment.congestion and execution.route=blocks: nobody pays one",
        ),
        (
            {"blocks": blocks(law="poisson")}, {}, {"leads_ms": {"maker": 5}},
            "population.maker.schedule.law",
            "periodic, poisson, once or none where environment.blocks has no slots",
        ),
        (
            {"blocks": blocks()}, {}, {"leads_ms": {"maker": 500}},
            "population.maker.schedule.lead_ms",
            "less than environment.blocks.interval_ms=500",
        ),
        (
            {"blocks": blocks(), "congestion": congestion(message_gas=1)}, {}, {},
            "environment.congestion.message_gas",
            "0 when execution.route=direct: messages are in no block",
        ),
        (
            CHAIN, BY_BLOCKS | {"capacity": 49}, {}, "execution.capacity",
            "at least 50, the messages that come in one block",
        ),
        (
            {"blocks": blocks(missed=0.5)}, BY_BLOCKS | {"capacity": 99}, {}, "execution.capacity",
            "at least 100, the messages that come in one block",
        ),
        (
            {"blocks": blocks()}, BY_BLOCKS, {"lives_ms": {"mechanism.quote_ttl_ms": 1000}},
            "mechanism.quote_ttl_ms",
            "more than 2 times environment.blocks.interval_ms=500 when execution.route=blocks:"
            " nobody could accept in time",
        ),
        (
            {"blocks": blocks(interval_ms=20_000)}, {}, {}, "environment.blocks.interval_ms",
            "less than horizon_s=20",
        ),
        (
            {"blocks": blocks(interval_ms=0.000001)}, {}, {}, "environment.blocks.interval_ms",
            "large enough for fewer than 4294967296 slots up to horizon_s",
        ),
        (
            {"oracle": oracle(check_ms=20_000, lag_ms=0)}, {}, {}, "environment.oracle.check_ms",
            "less than horizon_s=20",
        ),
        (
            {"oracle": oracle(lag_ms=20_000)}, {}, {}, "environment.oracle.lag_ms",
            "less than horizon_s=20",
        ),
        (
            {"oracle": oracle(check_ms=0.000001, lag_ms=0)}, {}, {},
            "environment.oracle.check_ms",
            "large enough for fewer than 4294967296 checks up to horizon_s",
        ),
    ],
)  # fmt: skip
def test_what_contradicts_the_rest_of_a_cell(parts, way, around, key, allowed):
    rules = contradictions(environment(**parts), routing(**way), AROUND._replace(**around))
    broken = [(rule.key, rule.allowed) for rule in rules if not rule.holds]
    assert broken[0] == (key, allowed)


@pytest.mark.parametrize(
    ("parts", "way", "around"),
    [
        ({}, {}, {}),
        ({"oracle": oracle()}, {}, {}),
        (CHAIN, BY_BLOCKS | {"capacity": 50, "tips": "fixed", "max_fee": 0.0005}, {}),
        (
            CHAIN | {"mempool": mempool()},
            BY_BLOCKS | {"tips": "edge_share"},
            {"reader": "sniper", **SHOWN},
        ),
        ({"blocks": blocks()}, BY_BLOCKS, {"lives_ms": {"mechanism.quote_ttl_ms": 1001}}),
        ({"blocks": blocks()}, {}, {"lives_ms": {"mechanism.quote_ttl_ms": 10}}),
        ({"blocks": blocks()}, {}, {"leads_ms": {"maker": 499}}),
        (CHAIN, BY_BLOCKS, {"shows_base_fee": True}),
    ],
)
def test_what_does_not_contradict(parts, way, around):
    rules = contradictions(environment(**parts), routing(**way), AROUND._replace(**around))
    assert [rule for rule in rules if not rule.holds] == []


def test_every_environment_of_conf_is_one():
    names = sorted(path.stem for path in (conf_folder() / "environment").glob("*.yaml"))
    oracles = ["oracle", "oracle_twap", "oracle_value"]
    assert names == ["blocks", "chain", "congestion", "mainnet", "none", *oracles]
    with hydra_session():
        trees = {name: compose_words([f"environment={name}"]).tree["environment"] for name in names}
    made = {name: Environment.model_validate(tree) for name, tree in trees.items()}
    assert {name: _given(each) for name, each in made.items()} == {
        "none": set(),
        **{name: {"oracle"} for name in oracles},
        "blocks": {"blocks"},
        "congestion": {"blocks", "congestion"},
        "mainnet": {"blocks", "congestion"},
        "chain": {"oracle", "blocks", "congestion"},
    }
    assert made["mainnet"].blocks.interval_ns == 12 * S


def _given(made):
    return {name for name in Environment.model_fields if getattr(made, name) is not None}


def test_every_channel_of_conf_is_one():
    """Each file is a channel of the kind that its name begins with."""
    kinds = {"oracle": "oracle", "slots": "blocks", "poisson": "blocks"}
    with hydra_session():
        for path in sorted((conf_folder() / "channel").glob("*.yaml")):
            kind = kinds.get(path.stem.partition("_")[0], path.stem.partition("_")[0])
            around = "oracle" if kind == "blocks" else "blocks"
            words = [f"environment={around}", f"+channel@environment.{kind}={path.stem}"]
            tree = compose_words(words).tree["environment"]
            made = getattr(Environment.model_validate(tree), kind)
            for key, value in yaml.safe_load(path.read_text()).items():
                assert key == "defaults" or getattr(made, key) == value, (path, key)


def test_what_the_market_moves_is_endogenous():
    assert environment(**CHAIN, oracle=oracle(source="value")).endogenous == set()
    moved = {"congestion": congestion(message_gas=1), "oracle": oracle()}
    assert environment(**CHAIN | moved).endogenous == {"congestion", "oracle"}


def test_numbers_of_the_kernels():
    parts = {"oracle": oracle(source="value", noise_sd=0.02), "mempool": mempool(0.25)}
    made = numbers_of(
        environment(**CHAIN | parts),
        routing(route="blocks", capacity=7, tips="edge_share", tip_share=0.1, max_fee=0.01),
    )
    assert made.oracle == (2, 0.02, 50_000_000, 250_000_000, 0, 10_000_000, 2 * S, 10**6)
    assert made.blocks == (0, 500_000_000, 0.0)
    assert made.congestion == (
        500_000, 30_000_000, 15_000_000, 8, 7_500_000, 22_500_000, 0, 0,
    )  # fmt: skip
    assert made.route == (1, 7, 2, 1_000_000, 100_000_000, 10_000_000, 0.25, 0)


def test_what_is_not_there_has_no_lanes():
    nothing, direct = environment(), routing()
    made = allocate_channels(nothing, direct, 4, NOBODY, 9, 5)
    rows = [made.oracle.issued, made.blocks.made, made.congestion.base_fee, made.mempool.waiting]
    assert [len(row) for row in rows] == [0, 0, 0, 0]
    assert numbers_of(nothing, direct).oracle.least == NO_DEVIATION
    whole = environment(oracle=oracle(), **CHAIN)
    made = allocate_channels(whole, routing(**BY_BLOCKS), 4, NOBODY, 9, 5 * 10**8)
    assert made.oracle.issued.tolist() == [5 * 10**8] * 4
    assert made.oracle.flying.shape == (4, 7)
    assert made.congestion.next_base_fee.tolist() == [500_000] * 4
    assert made.mempool.first.shape == (4, 3)
    assert made.mempool.tip.shape == (4, 9)
