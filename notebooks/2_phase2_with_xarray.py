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
# # Phase 2, read with xarray
#
# Phase 2 asks what the batch interval does: `clob` against `fba` at 50 to 1000 ms, common seeds.
# This notebook runs that grid in memory and reads it with plain xarray, without any function of
# Proteus that estimates, and then checks the result against one. With a finished bundle,
# `ds = proteus.load("outputs/...")` takes the place of the sweep.

# %%
# %matplotlib inline
import numpy as np
import xarray as xr
from scipy import stats

import proteus
from proteus import plots

# %% tags=["parameters"]
SEEDS = 300
HORIZON_S = 20
DELTAS = [50, 100, 250, 500, 1000]  # ms

# %%
ds = proteus.sweep(
    {"mechanism": ["clob", "fba"], "delta": DELTAS, "horizon_s": HORIZON_S}, seeds=SEEDS
)
dict(ds.sizes)

# %% [markdown]
# **Select and average.** `clob` does not use `delta`: its lanes were run once and stand under every
# label.

# %%
same = ds.price_rmse.sel(mechanism="clob")
assert bool((same == same.isel(delta=0)).all())
ds[["price_rmse", "volume_lots", "maker_pnl_marked"]].mean("seed").to_dataframe()

# %% [markdown]
# **A paired difference** is a subtraction, because labels align. Its standard error is that of the
# differences, not of the two means; `gain` says how much pairing helped.

# %%
def paired(variable: str) -> xr.Dataset:
    """Mean difference from clob, its 95 % half-width, and the gain from pairing."""
    fba, clob = (ds[variable].sel(mechanism=name) for name in ("fba", "clob"))
    difference = fba - clob
    n = difference.count("seed")
    half = stats.t.ppf(0.975, n - 1) * difference.std("seed", ddof=1) / np.sqrt(n)
    gain = (fba.var("seed") + clob.var("seed")) / difference.var("seed")
    return xr.Dataset({"difference": difference.mean("seed"), "half": half, "gain": gain})


paired("price_rmse").to_dataframe()[["difference", "half", "gain"]]

# %% [markdown]
# **A ratio is a total over a total.** The loss per lot of a lane with two fills must not weigh as
# much as that of a lane with two hundred: sum over seeds first, then divide.

# %%
loss = -ds.maker_adverse_selection.sel(horizon="0ms")
per_lot = loss.sum("seed") / ds.maker_volume_lots.sum("seed")
per_lot.to_pandas()

# %% [markdown]
# **The check.** `proteus.compare` estimates the same differences (and adds BCa intervals and
# adjusted p values).

# %%
table = proteus.compare(ds, "clob", metrics=["price_rmse", "maker_adverse_selection"])
ours = paired("price_rmse").difference.to_numpy()
theirs = table[table.variable == "price_rmse"].difference.to_numpy()
assert np.allclose(ours, theirs, rtol=1e-10)
primary = table[(table.per == "maker_volume_lots") & (table.horizon == 0)]
ratio = -(per_lot.sel(mechanism="fba") - per_lot.sel(mechanism="clob"))
assert np.allclose(ratio.to_numpy(), primary.difference.to_numpy(), rtol=1e-10)

# %% [markdown]
# **Who trades with whom.** `proteus.maker_pnl` splits the PnL of makers by counterparty, in total and
# per lot: snipers are the part that batches are meant to remove.

# %%
split = proteus.maker_pnl(ds)
split[split.counterparty == "sniper"].drop(columns="counterparty")

# %%
plots.frontiers(ds, [(plots.DISCOVERY, plots.PROTECTION), (plots.SPEED, plots.PROTECTION)])

# %%
plots.heat(ds, "taker_time_to_execution", x="delta", y="mechanism")
