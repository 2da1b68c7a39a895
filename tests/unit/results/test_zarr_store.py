"""Results in a Zarr store: as in the file, part after part, whatever ends a write early."""

import functools
import json
import sys
import warnings

import numpy as np
import pytest
import xarray as xr
import zarr

import proteus
from proteus.errors import ResultsError
from proteus.results import dataset, zarr_store
from tests.helpers.fake_engine import FakeEngine, install

GRID = {"mechanism": ["clob", "fba"], "delta": [50, 100]}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return the folder of a sweep of some seeds, of which one lane stops; each is run once."""
    place = tmp_path_factory.mktemp("runs")

    @functools.cache
    def swept(first, end, **words):
        folder = place / f"{first}_{end}_{len(words)}"
        with pytest.MonkeyPatch.context() as engine, warnings.catch_warnings():
            warnings.filterwarnings("ignore", "violation|.*broke an invariant", RuntimeWarning)
            install(engine, FakeEngine(violated=(4,)))
            proteus.sweep({**GRID, **words}, seeds=range(first, end), output_dir=folder)
        return folder

    return swept


@pytest.fixture(autouse=True)
def slabs(monkeypatch):
    """Let a slab have three seeds of the three cells."""
    monkeypatch.setattr(dataset, "SLAB_LANES", 9)


@pytest.fixture(params=["folder", "memory"])
def store(request, tmp_path):
    name = f"{request.node.name}.zarr"
    return str(tmp_path / name) if request.param == "folder" else f"memory://{name}"


def told(attributes, *less):
    return {key: np.asarray(value).tolist() for key, value in attributes.items() if key not in less}


def test_a_store_says_what_the_file_says(run, store):
    folder = run(3, 13)
    proteus.to_zarr(folder, store)
    found, expected = proteus.open_zarr(store), proteus.load(folder)
    xr.testing.assert_equal(found.load(), expected)
    assert told(found.attrs, "parts") == told(expected.attrs)
    for name, variable in expected.variables.items():
        assert found[name].dtype == variable.dtype
        assert told(found[name].attrs) == told(variable.attrs)
    assert found["horizon"].sel(horizon="100ms") == np.timedelta64(100, "ms")


def test_parts_are_the_run_of_all_their_seeds(run, store):
    for first, end in ((3, 8), (8, 9), (9, 13)):
        proteus.to_zarr(run(first, end), store)
    found, expected = proteus.open_zarr(store).load(), proteus.load(run(3, 13))
    xr.testing.assert_equal(found, expected)
    parts = json.loads(found.attrs["parts"])
    assert [(part["seed_first"], part["seed_count"]) for part in parts] == [(3, 5), (8, 1), (9, 4)]
    assert found.attrs["seed_count"] == 10
    assert "endpoint_tests" not in found.attrs
    assert (
        found["maker_pnl_marked"].attrs["missing_violation"] == 3
    )  # one seed, three grid points of it


class Killed(BaseException):
    pass


@pytest.mark.parametrize("writes", [0, 1, -2, -1])
def test_a_write_that_ends_early_shows_nothing_and_the_next_is_whole(
    monkeypatch, run, tmp_path, writes
):
    store, first, second = tmp_path / "store.zarr", run(3, 8), run(8, 13)
    proteus.to_zarr(first, store)
    before = proteus.open_zarr(store).load()
    slabs, arrays = 2, sum("seed" in each.dims for each in before.variables.values())
    left = iter(range(writes % (arrays + slabs)))
    resize, region = zarr.Array.resize, xr.Dataset.to_zarr

    def once(function):
        def call(*arguments, **how):
            if next(left, None) is None:
                raise Killed
            return function(*arguments, **how)

        return call

    with monkeypatch.context() as killing:
        killing.setattr(zarr.Array, "resize", once(resize))
        killing.setattr(xr.Dataset, "to_zarr", once(region))
        with pytest.raises(Killed):
            proteus.to_zarr(second, store)
    if writes == 1:  # the arrays differ in their lengths
        with pytest.raises(ResultsError, match="a write ended early"):
            proteus.open_zarr(store)
    else:
        xr.testing.assert_identical(proteus.open_zarr(store).load(), before)
    proteus.to_zarr(second, store)
    xr.testing.assert_equal(proteus.open_zarr(store), proteus.load(run(3, 13)))


def test_a_first_write_that_ends_early_is_begun_again(monkeypatch, run, tmp_path):
    store = tmp_path / "store.zarr"

    def stop(*_):
        raise Killed

    with monkeypatch.context() as killing:
        killing.setattr(zarr_store._Place, "fill", stop)
        with pytest.raises(Killed):
            proteus.to_zarr(run(3, 8), store)
    with pytest.raises(ResultsError, match="holds no results"):
        proteus.open_zarr(store)
    proteus.to_zarr(run(8, 13), store)
    assert proteus.open_zarr(store)["seed"].to_numpy().tolist() == [*range(8, 13)]


@pytest.mark.parametrize(
    ("seeds", "words", "sentence"),
    [
        ((3, 13), {}, "has seeds that .* has already, as 3"),
        ((8, 9), {"horizon_s": 30}, "is of another sweep than .*: config differs"),
    ],
)
def test_what_does_not_go_on_is_refused_and_changes_nothing(run, tmp_path, seeds, words, sentence):
    store = tmp_path / "store.zarr"
    proteus.to_zarr(run(3, 8), store)
    before = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    with pytest.raises(ResultsError, match=sentence):
        proteus.to_zarr(run(*seeds, **words), store)
    assert before == {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}


def of_another(path):
    zarr.create_group(path).attrs["title"] = "of another"


@pytest.mark.parametrize(
    "fill", [lambda path: path.mkdir() or (path / "a.txt").write_text("a"), of_another]
)
def test_a_folder_with_other_things_is_left_alone(run, tmp_path, fill):
    store = tmp_path / "store.zarr"
    fill(store)
    before = sorted(store.rglob("*"))
    folder = run(8, 9)
    for call in (lambda: proteus.to_zarr(folder, store), lambda: proteus.open_zarr(store)):
        with pytest.raises(ResultsError, match="must be new, empty, or what"):
            call()
    assert sorted(store.rglob("*")) == before


def test_without_the_package_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(ResultsError, match=r"pip install 'proteus-markets\[zarr\]'"):
        proteus.open_zarr(tmp_path)


@pytest.mark.parametrize(
    ("store", "sentence"),
    [
        (5, "store=5 is not allowed .*: must be a folder, or an address"),
        ("nope://x/y", "store='nope://x/y' is not allowed .*: must be a folder, or an address"),
        ("/proc/x.zarr", "/proc/x.zarr cannot be written: No such file"),
    ],
)
def test_a_wrong_store_is_one_sentence(run, store, sentence):
    with pytest.raises(ResultsError, match=sentence):
        proteus.to_zarr(run(8, 9), store)
