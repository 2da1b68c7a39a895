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
# # Who survives?
#
# The same market makers trade day after day with what is left of their capital. Who is ruined, and
# does a good day say anything of the next? `python -m proteus.sweep +experiment=survival` asks it at
# full size; `docs/episodes.md` says what agents carry.

# %%
# %matplotlib inline
import tempfile
from pathlib import Path

import numpy as np

import proteus
from proteus import plots

# %% tags=["parameters"]
SEEDS = 60  # replicates per cell
HORIZON_S = 20  # length of a day, seconds
DAYS = 8  # of each lane

# %%
folder = tempfile.TemporaryDirectory()
ds = proteus.sweep(
    {
        "mechanism": ["clob", "fba"], "horizon_s": HORIZON_S, "episodes.count": DAYS,
        "episodes.carryover": "capital_only", "population.maker.capital": 15,
        "record.panel": True,
    },
    seeds=SEEDS, output_dir=Path(folder.name) / "days",
)  # fmt: skip
ds = ds.squeeze("delta")

# %% [markdown]
# **Agents have names.** `agent_uid` is the same in every seed, sweep and command, so two studies
# speak of the same makers.

# %%
makers = proteus.agents(ds).query("group == 'maker'")
assert makers["agent_uid"].is_unique
makers[["agent_uid", "trader", "strategy_family", "capital_baseline"]]

# %% [markdown]
# **A day begins with what the last one left**, and never with less than nothing.

# %%
of = {"trader": makers["trader"].to_list()}
start, end = ds.wealth_start_by_trader.sel(of), ds.wealth_end_by_trader.sel(of)
after, before = start.isel(episode=slice(1, None)), end.isel(episode=slice(None, -1))
assert np.array_equal(after, before.clip(min=0))
plots.survivors(ds)

# %% [markdown]
# **Ranks.** Each row is a class of wealth, the poorest below; the columns are where its agents are
# after the next day.

# %%
plots.movers(ds)

# %% [markdown]
# **Does skill last?** A panel is a table with one row per agent and day, which tools of econometrics
# read. Little of what a maker earns today says what it earns tomorrow; wealth, of course, lasts. With
# few days the autoregression is too small by about what `bias` says.

# %%
panel = proteus.load_panel(Path(folder.name) / "days")
lasting = proteus.persistence(panel, group="maker")
lasting[["mechanism", "statistic", "value", "low", "high", "bias"]].round(2)

# %% [markdown]
# **Another week** goes on from where this one ended, to the bit, with `proteus.resume_from(folder, episodes=5)`
# on what `proteus.snapshot(folder)` has. With `latent=log_odds`, `episodes.carryover=full_carryover` and
# `episodes.boundary=continue` positions and the news go on as well.

# %%
taken = proteus.snapshot(Path(folder.name) / "days")
assert np.allclose(
    taken.arrays(0)["rules.endowment"][:, :2] / 1e9, end.sel(mechanism="clob").isel(episode=-1).clip(min=0)
    .transpose("seed", "trader")
)  # fmt: skip
folder.cleanup()
