"""Random messages to markets of loans, and what they are told of terms and wallets."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from proteus.market.lending.codes import ACCRUE, NOBODY
from proteus.market.loans.codes import NO_NUMBER
from proteus.market.loans.state import Message
from proteus.market.mechanisms.interface import NEVER
from proteus.replaying.lending.rates import TERMS, RateVenue
from proteus.replaying.lending.terms import read_terms

NANO = 10**9
WAD = 10**18
DEAR = 5_000  # the highest rate, in thousandths a year
WALLETS = {"ann": (10**14, 10**6), "bob": (10**11, 10**7), "cyn": (10**13, 10**7),
           "dan": (5 * 10**13, 0)}  # fmt: skip
NAMES = tuple(WALLETS)
MECHANISMS = ("rate_book", "rate_auction")
Row = dict[str, Any]


def random_terms(draw: random.Random, mechanism: str) -> Row:
    """Terms of either market, every keyword given."""
    terms = {
        "term_s": draw.choice((7, 100, 3_600)), "year_s": draw.choice((200, 31_536_000)),
        "payoff": NANO, "tick": NANO // 1_000, "ltv": WAD // 2, "threshold": 65 * WAD // 100,
        "bonus": 8 * WAD // 100, "bonus_least": NANO // 50, "close_factor": WAD // 2,
        "policy": draw.choice(("full", "close_factor", "target_health")),
        "close_health": 95 * WAD // 100, "target": 105 * WAD // 100,
        "protocol_share": draw.choice((0, WAD // 10)), "dust": draw.choice((0, 100 * NANO)),
        "price": draw.randrange(NANO), "short": draw.choice(((), ("bob",), NAMES)),
    }  # fmt: skip
    if mechanism == "rate_auction":
        terms |= {
            "interval_s": draw.choice((1, 5, 60)), "reference_permille": draw.randrange(1, 200),
            "price_rule": draw.choice(("midpoint", "reference", "lower", "upper", "t7")),
            "allocation": draw.choice(
                ("time", "pro_rata", "pro_rata_fifo", "earlier_batches_first")
            ),
        }  # fmt: skip
    return terms


def amount(draw: random.Random, most: int) -> int:
    """Tiny ones, round ones and all sizes between."""
    kind = draw.randrange(5)
    if kind == 0:
        return draw.randrange(4)
    return min(most, int(10 ** draw.uniform(0, 14))) if kind < 4 else draw.randrange(1, most)


def random_rows(draw: random.Random, count: int) -> Iterator[Row]:
    """Yield so many messages; squeezes in between, so that loans open and are liquidated."""
    time, waiting, orders = 0, list[Row](), list[tuple[int, Any]]()
    for number in range(count):
        time += draw.choice((0, 0, 0, 0, 1, 1, 3, 10, 130))
        if not waiting and draw.random() < 0.08:
            waiting = _squeeze(draw)
        row = waiting.pop(0) if waiting else _any(draw, number, time, orders)
        if row["kind"] in ("offer", "request"):
            orders.append((number, row["agent"]))
        yield {"time_s": time, **row}


def _squeeze(draw: random.Random) -> list[Row]:
    """Pledge, borrow near the limit of a price, perhaps spend it, and fall."""
    lots = draw.randrange(1, 5_000)
    rate = draw.choice((1, 50, 900))
    borrowed = max(1, int(lots * NANO * draw.uniform(0.3, 0.5)))
    rows: list[Row] = [
        {"kind": "price", "price": draw.choice((1, NANO - 1))},
        {"kind": "add_collateral", "agent": "bob", "amount": lots},
        {"kind": "offer", "agent": "dan", "amount": borrowed, "rate_permille": rate},
        {"kind": "request", "agent": "bob", "amount": borrowed, "rate_permille": rate},
        {"kind": "accrue"},
    ]  # fmt: skip
    if draw.random() < 0.5:
        rows.append({"kind": "offer", "agent": "bob", "amount": borrowed, "rate_permille": DEAR})
    rows.append(
        {"kind": "withdraw_collateral", "agent": "bob", "amount": draw.randrange(1, lots + 1)}
    )
    for _ in range(2):
        rows.append({"kind": "price", "price": draw.randrange(NANO)})
        rows.append({"kind": "liquidate", "agent": draw.choice(NAMES), "borrower": "bob",
                     "amount": draw.choice((1, lots // 2, 10**6))})  # fmt: skip
    return rows


def _any(draw: random.Random, number: int, time: int, orders: list[tuple[int, Any]]) -> Row:
    """Anything that anybody could send."""
    kind = draw.choices(
        ("offer", "request", "cancel", "repay", "add_collateral", "withdraw_collateral",
         "liquidate", "price", "accrue"), (6, 6, 2, 4, 3, 2, 2, 1, 2),
    )[0]  # fmt: skip
    row: Row = {"kind": kind}
    if kind == "price":
        return {**row, "price": draw.choice((0, NANO // 2, draw.randrange(NANO)))}
    if kind == "accrue":
        return row
    row["agent"] = draw.choice(NAMES[:3] if draw.random() < 0.7 else NAMES)
    if kind in ("offer", "request"):
        row |= {"amount": amount(draw, 10**14), "rate_permille": draw.choice((1, 40, 41, 50, 60))}
        if draw.random() < 0.5:
            row["expires_s"] = max(0, time + draw.randrange(-1, 30))
    elif kind == "cancel":
        row["order"] = draw.randrange(number + 1)
        if orders and draw.random() < 0.8:
            row["order"], row["agent"] = draw.choice(orders[-6:])
    elif kind == "repay":
        row |= {"all": True} if draw.random() < 0.3 else {"amount": amount(draw, 10**14)}
        if draw.random() < 0.4:
            row["loan"] = draw.randrange(max(number // 6, 1))
    else:
        row["amount"] = min(amount(draw, 10**6), 10**6)
        if kind == "liquidate":
            row["borrower"] = draw.choice(("bob", draw.choice(NAMES)))
    return row


def venue(mechanism: str, seed: int, orders: int) -> RateVenue:
    """A market of loans, as the door has it, with room for so many orders."""
    terms = random_terms(random.Random(seed), mechanism)
    return RateVenue(mechanism, read_terms("", TERMS[mechanism], terms), WALLETS, orders)


def told(mechanism: str, seed: int) -> tuple[Any, Any, Any, Any]:
    """What the kernel of a market of loans is given: terms, mechanism, market and a message."""
    made = venue(mechanism, seed, 8)
    numbers = (0, ACCRUE, NOBODY, 0, 0, NEVER, NO_NUMBER, NOBODY)
    return made.terms, made.mechanism, made.state, Message(*map(np.int64, numbers))
