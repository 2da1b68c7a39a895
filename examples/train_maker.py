"""Train a market maker by proximal policy optimisation, on a CPU, and measure it on other seeds.

    pip install 'proteus-markets[rl]' torch
    python examples/train_maker.py known                  # where the optimum is known
    python examples/train_maker.py clob fba               # against the baseline, minutes each
    python examples/train_maker.py clob updates=5 output_dir=trained

``making.py`` has what is seen and said. The policy is normal around a network of two hidden layers
of tanh, one as large values the state; both learn from steps of many lanes side by side. Each run
writes its curve, a row for each rival of what is made on held-out seeds, paired by seed, and a
figure of all.

Source
    Schulman, Wolski, Dhariwal, Radford & Klimov (2017), arXiv:1707.06347; generalised advantages,
    Schulman, Moritz, Levine, Jordan & Abbeel (2016), arXiv:1506.02438.
"""

from __future__ import annotations

import json
import math
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from making import Game, Known, Market, avellaneda_stoikov, drawn, interval, nothing, played
from torch import nn

HELD_OUT = 1_000_000  # the first seed that nothing is learned from


@dataclass(frozen=True)
class Settings:
    """What training takes."""

    updates: int = 150
    lanes: int = 1_024
    steps: int = 64  # of each lane between two updates
    discount: float = 0.95  # of a step: what is held is worth v at once, so little is to come
    trace: float = 0.8  # lambda of the generalised advantages
    passes: int = 2  # over the steps of an update
    batch: int = 8_192
    rate: float = 1e-3  # of learning, falling to nothing
    clip: float = 0.2
    spread: float = 0.4  # first standard deviation of what is said
    hidden: int = 32
    seed: int = 0
    judged: int = 4_096  # held-out seeds


KNOWN = Settings(updates=120, lanes=512, discount=1.0, trace=0.95, passes=3, batch=4_096)


class Networks(nn.Module):
    """What is said on average, how much it varies, and what a state is worth."""

    def __init__(self, game: Game, settings: Settings) -> None:
        super().__init__()
        self.mean = _network(game.inputs, settings.hidden, game.numbers, last=0.01)
        self.value = _network(game.inputs, settings.hidden, 1, last=1.0)
        self.log_spread = nn.Parameter(torch.full((game.numbers,), math.log(settings.spread)))

    def said(self, seen: torch.Tensor) -> torch.distributions.Normal:
        """Return the law of what is said."""
        return torch.distributions.Normal(self.mean(seen), self.log_spread.exp())

    def policy(self, seen: np.ndarray) -> np.ndarray:
        """Say the mean, as NumPy."""
        with torch.no_grad():
            said: np.ndarray = self.mean(torch.as_tensor(seen, dtype=torch.float32)).numpy()
        return said.astype(np.float64)


def _network(inputs: int, hidden: int, outputs: int, last: float) -> nn.Sequential:
    layers = [nn.Linear(inputs, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, outputs)]
    for layer, gain in zip(layers, (math.sqrt(2), math.sqrt(2), last), strict=True):
        nn.init.orthogonal_(layer.weight, gain)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(layers[0], nn.Tanh(), layers[1], nn.Tanh(), layers[2])


class Steps:
    """What happened between two updates, [K, N, ...]."""

    def __init__(self, game: Game, count: int) -> None:
        shape = (count, game.lanes)
        self.seen = torch.empty(*shape, game.inputs)
        self.said = torch.empty(*shape, game.numbers)
        self.log_density, self.reward, self.value, self.over = (torch.empty(shape) for _ in "1234")

    def gather(self, game: Game, networks: Networks, seen: Any) -> Any:
        """Play on from what is seen; returns what is seen then."""
        for at in range(len(self.seen)):
            with torch.no_grad():
                self.seen[at] = torch.as_tensor(seen, dtype=torch.float32)
                law = networks.said(self.seen[at])
                self.said[at] = law.sample()
                self.log_density[at] = law.log_prob(self.said[at]).sum(1)
                self.value[at] = networks.value(self.seen[at])[:, 0]
            seen, reward, over, _ = game.step(self.said[at].numpy().astype(np.float64))
            self.reward[at] = torch.as_tensor(reward / game.reward_scale)
            self.over[at] = torch.as_tensor(over)
        return seen

    def advantages(self, last: torch.Tensor, settings: Settings) -> torch.Tensor:
        """Return how much better each step was than its state, [K, N]; ``last``: worth then."""
        found, ahead, following = torch.empty_like(self.reward), torch.zeros_like(last), last
        for at in reversed(range(len(found))):
            goes_on = 1 - self.over[at]
            error = self.reward[at] + settings.discount * goes_on * following - self.value[at]
            ahead = error + settings.discount * settings.trace * goes_on * ahead
            found[at], following = ahead, self.value[at]
        return found


