"""The work whose instructions ``check`` counts, run as a script in either of two checkouts.

    counted.py warm|count|time WORK [...]

``warm`` runs each once, so that its kernels are compiled. ``count`` runs each under callgrind,
which is told by requests of valgrind to look at the work alone and to write a file after each.
``time`` prints the seconds of processor time of each, once for every line of stdin. It must run in
older checkouts too, so it asks little of the package.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
import time
from collections.abc import Callable

LANES = 4
# rax = arguments, rdx = 0, four rotations that do nothing, xchg rbx, rbx; the answer is in rdx.
# valgrind.h, "Special instruction sequence" of amd64; elsewhere it has no effect.
_REQUEST = bytes.fromhex("4889f8 4831d2 48c1c703 48c1c70d 48c1c73d 48c1c733 4887db 4889d0 c3")
_CALLGRIND = 0x43540000  # 'C', 'T'
_DUMP, _START, _STOP = 0, 4, 5


def requests() -> Callable[[int], None]:
    """Return what asks callgrind for something; it does nothing where valgrind is not there."""
    page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(_REQUEST)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    call = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)(address)

    def ask(number: int, _kept: mmap.mmap = page) -> None:  # the page is there as long as this is
        words = (ctypes.c_uint64 * 6)(_CALLGRIND + number)
        call(ctypes.addressof(words))

    return ask


def loop(mechanism: str) -> Callable[[], object]:
    """Return a run of some lanes of the bench under a mechanism."""
    from proteus.bench.lanes import run_lanes
    from proteus.market.setup.cell import set_up_cell
    from proteus.plans.planner import from_words

    setup = set_up_cell(from_words(["+experiment=bench", f"mechanism={mechanism}"]).cells[0])
    return lambda: run_lanes(setup, LANES)


def planning() -> Callable[[], object]:
    """Return the planning of a sweep of twenty cells."""
    from proteus.plans.planner import from_words

    skews = ",".join(f"{0.0001 * number:g}" for number in range(1, 11))
    words = ["mechanism=clob,fba", f"population.maker.policy.skew={skews}"]
    return lambda: from_words(words)


def work(name: str) -> Callable[[], object]:
    """Return what is run, by its name."""
    return planning() if name == "planning" else loop(name)


def main(mode: str, names: list[str]) -> None:
    """Do what the first word says with each of the works named."""
    prepared = [work(name) for name in names]
    for each in prepared:
        each()
    if mode == "count":
        ask = requests()
        for each in prepared:
            ask(_START)
            each()
            ask(_STOP)
            ask(_DUMP)
    for _ in sys.stdin if mode == "time" else ():
        seconds = []
        for each in prepared:
            before = time.process_time()
            each()
            seconds.append(time.process_time() - before)
        print(*seconds, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
