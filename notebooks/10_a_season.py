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
# # A policy of your own in a season
#
# A season lets makers play the same seeds in the same markets, and says who is better and how sure
# that is. Here a policy that is written in a cell plays against makers of the engine.

# %%
# %matplotlib inline
import numpy as np

from proteus.arena import board
from proteus.arena.competition import CompetitionRunner
from proteus.arena.season import read_season
from proteus.sessions.actions import Quotes

# %% tags=["parameters"]
SEEDS = 60  # on which everybody is judged
SCALE = 400  # on which one unit of a score is measured, seeds of their own
HORIZON_S = 10  # length of trading, seconds
FORMATS = "[solo, duel]"  # alone, and in pairs


# %% [markdown]
# **The policy.** It is made once with its seat and asked at every wake-up, for all lanes side by side.
# It sees what a maker sees, and says prices and lots of both sides; it is told no seed and no fair
# value. This one trusts its signal where it has one, quotes two ticks and a half around it, and less
# the more it holds.


# %%
class Mine:
    def __init__(self, seat):
        self.ticks = seat.cell.n_ticks

    def act(self, seen):
        reference = seen.reference_doubled / (2 * self.ticks)
        worth = np.where(seen.has_signal, seen.signal, reference)
        middle = (worth - 0.001 * seen.position) * self.ticks
        price = np.stack([np.floor(middle - 25), np.ceil(middle + 25)], axis=1).astype(np.int64)
        inside = (price >= 1) & (price < self.ticks)
        lots = np.where(inside, np.maximum(10 - np.abs(seen.position)[:, None] // 4, 1), 0)
        return Quotes(np.where(inside, price, 1), lots, worth)


# %% [markdown]
# **The season.** It is `conf/season/demo.yaml` with other keys: one market, alone and in pairs, against
# the ordinary maker and a wider one. The worst lanes are not scored, as that takes more seeds. `--final`
# on the command line plays on secret seeds; these are those of practice.

# %%
MARKET = f"{{horizon_s: {HORIZON_S}, metrics.tau_ms: 500, record.warmup_s: 0}}"
season = read_season([
    "season=demo", f"formats={FORMATS}", f"common={MARKET}",
    "scenarios={continuous: {keys: {mechanism: clob}}}",
    "entrants={plain: {trader: maker}, mine: {policy: 'cell:Mine'}, "
    "wide: {trader: maker, keys: {policy.half_spread: 0.04}}}",
    "reference={trader: maker, keys: {policy.half_spread: 0.001}}",  # far too narrow: it loses
    "scoring.weights={profitability: 2, market_quality: 1, robustness: 0}",
    f"seeds.count={SEEDS}", f"seeds.scale_count={SCALE}", "time_limit_s=null",
])  # fmt: skip
results = CompetitionRunner(season, policies={"mine": Mine}).run()
table = board.leaderboard(results)
table[["place", "entrant", "overall", "overall_low", "overall_high", "rank_first", "rank_last"]]

# %% [markdown]
# **How to read it.** A place is shared wherever the interval of a difference covers zero, all
# differences judged at once; `rank_first` and `rank_last` are the ranks that the differences leave. A
# score of 0 is the baseline; one unit is the distance of the reference from it.

# %%
print("\n".join(board.sentences(results)))
assert {*table["entrant"]} == {"plain", "mine", "wide"}
assert (table["rank_first"] <= table["rank_last"]).all()

# %% [markdown]
# **Who is better than whom**, what everybody made in currency per lane, and each lane for itself. The
# plain maker is the baseline, on seeds that were not those of the scale.

# %%
board.pairs(results).round(3)

# %%
made = board.quantities(results)
made[["format", "entrant", "games", "pnl", "worst", "wanting"]].round(2)

# %%
lanes = board.lanes(results)
alone = lanes[(lanes["format"] == "solo") & ~lanes["is_scale"]]
assert alone.groupby("entrant")["seed"].nunique().eq(SEEDS).all()
alone.pivot(index="seed", columns="entrant", values="won").head().round(2)

# %% [markdown]
# **If it fails.** A policy that raises, or says what cannot be, forfeits that lane and no other, and is
# named; the lane counts as the worst that anybody had.

# %%
assert not results.forfeits

# %% [markdown]
# In a file, `python -m proteus.compete season=demo "entrants.mine={policy: 'my_module:Mine'}"` writes
# the same as one page. `docs/arena.md` has the rules: what is scored, and how final seeds stay secret.
