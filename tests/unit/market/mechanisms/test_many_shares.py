"""A level of many orders is shared by largest remainders, as plain Python does it."""

import random

import pytest

import proteus
from proteus.market.mechanisms import allocation

pytestmark = pytest.mark.nojit

ORDERS = 300


def largest_remainders(lots, volume):
    """Each order's lots by its size, rounded down, and one more each by remainder, then by id."""
    total = sum(lots)
    shares = [volume * each // total for each in lots]
    order = sorted(range(len(lots)), key=lambda at: (-(volume * lots[at] % total), at))
    for at in order[: volume - sum(shares)]:
        shares[at] += 1
    return shares


@pytest.mark.parametrize("rounds", [allocation._MOST_ROUNDS, 0], ids=["selected", "sorted"])
@pytest.mark.parametrize("lots", ["few sizes", "all sizes", "one size"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.97])
def test_what_rounding_left_goes_by_largest_remainder(monkeypatch, rounds, lots, share):
    monkeypatch.setattr(allocation, "_MOST_ROUNDS", rounds)  # without the JIT
    draw = random.Random(3)
    most = {"few sizes": 19, "all sizes": 10**6, "one size": 1}[lots]
    sizes = [draw.randint(1, most) for _ in range(ORDERS)]
    ids = draw.sample(range(1, 10**6), ORDERS)
    volume = int(sum(sizes) * share)
    rows = [
        {"kind": "limit", "order_id": each, "side": "sell", "price_ticks": 50, "quantity": size}
        for each, size in zip(ids, sizes, strict=True)
    ]
    rows.append({"kind": "limit", "order_id": 10**7, "side": "buy", "price_ticks": 50,
                 "quantity": volume})  # fmt: skip
    found = proteus.replay(rows, "fba", allocation="pro_rata")
    filled = found.fills.groupby("sell_order_id")["quantity"].sum()
    by_id = sorted(zip(ids, sizes, strict=True))
    wanted = largest_remainders([size for _, size in by_id], volume)
    assert [int(filled.get(each, 0)) for each, _ in by_id] == wanted
