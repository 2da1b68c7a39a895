"""The stream of the bare book through other books, in turn with ours on the same machine.

A peer is measured where it is there: the C++ book of ``peer_book.cpp`` with g++, ``bourse`` (Rust
under Python) where it is installed. Each must end with the same open lots as ours, so all do the
same work; owners meet themselves freely, because not every peer prevents it.
"""

from __future__ import annotations

import ctypes
import importlib.util
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.bench import book
from proteus.bench.figures import RUNS, Figure, Timing, rate, timed
from proteus.bench.kernels import Stream, run_stream
from proteus.commands.process import say
from proteus.market.book.codes import BUY, SELL
from proteus.plans.planner import from_words

_COMPILE = ("g++", "-O3", "-march=native", "-std=c++17", "-shared", "-fPIC")
_ROWS_OF_BOURSE = 100_000  # a call of Python each

Outcome = tuple[Timing, tuple[int, int]]  # the run, and the open lots to buy and to sell


class Messages(NamedTuple):
    """A stream as other books read it. N messages."""

    is_cancel: NDArray[np.bool_]  # [N]
    order: NDArray[np.int32]  # [N] from 0 to N - 1: the order, or the order meant
    side: NDArray[np.int32]  # [N]
    price_ticks: NDArray[np.int32]  # [N]
    lots: NDArray[np.int32]  # [N]
    trader: NDArray[np.int32]  # [N]


def measure() -> list[Figure]:
    """Measure messages per second of one core through our book and through each peer."""
    config = from_words(["mechanism=clob", "mechanism.self_trade=none"]).cells[0].mechanism
    stream, _ = book.prepare(config)
    whole = _as_messages(stream)
    few = Messages._make(column[:_ROWS_OF_BOURSE] for column in whole)
    few_of_ours = stream._replace(**{
        name: column[:_ROWS_OF_BOURSE] for name, column in stream._asdict().items()
    })  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        figures = []
        if shutil.which("g++"):
            in_cpp = partial(_in_cpp, _build(Path(folder)), whole)
            figures += _in_turn(
                "C++ book", partial(_in_ours, config, stream), in_cpp, len(whole[0])
            )
        else:
            say("g++ is not there: no C++ book beside ours")
    if importlib.util.find_spec("bourse"):
        ours = partial(_in_ours, config, few_of_ours)
        figures += _in_turn("bourse", ours, partial(_in_bourse, few), _ROWS_OF_BOURSE)
    else:
        say("bourse is not installed: it is not beside ours (pip install bourse)")
    return figures


def _in_turn(
    name: str, ours: Callable[[], Outcome], theirs: Callable[[], Outcome], messages: int
) -> list[Figure]:
    """Run both by turns; the ratio is of neighbours."""
    pairs = [(ours(), theirs()) for _ in range(RUNS + 1)][1:]
    assert all(our[1] == their[1] for our, their in pairs), f"{name} ends with another book"
    ratios = tuple(their[0].processor_s / our[0].processor_s for our, their in pairs)
    return [
        rate(f"{name}, the same stream", "messages/s", messages, [their[0] for _, their in pairs]),
        Figure(f"bare book beside {name}", "times as fast", ratios),
    ]


def _as_messages(stream: Stream) -> Messages:
    price = np.where(stream.side == BUY, stream.rank, book.N_TICKS - stream.rank)
    return Messages(
        is_cancel=stream.is_cancel,
        order=(stream.client_id - 1).astype(np.int32),
        side=stream.side.astype(np.int32),
        price_ticks=price.astype(np.int32),
        lots=stream.lots.astype(np.int32),
        trader=stream.trader.astype(np.int32),
    )


def _in_ours(config: Any, stream: Stream) -> Outcome:
    mechanism, market = book.fresh(config)
    timing = timed(lambda: run_stream(mechanism, market, stream))
    lots = market.book.lots[0].sum(axis=1)
    return timing, (int(lots[BUY]), int(lots[SELL]))


def _build(folder: Path) -> ctypes.CDLL:
    """Compile the C++ book."""
    source = folder / "peer_book.cpp"
    source.write_text((files("proteus.bench") / "peer_book.cpp").read_text())
    subprocess.run([*_COMPILE, source, "-o", folder / "peer_book.so"], check=True)
    library = ctypes.CDLL(str(folder / "peer_book.so"))
    pointer, i32, i64 = ctypes.c_void_p, ctypes.c_int32, ctypes.c_int64
    library.new_book.argtypes, library.new_book.restype = (i64, i32), pointer
    library.free_book.argtypes = (pointer,)
    library.run_stream.argtypes = (pointer, i64, pointer, pointer, pointer, pointer, pointer)
    library.open_lots.argtypes, library.open_lots.restype = (pointer, i32), i64
    return library


def _in_cpp(library: ctypes.CDLL, messages: Messages) -> Outcome:
    count = len(messages.order)
    columns = [column.ctypes.data for column in messages[:-1]]
    target = library.new_book(count, book.N_TICKS)
    timing = timed(lambda: library.run_stream(target, count, *columns))
    lots = library.open_lots(target, BUY), library.open_lots(target, SELL)
    library.free_book(target)
    return timing, lots


def _in_bourse(messages: Messages) -> Outcome:
    from bourse.core import OrderBook

    target = OrderBook(0, 1)
    timing = timed(lambda: _send_to_bourse(target, [column.tolist() for column in messages]))
    return timing, (target.bid_vol(), target.ask_vol())


def _send_to_bourse(target: Any, columns: list[list[Any]]) -> None:
    numbers: dict[int, int] = {}
    for now, (is_cancel, order, side, price, lots, trader) in enumerate(zip(*columns, strict=True)):
        target.set_time(now)  # orders of one time do not queue in the order of their arrival
        if is_cancel:
            target.cancel_order(numbers[order])
        else:
            numbers[order] = target.place_order(side == BUY, lots, trader, price=price)
