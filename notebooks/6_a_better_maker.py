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
# # From the baseline to a better maker
#
# A maker of the laboratory is a filter (what is the contract worth?), a quoting rule (what is
# quoted?) and a chain of constraints (what is sent?). We start from the baseline, ask of one part
# after the other which option earns more, then how wide to quote, and at last ask again on seeds
# that chose nothing.
#
# Both makers of the market change together, so this is about a market of such makers.

# %%
# %matplotlib inline
import pandas as pd

import proteus
from proteus import plots
from proteus.configuration.study import PURPOSE_SPAN

# %% tags=["parameters"]
SEEDS = 100  # replicates per cell
HORIZON_S = 20  # length of trading, seconds
FILTERS = ["tape", "tape_only", "ewma", "kalman"]
RULES = ["linear", "fixed", "avellaneda_stoikov", "glft", "cartea_jaimungal"]
CHAINS = ["inventory_limit", "exposure_per_side", "loss_limit"]
WIDTHS = [0.004, 0.008, 0.015, 0.02, 0.03]  # least half-spreads, currency

# %% [markdown]
# **Declared before anything runs.** The endpoint is what makers earn in a lane, net, marked at the
# fair value. It is not earnings per lot: whoever hardly trades may earn much per lot. Seeds that
# choose and seeds that judge are disjoint: selection seeds start at 2^40, evaluation seeds at 0.

# %%
WIDTH = "population.maker.policy.quoting.half_spread"
BASELINE = {"filter": "tape", "quoting": "linear", "risk": "inventory_limit", WIDTH: 0.015}
NAMES = {WIDTH: "maker_policy_quoting_half_spread"}  # in results
CHOOSING = range(PURPOSE_SPAN, PURPOSE_SPAN + SEEDS)
JUDGING = range(SEEDS)
ENDPOINT = {
    "variable": "pnl_maker", "per": None, "horizon_ms": None, "better": "higher",
    "baseline": "clob", "budgets": [],
}  # fmt: skip


def study(parts: dict, vary: str, seeds: range):
    """Run the makers of these parts; all but the varied part must be equal, or it is refused."""
    market = {
        "mechanism": "clob", "population.maker": "lab", "horizon_s": HORIZON_S,
        "metrics.tau_ms": 1000, "metrics.horizons_ms": [0, 1000], "record.warmup_s": 1,
    }  # fmt: skip
    return proteus.sweep({**market, **parts, "lab.vary": vary, "endpoint": ENDPOINT}, seeds=seeds)


def contrasts(ds, baseline: dict) -> pd.DataFrame:
    """Contrast the endpoint with a baseline; Holm over the options that were tried."""
    table = proteus.compare(ds, baseline, metrics=["pnl_maker"])
    columns = [*baseline, "difference", "low", "high", "p_adjusted", "detectable"]
    return table.loc[table.family == "primary", columns]


def is_shown(row) -> bool:
    """Tell whether an option differs: its adjusted p value is small, its interval without zero."""
    return row.p_adjusted < 0.05 and not row.low <= 0 <= row.high


def read(row, option: object) -> str:
    """Say what an interval and an adjusted p value show, and what they do not."""
    interval = f"{row.difference:+.3g} ({row.low:.3g} to {row.high:.3g})"
    if is_shown(row):
        return f"{option} earns {'more' if row.difference > 0 else 'less'}: {interval}"
    return f"{option} is not shown to differ: {interval}; {row.detectable:.2g} would be found"


def step(part: str, options: list, so_far: dict) -> tuple:
    """Vary one part on selection seeds; keep it unless an option is shown to be better."""
    name, vary = NAMES.get(part, part), "quoting" if part == WIDTH else part
    fits = {key: value for key, value in so_far.items() if key != WIDTH}  # of one rule
    ds = study({**fits, part: options}, vary, CHOOSING)
    table = contrasts(ds, {name: so_far[part]})
    print(*(read(row, row[name]) for _, row in table.iterrows()), sep="\n")
    better = table[table.apply(is_shown, axis="columns") & (table.difference > 0)]
    if better.empty:
        print(f"so {name} stays {so_far[part]}")
        return ds, so_far
    best = better.loc[better.difference.idxmax(), name]
    print(f"so {name} becomes {best}")
    return ds, {**so_far, part: best}


