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
# # Requests for quote
#
# Under `rfq` nothing rests: a taker asks, dealers answer with firm quotes, and the best inside the
# taker's limit is accepted. Two questions of a venue: how many dealers should be asked, and how long
# must a quote hold?

# %%
# %matplotlib inline
import numpy as np

import proteus
from proteus import plots

# %% tags=["parameters"]
SEEDS = 300  # replicates per cell
HORIZON_S = 20  # length of trading, seconds

# %%
ds = proteus.sweep(
    {
        "mechanism": "rfq", "mechanism.dealers": [1, 2], "mechanism.quote_ttl_ms": [50, 400],
        "horizon_s": HORIZON_S,
    },
    seeds=SEEDS,
)  # fmt: skip
ds = ds.squeeze("delta")
dict(ds.sizes)

# %% [markdown]
# **More dealers, more competition, and a winner's curse.** The taker takes the best of the quotes, so
# a dealer trades where it was the most wrong. **A longer quote is an option** for whoever knows more:
# informed traders and snipers wait until its last moment, and take it if the news makes it good.

# %%
plots.curves(ds, [plots.PROTECTION, "effective_spread"], axis="mechanism_quote_ttl_ms")

# %%
lost = ds.maker_adverse_selection.isel(horizon=0).sum("seed") / ds.maker_volume_lots.sum("seed")
(-lost).squeeze("mechanism").to_series().unstack("mechanism_quote_ttl_ms").round(4)  # currency per lot

# %% [markdown]
# **Nothing is lost.** What dealers make is what the others pay, in every lane.

# %%
everyone = sum(ds[f"pnl_{name}"] for name in ("maker", "informed", "noise", "sniper"))
assert np.allclose(everyone, 0, atol=1e-9)

# %% [markdown]
# **How requests end**, by who asked.

# %%
plots.ends(ds)

# %% [markdown]
# `docs/mechanisms.md` has the rules, last look among them; `docs/guides` asks whether a mechanism is
# better.
