"""What ``python -m tests.elsewhere`` takes from an index."""

import subprocess

import pytest

from tests.elsewhere.places import Environment

LISTED = "torch (2.15.0)\nAvailable versions: 2.15.0, 2.13.0{cpu}, 2.13.0, 2.12.1{cpu}, 2.12.1\n"


@pytest.mark.plain
@pytest.mark.parametrize(
    ("cpu", "wanted"), [("+cpu", "torch==2.13.0+cpu"), ("", "torch"), ("+cu130", "torch")]
)
def test_of_torch_the_newest_build_without_cuda_is_taken(monkeypatch, cpu, wanted):
    place = object.__new__(Environment)
    said = subprocess.CompletedProcess([], 0, stdout=LISTED.format(cpu=cpu))
    monkeypatch.setattr(place, "run", lambda words: said, raising=False)
    assert place.without_cuda("torch") == wanted
