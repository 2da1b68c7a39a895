"""Random configurations: every mechanism, trader, law and policy, in small busy markets.

A configuration is a plain tree as ``conf/`` composes it. The chooser is a ``random.Random``, or one
of hypothesis. Groups are few and prices near each other, so that orders meet; constant latencies
and equal delays are frequent, so that messages and wake-ups fall on the same nanosecond.
"""

from __future__ import annotations

from random import Random
from typing import Any

import yaml

from proteus.configuration.locate import conf_folder

Tree = dict[str, Any]

SELF_TRADE = ("none", "cancel_newest", "cancel_oldest", "cancel_both", "decrement")
RULES: dict[str, Tree] = {
    "clob": {"allocation": ("time", "pro_rata", "pro_rata_fifo")},
    "fba": {
        "price_rule": ("midpoint", "reference", "lower", "upper", "t7"),
        "allocation": ("time", "pro_rata", "pro_rata_fifo", "earlier_batches_first", "random"),
        "random_close": (0.0, 0.0, 0.3, 1.0),
    },
    "dual_flow": {
        "price_rule": ("midpoint", "reference", "lower", "upper", "takers", "t7"),
        "allocation": ("pro_rata", "random"),
        "random_close": (0.0, 0.0, 0.3, 1.0),
    },
    "rfq": {
        "dealers": (1, 2, 3, 9),
        "request_ttl_ms": (5, 50, 200, 200, 1000),
        "quote_ttl_ms": (0.000001, 10, 20, 50, 50, 400),
        "decision_ms": (0, 5, 10, 30),
        "response_probability": (0.0, 0.5, 1.0, 1.0, 1.0, 1.0),
        "shows_side": (True, False),
        "shows_size": (True, False),
        "tie": ("time", "size", "random"),
        "least_share": (0.0, 0.0, 0.5, 1.0),
        "last_look": (False, True),
        "hold_ms": (0, 20, 100),
        "tolerance": (0.0, 0.0, 0.01),
    },
}
KINDS = ("maker", "maker", "noise", "noise", "informed", "sniper")
NAMES = ("red", "blue", "green", "grey")


def random_tree(chooser: Random, mechanism: str) -> Tree:
    """Draw a configuration of one cell."""
    kinds = ["maker", "noise"] + [chooser.choice(KINDS) for _ in range(chooser.randint(0, 2))]
    return {
        "mechanism": {
            "name": mechanism,
            **random_policies(chooser, mechanism),
        },
        "latent": random_latent(chooser),
        "population": {
            name: random_group(chooser, kind) for name, kind in zip(NAMES, kinds, strict=False)
        },
        "execution": {
            # Dealers quote wider than a book: with little protection no request would trade.
            "protection_ticks": chooser.choice((5, 20) if mechanism == "rfq" else (0, 1, 5, 20)),
            "leakage": {mechanism: random_table(chooser, mechanism)},
        },
        "record": default("record/default") | {"warmup_s": chooser.choice((0, 0.1))},
        "delta": chooser.choice((5, 20, 50, 50, 99.999999, 200)),
        "horizon_s": chooser.choice((0.5, 0.8, 1.2)),
        "contract": {
            "tick": chooser.choice((0.005, 0.01, 0.01, 0.02, 0.05)),
            "initial_probability": chooser.choice((0.1, 0.5, 0.5, 0.5, 0.9)),
        },
        "metrics": {
            "tau_ms": 300, "horizons_ms": [0, 100], "elapsed_ms": [50, 100],
            "volatility_grid_ms": 250, "depth_ticks": 5,
        },
    }  # fmt: skip


