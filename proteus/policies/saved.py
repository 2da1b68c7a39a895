"""Networks that were saved to a file, as makers: they play the task ``maker`` of the environments.

    .onnx   a model of ONNX, read by onnxruntime
    .pt     a program of TorchScript, ``torch.jit.save(torch.jit.trace(network, example), path)``
    .pt2    a program of ``torch.export.save``

The network is given what the task shows, with its default options, float32 [n, 20] (``FEATURES``,
docs/environments.md), and gives what the task takes, float32 [n, 5]: numbers from -1 to 1; what is
beyond counts as these. Rows are computed in blocks of one size, so that what a lane gives depends
on no other. Of several outputs the first counts. A network keeps nothing between decisions.

A file of torch is a program of whoever made it: read what you let in.
"""

from __future__ import annotations

import importlib
import os
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from proteus.errors import ActionError, ConfigError
from proteus.market.book.codes import BUY, SELL
from proteus.market.cell import CellConfig
from proteus.sessions.actions import Quotes
from proteus.sessions.observation import Observation

FEATURES, NUMBERS = 20, 5  # of what is shown, and of what is said
MOST_OFFSET, MOST_LOTS, SCALE_LOTS = 1.0, 20, 10.0  # the default options of the task
_ROUNDING = 1e-9  # of a tick: a price that is a whole tick stays there in spite of binary fractions
BLOCK = 32  # rows that are computed at once
_LOCATION = re.compile(rb"\x0a\x08location\x12([\x01-\x7f])")  # and how long the name is
EXTRA = "policies"  # of the distribution, which installs what reads these files

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]
Network = Callable[[Rows], Any]  # [BLOCK, FEATURES] to [BLOCK, NUMBERS], or several of which first


class Told(Protocol):
    """What a maker is told before it plays; a session says it too."""

    @property
    def cell(self) -> CellConfig:
        """Return the market."""

    @property
    def lanes(self) -> int:
        """Return how many are played side by side."""


class SavedPolicy:
    """One network in one seat of all lanes."""

    def __init__(self, network: Network, told: Told) -> None:
        self._network, self._cell = network, told.cell

    def act(self, seen: Observation) -> Quotes:
        """Quote both sides in the lanes that wait.

        Raises
            ActionError: the network says what is no number.
        """
        lanes = np.flatnonzero(seen.decides)
        said = np.zeros((len(seen.decides), NUMBERS))
        said[lanes] = computed(self._network, shown(seen, self._cell)[lanes])
        if np.isnan(said).any():
            raise ActionError("actions of NaN are not allowed: the network must give numbers")
        return quotes_of(said.clip(-1.0, 1.0), seen, self._cell.n_ticks)


def is_saved(written: str) -> bool:
    """Tell whether what names a policy is a file of a network."""
    return Path(written).suffix in _READERS


def files_of(path: Path) -> list[Path]:
    """Return the file of a network, and those that its weights are in beside it.

    ``torch.onnx.export`` writes weights into a file of their own, whose name is in the model: in
    its protocol buffer an entry of two texts, "location" and the name.
    """
    if path.suffix != ".onnx":
        return [path]
    entries = _LOCATION.finditer(content := path.read_bytes())
    names = {content[found.end() : found.end() + found[1][0]] for found in entries}
    beside = (path.parent / os.fsdecode(name) for name in sorted(names))
    return [path, *(each for each in beside if each.is_file())]


def load(path: str | Path, named: str = "") -> Callable[[Told], SavedPolicy]:
    """Load a network from its file, and try it on zeros.

    Parameters
        path: ``.onnx``, ``.pt`` or ``.pt2``. named: how messages call it; else by its path.

    Returns
        What makes a maker of it, given a seat or a session.

    Raises
        ConfigError: no such file, a package that reads it is missing, or it is no such network.
    """
    path = Path(path)
    where = named or f"policy={path}"
    if not path.is_file():
        raise ConfigError(f"{where} does not exist")
    if path.suffix not in _READERS:
        raise ConfigError(f"{where} is not allowed: it must end in {', '.join(_READERS)}")
    package, read = _READERS[path.suffix]
    try:
        module = importlib.import_module(package)
    except ImportError:
        how = f"it is read by {package}: pip install 'proteus-markets[{EXTRA}]'"
        raise ConfigError(f"{where} is not allowed: {how}") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch deprecates its formats, and reads them
            network = read(module, path)
            given = _first(network(np.zeros((BLOCK, FEATURES), np.float32)))
    except Exception as error:
        reason = (str(error).splitlines() or [""])[0]
        raise ConfigError(
            f"{where} cannot be loaded: {type(error).__name__}: {reason}; it must take float32 "
            f"[n, {FEATURES}], what the task maker shows"
        ) from None
    if given.shape != (BLOCK, NUMBERS):
        shape = list(given.shape)
        raise ConfigError(
            f"{where} is not allowed: of [{BLOCK}, {FEATURES}] it makes {shape}, and the task "
            f"maker takes [{BLOCK}, {NUMBERS}]"
        )
    return lambda told: SavedPolicy(network, told)


