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
# # A maker copied from its episodes
#
# Behaviour cloning: collect what a market maker saw and did, fit a function from the one to the
# other by least squares, and let it quote. Does a copy that predicts well also trade alike? It is
# judged where it counts, in the market, on seeds that it was not fitted on, each beside the
# original on the same seed.

# %%
# %matplotlib inline
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

import proteus

# %% tags=["parameters"]
SEEDS = 300  # episodes to learn from, and as many to be judged on
HORIZON_S = 20  # length of trading, seconds

# %% [markdown]
# **Data.** One row a decision, of 20 numbers that the maker sees and 5 that it says: the distance
# of its bid and ask from the reference price, below 0 across it, their sizes, and what it believes
# the contract is worth.

# %%
MARKET = {"mechanism": "clob", "horizon_s": HORIZON_S}
HELD_OUT = 1000  # the first seed of those to be judged on
temporary = tempfile.TemporaryDirectory()  # goes with the notebook
folder = Path(temporary.name)


def collected(name, policy, first):
    return proteus.collect_trajectories(
        output_dir=folder / name, policy=policy, seeds=range(first, first + SEEDS), **MARKET
    )


seen, judged = collected("seen", "baseline", 0), collected("judged", "baseline", HELD_OUT)
names = list(seen.observation_space.names)
steps, ahead = seen.arrays(), judged.arrays()
print(f"{len(steps['rewards'])} decisions to learn from, {len(ahead['rewards'])} to predict")

# %% [markdown]
# **Two copies.** The first sees all that the maker is shown. The second is not shown its own quotes:
# a maker seldom moves far, so what stands is a good guess at what it wants next, and who guesses by
# it learns to repeat rather than to decide (de Haan, Jayaraman & Levine 2019, *Causal confusion in
# imitation learning*). A constant is the third.


# %%
def fitted(columns):
    """Least squares from some of what is seen, and a constant, to the actions."""

    def features(observations):
        return np.column_stack([observations[:, columns], np.ones(len(observations))])

    weights = np.linalg.lstsq(features(steps["observations"]), steps["actions"], rcond=None)[0]
    return lambda observations: np.clip(features(observations) @ weights, -1, 1).astype(np.float32)


own = [at for at, name in enumerate(names) if name.startswith(("bid_", "ask_"))]
others = [at for at in range(len(names)) if at not in own]
copies = {"all it sees": fitted([*range(len(names))]), "without own quotes": fitted(others),
          "a constant": fitted([])}  # fmt: skip


def share_explained(copy):
    missed = (ahead["actions"] - copy(ahead["observations"])) ** 2
    return 1 - missed.mean(axis=0) / ahead["actions"].var(axis=0)


explained = {name: share_explained(copy) for name, copy in copies.items()}
for name, share in explained.items():
    print(f"{name:<20}", *(f"{each:6.2f}" for each in share))
assert (explained["all it sees"] > explained["a constant"]).all()

# %%
figure, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
told = ["bid, distance", "ask, distance", "bid, size", "ask, size", "belief"]
for at, name in enumerate(["all it sees", "without own quotes"]):
    axes.bar(np.arange(5) + 0.4 * at - 0.2, explained[name], width=0.38, label=name)
axes.set_xticks(range(5), told)
axes.set_ylabel("share of variance explained,\nheld-out episodes")
axes.set_ylim(0, 1.05)
axes.legend(frameon=False, ncol=2, loc="upper right")
plt.show()

# %% [markdown]
# **In the market.** Each copy decides for the maker in an environment of Gymnasium, on the held-out
# seeds; the original's rewards there are in its data set, which an environment gives to the bit.


# %%
def played(copy):
    """Total reward of each held-out seed, and lots traded."""
    envs = proteus.make_vec("maker", num_envs=SEEDS, **MARKET)
    observation, _ = envs.reset(seed=HELD_OUT)
    reward, lots = np.full(SEEDS, np.nan), np.zeros(SEEDS)
    sums = [names.index("bought"), names.index("sold")]
    while np.isnan(reward).any():
        goes_on = np.isnan(reward)
        observation, _, terminated, truncated, info = envs.step(copy(observation))
        lots += goes_on * observation[:, sums].sum(axis=1) * envs.task.given["scale_lots"]
        over = (terminated | truncated) & goes_on
        reward[over] = info["episode_return"][over]
    return reward, lots


scale = seen.manifest["options"]["scale_lots"]
original = judged.episodes["total_reward"].to_numpy()
sums = [names.index("bought"), names.index("sold")]
volume = np.array([each.observations[1:, sums].sum() * scale for each in judged])
results = {"the original": (original, volume)}
results |= {name: played(copy) for name, copy in copies.items()}


def interval(values):
    """Mean and half of a 95 % interval of Student's."""
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return values.mean(), half


for name, (reward, lots) in results.items():
    (mean, half), (more, wide) = interval(reward), interval(reward - original)
    print(f"{name:<20} {mean:7.2f} +- {half:.2f}, less the original {more:6.2f} +- {wide:.2f}, "
          f"{lots.mean():5.0f} lots, {reward.sum() / lots.sum():.4f} a lot")  # fmt: skip

# %% [markdown]
# The interval of a difference is paired: both traded on the same news with the same others.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
best = results["all it sees"][0]
left.scatter(original, best, s=8, alpha=0.5)
span = [min(original.min(), best.min()), max(original.max(), best.max())]
left.plot(span, span, color="0.5", linewidth=1)
left.set_xlabel("the original, currency")
left.set_ylabel("copy of all it sees, currency")
left.set_title("one episode each", fontsize="medium")
for at, name in enumerate(copies):
    mean, half = interval(results[name][0] - original)
    right.errorbar(mean, -at, xerr=half, fmt="o", capsize=3, color="C0")
right.axvline(0, color="0.5", linewidth=1)
right.set_yticks([-at for at in range(len(copies))], list(copies))
right.set_ylim(-len(copies) + 0.5, 0.5)
right.set_xlabel("reward less the original's, 95 %")
right.set_title("paired by seed", fontsize="medium")
plt.show()

# %% [markdown]
# **A good guess is no copy.** The first explains seven tenths of what the original wants, trades
# three quarters as many lots, and makes about 1 an episode more. The second explains half, and
# makes about 3 more: the worse guess is the better maker, and neither is the one that was copied. A
# fit blurs, and here some of what it blurs away was a loss. Each step was fitted by itself; what a
# copy then does to its own inventory, and so to what it sees next, was in no sum of squares.
