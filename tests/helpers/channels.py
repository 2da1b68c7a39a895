"""Channels for tests: configurations with overrides."""

from __future__ import annotations

from typing import Any

from proteus.market.environment.channel_setup import (
    ChannelParameters,
    Surroundings,
    channel_parameters,
)
from proteus.market.environment.channels import (
    BlocksConfig,
    CongestionConfig,
    Environment,
    MempoolConfig,
    OracleConfig,
    Routing,
)

_ORACLE = {
    "source": "public", "window_ms": None, "noise_sd": 0.0, "check_ms": 50, "deviation": 0.01,
    "deviation_in": "absolute", "heartbeat_s": 2, "lag_ms": 250,
}  # fmt: skip
_BLOCKS = {"law": "slots", "interval_ms": 500, "missed": 0.0}
_CONGESTION = {
    "base_fee": 0.0005, "gas_limit": 30_000_000, "elasticity": 2, "denominator": 8,
    "demand": "exogenous", "demand_mean": 1.0, "demand_spread": 0.5, "highest_value": None,
    "message_gas": 0,
}  # fmt: skip
_ROUTING = {
    "route": "direct", "capacity": None, "tips": "none", "tip": 0.001, "tip_share": 0.5,
    "max_fee": None,
}  # fmt: skip


def oracle(**overrides: Any) -> OracleConfig:
    return OracleConfig(**_ORACLE | overrides)


def blocks(**overrides: Any) -> BlocksConfig:
    return BlocksConfig(**_BLOCKS | overrides)


def congestion(**overrides: Any) -> CongestionConfig:
    return CongestionConfig(**_CONGESTION | overrides)


def environment(**parts: Any) -> Environment:
    return Environment(**dict.fromkeys(("oracle", "blocks", "congestion", "mempool")) | parts)


def mempool(visible: float = 1.0) -> MempoolConfig:
    return MempoolConfig(visible=visible)


def routing(**overrides: Any) -> Routing:
    return Routing(**_ROUTING | overrides)


MARKET = Surroundings(
    tick_nano=10**6,
    initial_ticks=500,
    horizon_ns=20 * 10**9,
    warmup_ns=2 * 10**9,
    shows_base_fee=False,
)


def numbers_of(
    parts: Environment, way: Routing | None = None, market: Surroundings = MARKET
) -> ChannelParameters:
    return channel_parameters(parts, way or routing(), market)
