"""Rows as a Parquet table: ``environment.parquet``, what the channels around a market did.

It is written where a cell of the plan uses an environment: a row for each block, each base fee and
each report of an oracle, by its running number in its channel, and for each fork, by the number of
the block that makes it.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from proteus.basics.schema import canonical_json
from proteus.market.environment.trace import CHANNELS, ENVIRONMENT_KEY, ENVIRONMENT_SCHEMA
from proteus.market.events.log import MISSING
from proteus.recording.columns import CHAIN_BLOCK, FORK, REPORT, Kind, is_kind
from proteus.results.outcome import Rows

METADATA = {ENVIRONMENT_KEY: str(ENVIRONMENT_SCHEMA)}

ENVIRONMENT_FIELDS = (
    pa.field("cell", pa.int64()),
    pa.field("seed", pa.int64()),
    pa.field("time_ns", pa.int64(), metadata={"units": "ns"}),
    pa.field("channel", pa.dictionary(pa.int8(), pa.string())),
    pa.field("version", pa.int64()),
    pa.field("fields", pa.string()),
)
# Of each channel: the rows of the log, and the columns that are its fields, by their names there.
_CHANNELS: dict[str, tuple[Kind, dict[str, str]]] = {
    "oracle": (REPORT, {"price_nano": "value_nano"}),
    "blocks": (CHAIN_BLOCK, {"messages": "messages"}),
    "congestion": (CHAIN_BLOCK, {"base_fee_nano": "value_nano", "gas_used": "gas_used"}),
    "forks": (FORK, {"depth": "depth"}),
}
assert {*_CHANNELS} == {*CHANNELS, "forks"}  # these are drawn for settlement


def environment_table(schema: pa.Schema, cell: int, seed: int, rows: Rows) -> pa.Table:
    """Return what the environment did in one lane, in order of time, and of channels then."""
    at, channels = _rows_of_channels(rows)
    names = [*_CHANNELS]
    channel = pa.DictionaryArray.from_arrays(pa.array(channels.astype(np.int8)), pa.array(names))
    return pa.table(
        [
            pa.array(np.full(len(at), cell, np.int64)),
            pa.array(np.full(len(at), seed, np.int64)),
            pa.array(rows["time_ns"][at]),
            channel,
            pa.array(rows["version"][at]),
            pa.array([_fields(names[c], rows, a) for a, c in zip(at, channels, strict=True)]),
        ],
        schema=schema,
    )


def _rows_of_channels(rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of the log that channels have, and which channel it is, both [N]."""
    places, channels = [], []
    for number, (kind, columns) in enumerate(_CHANNELS.values()):
        there = is_kind(rows, kind)
        there &= rows[next(iter(columns.values()))] != MISSING
        places.append(np.flatnonzero(there))
        channels.append(np.full(len(places[-1]), number))
    at, channel = np.concatenate(places), np.concatenate(channels)
    order = np.lexsort((channel, at))
    return at[order], channel[order]


def _fields(channel: str, rows: Rows, at: int) -> str:
    _, columns = _CHANNELS[channel]
    return canonical_json({name: int(rows[column][at]) for name, column in columns.items()})
