"""Who pays whom, against accounts and by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from proteus.compiler.jit import JIT_DISABLED
from proteus.studies import ab, recorded
from proteus.studies.recorded import Recorded
from proteus.studies.transfers import transfers

PARTIES = ["maker", "informed", "noise", "sniper", "venue", "network", "proposer", "pool", "stakes"]
QUICK = ["horizon_s=2", "record.warmup_s=0", "metrics.tau_ms=500"]


@pytest.mark.parametrize("words", [
    ["mechanism=clob", "costs=kalshi"],
    ["mechanism=fba", "costs=notional", "incentives=maker_rebate",
     "incentives.policies.rebate.epoch_s=1"],
])  # fmt: skip
def test_what_a_party_receives_less_what_it_pays_is_its_pnl(words):
    lanes = recorded.record([*words, *QUICK], 3, 4)
    paid = transfers(lanes, PARTIES)
    assert paid.sum() > 0
    assert (np.minimum(paid, paid.transpose(0, 2, 1)) == 0).all()  # net, in one place of two
    won = paid.sum(axis=1) - paid.sum(axis=2)
    for place, name in enumerate(PARTIES[:4]):
        own = lanes.pnl[:, [role == name for role in lanes.roles]].sum(axis=1) / 1e9
        np.testing.assert_allclose(won[:, place], own, atol=1e-8)


def by_hand(mechanism, rows):
    """Two makers and two noise traders; the value at the end is 0.5, a tick 0.01."""
    cell = SimpleNamespace(tick_nano=10**7, mechanism=SimpleNamespace(name=mechanism))
    columns = ["event", "buyer", "seller", "price_ticks", "quantity", "maker_order_id",
               "buy_order_id"]  # fmt: skip
    fills = pd.DataFrame(rows, columns=columns).assign(seed=0)
    names = ["maker0", "maker1", "noise0", "noise1"]
    pnl = np.zeros((1, 4), dtype=np.int64)
    entries = []
    for event, buyer, seller, price, lots, *_ in rows:
        pnl[0, buyer] += lots * (50 - price) * 10**7
        pnl[0, seller] -= lots * (50 - price) * 10**7
        entries.append((0, event, "fill", "contract", names[seller], names[buyer], lots))
        entries.append(
            (0, event, "fill", "cash", names[buyer], names[seller], lots * price * 10**7)
        )
    ledger = pd.DataFrame(
        entries, columns=["seed", "cause", "code", "asset", "giver", "receiver", "amount"]
    )
    plan = SimpleNamespace(cells=[cell])
    roles = ["maker", "maker", "noise", "noise"]
    return Recorded(plan, pd.DataFrame(), fills, ledger, [0], names, roles, pnl)


def test_in_a_clear_all_who_sell_sell_to_all_who_buy():
    """At 0.6: makers buy 3, noise 1; makers sell 2, noise 2. Each buyer gets half from each side.

    Makers buy 1.5 from noise and sell it 0.5: they pay (1.5 - 0.5) x 0.1. How the fills were
    paired does not matter.
    """
    for pairs in (
        [(7, 0, 1, 60, 2, 1, 1), (7, 1, 2, 60, 1, 1, 1), (7, 3, 2, 60, 1, 1, 2)],
        [(7, 0, 2, 60, 2, 1, 1), (7, 1, 1, 60, 1, 1, 1), (7, 3, 0, 60, 1, 1, 2)],
    ):
        paid = transfers(by_hand("fba", pairs), ["maker", "noise"])[0]
        np.testing.assert_allclose(paid, [[0, 0.1], [0, 0]], atol=1e-12)


def test_the_two_auctions_of_a_dual_flow_clear_are_not_mixed():
    """Makers buy 2 at 0.6 from noise in one auction; a sniper buys 2 at 0.6 from them in the other.

    Nothing is traded between noise and the sniper, as a batch of all would have it.
    """
    pairs = [(7, 0, 2, 60, 2, 11, 11), (7, 3, 1, 60, 2, 12, 13)]
    roles = ["maker", "maker", "noise", "sniper"]
    lanes = by_hand("dual_flow", pairs)._replace(roles=roles)
    paid = transfers(lanes, ["maker", "noise", "sniper"])[0]
    np.testing.assert_allclose(paid, [[0, 0.2, 0], [0, 0, 0], [0.2, 0, 0]], atol=1e-12)
    mixed = by_hand("fba", pairs)._replace(roles=roles)
    assert transfers(mixed, ["maker", "noise", "sniper"])[0, 2, 1] > 0


@pytest.mark.nojit
@pytest.mark.skipif(not JIT_DISABLED, reason="its loop takes minutes to compile")
def test_lenders_and_what_lending_leaves_are_parties_too():
    """What is lent and paid back is nobody's gain, the interest is; all parties sum to zero."""
    words = [
        "mechanism=clob", "horizon_s=1", "seeds.count=1", "record.warmup_s=0",
        "metrics.tau_ms=300", "credit=pool", "+trader@population.lender=lender",
        "population.informed.capital=5", "+risk@population.informed.risk=capital",
        "population.informed.target_leverage=3", "population.noise.count=2,4",
    ]  # fmt: skip
    experiment = ab.run(words)
    won = experiment.before.won
    assert {"lender", "treasury", "lending", "dust"} < {*won.names}
    assert (won.total[:, won.names.index("lender")] > 0).any()
    lanes = recorded.record(experiment.before.words, 0, 1)
    paid = transfers(lanes, won.names)
    np.testing.assert_allclose(paid.sum(axis=1) - paid.sum(axis=2), won.total / 1e9, atol=1e-8)