def random_surrounded_tree(chooser: Random, mechanism: str) -> Tree:
    """Draw a configuration of one cell with an environment, mostly with messages by blocks."""
    tree = random_tree(chooser, mechanism)
    blocks = random_blocks(chooser)
    congestion = random_congestion(chooser) if chooser.random() < 0.6 else None
    tree["environment"] = {
        "oracle": random_oracle(chooser) if chooser.random() < 0.8 else None,
        "blocks": blocks,
        "congestion": congestion,
        "mempool": None,
    }
    if chooser.random() < 0.25:
        if congestion:
            congestion["message_gas"] = 0
        return tree
    tree["execution"] |= {
        "route": "blocks", "capacity": None, "tip": 0.0005,
        "tips": chooser.choice(("none", "fixed", "edge_share", "edge_share")),
        "tip_share": chooser.choice((0.1, 0.5, 1.0)),
        "max_fee": chooser.choice((None, 0.0006)) if congestion else None,
    }  # fmt: skip
    snipers = [group for group in tree["population"].values() if group["kind"] == "sniper"]
    if snipers and mechanism != "rfq" and tree["execution"]["tips"] == "edge_share":
        snipers[0]["policy"]["reads_mempool"] = True
        tree["environment"]["mempool"] = {"visible": chooser.choice((0.5, 1.0))}
        tree["execution"]["leakage"][mechanism]["waiting"]["orders"] = "public"
    if mechanism == "rfq":  # a request that ends before its quotes can come is refused
        for key in ("request_ttl_ms", "quote_ttl_ms"):
            tree["mechanism"][key] += 2 * blocks["interval_ms"] + 1
    has_slots = blocks["law"] == "slots" and blocks["interval_ms"] >= 25
    if has_slots and chooser.random() < 0.5:  # a group looks before they end
        group = chooser.choice([*tree["population"].values()])
        group["schedule"] |= {
            "law": "before_slots", "rate_per_s": 0, "jitter": 0, "cluster_probability": 0,
            "lead_ms": chooser.choice((1, 20)),
        }  # fmt: skip
    sends = sum(
        group["count"] * (group["schedule"]["rate_per_s"] or _slots_per_s(group, blocks))
        for group in tree["population"].values()
        if group["kind"] in ("maker", "noise")
    )
    least = sends * blocks["interval_ms"] / 1000 / (1 - blocks["missed"])
    tree["execution"]["capacity"] = chooser.choice((None, int(least) + 1))
    return tree


def _slots_per_s(group: Tree, blocks: Tree) -> float:
    before_slots = group["schedule"]["law"] == "before_slots"
    return 1000 / blocks["interval_ms"] if before_slots else 0.0


def random_blocks(chooser: Random) -> Tree:
    """Draw when blocks are made; short slots let several fall on a wake-up or a clear."""
    law = chooser.choice(("slots", "slots", "poisson"))
    missed = chooser.choice((0.0, 0.3)) if law == "slots" else 0.0
    return {"law": law, "interval_ms": chooser.choice((5, 10, 25, 50)), "missed": missed}


def random_congestion(chooser: Random) -> Tree:
    """Draw demand for gas; tiny base fees and limits make every rounding count."""
    drawn = {
        "base_fee": chooser.choice((0.0005, 0.00000001)),
        "gas_limit": chooser.choice((30_000_000, 7)), "elasticity": chooser.choice((2, 3)),
        "denominator": 8, "demand": "exogenous", "demand_mean": 1.0,
        "demand_spread": chooser.choice((0.5, 1.0)), "highest_value": None,
        "message_gas": chooser.choice((0, 1)),
    }  # fmt: skip
    if chooser.random() < 0.5:
        drawn |= {"demand": "elastic", "demand_mean": 2.0}
        drawn["highest_value"] = chooser.choice((0.001, 0.0004))
    return drawn


def random_oracle(chooser: Random) -> Tree:
    """Draw an oracle; checks and lags meet blocks and clears in the same nanosecond."""
    source = chooser.choice(("public", "public", "twap", "value"))
    check_ms = chooser.choice((5, 10, 20))
    return {
        "source": source,
        "window_ms": check_ms * chooser.choice((1, 4)) if source == "twap" else None,
        "noise_sd": chooser.choice((0.0, 0.02)) if source == "value" else 0.0,
        "check_ms": check_ms,
        "deviation": chooser.choice((0.0, 0.01, 0.02, None)),
        "deviation_in": chooser.choice(("absolute", "relative", "log_odds")),
        "heartbeat_s": chooser.choice((0.05, 0.1, 0.2)),
        "lag_ms": chooser.choice((0, 5, 20, 33)),
    }