def computed(network: Network, rows: Rows) -> Floats:
    """Compute rows in blocks of one size, the last one filled up with zeros, float64 [n, A]."""
    found = np.empty((len(rows), NUMBERS))
    for at in range(0, len(rows), BLOCK):
        part = rows[at : at + BLOCK]
        block = np.zeros((BLOCK, FEATURES), np.float32)
        block[: len(part)] = part
        found[at : at + BLOCK] = _first(network(block))[: len(part)]
    return found


def _first(given: Any) -> NDArray[Any]:
    """Return the first output of a network."""
    return np.asarray(given[0] if isinstance(given, (tuple, list)) else given)


def _onnx(onnxruntime: Any, path: Path) -> Network:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(path), sess_options=options, providers=["CPUExecutionProvider"]
    )
    name = session.get_inputs()[0].name
    return lambda rows: session.run(None, {name: rows})


def _torchscript(torch: Any, path: Path) -> Network:
    return _of_torch(torch, torch.jit.load(str(path), map_location="cpu").eval())


def _exported(torch: Any, path: Path) -> Network:
    return _of_torch(torch, torch.export.load(str(path)).module())


def _of_torch(torch: Any, module: Any) -> Network:
    def network(rows: Rows) -> Any:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with torch.no_grad():
                given = module(torch.from_numpy(rows))
                return (
                    [each.numpy() for each in given]
                    if isinstance(given, tuple)
                    else (given.numpy())
                )
        finally:
            torch.set_num_threads(threads)

    return network


_READERS: dict[str, tuple[str, Callable[[Any, Path], Network]]] = {
    ".onnx": ("onnxruntime", _onnx), ".pt": ("torch", _torchscript), ".pt2": ("torch", _exported),
}  # fmt: skip


# --- the task, from what a policy is shown --------------------------------------------------------


def shown(seen: Observation, cell: CellConfig) -> Rows:
    """Return what the task ``maker`` shows of an observation, float32 [N, 20].

    It is the task's own vector, to the bit (``proteus.envs.tasks.kernels.show``).
    """
    ticks, lanes = cell.n_ticks, len(seen.decides)
    reference = seen.reference_doubled / (2 * ticks)
    vector = np.empty((lanes, FEATURES), np.float32)
    vector[:, 0] = seen.left_ns / cell.horizon_ns
    vector[:, 1] = reference
    vector[:, 2:4] = seen.executable / ticks
    vector[:, 4], vector[:, 5] = seen.has_signal, seen.signal
    vector[:, 6] = seen.position / SCALE_LOTS
    room = seen.fills.lots.shape[1]
    told = np.arange(room) < seen.fills.number[:, None]
    for at, side in ((7, BUY), (8, SELL)):
        mine = told & (seen.fills.side == side)
        vector[:, at] = np.where(mine, seen.fills.lots, 0).sum(axis=1) / SCALE_LOTS
    listed = np.minimum(seen.prints.number, room)
    total = np.where(np.arange(room) < listed[:, None], seen.prints.price, 0).sum(axis=1)
    vector[:, 9] = seen.prints.number
    vector[:, 10] = np.where(listed > 0, total / (np.maximum(listed, 1) * ticks), reference)
    vector[:, 11] = seen.overflow
    for side, sign in ((BUY, 1.0), (SELL, -1.0)):
        at, stands = 12 + 4 * side, seen.quote_price[:, side] > 0
        away = sign * (reference - seen.quote_price[:, side] / ticks)
        vector[:, at] = stands
        vector[:, at + 1] = np.where(stands, away, 0.0)
        vector[:, at + 2] = seen.quote_lots[:, side] / SCALE_LOTS
        vector[:, at + 3] = seen.exposure[:, side] / SCALE_LOTS
    return np.clip(vector, _LOW, _HIGH)


_LOW = np.array([0, 0, 0, 0, 0, 0, -100, 0, 0, 0, 0, 0, *2 * [0, -1, 0, 0]], np.float32)
_HIGH = np.array(
    [1, 1, 1, 1, 1, 1, 100, 100, 100, 1000, 1, 1, *2 * [1, 1, 100, 100]], np.float32
)  # fmt: skip


def quotes_of(said: Floats, seen: Observation, ticks: int) -> Quotes:
    """Return the quotes that the task ``maker`` makes of its actions.

    Parameters
        said: float64 [N, 5] from -1 to 1: distances of bid and ask from the reference, signed
            squares; their lots; what the contract is worth less the reference, likewise.
    """
    away = said[:, [0, 1, 4]] * np.abs(said[:, [0, 1, 4]]) * MOST_OFFSET
    middle = seen.reference_doubled / 2
    bid = np.floor(middle - away[:, 0] * ticks + _ROUNDING)
    ask = np.ceil(middle + away[:, 1] * ticks - _ROUNDING)
    price = np.stack([bid, ask], axis=1).astype(np.int64)
    lots = np.rint((said[:, 2:4] + 1.0) / 2.0 * MOST_LOTS).astype(np.int64)
    is_there = (price >= 1) & (price < ticks)
    belief = np.clip(middle / ticks + away[:, 2], 0.0, 1.0)
    return Quotes(np.where(is_there, price, 1), np.where(is_there, lots, 0), belief)
