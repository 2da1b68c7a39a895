"""Policies on paper: tables, a published book written by hand, and what they score."""

import copy
from pathlib import Path

import numpy as np
import yaml

from proteus.market.book.codes import BUY, SELL
from proteus.market.incentives.models import Incentives
from proteus.market.incentives.scores import sample
from proteus.market.incentives.state import allocate_incentives
from proteus.market.incentives.tables import make_table

NANO, S = 10**9, 10**9
CONF = Path(__file__).parents[4] / "conf" / "incentives"
NAMES = sorted(path.stem for path in CONF.glob("*.yaml"))

TWO_SIDED = {
    "name": "two_sided_quadratic", "max_spread": 0.03, "min_lots": 1, "one_side_divisor": 3,
    "lowest_mid": 0.1, "highest_mid": 0.9,
}  # fmt: skip
DEPTH = {
    "name": "discounted_depth", "target_lots": 1000, "discount": 0.5, "step": 0.01,
    "skip_from": 0.99,
}  # fmt: skip
UPTIME = {"name": "uptime", "max_spread": 0.03, "min_lots": 5}
VOLUME = {"name": "volume", "role": "both", "lowest_price": 0.03, "highest_price": 0.97}
RESPONSE = {"name": "response", "within_ms": 50, "max_spread": 0.03, "min_lots": 5}
MISSED = {"name": "missed_uptime", "max_spread": 0.03, "min_lots": 5, "required_share": 0.5}
MESSAGES = {"name": "message_ratio", "most_per_fill": 10}
GRID = {"every_ms": 1000, "at": "grid"}
BOOKLESS = ("volume", "response", "message_ratio")


def reward(score, **keys):
    """A policy that pays one currency an epoch, as a person would write it."""
    made = {
        "kind": "reward", "traders": "all", "epoch_s": 5,
        "sampling": None if score["name"] in BOOKLESS else GRID,
        "score": score, "pool": {"source": "issuer", "currency": 20}, "per_epoch": 1.0,
        "halving_s": None, "most_per_lot": None,
    }  # fmt: skip
    return copy.deepcopy(made | keys)


def penalty(measure, charge, **keys):
    made = {
        "kind": "penalty", "traders": "all", "epoch_s": 5,
        "sampling": None if measure["name"] in BOOKLESS else GRID,
        "measure": measure, "charge": charge,
    }  # fmt: skip
    return copy.deepcopy(made | keys)


def incentives(**policies):
    return Incentives.model_validate({"policies": policies})


def from_yaml(name):
    text = (CONF / f"{name}.yaml").read_text()
    return Incentives.model_validate(yaml.safe_load(text))


def state_of(policies, traders=4, makers=2, tick=0.01, horizon_s=20, orders=64, lanes=1):
    """The state of some lanes; the first of the traders are makers."""
    is_maker = np.arange(traders) < makers
    tick_nano = round(tick * NANO)
    table = make_table(policies, horizon_s * S, tick_nano, is_maker)
    return allocate_incentives(table, lanes, orders)


def stand(state, rows, lane=0):
    """Write (trader, side, ticks, lots) as the published book of a lane, best prices first."""

    def behind(row):
        return row[1], -row[2] if row[1] == BUY else row[2]

    standing = state.standing
    standing.count[lane] = len(rows)
    for number, row in enumerate(sorted(rows, key=behind)):
        for column, value in zip((standing.trader, standing.side, standing.price, standing.lots),
                                 row, strict=True):  # fmt: skip
            column[lane, number] = value


def scores(policies, rows, **sizes):
    """What each trader scores in one sample of a book, under the first of the policies."""
    state = state_of(policies, **sizes)
    stand(state, rows)
    sample(state, 0, 0)
    return state.score[0, 0].tolist()


def mirrored(rows, n_ticks=100):
    """The same book with sides exchanged and prices reflected."""
    return [(trader, SELL if side == BUY else BUY, n_ticks - price, lots)
            for trader, side, price, lots in rows]  # fmt: skip