def random_policies(chooser: Random, mechanism: str) -> Tree:
    """Draw the keys of a mechanism."""
    drawn: Tree = {}
    if mechanism == "rfq":
        drawn["response"] = random_latency(chooser)
    else:
        drawn["self_trade"] = chooser.choice(SELF_TRADE)
    return drawn | {key: chooser.choice(values) for key, values in RULES[mechanism].items()}


def default(name: str) -> Tree:
    """The keys of a file of ``conf/``."""
    tree: Tree = yaml.safe_load((conf_folder() / f"{name}.yaml").read_text())
    return tree


def random_table(chooser: Random, mechanism: str) -> Tree:
    """Draw who is shown what: half of the tables show everything at once."""
    table = default(f"execution/leakage/{mechanism}")
    if chooser.random() < 0.5:
        return table
    if mechanism == "rfq":
        table["cover"]["price"] = chooser.choice(("winner", "hidden"))
        printed = table["trade"]
        printed["price"] = chooser.choice(("public", "asked", "parties", "hidden"))
        if printed["price"] != "hidden":
            printed["delay_ms"] = chooser.choice((0, 0, 5, 60))
        return table
    book, printed = table["book"], table["trade" if mechanism == "clob" else "batch_clear"]
    book["best_bid"] = chooser.choice(("public", "public", "hidden"))
    book["best_ask"] = chooser.choice(("public", "public", "hidden"))
    printed["price"] = chooser.choice(("public", "parties", "hidden"))
    if "public" in (book["best_bid"], book["best_ask"]):
        book["delay_ms"] = chooser.choice((0, 0, 5, 60))
    if printed["price"] != "hidden":
        printed["delay_ms"] = chooser.choice((0, 0, 5, 60))
    return table


def random_latent(chooser: Random) -> Tree:
    """Draw the news: quiet, busy, jumping, in both models."""
    common = {
        "dt": chooser.choice((5, 10, 25)),
        "jump_rate_per_s": chooser.choice((0, 0.2, 3, 10, 10)),
    }
    if chooser.random() < 0.6:
        common |= {"total_variance": chooser.choice((0, 1.0, 4.0)), "sigma": None}
        return {"model": "bayesian", "jump_accuracy": chooser.choice((0.5, 0.8, 0.95)), **common}
    jumps = [{"weight": 0.5, "mean": mean, "sd": 0.2} for mean in (0.8, -0.8)]
    common |= {"total_variance": None, "sigma": chooser.choice((0, 0.5, 1.0)), "jumps": jumps}
    kappa = chooser.choice((0, 0.5, 3.0))
    return {"model": "log_odds", "mean_reversion_per_s": kappa, **common}


def random_group(chooser: Random, kind: str) -> Tree:
    """Draw a group of one to three traders."""
    needs_signal = kind in ("informed", "sniper")
    sees = needs_signal or (kind == "maker" and chooser.random() < 0.7)
    signal = {
        "delay_ms": chooser.choice((0, 1, 1, 10)),
        "noise_sd": chooser.choice((0, 0.01, 0.05)),
        "look_ms": chooser.choice((5, 50)),
    }
    legs = ("submission", "acknowledgement", "fill_report", "market_data")
    alike = random_latency(chooser) if chooser.random() < 0.5 else None
    count, schedule = chooser.randint(1, 3), random_schedule(chooser, kind)
    latency = {leg: alike or random_latency(chooser) for leg in legs}
    if schedule["on_fill"]:  # two who requote as soon as they trade could trade for ever
        told = latency["fill_report"]
        latency["fill_report"] = told | {"base_ms": max(told["base_ms"], 1)}
    return {
        "kind": kind,
        "count": count,
        "schedule": schedule,
        "signal": signal if sees else None,
        "latency": latency,
        "policy": POLICIES[kind](chooser),
        # By what was drawn already: a draw of its own would make all later cells others.
        "accounts": "per_intent" if schedule["rate_per_s"] in (10, 30) else "one",
    }


