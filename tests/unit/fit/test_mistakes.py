"""Each mistake of a fit is one sentence, and nothing is written."""

import pytest

from proteus.fit.__main__ import main
from tests.helpers.recorded_files import write_csv, write_lobster
from tests.helpers.venue import Flow, trade

pytestmark = pytest.mark.nojit


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], "a file is missing: write FILE tick=0.01"),
        (["tik=1"], "key=tik does not exist; did you mean tick?"),
        (["tick=0"], "tick=0 is not allowed: must be more than 0"),
        (["tick=1", "tick=2"], "tick=2 is not allowed: tick is given twice"),
        (["lot=0"], "lot=0 is not allowed: must be a number above 0"),
        (["lot=few"], "lot=few is not allowed: must be a number above 0"),
        (["grid_s=nan"], "grid_s=nan is not allowed: must be a number above 0"),
        (["name=A-b"], "name=A-b is not allowed: write small letters, digits and _"),
        (["name="], "name= is not allowed: it must not be empty"),
        (["format=lobstr"], "format=lobstr does not exist; did you mean lobster?"),
        (["nowhere.csv"], "file=nowhere.csv cannot be read: No such file"),
    ],
)
def test_words(words, wanted, tmp_path, capfd):
    file = [] if not words or words[0] == "nowhere.csv" else [str(tmp_path / "x.csv")]
    if not words:
        words = ["tick=1"]
    assert main([*file, *words]) == 2
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 1
    assert wanted in said[0]


def test_files(tmp_path, capfd):
    day = write_lobster(tmp_path, trade(Flow(replaced=0.0), 20, 1, 34_200 * 10**9), 9)

    def said(*words):
        assert main([str(day), f"output_dir={tmp_path / 'out'}", *words]) == 2
        assert not (tmp_path / "out").exists()
        (text,) = capfd.readouterr().err.splitlines()
        return text

    assert "a file is given twice" in said(str(day))
    assert "in record 0 is not allowed: must be a multiple of the tick 0.3" in said("tick=0.3")
    assert "lot=1e-06 is not allowed: the largest order would be" in said("lot=1e-6")


def test_too_little(tmp_path, capfd):
    path, mapping = write_csv(tmp_path, trade(Flow(), 2, 1))
    words = [f"mapping={mapping}", "tick=0.01", f"output_dir={tmp_path / 'out'}"]
    assert main([str(path), *words]) == 2
    assert "orders are too few: at least 30 of a kind are needed" in capfd.readouterr().err
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))
    assert main([str(path), *words]) == 2
    assert "has one moment only" in capfd.readouterr().err
