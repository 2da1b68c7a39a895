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
# # A first sweep in five minutes
#
# Two market designs, the same traders, the same news: the continuous limit order book (`clob`) and
# the frequent batch auction (`fba`), which collects orders for `delta` ms and clears them at one
# price. Which one protects market makers, and what does it cost?

# %%
# %matplotlib inline
import proteus
from proteus import plots

# %% tags=["parameters"]
SEEDS = 500  # replicates per cell: more seeds, narrower intervals
HORIZON_S = 20  # length of trading, seconds

# %% [markdown]
# `proteus.sweep` runs every combination. The first run compiles (about 40 s, once per version);
# after that 1,500 lanes of 20 s take a few seconds.

# %%
ds = proteus.sweep(
    {"mechanism": ["clob", "fba"], "delta": [100, 250], "horizon_s": HORIZON_S}, seeds=SEEDS
)
ds

# %% [markdown]
# The result is an xarray Dataset: dims `mechanism`, `delta`, `seed`, and for some variables
# `horizon`, `elapsed` or `class`. Every variable says what it is.

# %%
{key: ds.maker_adverse_selection.attrs[key] for key in ("long_name", "units", "sign", "formula")}

# %% [markdown]
# **Contrasts.** Seed 7 under `fba` has the news and the orders of seed 7 under `clob`, so cells are
# compared seed by seed. `family == "primary"` is the one endpoint that was declared before the run;
# the rest is exploratory.

# %%
table = proteus.compare(ds, baseline="clob")
columns = ["mechanism", "delta", "variable", "per", "difference", "low", "high", "p_adjusted"]
table.loc[table.family == "primary", columns]

# %% [markdown]
# **The verdict** is computed from that endpoint and its budgets, and from nothing else; the declared
# companions that have moved are named beside it.

# %%
ds.proteus.verdict()

# %% [markdown]
# **Figures** are functions of the dataset. Makers lose less per lot in a batch, and takers wait
# longer: that is the trade-off.

# %%
plots.curves(ds, [plots.PROTECTION, plots.SPEED], axis="delta")

# %%
plots.forest(ds, ["quoted_spread", "effective_spread", "price_rmse"])

# %%
plots.welfare(ds)

# %% [markdown]
# **Next.** `proteus.sweep(..., output_dir="outputs/mine")` keeps the results;
# `python -m proteus.report outputs/mine` turns them into one page. `docs/defaults.md` lists every
# key that can be swept, `docs/metrics.md` every variable.
