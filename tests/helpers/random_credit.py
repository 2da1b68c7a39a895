"""Random credit in small busy markets: who borrows does so to the limit, and often fails."""

from __future__ import annotations

from random import Random

from tests.helpers.random_cells import Tree, default, random_group, random_surrounded_tree
from tests.helpers.settling import BLOCKS, DELAYED

SECONDS = 0.5
STRATEGIES = ("informed", "informed", "sniper", "noise", "maker")


def random_lent(chooser: Random, mechanism: str, keeper: str | None = None) -> Tree:
    """Draw a cell with a pool, traders who borrow, lenders, and who liquidates (None: draw it)."""
    tree = random_surrounded_tree(chooser, mechanism) | {"horizon_s": SECONDS}
    if chooser.random() < 0.6:  # nothing that waits for blocks
        tree["environment"] |= dict.fromkeys(("blocks", "congestion", "mempool"))
        for key in ("route", "capacity", "tip", "tips", "tip_share", "max_fee"):
            tree["execution"].pop(key, None)
        tree["population"] = {
            name: random_group(chooser, group["kind"])
            for name, group in tree["population"].items()
        }  # fmt: skip
        tree["execution"]["leakage"][mechanism]["waiting"]["orders"] = "hidden"
    else:
        tree["execution"]["capacity"] = None  # who is added here sends more
    tree["latent"]["jump_rate_per_s"] = 10
    let_trade(tree, mechanism)
    population: Tree = tree["population"]
    population["violet"] = borrower(chooser, "informed")
    if chooser.random() < 0.4:
        population["yellow"] = borrower(chooser, chooser.choice(STRATEGIES))
    population["white"] = of_credit(chooser, "lender", chooser.randint(1, 2))
    population["white"]["policy"]["deposit"] = chooser.choice((2, 10, 20))
    keeper = keeper or chooser.choice(("auto", "traders"))
    if keeper == "auto":
        population["black"] = of_credit(chooser, "treasury", 1)
    else:
        population["black"] = of_credit(chooser, "liquidator", chooser.randint(1, 3))
        population["black"]["policy"] |= {
            "slope": chooser.choice((0, 0.0005, 0.003)), "memory": chooser.choice((0, 0.2, 1)),
            "margin": chooser.choice((0, 0, 0.002)), "tip_share": None,
        }  # fmt: skip
    population["black"]["policy"]["max_lots"] = chooser.choice((1, 4, 10))
    has_oracle = tree["environment"]["oracle"] is not None
    tree["credit"] = random_credit(chooser, keeper, has_oracle)
    if chooser.random() < 0.3:
        tree["costs"] = default("costs/gas") | {"base_fee": 0.0005, "tip": 0}
    population["white"]["policy"]["reservation_rate"] = tree["credit"]["base"]  # just enough
    bids = keeper == "traders" and tree["execution"].get("tips") == "edge_share"
    if bids and chooser.random() < 0.7:
        population["black"]["policy"]["tip_share"] = chooser.choice((0, 0.3, 1))
    return tree


def settle_later(chooser: Random, tree: Tree) -> Tree:
    """Let fills be final later than they happen: after a while, in cycles, or by blocks."""
    if chooser.random() < 0.6:
        key, other = chooser.choice((("delay_ms", "cycle_ms"), ("cycle_ms", "delay_ms")))
        tree["settlement"] = DELAYED | {
            key: chooser.choice((5, 20, 60)), other: None, "retries": chooser.randint(0, 2),
            "netting": chooser.choice(("gross", "net")), "fail_penalty_ppm": 50_000,
        }  # fmt: skip
    else:
        finality = chooser.randint(1, 4)
        tree["settlement"] = BLOCKS | {
            "finality_blocks": finality, "fork_probability": chooser.choice((0, 0.1, 0.4)),
            "fork_depth": chooser.randint(1, finality),
        }  # fmt: skip
        if tree["environment"]["blocks"] is None:
            tree["environment"]["blocks"] = {"law": "slots", "interval_ms": 13, "missed": 0.0}
    for group in tree["population"].values():
        if "capital" in group.get("risk", {}):
            group["risk"]["capital"]["counts"] = chooser.choice(("economic", "settled"))
    return tree


