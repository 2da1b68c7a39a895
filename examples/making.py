"""What makers of ``train_maker.py`` see and say, whom they are measured against, and what is known.

Nothing here needs torch. A game is lanes of an environment whose actions are small numbers around
something sensible, [N, A]: all zeros is a maker that trades, so that learning starts in the market.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.linalg import expm

import proteus
from proteus.basics.units import NANO
from proteus.market.ledger.accounts import CASH
from proteus.trajectories.policies import make

Floats = NDArray[np.float64]


class Game:
    """Lanes of the task ``maker``; each that ends goes on to the next episode of its seed."""

    inputs: int  # numbers that are seen, F
    numbers: int  # numbers that are said, A
    reward_scale: float  # what a reward is divided by, currency

    def __init__(self, lanes: int, words: dict[str, Any], options: dict[str, Any]) -> None:
        self.envs = proteus.make_vec(
            "maker", num_envs=lanes, autoreset_mode="SameStep", options=options, **words
        )
        self.lanes, self.names = lanes, [each.name for each in self.envs.task.features]

    def reset(self, seed: int) -> Floats:
        """Start episode 0 of the seeds from ``seed`` on; returns what is seen, [N, F]."""
        return self.features(self.envs.reset(seed=seed)[0])

    def step(self, said: Floats) -> tuple[Floats, Floats, NDArray[np.bool_], dict[str, Any]]:
        """Say numbers, [N, A]; returns what is seen, rewards, which lanes ended, and the info."""
        seen, reward, ended, cut, info = self.envs.step(self.actions(said))
        return self.features(seen), reward, ended | cut, info

    def of(self, seen: NDArray[np.float32], name: str) -> Floats:
        """Return a feature of the environment by its name."""
        return seen[:, self.names.index(name)].astype(np.float64)

    def features(self, seen: NDArray[np.float32]) -> Floats:
        """Turn an observation of the environment into what a maker sees, [N, F]."""
        raise NotImplementedError

    def actions(self, said: Floats) -> NDArray[np.float32]:
        """Turn what a maker says into actions of the environment, [N, 5]."""
        raise NotImplementedError


def played(game: Game, policy: Any, first: int) -> Floats:
    """Play one episode of each lane, of the seeds from ``first`` on; returns total rewards, [N]."""
    seen, total = game.reset(first), np.full(game.lanes, np.nan)
    while np.isnan(total).any():
        seen, _, over, info = game.step(policy(seen))
        fresh = over & np.isnan(total)
        if fresh.any():
            total[fresh] = info["final_info"]["episode_return"][fresh]
    return total


def interval(values: Floats) -> tuple[float, float]:
    """Return the mean and half the width of a 95 % interval of Student's."""
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return float(values.mean()), float(half)


def nothing(numbers: int) -> Any:
    """Return the policy that says zeros."""
    return lambda seen: np.zeros((len(seen), numbers))


