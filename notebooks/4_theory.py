# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Theory against simulation
#
# Three statements that follow from theory, and what the kernels say.

# %%
# %matplotlib inline
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import proteus
from proteus.plots.style import mechanism_colour

# %% tags=["parameters"]
SEEDS = 200
HORIZON_S = 20
TRIALS = 2_000

# %% [markdown]
# ## 1. A head start is worth less in a batch
#
# News makes a quote stale. A sniper's order reaches the venue at once, the maker's cancel a time
# `d` later. On a continuous book the sniper always wins. In a batch it wins only if the clear falls
# between the two, and news comes at any time, so the probability is `min(1, d / delta)` (Budish,
# Cramton & Shim 2015).
#
# The message door lets us play exactly this race: quote, news at a uniform time in a batch, order,
# cancel.

# %%
DELTA_MS, MS = 100, 1_000_000


def share_sniped(mechanism: str, gap_ms: float) -> float:
    """Play the race TRIALS times, three batches apart; return how often the quote is hit."""
    news = np.random.default_rng(1).uniform(0, DELTA_MS, TRIALS)
    rows = []
    for trial, offset_ms in enumerate(news):
        start = (3 * trial + 1) * DELTA_MS * MS
        at = start + int(offset_ms * MS)
        quote = {"order_id": 2 * trial, "side": "sell", "price_ticks": 500, "quantity": 1}
        rows += [
            {"time_ns": start - 1, "kind": "limit", **quote},
            {"time_ns": at, "kind": "limit", "order_id": 2 * trial + 1, "side": "buy",
             "price_ticks": 500, "quantity": 1, "tif": "ioc"},
            {"time_ns": at + int(gap_ms * MS), "kind": "cancel", "order_id": 2 * trial},
        ]  # fmt: skip
    return len(proteus.replay(rows, mechanism=mechanism, delta=DELTA_MS).fills) / TRIALS


gaps = np.array([5, 10, 25, 50, 75, 100, 150])
found = pd.DataFrame({
    "d / delta": gaps / DELTA_MS,
    "theory": np.minimum(1, gaps / DELTA_MS),
    "fba": [share_sniped("fba", gap) for gap in gaps],
    "clob": [share_sniped("clob", gap) for gap in gaps],
})  # fmt: skip
found

# %%
error = np.sqrt(found.theory * (1 - found.theory) / TRIALS)
assert (abs(found.fba - found.theory) <= 4 * error + 1e-12).all()
assert (found.clob == 1).all()

# %%
figure = Figure(figsize=(5, 3.2), layout="constrained")
part = figure.add_subplot()
part.plot(found["d / delta"], found.theory, color="grey", label="min(1, d / delta)")
for name in ("clob", "fba"):
    part.plot(found["d / delta"], found[name], "o", color=mechanism_colour(name), label=name)
part.set_xlabel("head start / batch interval")
part.set_ylabel("share of stale quotes that are hit")
part.legend()
figure

# %% [markdown]
# ## 2. Who arrives at any time waits half a batch
#
# Marketable orders of noise traders arrive by a Poisson process, so the time from arrival to the
# next clear is uniform on (0, delta): mean `delta / 2`, standard deviation `delta / sqrt(12)`. Here
# in whole runs, read from the event log.

# %%
folder = Path(tempfile.mkdtemp()) / "fba"
ds = proteus.simulate(
    mechanism="fba", delta=DELTA_MS, horizon_s=HORIZON_S, seeds=SEEDS, output_dir=folder,
    record={"events": "all"},
)  # fmt: skip
events = proteus.load_events(folder)
names = np.array(events.attrs["traders"][0])
orders = events[(events.source == "trader") & (events.kind == "order") & (events.lifetime == "ioc")]
orders = orders[[name.startswith("noise") for name in names[orders.trader.to_numpy(int)]]]
wait_ms = DELTA_MS - orders.time_ns.to_numpy(int) / MS % DELTA_MS
error = DELTA_MS / np.sqrt(12 * len(wait_ms))
pd.Series({
    "orders": len(wait_ms), "mean wait (ms)": wait_ms.mean(), "theory (ms)": DELTA_MS / 2,
    "standard error (ms)": error, "sd (ms)": wait_ms.std(), "theory, sd (ms)": DELTA_MS / 12**0.5,
})  # fmt: skip

# %%
assert abs(wait_ms.mean() - DELTA_MS / 2) < 4 * error

# %% [markdown]
# ## 3. The fair value is a martingale
#
# v is the probability of a payoff of 1 given the news so far, so it drifts nowhere after a fill:
# the mean markout of makers is the same at every horizon. The loss is there at once, because the
# quote was stale.

# %%
markout = ds.maker_markout.isel(mechanism=0, delta=0)
drift = markout - markout.sel(horizon="0ms")
error = drift.std("seed", ddof=1) / np.sqrt(SEEDS)
pd.DataFrame({
    "mean markout": markout.mean("seed"), "drift since the fill": drift.mean("seed"),
    "standard error": error,
}, index=pd.Index(ds.horizon.to_numpy(), name="horizon"))  # fmt: skip

# %%
assert (abs(drift.mean("seed")) <= 4 * error + 1e-12).all()

# %% [markdown]
# And what holds exactly holds exactly: the classes win from one another, so their PnL sums to zero
# in every lane.

# %%
classes = ["maker", "informed", "noise", "sniper", "venue"]
assert float(abs(sum(ds[f"pnl_{name}"] for name in classes)).max()) < 1e-9
