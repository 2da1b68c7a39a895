"""``dataset.proteus``: there however things are imported, and what a notebook shows of it."""

import subprocess
import sys

import pytest
import xarray as xr

import proteus
from proteus.analysis.verdict import verdict
from proteus.errors import ResultsError
from proteus.pages import report
from proteus.pages.bundle import bundle
from tests.unit.analysis.test_contrasts import dataset
from tests.unit.basics.test_in_html import Reader

pytestmark = pytest.mark.plain
ORDERS = ("import proteus, xarray", "import xarray, proteus")


@pytest.mark.parametrize("order", ORDERS)
def test_it_is_there_in_every_order_and_xarray_is_not_fetched_for_it(order):
    script = (
        "import sys\nimport proteus.errors\nassert 'xarray' not in sys.modules\n"
        if order.startswith("import proteus")
        else "import sys\n"
    )
    script += f"{order}\nimport warnings\nwarnings.simplefilter('error')\n"
    script += (
        "import importlib, proteus, xarray\nimportlib.reload(proteus)\n"
        "print(type(xarray.Dataset().proteus).__module__)\n"
        "assert not [each for each in sys.meta_path if type(each).__module__ == 'proteus']"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120
    )
    assert (done.stdout, done.stderr) == ("proteus.pages.accessor\n", "")


def test_the_verdict_says_what_the_file_says():
    data = dataset()
    found = data.proteus.verdict()
    assert str(found).splitlines() == verdict(data)
    assert {one.outcome for one in found.cells} == {"better"}
    shown = Reader(found._repr_html_())
    assert set(shown.tags) == {"p"}
    assert shown.texts[-len(verdict(data)) :] == verdict(data)


def test_one_cell_is_not_said_twice():
    data = dataset().sel(delta=[50.0])
    shown = Reader(data.proteus.verdict()._repr_html_())
    assert shown.texts[1:] == verdict(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (xr.Dataset(), "a Dataset is not allowed"),
        (dataset().sel(mechanism=["fba"]), "no verdict: it takes the baseline"),
    ],
)
def test_what_cannot_be_judged_is_refused(data, why):
    with pytest.raises(ResultsError, match=why):
        data.proteus.verdict()


def test_a_report_is_a_page_in_a_frame_that_reaches_nothing(monkeypatch):
    monkeypatch.setattr(report, "sections", lambda one: [])  # figures take seconds
    data = dataset()
    page = data.proteus.report()
    assert page.html == report.report_page([bundle(data, {}, "results")])
    shown = Reader(page._repr_html_())
    assert shown.tags == ["iframe"]  # the page is one attribute, all of it
    assert "allow-same-origin" not in page._repr_html_().partition("srcdoc")[0]


def test_the_package_names_it():
    assert "dataset.proteus.verdict()" in proteus.__doc__
