"""Tables of messages in every form give what the list of dicts gives, or one sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import proteus
from proteus.errors import MessageError

Row = dict[str, Any]
BIG = 1234567890123456789
ROWS: list[Row] = [
    {"time_ns": 5, "kind": "limit", "order_id": BIG, "agent": 2**53 + 1, "side": "sell",
     "price_ticks": 500, "quantity": 5},
    {"time_ns": 6, "kind": "limit", "order_id": 2, "agent": 2**53, "side": "buy",
     "price_ticks": 500, "quantity": 2, "tif": "ioc", "post_only": False},
    {"time_ns": 4, "kind": "limit", "order_id": -3, "side": "buy", "price_ticks": 490,
     "quantity": 7, "post_only": True},
    {"time_ns": 9, "kind": "market", "order_id": 4, "side": "sell", "quantity": 3},
    {"time_ns": 10, "kind": "amend", "order_id": BIG, "agent": 2**53 + 1, "quantity": 1},
    {"time_ns": 11, "kind": "cancel", "order_id": -3, "quantity": 1},
    {"time_ns": 11, "kind": "cancel", "order_id": BIG, "agent": 2**53},
    {"time_ns": 12, "kind": "cancel", "order_id": 9},
]  # fmt: skip
TABLES = ("fills", "book", "clears", "rejects", "cancels", "depth")


class Stream:
    """What a library that is no dependency hands out: Polars frames, DuckDB relations."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.table.__arrow_c_stream__(requested_schema)


def nullable(rows: list[Row]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, dtype=object)
    types = {"post_only": "boolean", "kind": "string", "side": "category", "tif": "string"}
    return frame.astype({name: types.get(name, "Int64") for name in frame})


def arrow(rows: list[Row]) -> pa.Table:
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: pa.array([row.get(name) for row in rows]) for name in names})


def views(rows: list[Row]) -> pa.Table:
    """Text as Polars hands it out, names of sides as a dictionary, and everything in chunks."""
    table = arrow(rows)
    place = table.column_names.index("kind")
    table = table.set_column(place, "kind", table["kind"].cast(pa.string_view()))
    place = table.column_names.index("side")
    table = table.set_column(place, "side", table["side"].dictionary_encode())
    return pa.concat_tables([table.slice(0, 3), table.slice(3)])


