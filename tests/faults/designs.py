"""Faults of seeds that depend on each other, their units, and controls."""

from tests.faults.fault import Fault

DESIGNS = (
    Fault(
        "a mirrored seed keeps the signs of its diffusion",
        "market/environment/news.py",
        "step_sd = -parameters.step_sd if is_mirrored else parameters.step_sd",
        "step_sd = parameters.step_sd",
    ),
    Fault(
        "mirrored intents are drawn as any others",
        "market/trading/desk.py",
        "world.seen.words[lane, i] = word ^ world.seen.masks[lane, i]",
        "world.seen.words[lane, i] = word",
    ),
    Fault(
        "each point of a unit is scrambled by itself",
        "market/setup/designs.py",
        "keys = replicate_keys(root, replicates - replicates % points, episode)",
        "keys = replicate_keys(root, replicates, episode)",
    ),
    Fault(
        "each seed of a pair is a unit",
        "analysis/units.py",
        'numbers = dataset["seed"].to_numpy() // of(dataset).seeds',
        'numbers = dataset["seed"].to_numpy()',
    ),
    Fault(
        "the slopes of controls are taken as known",
        "analysis/controls.py",
        "np.sqrt((n - 1) / (n - 1 - q))",
        "1.0",
    ),
)
