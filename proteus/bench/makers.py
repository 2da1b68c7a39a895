"""What makers in parts cost: the baseline maker through the laboratory, and a better one.

All cells are that of ``make bench`` under ``clob`` in the loop that has rules, and run in turn in
one process, so each ratio is of two runs beside each other. The two makers in parts share their
machine code, as parts are data.
"""

from __future__ import annotations

from functools import partial

from proteus.bench.figures import RUNS, Figure, timed
from proteus.bench.lanes import run_lanes
from proteus.bench.loop import EXPERIMENT
from proteus.market.setup.block import BlockPool
from proteus.market.setup.cell import set_up_cell
from proteus.market.setup.members import CellSetup
from proteus.market.trading.loop import advance_block
from proteus.plans.planner import from_words

_LANES = 32  # a block
_ROUNDS = 3 * RUNS  # the differences are smaller than what a busy machine makes of one run
_LAB = "population.maker=lab"
_MAKERS = {  # words, and the most of the ordinary maker's time
    "the baseline maker in parts": ((_LAB,), 1.05),
    "kalman and glft": ((_LAB, "filter=kalman", "quoting=glft"), 1.25),
}


def measure() -> list[Figure]:
    """Measure makers in parts against the ordinary one in the same loop."""
    cells = {"": (), **{name: words for name, (words, _) in _MAKERS.items()}}
    pools = {name: BlockPool(_set_up(words)) for name, words in cells.items()}
    taken: dict[str, list[float]] = {name: [] for name in pools}
    loops = []
    for round_number in range(_ROUNDS + 1):  # the first one compiles
        for name, pool in pools.items():
            timing = timed(partial(run_lanes, pool.setup, _LANES, pool))
            if round_number > 0:
                taken[name].append(timing.processor_s)
            loops.append(len(advance_block.signatures))
    figures = []
    for name, (_, most) in _MAKERS.items():
        ratios = tuple(a / b for a, b in zip(taken[name], taken[""], strict=True))
        unit = "of the ordinary maker's time"
        figures.append(Figure(f"clob, {name}", unit, ratios, at_most=most))
    added = (float(loops[-1] - loops[1]),)
    return [*figures, Figure("loops that other parts compile", "", added, at_most=0.0)]


def _set_up(words: tuple[str, ...]) -> CellSetup:
    config = from_words([EXPERIMENT, "mechanism=clob", *words]).cells[0]
    return set_up_cell(config, is_rich=True)
