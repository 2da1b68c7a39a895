"""What of an environment contradicts other parts of a cell, each with the sentence that says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from proteus.basics import units
from proteus.market.environment.channels import (
    BlocksConfig,
    CongestionConfig,
    Environment,
    OracleConfig,
    Routing,
)

LARGEST_INDEX = 2**32  # slots, blocks and checks with draws of their own
LEAST_SLOTS = 2  # that the life of a request or quote must exceed


class Rule(NamedTuple):
    """One requirement: the key, its value, whether it holds, and what is allowed."""

    key: str
    value: Any
    holds: bool
    allowed: str


class Around(NamedTuple):
    """What the rules need to know of the rest of a cell."""

    horizon_ns: int
    messages_per_s: float  # that traders send, as far as it is known beforehand
    lives_ms: dict[str, float]  # key to the life of what ends by itself at the venue
    reader: str = ""  # a group that reads the mempool
    shows_base_fee: bool = False  # of the next block, to traders
    shows_waiting: bool = False  # waiting orders, to those who read them
    table: str = "execution.leakage"  # the key of the leakage table
    leads_ms: Mapping[str, float] = MappingProxyType({})  # of groups that look before slots end

    @property
    def by_requests(self) -> bool:
        """Tell whether traders send requests: those end by themselves."""
        return bool(self.lives_ms)


def contradictions(environment: Environment, routing: Routing, around: Around) -> Iterator[Rule]:
    """List the rules of a cell's environment, those that hold and those that do not."""
    yield from _route(environment, routing, around)
    yield from _shown(environment, routing, around)
    yield from _before_slots(environment.blocks, around)
    if environment.oracle is not None:
        yield from _oracle(environment.oracle, around)
    if environment.blocks is not None:
        yield from _blocks(environment.blocks, around)
        if routing.route == "blocks":
            yield from _capacity(environment.blocks, routing, around)
    if environment.congestion is not None:
        yield from _congestion(environment.congestion, routing)


def _route(environment: Environment, routing: Routing, around: Around) -> Iterator[Rule]:
    by_blocks = routing.route == "blocks"
    has_blocks = environment.blocks is not None
    yield Rule(
        "execution.route", routing.route, has_blocks or not by_blocks,
        "direct without environment.blocks",
    )  # fmt: skip
    for key, unused in (("capacity", None), ("tips", "none"), ("max_fee", None)):
        value = getattr(routing, key)
        allowed = (
            f"{_written(unused)} when execution.route={routing.route}: no block takes messages"
        )
        yield Rule(f"execution.{key}", value, by_blocks or value == unused, allowed)
    yield Rule(
        "execution.max_fee", routing.max_fee,
        environment.congestion is not None or routing.max_fee is None,
        "null without environment.congestion: there is no base fee",
    )  # fmt: skip
    for key, tips in (("tip", "fixed"), ("tip_share", "edge_share")):
        value = getattr(routing, key)
        yield Rule(
            f"execution.{key}", value, routing.tips != tips or value > 0,
            f"above 0 when execution.tips={tips}",
        )  # fmt: skip
    shown = environment.mempool is not None
    yield Rule(
        "environment.mempool", "given" if shown else "null", by_blocks or not shown,
        f"null when execution.route={routing.route}: no message waits",
    )  # fmt: skip
    yield Rule(
        "environment.mempool", "given" if shown else "null", around.reader != "" or not shown,
        "null where nobody reads it: policy.reads_mempool of a group of snipers is false",
    )  # fmt: skip
    is_read = environment.mempool is not None and routing.tips == "edge_share"
    yield Rule(
        f"population.{around.reader}.policy.reads_mempool", "true", is_read or around.reader == "",
        "false without environment.mempool and execution.tips=edge_share, by which it outbids",
    )  # fmt: skip
    yield Rule(
        f"population.{around.reader}.policy.reads_mempool", "true",
        not around.by_requests or around.reader == "",
        "false where traders send requests, which do not compete",
    )  # fmt: skip