# %% [markdown]
# ## Which filter
#
# Holm counts the options of a step: three are compared with `tape`. An interval that holds zero
# shows nothing; the number behind it says how large a difference would have been found (power 0.8).

# %%
filters, maker = step("filter", FILTERS, BASELINE)

# %%
plots.forest(filters, ["pnl_maker", "maker_volume_lots"], {"filter": "tape"})

# %% [markdown]
# `tape_only` reads prices and has no signal: that difference is the worth of information, and no
# filter makes up for it. `ewma` and `kalman` have the same signal as `tape`; what they lose is
# small beside that, and still shown, as their intervals end before zero.
#
# ## Which risk

# %%
chains, maker = step("risk", CHAINS, maker)

# %%
plots.forest(chains, ["pnl_maker", "maker_volume_lots"], {"risk": "inventory_limit"})

# %% [markdown]
# Both intervals hold zero, so nothing is shown. They say different things all the same: one is
# narrow, as a constraint that hardly ever cuts leaves nearly every seed as it was; the other is so
# wide that half a currency a lane could hide in it.
#
# ## Which quoting rule
#
# Each rule has the parameters of its file in `conf/quoting`, so what is compared is a rule with its
# defaults, not the best that it could be.

# %%
rules, maker = step("quoting", RULES, maker)

# %%
plots.forest(rules, ["pnl_maker", "maker_volume_lots"], {"quoting": "linear"})

# %% [markdown]
# With these parameters all four trade more than the linear rule and none earns more: they quote
# nearer to their estimate. So it is the width itself that is the question.
#
# ## How wide
#
# The least half-spread, where the rule has one. Where the curve of earnings crosses zero,
# competition would leave nothing (`python -m proteus.equilibrium` narrows such a crossing).

# %%
has_width = maker["quoting"] in ("linear", "fixed")
if has_width:
    widths, maker = step(WIDTH, WIDTHS, maker)

# %%
plots.curves(widths, ["pnl_maker", "maker_volume_lots"], axis=NAMES[WIDTH]) if has_width else None

# %% [markdown]
# The bands of levels overlap, and the differences printed above are shown all the same: levels vary
# with the news of a seed, differences are paired on the same seeds and so far narrower. Whether one
# option beats another is read from the difference, never from whether two bands overlap.
#
# ## Is it better? Seeds that chose nothing
#
# What was chosen because it looked best looks better than it is. So the chosen maker meets the
# baseline once more, on evaluation seeds; this interval is the one to report. Parts that changed
# are also tried one without the other.

# %%
changed = {part: [BASELINE[part], maker[part]] for part in maker if maker[part] != BASELINE[part]}
if changed:
    kept = {part: value for part, value in BASELINE.items() if part != WIDTH}
    judged = study({**kept, **changed}, "all", JUDGING)
    names = {NAMES.get(part, part): pair for part, pair in changed.items()}
    table = contrasts(judged, {name: pair[0] for name, pair in names.items()})
    chosen = pd.Series({name: pair[1] for name, pair in names.items()})
    row = table.loc[(table[[*names]] == chosen).all(axis="columns")].iloc[0]
    print(read(row, ", ".join(f"{name}={pair[1]}" for name, pair in names.items())))
else:
    print("nothing was shown to be better on selection seeds, so there is nothing to judge")

# %% [markdown]
# **What this does not show.** Both makers changed together. That makers who all quote wider earn
# more says nothing of one who does so beside another who does not: it may lose its volume. A best
# response has one deviator among others (`docs/makers.md`). And it is one market: other news, other
# takers or another mechanism may turn the order of the options around; `+experiment=lab` asks some
# of that.