def let_trade(tree: Tree, mechanism: str) -> None:
    """Let markets trade that are slow otherwise: nobody borrows against nothing."""
    for group in tree["population"].values():
        if group["kind"] == "maker":
            group["policy"] |= {"half_spread": 0.005, "quote_lots": 5, "inventory_limit_lots": 100}
    if mechanism == "rfq":
        rules = tree["mechanism"]
        rules |= {"response_probability": 1.0, "least_share": 0.0, "dealers": 3}
        rules["request_ttl_ms"] = max(rules["request_ttl_ms"], 200)
        rules["quote_ttl_ms"] = max(rules["quote_ttl_ms"], 50)
        rules["response"] = {"law": "constant", "base_ms": 1, "spread_ms": 0, "shape": 0}
    else:
        tree["delta"] = min(tree["delta"], 50)


def borrower(chooser: Random, kind: str) -> Tree:
    """Draw a busy group that borrows; with much in its chain or little."""
    group = random_group(chooser, kind)
    if kind == "informed":
        group["policy"] |= {"theta": 0, "latency_risk": 0, "lots_per_edge": 200, "max_lots": 10}
        group["signal"] |= {"noise_sd": 0.05}
    capital = default("risk/capital")
    capital["capital"]["on_limit"] = chooser.choice(("clip", "clip", "drop"))
    if chooser.random() < 0.3:
        capital |= default("risk/exposure_per_side")
        capital["exposure_per_side"]["lots"] = chooser.choice((3, 15))
    if chooser.random() < 0.3:
        capital |= default("risk/leverage")
        capital["leverage"]["most"] = chooser.choice((1.5, 4))
    return group | {
        "risk": capital, "capital": chooser.choice((1, 3, 5)), "count": chooser.randint(1, 4),
        "target_leverage": chooser.choice((1.5, 3, 10)), "accounts": "one",
        "schedule": group["schedule"] | {"law": "poisson", "rate_per_s": 40, "jitter": 0},
    }  # fmt: skip


def of_credit(chooser: Random, kind: str, count: int) -> Tree:
    """Draw lenders, liquidators, or the desk of the treasury."""
    group = default(f"trader/{kind}") | {"count": count}
    del group["defaults"]
    latency = random_group(chooser, "noise")["latency"]
    group |= {"latency": latency, "knows_costs": chooser.random() < 0.7}
    group["schedule"] |= {"law": chooser.choice(("periodic", "poisson")), "rate_per_s": 40}
    if kind == "liquidator":
        group |= {"risk": default("risk/capital"), "capital": chooser.choice((1, 5, 20))}
    return group


def random_credit(chooser: Random, keeper: str, has_oracle: bool) -> Tree:
    """Draw the keys of a pool; a short year, so that interest makes debts fail as well."""
    threshold = chooser.choice((0.65, 0.8, 0.9))
    bonus = chooser.choice((0, 0.02, 0.08))
    if threshold * (1 + bonus) >= 1:
        bonus = 0.02
    return default("credit/pool") | {
        "curve": chooser.choice(("fixed", "kinked", "kinked")),
        "base": chooser.choice((0, 0.5, 3)),
        "slope_1": chooser.choice((0.04, 1)),
        "slope_2": chooser.choice((0.6, 4)),
        "kink": chooser.choice((0.05, 0.3, 0.8)),
        "normalised": chooser.random() < 0.5,
        "accrual": chooser.choice(("simple", "compound_taylor3", "exact")),
        "accrue_ms": chooser.choice((7, 20, 50)),
        "year_s": chooser.choice((0.5, 2, 200)),
        "reserve_factor": chooser.choice((0, 0.1, 0.333333)),
        "price": chooser.choice(("reference", "oracle")) if has_oracle else "reference",
        "ltv": round(threshold - chooser.choice((0.01, 0.01, 0.15)), 9),
        "threshold": threshold,
        "keeper": keeper,
        "bonus": bonus,
        "bonus_least": chooser.choice((0, 0.001, 0.02)),
        "policy": chooser.choice(("full", "close_factor", "target_health")),
        "close_factor": chooser.choice((0.3, 0.5)),
        "close_health": chooser.choice((0.8, 0.98)),
        "target": chooser.choice((1.05, 1.3)),
        "protocol_share": chooser.choice((0, 0.3)),
        "dust": chooser.choice((0, 0.2)),
    }  # fmt: skip
