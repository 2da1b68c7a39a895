"""A folder costs little beside its simulation: no work of each row or cell grows with the sweep."""

import io
import json

import numpy as np
import pandas as pd

from proteus.analysis.contrasts import paired
from proteus.analysis.measures import points, swept
from proteus.basics.versions import SCHEMA_VERSION, csv_text
from proteus.runs.folder import _json
from tests.helpers.sweeps import sweep


def test_csv_is_that_of_pandas():
    table = pd.DataFrame({
        "name": ["a, b", 'say "so"', None, "two\nlines", "a, b"],
        "value": [0.1, -0.0, np.nan, 1e-300, np.inf], "n": [1, -2, 3, 2**60, 5],
        "label": np.array([1.5, "x", np.nan, "x", 7], dtype=object),
        "is": [True, False, True, False, True],
    })  # fmt: skip
    expected = table.assign(schema_version=SCHEMA_VERSION).to_csv(index=False)
    assert csv_text(table) == expected
    empty = table.iloc[:0]
    assert csv_text(empty) == empty.assign(schema_version=SCHEMA_VERSION).to_csv(index=False)
    assert len(pd.read_csv(io.StringIO(csv_text(table)))) == len(table)


def test_a_manifest_is_json_with_a_line_for_each_cell():
    content = {"axes": {"delta": [1.0]}, "cells": [{"a": [1, 2]}, {"a": []}], "none": [], "x": "é"}
    text = _json(content)
    assert json.loads(text) == content
    assert len(text.splitlines()) == 2 + 4 + 3


def test_places_of_a_pair_are_those_of_the_list_of_points():
    data = sweep().isel(seed=slice(3))
    listed = list(points(data))
    for pair in paired(data, "clob"):
        for place, cell in zip(pair.places, (pair.treated, pair.baseline), strict=True):
            chosen = data.isel(listed[place])
            assert all(chosen[axis] == cell[axis] for axis in swept(data))
