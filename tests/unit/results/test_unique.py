"""Copies of a cell on a grid are dropped, and what is left says which cell it is."""

import numpy as np
import pytest
import xarray as xr

import proteus
from proteus.errors import ResultsError
from tests.helpers.fake_engine import FakeEngine, install


@pytest.fixture
def engine(monkeypatch):
    return install(monkeypatch, FakeEngine())


def test_a_book_without_batches_counts_once(engine, tmp_path):
    made = proteus.sweep(
        {"mechanism": ["clob", "fba"], "delta": [50, 100]}, seeds=4, output_dir=tmp_path / "x"
    )
    for dataset in (made, proteus.load(tmp_path / "x")):
        assert dataset["cell"].dims == ("mechanism", "delta")
        assert dataset["cell"].values.tolist() == [[0, 0], [1, 2]]
        once = proteus.unique_cells(dataset)
        assert once["n_fills"].dims == ("cell", "seed")
        assert once["mechanism"].values.tolist() == ["clob", "fba", "fba"]
        assert once["delta"].values[1:].tolist() == [50, 100]
        for place, (mechanism, delta) in enumerate((("clob", 50), ("fba", 50), ("fba", 100))):
            want = dataset["n_fills"].sel(mechanism=mechanism, delta=delta)
            assert np.array_equal(once["n_fills"].isel(cell=place), want, equal_nan=True)
        assert once.attrs == dataset.attrs


def test_parts_of_a_sweep_have_their_cells(engine):
    made = proteus.sweep({"mechanism": ["clob", "fba"], "delta": [50, 100]}, seeds=4)
    assert proteus.unique_cells(made.sel(mechanism="fba"))["cell"].values.tolist() == [1, 2]
    alone = proteus.unique_cells(made.sel(mechanism="fba", delta=100))
    assert alone["cell"].values.tolist() == [2]
    assert alone["n_fills"].dims[0] == "cell"


@pytest.mark.parametrize("wrong", [3, xr.Dataset({"n_fills": ("seed", [1.0])})])
def test_what_has_no_cells_is_refused(wrong):
    with pytest.raises(ResultsError, match="coordinate cell"):
        proteus.unique_cells(wrong)


def test_what_compares_asks_for_the_dataset_with_its_dims(engine):
    """The estimates of a cell are at its labels: the sentence says which dataset has them."""
    made = proteus.sweep({"mechanism": ["clob", "fba"], "delta": [50, 100]}, seeds=4)
    with pytest.raises(ResultsError, match="give the dataset that unique_cells was given"):
        proteus.compare(proteus.unique_cells(made))