def random_schedule(chooser: Random, kind: str) -> Tree:
    """Draw when a trader wakes up; some only do when something happens.

    Noise that also trades whenever it trades would never end.
    """
    law = chooser.choice(("periodic", "poisson", "poisson", "none"))
    clusters = law == "poisson" and chooser.random() < 0.4
    return {
        "law": law,
        "rate_per_s": 0 if law == "none" else chooser.choice((10, 30, 60)),
        "jitter": chooser.choice((0, 0.2, 0.9)) if law == "periodic" else 0,
        "cluster_probability": chooser.choice((0.3, 0.8)) if clusters else 0,
        "cluster_gap_ms": chooser.choice((0.000001, 2)),
        "on_news": chooser.random() < 0.5,
        "on_fill": kind != "noise" and chooser.random() < 0.4,
    }


def random_latency(chooser: Random) -> Tree:
    """Draw a law; short and constant ones let things happen in the same nanosecond."""
    law = chooser.choice(("constant", "constant", "uniform", "shifted_exponential", "lognormal"))
    return {
        "law": law,
        "base_ms": chooser.choice((0, 0, 1, 1, 7)),
        "spread_ms": 0 if law == "constant" else chooser.choice((0, 0.000002, 3, 20)),
        "shape": chooser.choice((0.5, 1.5)) if law == "lognormal" else 0,
    }


def random_maker(chooser: Random) -> Tree:
    """Draw a maker; tight limits and strong skews make it pull, widen and replace."""
    limit = chooser.choice((5, 12, 100))
    return {
        "half_spread": chooser.choice((0.0, 0.01, 0.02)),
        "inventory_slope": chooser.choice((0.0, 0.001)),
        "skew": chooser.choice((0.0, 0.0004, 0.005)),
        "volatility_weight": chooser.choice((0.0, 0.5)),
        "adverse_selection_weight": chooser.choice((0.0, 0.5)),
        "volatility_decay": 0.1,
        "adverse_selection_decay": chooser.choice((0.05, 1.0)),
        "adverse_selection_horizon_ms": chooser.choice((0, 30, 200)),
        "belief_gain_trade": chooser.choice((0.0, 0.1, 0.5)),
        "belief_gain_fill": chooser.choice((0.0, 0.3, 1.0)),
        "belief_gain_signal": chooser.choice((0.0, 0.5, 1.0)),
        "quote_lots": chooser.choice((1, 5)),
        "inventory_limit_lots": limit,
        "at_limit": chooser.choice(("pull", "widen")),
        "widen_by": chooser.choice((0.0, 0.03)),
    }


def random_noise(chooser: Random) -> Tree:
    """Draw a noise trader; negative offsets cross the spread."""
    low = chooser.choice((-4, -1, 0))
    return {
        "marketable_probability": chooser.choice((0, 0.3, 0.6, 1)),
        "size_mean_lots": chooser.choice((1, 3)),
        "max_lots": chooser.choice((3, 20)),
        "offset_low_ticks": low,
        "offset_high_ticks": low + chooser.choice((0, 2, 6)),
        "lifetime_ms": chooser.choice((5, 100, 2000)),
    }


def random_informed(chooser: Random) -> Tree:
    """Draw an informed trader."""
    return {
        "theta": chooser.choice((0.0, 0.01)),
        "latency_risk": chooser.choice((0.0, 0.1)),
        "lots_per_edge": chooser.choice((0, 100)),
        "max_lots": chooser.choice((1, 10)),
    }


def random_sniper(chooser: Random) -> Tree:
    """Draw a sniper."""
    return {
        "theta": chooser.choice((0.0, 0.02)),
        "latency_risk": chooser.choice((0.0, 0.1)),
        "lots": chooser.choice((1, 6)),
    }


POLICIES = {
    "maker": random_maker,
    "noise": random_noise,
    "informed": random_informed,
    "sniper": random_sniper,
}
