"""Compile the kernels that most tests use, each once: ``python -m tests.helpers.warm``.

Workers that start on cold kernels would each compile the same ones, side by side.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import proteus
from proteus.market.mechanisms.table import MECHANISMS

WORKERS = 2


def compile_loop(name: str) -> None:
    """Run one lane of a mechanism."""
    from tests.helpers.cells import TINY, cell, finished

    finished(cell(f"mechanism={name}", *TINY))


def compile_door(name: str) -> None:
    """Send one order, or one request, through the message door of a mechanism."""
    kind = "request" if name == "rfq" else "limit"
    row = {"kind": kind, "order_id": 1, "side": "buy", "price_ticks": 5, "quantity": 1}
    proteus.replay([row], mechanism=name)


def main() -> None:
    """Compile the loop and the door of every mechanism."""
    with ProcessPoolExecutor(WORKERS) as workers:
        work: list[Callable[[str], None]] = [compile_loop, compile_door]
        for done in [workers.submit(each, name) for each in work for name in MECHANISMS]:
            done.result()


if __name__ == "__main__":
    main()
