"""Compile the kernels that most tests use, each once: ``python -m tests.helpers.warm``.

Workers that start on cold kernels would each compile the same ones, side by side.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import numpy as np

import proteus
from proteus.compiler.jit import BOUNDSCHECK
from proteus.market.mechanisms.table import MECHANISMS

WORKERS = 2


def compile_loop(name: str) -> None:
    """Run one lane of a mechanism."""
    from tests.helpers.cells import TINY, cell, finished

    finished(cell(f"mechanism={name}", *TINY))


def compile_rich_loop(name: str) -> None:
    """Run one lane of a mechanism in the loop that has all hooks."""
    from proteus.market.events.queue import NEVER_NS
    from proteus.market.rng import replicate_keys
    from proteus.market.setup.block import build_block
    from proteus.market.setup.cell import set_up_cell
    from proteus.market.trading.loop import advance_block
    from tests.helpers.cells import TINY, cell

    setup = set_up_cell(cell(f"mechanism={name}", *TINY), is_rich=True)
    advance_block(*build_block(setup, replicate_keys(7, np.arange(1)), 1, False), NEVER_NS)


def compile_session(name: str) -> None:
    """Step one lane of a mechanism to its first decision outside."""
    from tests.helpers.cells import TINY, cell

    proteus.Session(cell(f"mechanism={name}", *TINY), 1)


def compile_door(name: str) -> None:
    """Send one order, or one request, through the message door of a mechanism."""
    kind = "request" if name == "rfq" else "limit"
    row = {"kind": kind, "order_id": 1, "side": "buy", "price_ticks": 5, "quantity": 1}
    proteus.replay([row], mechanism=name)


def main() -> None:
    """Compile what the tests of this leg run: those with bounds checks, only the plain loop."""
    work: list[Callable[[str], None]] = [compile_loop]
    if not BOUNDSCHECK:
        work += [compile_rich_loop, compile_session, compile_door]
    with ProcessPoolExecutor(WORKERS) as workers:
        for done in [workers.submit(each, name) for each in work for name in MECHANISMS]:
            done.result()


if __name__ == "__main__":
    main()