def drawn(found: dict[str, Any], path: Any) -> None:
    """Draw curves and held-out figures of runs, by ``known`` or the mechanism."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, len(found), figsize=(4.2 * len(found), 5), layout="constrained")
    for (name, run), (curve, rows) in zip(found.items(), axes.T.reshape(-1, 2), strict=True):
        steps, made, _ = np.array(run["curve"]).T
        few = min(15, len(made))
        curve.plot(steps / 1e6, made, color="C0", alpha=0.35, linewidth=0.8)
        curve.plot(steps[few - 1 :] / 1e6, np.convolve(made, np.full(few, 1 / few), "valid"))
        curve.set(title=name, xlabel="million steps", ylabel="reward of 1,000 steps")
        shown = {
            key.replace("avellaneda_stoikov", "A-S"): value
            for key, value in run["rows"].items() if "over" not in key
        }  # fmt: skip
        for at, (value, half) in enumerate(shown.values()):
            rows.errorbar(value, -at, xerr=half, fmt="o", capsize=3, color="C0")
        rows.axvline(0, color="0.6", linewidth=0.8)
        rows.set_yticks([-at for at in range(len(shown))], list(shown))
        rows.set_ylim(0.5 - len(shown), 0.5)
        rows.set_xlabel("currency an episode, 95 %")
    figure.savefig(path)
    plt.close(figure)


# --- where the optimum is known -------------------------------------------------------------------


class Known(Game):
    """The world of Avellaneda and Stoikov with the penalties of Cartea and Jaimungal.

    The value moves as a Brownian motion, takers of one lot come at rate 2 lambda on either side at
    random, and one comes as far as a quote at distance d with probability exp(-k d). The maker sees
    the value, looks 20 times a second and at its fills, and quotes one lot on both sides: what it
    says is its distances, bid and ask, in units of 1 / k beyond 1 / k.
    """

    RATE, DECAY, HORIZON_S = 5.0, 100.0, 10.0  # lambda per second; k per currency; T
    RUNNING, FINAL = 0.001, 0.001  # phi, currency per lot squared and second; alpha
    VOLATILITY = 0.005  # currency per root second
    inputs, numbers, reward_scale = 4, 2, 0.01

    def __init__(self, lanes: int, **words: Any) -> None:
        options = {
            "most_lots": 1, "scale_lots": 1.0, "inventory_penalty": self.RUNNING,
            "end_penalty": self.FINAL,
        }  # fmt: skip
        super().__init__(lanes, {**self.words(), **words}, options)

    @classmethod
    def words(cls) -> dict[str, Any]:
        """Return the keys of the market."""
        at_once = {"law": "constant", "base_ms": 0, "spread_ms": 0, "shape": 0}
        legs = ("submission", "acknowledgement", "fill_report", "market_data")
        exact = {"delay_ms": 0, "noise_sd": 0, "look_ms": 0.001}
        variance = (4 * cls.VOLATILITY) ** 2 * cls.HORIZON_S  # of the log-odds, near p = 0.5
        return {
            "mechanism": "clob", "horizon_s": cls.HORIZON_S, "contract.tick": 0.0001,
            "latent.total_variance": variance, "latent.jump_rate_per_s": 0,
            "population.informed.count": 0, "population.sniper.count": 0,
            "trader@population.noise": "flow", "population.noise.count": 1,
            "population.noise.schedule.rate_per_s": 2 * cls.RATE,
            **{f"+population.noise.signal.{key}": value for key, value in exact.items()},
            "population.noise.policy.limit": "exponential",
            "population.noise.policy.distance": 1 / cls.DECAY,
            "population.maker.count": 1,
            **{f"population.maker.latency.{leg}": at_once for leg in legs},
            "population.maker.signal": exact,
            "population.maker.policy.inventory_limit_lots": 1_000_000,
        }  # fmt: skip

    def features(self, seen: NDArray[np.float32]) -> Floats:
        self._signal, self._reference = self.of(seen, "signal"), self.of(seen, "reference")
        held, left = self.of(seen, "position") / 5, self.of(seen, "time_left")
        return np.stack([held, left, held * left, np.sqrt(left)], axis=1)

    def actions(self, said: Floats) -> NDArray[np.float32]:
        distance = (1 + said) / self.DECAY
        offset = distance + (self._reference - self._signal)[:, None] * np.array([1, -1])
        count = len(said)
        return _as_actions(offset, np.ones((count, 2)), self._signal - self._reference)

    @classmethod
    def optimum(cls, levels: int = 30) -> Floats:
        """Return h at T for inventories -Q .. Q, currency: the optimal value of starting so.

        Source
            Cartea, Jaimungal & Penalva (2015), section 10.2; the exponential is SciPy's.
        """
        held = np.arange(-levels, levels + 1.0)
        beside = np.full(2 * levels, cls.RATE / math.e)
        matrix = np.diag(-cls.RUNNING * cls.DECAY * held**2)
        matrix += np.diag(beside, 1) + np.diag(beside, -1)
        weights = expm(matrix * cls.HORIZON_S) @ np.exp(-cls.FINAL * cls.DECAY * held**2)
        return np.log(weights) / cls.DECAY


# --- the market of the project --------------------------------------------------------------------


class Market(Game):
    """The default market, in which the first maker is decided for; the second is the baseline's.

    What is said moves what the baseline would do: both quotes up, and both outward, in units of
    0.01 currency, and the sizes of both, in units of half of its own. Zeros are the baseline.

    Rewards to learn from are what fills are worth at v by the end of their step. What is left out
    is what is held times the change of v: nothing on average whatever is said, as v is a
    martingale, and a hundred times as much noise. The ledger of the lanes tells v; no policy sees
    it, and what is judged is the whole PnL. The last step of an episode counts for nothing.
    """

    inputs, numbers, reward_scale = 15, 4, 0.1
    MOST_LOTS = 20

    def __init__(self, lanes: int, mechanism: str, **words: Any) -> None:
        super().__init__(lanes, {"mechanism": mechanism, **words}, {"most_lots": self.MOST_LOTS})
        self._baseline = make("baseline", self.envs.task)
        self._value = np.full(lanes, 0.5 * NANO)

    def reset(self, seed: int) -> Floats:
        seen = super().reset(seed)
        self._held, self._cash = self._account()
        return seen

    def step(self, said: Floats) -> tuple[Floats, Floats, NDArray[np.bool_], dict[str, Any]]:
        seen, _, over, info = super().step(said)
        (held, cash), equity = self._account(), self.envs.session.equity_nano[:, 0]
        known = held != 0  # of a maker that is flat by then, v is taken not to have moved
        self._value[known] = ((equity - cash) / np.where(known, held, 1))[known]
        edge = cash - self._cash + (held - self._held) * self._value
        self._held, self._cash = held, cash
        return seen, np.where(over, 0.0, edge / NANO), over, info

    def _account(self) -> tuple[Floats, Floats]:
        """Return the lots and the cash of the maker, nano-currency, [N]."""
        session = self.envs.session
        cash = session.world.ledger.balance[:, session.traders[0], CASH]
        return self.envs.task.held()[:, 0].astype(np.float64), cash.astype(np.float64)

    def features(self, seen: NDArray[np.float32]) -> Floats:
        wanted = self._baseline(seen).astype(np.float64)
        far = wanted * np.abs(wanted)
        self.offset, self.belief_offset = far[:, :2], far[:, 4]
        self.lots = np.rint((wanted[:, 2:4] + 1) / 2 * self.MOST_LOTS)
        self.left_s = self.of(seen, "time_left") * self.envs.session.cell.horizon_ns / 1e9
        self.held = self.of(seen, "position") * 10
        reference = self.of(seen, "reference")
        belief = reference + self.belief_offset
        middle = (self.offset[:, 1] - self.offset[:, 0]) / 2 - self.belief_offset
        half = (self.offset[:, 1] + self.offset[:, 0]) / 2
        quoted = [
            self.of(seen, f"{side}_stands") * (self.of(seen, f"{side}_distance") + sign)
            for side, sign in (("bid", self.belief_offset), ("ask", -self.belief_offset))
        ]
        signal = self.of(seen, "signal")
        return np.stack([
            self.held / 50, self.of(seen, "time_left"), 20 * (reference - belief),
            40 * (signal - belief), 20 * middle, 50 * (half - 0.02),
            *(20 * each for each in quoted),
            20 * (self.of(seen, "sells_at") - belief), 20 * (self.of(seen, "buys_at") - belief),
            *(self.of(seen, f"{side}_exposure") / 5 for side in ("bid", "ask")),
            self.of(seen, "bought") - self.of(seen, "sold"),
            np.minimum(self.of(seen, "prints") / 4, 1), 4 * belief * (1 - belief),
        ], axis=1).clip(-5, 5)  # fmt: skip

    def actions(self, said: Floats) -> NDArray[np.float32]:
        lots = np.rint(self.lots * np.clip(1 + said[:, 2:] / 2, 0, 2))
        share = 2 * np.minimum(lots, self.MOST_LOTS) / self.MOST_LOTS - 1
        up, outward = said[:, 0], said[:, 1]
        moved = np.stack([outward - up, outward + up], axis=1) / 100
        return _as_actions(self.offset + moved, share, self.belief_offset)


def avellaneda_stoikov(game: Market) -> Any:
    """Return the quotes of Avellaneda and Stoikov around the baseline's belief, at its sizes.

    The numbers are those of ``conf/quoting/avellaneda_stoikov.yaml``.
    """
    risk, decay, volatility = 0.002, 60.0, 0.09

    def said(_: Floats) -> Floats:
        lean = risk * volatility**2 * game.left_s
        half = lean / 2 + math.log1p(risk / decay) / risk
        shift = game.belief_offset - lean * game.held  # of the reservation price
        offset = np.stack([half - shift, half + shift], axis=1)
        bid, ask = ((offset - game.offset) * 100).T
        return np.stack([(ask - bid) / 2, (ask + bid) / 2, 0 * bid, 0 * ask], axis=1)

    return said


def _as_actions(offset: Floats, share: Floats, belief: Floats) -> NDArray[np.float32]:
    """Return actions of the environment from distances and a belief in currency, and sizes."""
    far = np.clip(np.concatenate([offset, belief[:, None]], axis=1), -1, 1)
    far = np.sign(far) * np.sqrt(np.abs(far))  # the task takes signed squares
    return np.concatenate([far[:, :2], share, far[:, 2:]], axis=1).astype(np.float32)
