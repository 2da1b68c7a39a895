"""The report says which parts lab makers have."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from proteus.pages import sections, tables
from proteus.plans.parts import parts_of
from proteus.testing.lanes import cell

pytestmark = pytest.mark.plain


def test_parts_are_named_once_with_the_hash_of_their_keys():
    words = ("population.maker=lab", "quoting=glft")
    cells = [
        cell(*words),
        cell(*words, "population.maker.policy.quoting.fill_decay=70", "population.maker.capital=50",
             "risk=[capital,inventory_limit]"),
    ]  # fmt: skip
    rows = parts_of(cells)
    assert rows[0]["filter_hash"] == rows[1]["filter_hash"]
    assert rows[0]["quoting_hash"] != rows[1]["quoting_hash"]
    # In the order in which they are asked: of places 50 and 70.
    assert [row["risk"] for row in rows] == ["inventory_limit", "inventory_limit+capital"]
    attrs = {"lab": json.dumps(rows)}
    (*_, said), _ = tables.parity(SimpleNamespace(dataset=SimpleNamespace(attrs=attrs)))
    assert said == (
        f"Parts of makers, with the hash of their keys: filter tape ({rows[0]['filter_hash']}); "
        f"quoting glft ({rows[0]['quoting_hash']}), glft ({rows[1]['quoting_hash']}); "
        f"risk inventory_limit ({rows[0]['risk_hash']}), "
        f"inventory_limit+capital ({rows[1]['risk_hash']})."
    )


def test_without_lab_makers_there_are_none():
    assert parts_of([cell()]) == []
    (*said,), _ = tables.parity(SimpleNamespace(dataset=SimpleNamespace(attrs={})))
    assert not any("Parts" in each for each in said)


def test_the_endpoint_is_drawn_over_two_parts_for_each_mechanism(monkeypatch):
    names = ("mechanism", "filter", "quoting")
    labels = {
        "mechanism": ["clob", "fba"],
        "filter": ["tape", "ewma"],
        "quoting": ["fixed", "glft"],
    }
    dataset = xr.Dataset(coords=labels)
    found = xr.Dataset({"value": (names, np.linspace(-1, 2, 8).reshape(2, 2, 2))})
    drawn = []
    monkeypatch.setattr(sections, "swept", lambda _: names)
    monkeypatch.setattr(sections, "levels", lambda *_: found)
    monkeypatch.setattr(sections.Quantity, "title", lambda *_: "PnL")
    monkeypatch.setattr(sections.plots, "heat", lambda *about: drawn.append(about[2:]))
    declared = SimpleNamespace(variable="pnl_maker", per="maker_volume_lots", horizon_ms=None)
    made = sections._parts(SimpleNamespace(dataset=dataset, declared=declared))
    assert [each.name for each in made.drawn] == ["parts-clob", "parts-fba"]
    scale = -1.0, 2.0  # of both maps
    assert drawn == [
        ("filter", "quoting", {"mechanism": name}, scale) for name in labels["mechanism"]
    ]
    one = dataset.isel(filter=[0])
    assert sections._parts(SimpleNamespace(dataset=one, declared=declared)) is None
