"""Who pays whom: what the fills and all other entries of recorded lanes move between parties.

A fill at P moves (P - v_T) a lot from its buyer to its seller, v_T the fair value at the end. In a
clear nobody trades with anybody in particular: what a party buys at a price is bought from all who
sell at it, in proportion to their lots. Other entries say themselves who pays and who receives.
What a party receives less what it pays is its PnL.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from proteus.basics.units import NANO
from proteus.studies.recorded import CLAIMS, Recorded, value_at_end

Matrix = NDArray[np.float64]


def transfers(lanes: Recorded, parties: Sequence[str]) -> Matrix:
    """Return what each party pays each other one.

    Parameters
        parties: classes of traders, and accounts of nobody.

    Returns
        float64 [n, P, P] currency, [seed, payer, receiver]; a pair has its net payment in one of
        the two places, and 0 in the other.
    """
    values = value_at_end(lanes)
    gross = np.zeros((len(lanes.seeds), len(parties), len(parties)))
    _add_fills(gross, lanes, parties, values)
    _add_entries(gross, lanes, parties, values)
    net = (gross - gross.transpose(0, 2, 1)) / NANO
    return np.asarray(np.maximum(net, 0.0))


def _add_fills(
    gross: Matrix, lanes: Recorded, parties: Sequence[str], values: dict[int, int]
) -> None:
    fills = lanes.fills
    if fills.empty:
        return
    number = {name: place for place, name in enumerate(parties)}
    of_trader = np.array([number[role] for role in lanes.roles])
    seed_place = {seed: place for place, seed in enumerate(lanes.seeds)}
    table = pd.DataFrame({
        "seed": fills["seed"].map(seed_place).to_numpy(),
        "meeting": _meetings(lanes),
        "buyer": of_trader[fills["buyer"].to_numpy(dtype=int)],
        "seller": of_trader[fills["seller"].to_numpy(dtype=int)],
        "lots": fills["quantity"].to_numpy(dtype=float),
        "worth": fills["price_ticks"].to_numpy(dtype=float) * lanes.plan.cells[0].tick_nano
        - fills["seed"].map(values).to_numpy(dtype=float),
    })  # fmt: skip
    bought = table.groupby(["meeting", "buyer"], as_index=False)["lots"].sum()
    sold = table.groupby(["meeting", "seller"], as_index=False)["lots"].sum()
    about = table.groupby("meeting").agg(
        seed=("seed", "first"), worth=("worth", "first"), volume=("lots", "sum")
    )
    met = bought.merge(sold, on="meeting", suffixes=("_bought", "_sold"))
    met = met.join(about, on="meeting")
    amount = met["lots_bought"] * met["lots_sold"] / met["volume"] * met["worth"]
    np.add.at(gross, (met["seed"], met["buyer"], met["seller"]), amount)


def _meetings(lanes: Recorded) -> NDArray[np.int64]:
    """Number what was traded at one price in one event, and in one auction where there are two."""
    fills = lanes.fills
    keys = ["seed", "event", "price_ticks"]
    if lanes.plan.cells[0].mechanism.name == "dual_flow":  # buyers are makers in one auction only
        fills = fills.assign(side=fills["maker_order_id"] == fills["buy_order_id"])
        keys.append("side")
    return np.asarray(fills.groupby(keys).ngroup(), dtype=np.int64)


def _add_entries(
    gross: Matrix, lanes: Recorded, parties: Sequence[str], values: dict[int, int]
) -> None:
    party = {name: place for place, name in enumerate(parties)}
    party |= {name: party[role] for name, role in zip(lanes.names, lanes.roles, strict=True)}
    place = {seed: at for at, seed in enumerate(lanes.seeds)}
    rows = lanes.ledger[~lanes.ledger["code"].isin((*CLAIMS, "fill", "payoff"))]
    for row in rows.to_dict("records"):
        worth = 1 if row["asset"] == "cash" else values[int(row["seed"])]
        at = place[int(row["seed"])], party[str(row["giver"])], party[str(row["receiver"])]
        gross[at] += int(row["amount"]) * worth