def train(game: Game, settings: Settings, told: Any = print) -> tuple[Networks, list[Any]]:
    """Learn from seeds 0 and up; returns the networks and the curve.

    Returns
        Of each update: steps so far, reward of a thousand of its steps, seconds of processor time.
    """
    torch.manual_seed(settings.seed)
    networks, steps = Networks(game, settings), Steps(game, settings.steps)
    learner = torch.optim.Adam(networks.parameters(), settings.rate, eps=1e-5)
    seen, curve, began = game.reset(0), [], time.process_time()
    for number in range(settings.updates):
        seen = steps.gather(game, networks, seen)
        for group in learner.param_groups:
            group["lr"] = settings.rate * (1 - number / settings.updates)
        _update(networks, learner, steps, seen, settings)
        count = (number + 1) * settings.steps * game.lanes
        made = 1000 * game.reward_scale * float(steps.reward.mean())
        curve.append((count, made, time.process_time() - began))
        if number % 10 == 9:
            told(f"{count:>10,} steps, {made:7.3f} in 1,000, {curve[-1][2]:5.0f} s", flush=True)
    return networks, curve


def _update(
    networks: Networks, learner: Any, steps: Steps, seen: np.ndarray, settings: Settings
) -> None:
    """Move the networks by what the steps say, a few passes over them in random order."""
    with torch.no_grad():
        last = networks.value(torch.as_tensor(seen, dtype=torch.float32))[:, 0]
        advantage = steps.advantages(last, settings)
    target = (advantage + steps.value).flatten()
    advantage = ((advantage - advantage.mean()) / (advantage.std() + 1e-8)).flatten()
    all_seen, all_said = steps.seen.flatten(0, 1), steps.said.flatten(0, 1)
    old = steps.log_density.flatten()
    for _ in range(settings.passes):
        for rows in torch.randperm(len(old)).split(settings.batch):
            density = networks.said(all_seen[rows]).log_prob(all_said[rows]).sum(1)
            ratio, better = (density - old[rows]).exp(), advantage[rows]
            kept = ratio.clamp(1 - settings.clip, 1 + settings.clip)
            missed = (networks.value(all_seen[rows])[:, 0] - target[rows]).square().mean()
            loss = 0.5 * missed - torch.minimum(ratio * better, kept * better).mean()
            learner.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(networks.parameters(), 0.5)
            learner.step()


def judge_known(networks: Networks, settings: Settings) -> dict[str, Any]:
    """Compare with the optimal value, on held-out seeds; intervals are of 95 %."""
    optimum = Known.optimum()
    best = float(optimum[len(optimum) // 2])
    game = Known(settings.judged)
    rows: dict[str, Any] = {"optimum": (best, 0.0)}
    for name, policy in (("trained", networks.policy), ("1 / k on both sides", nothing(2))):
        rows[name] = interval(played(game, policy, HELD_OUT))
    share, half = (each / best for each in rows["trained"])
    rows["trained over the optimum"] = (share, half)
    return rows


def judge(mechanism: str, networks: Networks, settings: Settings) -> dict[str, Any]:
    """Compare with the baseline and Avellaneda-Stoikov, on held-out seeds, paired by seed."""
    game = Market(settings.judged, mechanism)
    policies = {
        "trained": networks.policy, "baseline": nothing(game.numbers),
        "avellaneda_stoikov": avellaneda_stoikov(game),
    }  # fmt: skip
    made = {name: played(game, policy, HELD_OUT) for name, policy in policies.items()}
    rows = {name: interval(each) for name, each in made.items()}
    for name in ("baseline", "avellaneda_stoikov"):
        rows[f"trained less {name}"] = interval(made["trained"] - made[name])
    return rows


def main(words: list[str]) -> dict[str, Any]:
    """Train and judge what the words name; prints, writes and returns the figures.

    Raises
        SystemExit: nothing is named, or something that there is not.
    """
    given = dict(word.split("=", 1) for word in words if "=" in word)
    folder = Path(given.pop("output_dir", "outputs/trained"))
    changes = {key: type(getattr(KNOWN, key))(value) for key, value in given.items()}
    names = [word for word in words if "=" not in word]
    wrong = [name for name in names if name not in ("known", "clob", "fba", "dual_flow", "rfq")]
    if wrong or not names:
        raise SystemExit(f"{wrong or 'nothing'} is not allowed: known, or a mechanism")
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    found = {}
    for name in names:
        settings = replace(KNOWN if name == "known" else Settings(), **changes)
        game = Known(settings.lanes) if name == "known" else Market(settings.lanes, name)
        networks, curve = train(game, settings)
        judged = judge_known(networks, settings) if name == "known" else judge(
            name, networks, settings
        )  # fmt: skip
        for row, (value, half) in judged.items():
            print(f"{name}: {row:<32} {value:8.4f} +- {half:.4f}", flush=True)
        found[name] = {"curve": curve, "rows": judged, "cpu_s": time.process_time()}
        (folder / f"{name}.json").write_text(json.dumps(found[name]))
        torch.save(networks.state_dict(), folder / f"{name}.pt")
    drawn(found, folder / "training.svg")
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
