"""Random incentives for a random cell: every score, measure and charge, in short epochs."""

from __future__ import annotations

from random import Random

from tests.helpers.random_cells import Tree

NAMES = ("amber", "basalt", "coral")


def random_incentives(chooser: Random, tree: Tree) -> Tree:
    """Draw one to three policies that fit a cell of ``random_tree``, and makers that react."""
    is_rfq = tree["mechanism"]["name"] == "rfq"
    tick = tree["contract"]["tick"]
    policies = {}
    for name in NAMES[: chooser.randint(1, 3)]:
        policies[name] = random_policy(chooser, is_rfq, tick)
        if tree["mechanism"]["name"] in ("rfq", "dual_flow"):
            _give_a_role(policies[name])
    for group in tree["population"].values():
        if group["kind"] == "maker":
            group["policy"] |= {
                "knows_rewards": chooser.random() < 0.8,
                "reward_pass": chooser.choice((0.0, 0.5, 1.0)),
                "reward_decay": chooser.choice((0.0, 0.3, 1.0)),
            }
            group["capital"] = chooser.choice((None, None, 0.5, 30))
    return {"policies": policies}


def _give_a_role(policy: Tree) -> None:
    """Let who takes part have the role that a policy rewards, where classes have them."""
    others = {"makers": "taker", "takers": "maker"}
    if policy.get("score", {}).get("role") == others.get(policy["traders"], ""):
        policy["score"]["role"] = "both"


def random_policy(chooser: Random, is_rfq: bool, tick: float) -> Tree:
    """Draw a policy; stakes are below every capital."""
    members = chooser.choice(("makers", "makers", "takers", "all"))
    epoch = {"epoch_s": chooser.choice((0.05, 0.1, 0.1, 0.2)), "traders": members}
    sampling = {
        "every_ms": chooser.choice((5, 12.5, 25, 50)), "at": chooser.choice(("grid", "instant"))
    }  # fmt: skip
    near = {
        "max_spread": round(tick * chooser.choice((0.5, 1, 3, 6)), 9),
        "min_lots": chooser.choice((1, 2, 5)),
    }
    if chooser.random() < 0.4:
        measure: Tree = {"name": "message_ratio", "most_per_fill": chooser.choice((0, 1, 5))}
        if not is_rfq and chooser.random() < 0.5:
            share = chooser.choice((0.2, 0.5, 1))
            measure = {"name": "missed_uptime", **near, "required_share": share}
        else:
            sampling = None  # type: ignore[assignment]
        charge: Tree = {"name": "fine", "amount": [[0, 0.003], [0.1, chooser.choice((0, 0.1))]]}
        if chooser.random() < 0.4:
            charge = {"name": "slash", "stake": 0.1, "share": chooser.choice((0, 0.07, 0.5, 1))}
        return {
            "kind": "penalty", "sampling": sampling, "measure": measure, "charge": charge, **epoch
        }  # fmt: skip
    score = random_score(chooser, is_rfq, tick, near)
    if score["name"] == "response":
        epoch["traders"] = "makers"
    reads_book = score["name"] not in ("volume", "response")
    return {
        "kind": "reward", "sampling": sampling if reads_book else None, "score": score,
        "pool": {"source": "issuer", "currency": chooser.choice((0, 0.4, 5))},
        "per_epoch": [[0, chooser.choice((0.3, 0.000000007))], [0.15, 0.2]],
        "halving_s": chooser.choice((None, None, 0.1)),
        "most_per_lot": chooser.choice((None, 0.01)) if score["name"] == "volume" else None,
        **epoch,
    }  # fmt: skip


def random_score(chooser: Random, is_rfq: bool, tick: float, near: Tree) -> Tree:
    """Draw a score; prices are whole ticks."""
    volume = {
        "name": "volume", "role": chooser.choice(("maker", "taker", "both")),
        "lowest_price": chooser.choice((0, 0.5)), "highest_price": 1,
    }  # fmt: skip
    if is_rfq:
        response = {"name": "response", "within_ms": chooser.choice((5, 30, 80)), **near}
        return chooser.choice((volume, response))
    return chooser.choice((
        volume,
        {"name": "two_sided_quadratic", "one_side_divisor": chooser.choice((1, 3)), **near,
         "lowest_mid": chooser.choice((0, 0.2)), "highest_mid": 0.8},
        {"name": "two_sided_quadratic", "one_side_divisor": 2, **near, "lowest_mid": 0,
         "highest_mid": 1},
        {"name": "discounted_depth", "target_lots": chooser.choice((1, 4, 12)),
         "discount": chooser.choice((0.5, 0.9, 1)), "step": chooser.choice((tick, 2 * tick)),
         "skip_from": chooser.choice((0.6, 0.9))},
        {"name": "uptime", **near},
    ))  # fmt: skip


def with_incentives(chooser: Random, tree: Tree) -> Tree:
    """Add incentives to a cell that has both makers and takers, as all random ones do."""
    return tree | {"incentives": random_incentives(chooser, tree)}
