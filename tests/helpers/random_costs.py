"""Random costs for small busy markets: every model, rounding, minimum, tier and change over time.

Rates are so high that traders feel them and so low that they still trade; minimum, balances and
tiers are of the size of what a short lane trades.
"""

from __future__ import annotations

from random import Random

from tests.helpers.random_cells import Tree, random_tree

BASES = ("notional", "smaller_leg", "risk_notional", "binary_quadratic")


def random_charged(chooser: Random, mechanism: str) -> Tree:
    """Draw a configuration of one cell with costs, of traders who know them or not."""
    tree = random_tree(chooser, mechanism)
    tree["costs"] = random_costs(chooser, list(tree["population"]))
    for group in tree["population"].values():
        group["knows_costs"] = chooser.random() < 0.7
        if group["kind"] == "noise":
            group["policy"]["reservation_scale"] = chooser.choice((None, 0.002, 0.02))
    return by_blocks(tree) if any(part.get("tip") for part in parts_of(tree["costs"])) else tree


def parts_of(costs: Tree) -> list[Tree]:
    """List the models that are added up."""
    parts: list[Tree] = costs["parts"] if costs["model"] == "parts" else [costs]
    return parts


def by_blocks(tree: Tree) -> Tree:
    """Let messages go by short blocks, which alone take tips."""
    blocks = {"law": "slots", "interval_ms": 5, "missed": 0.0}
    alone = dict.fromkeys(("oracle", "congestion", "mempool"))
    way = {
        "route": "blocks", "capacity": None, "tips": "none", "tip": 0.0005, "tip_share": 0.5,
        "max_fee": None,
    }  # fmt: skip
    mechanism = dict(tree["mechanism"])
    for key in ("request_ttl_ms", "quote_ttl_ms"):
        if key in mechanism:  # what ends before an answer can come is refused
            mechanism[key] += 2 * blocks["interval_ms"] + 1
    return tree | {
        "environment": {"blocks": blocks, **alone}, "execution": tree["execution"] | way,
        "mechanism": mechanism,
    }  # fmt: skip


def without_tips(parts: list[Tree]) -> list[Tree]:
    """Return the same parts, of which none has a tip."""
    return [part | {"tip": 0} if part["model"] == "gas" else part for part in parts]


def random_costs(chooser: Random, groups: list[str]) -> Tree:
    """Draw one model, or several as parts."""
    if chooser.random() < 0.25:
        return random_part(chooser, groups, {})
    # Parts share the window and what was traded before.
    shared = {
        "window_s": chooser.choice((None, 0.2)),
        "start_volume": chooser.choice(([], [[groups[0], 5]])),
    }
    count = chooser.randint(3, 5)
    parts = [random_part(chooser, groups, shared) for _ in range(count)]
    return {"model": "parts", "parts": parts, "scale": chooser.choice((1, 0.5, [[0, 1], [0.2, 2]]))}


def random_part(chooser: Random, groups: list[str], shared: Tree) -> Tree:
    """Draw a model with its common keys."""
    model = chooser.choice((*BASES, "tiered", "surplus", "gas"))
    rounding = chooser.choice(("against_payer", "floor", "ceil", "half_up", "half_even"))
    common = {
        "model": model,
        "rounding": rounding,
        "round_to": chooser.choice((None, 0.0001, 0.01)),
        "scale": changing(chooser, 1, 0.25),
    }
    if model == "gas":
        return common | {
            "base_fee": changing(chooser, 0.001, 0.0003), "tip": chooser.choice((0, 0.0002)),
            "cancel_units": chooser.choice((0, 1, 2.5)), "quote_units": chooser.choice((1, 0.5)),
            "accept_units": chooser.choice((0, 3)), "confirm_units": chooser.choice((1, 2)),
        }  # fmt: skip
    common["minimum"] = chooser.choice((0, 0, 0.004))
    if model == "surplus":
        shares = {f"{role}_share": chooser.choice((0, 0.3, 0.5)) for role in ("taker", "maker")}
        return common | shares | {"cap_ppm": chooser.choice((5000, 1_000_000))}
    if model == "tiered":
        return common | shared | random_tiers(chooser, chooser.choice(BASES))
    if model == "binary_quadratic":
        return common | {
            "taker_rate": changing(chooser, 0.07, -0.01),
            "maker_rate": chooser.choice((0, 0.0175, -0.01)),
            "maker_rebate_share": chooser.choice((0, 0.25)), "exponent": chooser.choice((1, 1, 2)),
            "balance_to": chooser.choice((None, 0.01, 0.01)),
            "balance_rebate": chooser.choice((None, 0.01)),
        }  # fmt: skip
    rates = {f"{role}_ppm": random_ppm(chooser) for role in ("taker", "maker")}
    if model == "notional":
        rates["maker_per_lot"] = chooser.choice((0, -0.002, 0.001))
    return common | rates


def random_tiers(chooser: Random, base: str) -> Tree:
    """Draw tiers that a busy trader climbs within a second."""
    unit = 1e-6 if base == "binary_quadratic" else 1
    tiers = [
        {
            "volume": volume,
            "share_ppm": share if number else 0,
            "maker_share_ppm": chooser.choice((0, 200_000)) if number else 0,
            "taker": random_ppm(chooser) * unit,
            "maker": random_ppm(chooser) * unit,
        }
        for number, (volume, share) in enumerate(((0, 0), (2, 100_000), (8, 300_000)))
    ]
    for tier in tiers:
        tier["taker"], tier["maker"] = (round(tier[role], 9) for role in ("taker", "maker"))
    return {"base": base, "tiers": tiers}


def random_ppm(chooser: Random) -> int:
    """Draw a rate; below 0: a rebate."""
    return chooser.choice((0, 500, 3000, 20_000, -2000))


def changing(chooser: Random, one: float, other: float) -> object:
    """A number, or one that changes in the middle of the lane."""
    return chooser.choice((one, one, [[0, one], [0.25, other]]))
