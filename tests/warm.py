"""Compile the kernels that most tests use, each once: ``python -m tests.warm``.

Workers that start on cold kernels would each compile the same ones, side by side.
"""

from concurrent.futures import ProcessPoolExecutor

from proteus.mechanisms.table import MECHANISMS

WORKERS = 2


def compile_loop(name: str) -> None:
    """Run one lane of a mechanism."""
    from tests.cells import TINY, cell, finished

    finished(cell(f"mechanism={name}", *TINY))


def main() -> None:
    """Compile the loop of every mechanism."""
    with ProcessPoolExecutor(WORKERS) as workers:
        list(workers.map(compile_loop, MECHANISMS))


if __name__ == "__main__":
    main()