def _shown(environment: Environment, routing: Routing, around: Around) -> Iterator[Rule]:
    """List the rules of what the leakage table shows of an environment."""
    is_paid = environment.congestion is not None and routing.route == "blocks"
    yield Rule(
        f"{around.table}.block.base_fee", "public", is_paid or not around.shows_base_fee,
        "hidden without environment.congestion and execution.route=blocks: nobody pays one",
    )  # fmt: skip
    yield Rule(
        f"{around.table}.waiting.orders", "public",
        environment.mempool is not None or not around.shows_waiting,
        "hidden without environment.mempool: no message is shown",
    )  # fmt: skip
    yield Rule(
        f"{around.table}.waiting.orders", "hidden",
        environment.mempool is None or around.shows_waiting,
        "public with environment.mempool: who reads it must be shown it",
    )  # fmt: skip


def _before_slots(blocks: BlocksConfig | None, around: Around) -> Iterator[Rule]:
    for name, lead_ms in around.leads_ms.items():
        has_slots = blocks is not None and blocks.law == "slots"
        yield Rule(
            f"population.{name}.schedule.law", "before_slots", has_slots,
            "periodic, poisson, once or none where environment.blocks has no slots",
        )  # fmt: skip
        if blocks is not None:
            yield Rule(
                f"population.{name}.schedule.lead_ms", lead_ms, lead_ms < blocks.interval_ms,
                f"less than environment.blocks.interval_ms={blocks.interval_ms}",
            )  # fmt: skip


def _written(value: Any) -> str:
    return "null" if value is None else str(value)


def _oracle(oracle: OracleConfig, around: Around) -> Iterator[Rule]:
    horizon = f"less than horizon_s={around.horizon_ns / units.NS_PER_S:g}"
    for key, value, time_ns in (
        ("check_ms", oracle.check_ms, oracle.check_ns), ("lag_ms", oracle.lag_ms, oracle.lag_ns),
    ):  # fmt: skip
        yield Rule(f"environment.oracle.{key}", value, time_ns < around.horizon_ns, horizon)
    yield Rule(
        "environment.oracle.check_ms", oracle.check_ms,
        around.horizon_ns // oracle.check_ns < LARGEST_INDEX,
        f"large enough for fewer than {LARGEST_INDEX} checks up to horizon_s",
    )  # fmt: skip


def _blocks(blocks: BlocksConfig, around: Around) -> Iterator[Rule]:
    key, value = "environment.blocks.interval_ms", blocks.interval_ms
    horizon = f"less than horizon_s={around.horizon_ns / units.NS_PER_S:g}"
    yield Rule(key, value, blocks.interval_ns < around.horizon_ns, horizon)
    fewest = around.horizon_ns / blocks.interval_ns
    allowed = f"large enough for fewer than {LARGEST_INDEX} slots up to horizon_s"
    yield Rule(key, value, fewest < LARGEST_INDEX / 2, allowed)


def _capacity(blocks: BlocksConfig, routing: Routing, around: Around) -> Iterator[Rule]:
    a_block = around.messages_per_s * blocks.mean_gap_ms / 1000
    if routing.capacity is not None:
        yield Rule(
            "execution.capacity", routing.capacity, routing.capacity >= a_block,
            f"at least {a_block:.4g}, the messages that come in one block",
        )  # fmt: skip
    for key, life_ms in around.lives_ms.items():
        yield Rule(
            key, life_ms, life_ms > LEAST_SLOTS * blocks.interval_ms,
            f"more than {LEAST_SLOTS} times environment.blocks.interval_ms={blocks.interval_ms}"
            " when execution.route=blocks: nobody could accept in time",
        )  # fmt: skip


def _congestion(congestion: CongestionConfig, routing: Routing) -> Iterator[Rule]:
    yield Rule(
        "environment.congestion.message_gas", congestion.message_gas,
        congestion.message_gas == 0 or routing.route == "blocks",
        f"0 when execution.route={routing.route}: messages are in no block",
    )  # fmt: skip
    fee = routing.max_fee
    yield Rule(
        "execution.max_fee", fee, fee is None or fee >= congestion.base_fee,
        f"at least environment.congestion.base_fee={congestion.base_fee}, that of the first block",
    )  # fmt: skip
