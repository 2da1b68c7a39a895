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
# # What a fee change does
#
# A venue thinks about a fee of takers. Who pays it in the end? The same traders on the same news,
# under a fee of nothing, 0.1 % and 0.3 % of the price, in a continuous book and in a batch auction.

# %%
# %matplotlib inline
import numpy as np

import proteus
from proteus import plots

# %% tags=["parameters"]
SEEDS = 300  # replicates per cell
HORIZON_S = 20  # length of trading, seconds

# %%
FEES = [0, 1000, 3000]  # millionths of price x lots
ds = proteus.sweep(
    {
        "mechanism": ["clob", "fba"], "delta": 100, "horizon_s": HORIZON_S,
        "costs": "notional", "costs.taker_ppm": FEES,
    },
    seeds=SEEDS,
)  # fmt: skip
ds = ds.squeeze("delta")

# %% [markdown]
# **Nothing is lost.** What traders pay is what the venue earns, in every lane; and the PnL of each
# class is the sum of its terms.

# %%
paid = ds.fees_paid.sum("trader_class")
assert np.allclose(paid, ds.pnl_venue, atol=1e-9)
classes = [ds[f"pnl_{name}"] for name in ds.trader_class.values]
for name, pnl in zip(ds.trader_class.values, classes, strict=True):
    assert np.allclose(ds.pnl_by_term.sel(trader_class=name).sum("pnl_term"), pnl, atol=1e-9)
everyone = sum(classes) + ds.pnl_venue
moved = ds.pnl_by_term.sel(pnl_term="fees").sum("trader_class") + ds.pnl_venue
assert np.allclose(moved, 0, atol=1e-9)
assert np.allclose(everyone, 0, atol=1e-9)  # of the contract nobody else wins

# %% [markdown]
# **Who pays.** Bars are gross, by what they come from; the mark is the net. Informed traders and
# snipers reckon with the fee and trade where their edge is larger, so most of it is paid by those
# who trade for other reasons.

# %%
plots.terms(ds)

# %%
ds.fees_paid.mean("seed").to_series().unstack("trader_class").round(2)

# %% [markdown]
# **What else moves**, and how little at such fees: lots traded, and what makers lose to those who know
# more.

# %%
plots.curves(ds, ["volume_lots", plots.PROTECTION], axis="costs_taker_ppm")

# %% [markdown]
# **A real schedule** is one word: `costs=kalshi`, `costs=polymarket`, `costs=dydx`
# (`docs/venues.md` has all of them with sources). `costs.scale=0.1,0.3,1` sweeps how much of it is charged, and
# `population.maker.knows_costs=false` asks what happens to makers that do not reckon with it.