FORMS = {
    "nullable": nullable,
    "objects": lambda rows: pd.DataFrame(rows, dtype=object),
    "arrow": arrow,
    "views": views,
    "stream": lambda rows: Stream(views(rows)),
    "batch": lambda rows: arrow(rows).to_batches()[0],
    "arrow-backed": lambda rows: arrow(rows).to_pandas(types_mapper=pd.ArrowDtype),
    "odd index": lambda rows: nullable(rows).set_index(np.zeros(len(rows), int)),
    "unsigned": lambda rows: nullable(rows).astype({"time_ns": np.uint32, "price_ticks": "UInt16"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_what_the_list_of_dicts_gives(form: str) -> None:
    chosen: Row = {"self_trade": "cancel_newest", "levels": 2}
    listed, tabled = (proteus.replay(each, **chosen) for each in (ROWS, FORMS[form](ROWS)))
    assert len(listed.fills) == 2
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(listed, name), getattr(tabled, name))


def test_rejects_and_cancels_say_row_and_time() -> None:
    """Rows are those of the table, whatever their order in time."""
    result = proteus.replay(ROWS)
    assert result.rejects.to_numpy().tolist() == [
        [11, 6, BIG, "another_agent"],
        [12, 7, 9, "unknown_order"],
    ]
    assert result.cancels.to_numpy().tolist() == [[11, 5, -3, 1, "requested"]]
    batch = proteus.replay([{**ROWS[3], "time_ns": 7}], "fba", delta=1)
    assert batch.cancels["row"].isna().all()  # in a clear
    assert batch.cancels["time_ns"].tolist() == [1_000_000]


@pytest.mark.parametrize("form", ["float", "arrow"])
@pytest.mark.parametrize("name", ["order_id", "agent", "time_ns", "quantity", "price_ticks"])
@pytest.mark.parametrize("value", [2.0**53, -(2.0**53), 1e18, 1e300, 0.5])
def test_a_float_that_may_not_be_the_integer_it_was_is_refused(
    form: str, name: str, value: float
) -> None:
    row = {"kind": "limit", "order_id": 1, "side": "buy", "price_ticks": 5, "quantity": 1}
    rows = [row, {**row, "order_id": 2}, {**row, "order_id": 3}]
    frame = pd.DataFrame(rows).assign(**{name: [3.0, 2.0**53 - 1, value]})
    table = frame if form == "float" else pa.Table.from_pandas(frame)
    with pytest.raises(MessageError, match=f"{name}=.* in row 2 is not allowed: .*must be an int"):
        proteus.replay(table)


def test_whole_floats_are_integers_as_ever() -> None:
    frame = pd.DataFrame(ROWS[1:4]).drop(columns="agent")
    assert frame["price_ticks"].dtype == float
    result = proteus.replay(frame)
    assert result.book["quantity"].tolist() == proteus.replay(ROWS[1:4]).book["quantity"].tolist()


@pytest.mark.parametrize(
    ("column", "cells", "sentence"),
    [
        ("side", ["buy", "up", None], "side='up' in row 1 "),
        ("side", ["buy", None, "up"], "side=None in row 1 "),
        ("side", [True, False, True], "side=True in row 0 "),
        ("side", [1, 2, 3], "side=1 in row 0 "),
        ("order_id", [1, None, 3], "order_id=.* in row 1 "),
        ("order_id", ["a", "b", "c"], "order_id='a' in row 0 "),
        ("order_id", [True, False, True], "order_id=True in row 0 "),
        ("order_id", np.array([1, 2, 2**63], np.uint64), "order_id=9223372036854775808 in row 2 "),
        ("time_ns", [0, -1, 0], "time_ns=-1 in row 1 "),
        ("time_ns", pd.to_datetime(["2026-01-01"] * 3), "time_ns=Timestamp.* in row 0 "),
        ("post_only", ["no", None, None], "post_only='no' in row 0 "),
        ("quantity", [2**62, 2**62 - 1, 1], "quantity=1 in row 2 .* less than 2\\*\\*63"),
    ],
)
@pytest.mark.parametrize("form", [pd.DataFrame, pa.table])
def test_the_first_bad_row_is_named(form: Any, column: str, cells: Any, sentence: str) -> None:
    table = {
        "kind": ["limit"] * 3, "order_id": [1, 2, 3], "side": ["buy"] * 3,
        "price_ticks": [5] * 3, "quantity": [1] * 3, column: cells,
    }  # fmt: skip
    if form is pa.table:
        table[column] = pa.array(cells)
        sentence = sentence.replace("Timestamp", ".*")
    with pytest.raises(MessageError, match=sentence) as caught:
        proteus.replay(form(table))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("ids", [[1, 2, 3], [-(2**63), 2**63 - 1, 0], [2**40, -(2**40), 2**50]])
def test_ids_far_apart_are_told_apart(ids: list[int]) -> None:
    rows = [
        {"kind": "limit", "order_id": each, "agent": each, "side": "buy", "price_ticks": 5,
         "quantity": 1 + place}
        for place, each in enumerate(ids)
    ]  # fmt: skip
    rows.append({"kind": "cancel", "order_id": ids[1], "agent": ids[1]})
    rows.append({"kind": "cancel", "order_id": ids[2], "agent": ids[0]})
    result = proteus.replay(rows)
    assert result.book["order_id"].tolist() == [ids[0], ids[2]]
    assert result.cancels["quantity"].tolist() == [2]
    assert result.rejects["reason"].tolist() == ["another_agent"]


def test_the_default_agent_is_nobody_elses() -> None:
    """It was -1 - order_id, which somebody may have."""
    rows = [
        {"kind": "limit", "order_id": 5, "side": "sell", "price_ticks": 500, "quantity": 5},
        {"kind": "limit", "order_id": 6, "agent": -6, "side": "buy", "price_ticks": 500,
         "quantity": 2},
    ]  # fmt: skip
    assert len(proteus.replay(rows, self_trade="cancel_oldest").fills) == 1


@pytest.mark.parametrize(
    ("column", "kinds"),
    [
        ("side", ["accept", "cancel"]), ("price_ticks", ["cancel"]), ("quantity", ["cancel"]),
        ("ttl_ns", ["accept", "cancel"]), ("tif", ["request", "quote", "accept", "cancel"]),
    ],
)  # fmt: skip
def test_a_request_says_nothing_that_is_not_read(column: str, kinds: list[str]) -> None:
    values = {"side": "buy", "tif": "gtc"}
    for kind in kinds:
        row = {"kind": kind, "order_id": 1, "request_id": 1, column: values.get(column, 5)}
        row.setdefault("side", None if kind != "request" else "buy")
        with pytest.raises(
            MessageError, match=f"{column}=.* must be empty in a row of kind {kind}"
        ):
            proteus.replay([row], "rfq")


def test_lots_up_to_2_to_the_62_are_exact() -> None:
    rows = [
        {"kind": "limit", "order_id": 1, "side": "sell", "price_ticks": 5, "quantity": 2**62},
        {"kind": "limit", "order_id": 2, "side": "buy", "price_ticks": 5, "quantity": 2**62 - 1},
    ]
    result = proteus.replay(rows, n_ticks=2**31)
    assert result.fills["quantity"].tolist() == [2**62 - 1]
    assert result.book["quantity"].tolist() == [1]
    with pytest.raises(MessageError, match=r"in row 0 .* less than 2\*\*61 lots"):
        proteus.replay(rows, allocation="pro_rata")
    request = {"kind": "request", "order_id": 1, "side": "buy", "quantity": 2**53 + 1}
    with pytest.raises(MessageError, match="2\\*\\*53 lots where least_share"):
        proteus.replay([request], "rfq", least_share=0.5)
    assert len(proteus.replay([request], "rfq").rejects) == 0
