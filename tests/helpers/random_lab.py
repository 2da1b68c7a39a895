"""Random makers of the laboratory, in the markets of ``random_cells``."""

from __future__ import annotations

from random import Random

from tests.helpers.random_cells import Tree, default, random_group, random_oracle, random_tree

FILTERS = ("tape", "tape_only", "ewma", "kalman")  # of prints and signals
OF_BOOKS = ("microprice", "imbalance")
RULES = ("linear", "fixed", "avellaneda_stoikov", "glft", "cartea_jaimungal")


def random_lab(chooser: Random, mechanism: str, rule: str, seen: str | None = None) -> Tree:
    """Draw a configuration of one cell whose makers have parts, with one quoting rule.

    Parameters
        seen: the filter of all of them; None: any of prints and signals.
    """
    tree = random_tree(chooser, mechanism)
    for group in tree["population"].values():
        if group["kind"] == "maker":
            ordinary = group["policy"]
            group["kind"] = "lab_maker"
            group["policy"] = {
                "filter": random_filter(chooser, ordinary, seen),
                "quoting": random_rule(chooser, rule, ordinary),
                "min_half_spread": chooser.choice((0, 0, 0.02)),
                "max_half_spread": chooser.choice((0.04, 0.3)),
                "not_ready": chooser.choice(("nothing", "widest")),
                **{key: ordinary[key] for key in (
                    "quote_lots", "inventory_limit_lots", "at_limit", "widen_by",
                )},
            }  # fmt: skip
    return tree


def random_surroundings(chooser: Random, tree: Tree, seen: str) -> Tree:
    """Give a market what a filter reads of it, and an ordinary maker beside it."""
    mechanism = tree["mechanism"]["name"]
    tree["population"]["white"] = random_group(chooser, "maker")
    if seen == "oracle":
        channels = {"oracle": random_oracle(chooser)}
        tree["environment"] = {"blocks": None, "congestion": None, "mempool": None, **channels}
    else:
        book = tree["execution"]["leakage"][mechanism]["book"]
        book |= {"best_bid": "public", "best_ask": "public", "size": "public"}
    return tree


def random_filter(chooser: Random, ordinary: Tree, seen: str | None = None) -> Tree:
    """Draw a filter; the tape has the gains of an ordinary maker."""
    drawn = default(f"filter/{seen or chooser.choice(FILTERS)}")
    drawn |= {key: ordinary[key] for key in drawn if key in ordinary}
    if drawn["name"] == "ewma":
        drawn |= {
            "gain": chooser.choice((0.1, 0.5, 1)),
            "convention": chooser.choice(("recursive", "corrected")),
        }
    if drawn["name"] == "kalman":
        drawn |= {
            "process_variance": chooser.choice((0, 0.1, 2)),
            "start_variance": chooser.choice((0.01, 1)),
            "trade_sd": chooser.choice((0.01, 0.1)),
        }
    return drawn


def random_rule(chooser: Random, name: str, ordinary: Tree) -> Tree:
    """Draw the numbers of a rule."""
    drawn = default(f"quoting/{name}")
    drawn |= {key: ordinary[key] for key in drawn if key in ordinary}
    if "closing_s" in drawn:
        drawn["closing_s"] = chooser.choice((0.4, 1, 5))
    if "volatility" in drawn:
        drawn |= {
            "risk_aversion": chooser.choice((0, 0.05, 1, 5)),
            "volatility": chooser.choice(("fixed", "estimated")),
            "fills": chooser.choice(("given", "fitted")),
            # No quote is at the end of a class: there rounding alone would choose between two.
            "least_fills": chooser.choice((1, 3)), "distance_class": 0.0113,
            "fill_rate_per_s": chooser.choice((5, 50)),
        }  # fmt: skip
    if name == "cartea_jaimungal":
        drawn |= {"levels": chooser.choice((1, 3)), "running_penalty": chooser.choice((0, 0.05))}
    return drawn
