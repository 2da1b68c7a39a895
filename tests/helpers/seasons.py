"""A small season of ordinary makers, as a tree of keys, and policies that play it well or badly."""

import numpy as np
import yaml

from proteus.policies import BaselineMaker
from proteus.sessions.actions import Quotes

SMALL = {
    "title": "Small",
    "common": {"horizon_s": 2, "metrics.tau_ms": 500, "record.warmup_s": 0},
    "scenarios": {
        "calm": {
            "keys": {"mechanism": "clob"}, "stress": {"news": {"latent.jump_rate_per_s": 3}}
        },
    },
    "formats": ["solo", "duel"],
    "seats": {"group": "maker", "trader": "maker", "keys": {"signal.noise_sd": 0.01}},
    "seeds": {"root": 7, "first": 3, "count": 12, "scale_count": 60},
    "entrants": {
        "plain": {"trader": "maker"},
        "wide": {"trader": "maker", "keys": {"policy.half_spread": 0.03}},
        "lean": {"trader": "maker", "keys": {"policy.skew": 0.002}},
    },
    "baseline": {"trader": "maker"},
    "reference": {"trader": "maker", "keys": {"policy.half_spread": 0.04}},
    "scoring": {
        "weights": {"profitability": 1, "market_quality": 1, "robustness": 1},
        "least": -1, "most": 2, "tail": 0.25, "resamples": 200,
    },
    "time_limit_s": None, "workers": 1, "output_dir": None,
}  # fmt: skip


ALL = ("solo", "duel", "melee")  # formats


def small_file(folder, **changes):
    """Write the season with some keys changed; returns the word that names it."""
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump({**SMALL, **changes}, sort_keys=False))
    return f"season={path}"


class Careful:
    """The baseline maker again."""

    def __init__(self, seat):
        self.maker = BaselineMaker(seat)
        self.calls = 0

    def act(self, seen):
        self.calls += 1
        return self.maker.act(seen)


class Raises(Careful):
    """Raises in lanes in which it holds lots after a while."""

    def act(self, seen):
        said = super().act(seen)
        late = seen.decides & (seen.time_ns > 10**9) & (seen.position > 5)
        if late.any():
            raise RuntimeError("too much to hold")
        return said


class Nonsense(Careful):
    """Says a price that is not there, in the same lanes."""

    def act(self, seen):
        said = super().act(seen)
        late = seen.decides & (seen.time_ns > 10**9) & (seen.position > 5)
        return said._replace(
            price=np.where(late[:, None], 10**6, said.price), lots=np.maximum(said.lots, 1)
        )


class Nothing(Careful):
    """Says nothing at all."""

    def act(self, seen):
        return None


class Together(Careful):
    """Quotes by what all lanes hold: what a lane gives depends on those beside it."""

    def act(self, seen):
        said = super().act(seen)
        return said._replace(lots=np.minimum(said.lots, 1 + abs(seen.position).sum() % 7))


class Slow(Careful):
    """Never answers."""

    def act(self, seen):
        while True:
            pass


class Leaves(Careful):
    """Ends its process."""

    def act(self, seen):
        import os

        os._exit(7)


class Quits(Careful):
    """Wants to end the program."""

    def act(self, seen):
        raise SystemExit(3)


class Breaks(Careful):
    """Pretends that somebody pressed Ctrl-C."""

    def act(self, seen):
        raise KeyboardInterrupt


class Alone(Careful):
    """Ends its process where it is played alone."""

    def __init__(self, seat):
        super().__init__(seat)
        self.is_alone = seat.lanes == 1

    def act(self, seen):
        import os

        if self.is_alone:
            os._exit(8)
        return super().act(seen)


def not_a_policy():
    return Quotes
