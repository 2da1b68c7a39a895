"""Text files are UTF-8 whatever the locale: a process in a Latin-1 one writes them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.sweeps import sweep, write

ROOT = Path(__file__).parents[3]
SCRIPT = """
import locale, sys
from pathlib import Path
assert locale.getpreferredencoding(False).upper().replace("-", "") in ("ISO88591", "LATIN1")
from proteus.runs.folder import _write_text
from proteus.studies import folders
for name, writes in (("a.html", _write_text), ("b.md", folders.write_text)):
    writes(Path(name), "1.0 \\u00b1 0.1, \\u25b2")
from proteus.report import main
sys.exit(main(["x", "--tables", "md"]))
"""


def test_text_files_are_utf8_in_a_locale_of_another_encoding(tmp_path):
    if shutil.which("localedef") is None:
        pytest.skip("localedef is not installed")
    locales = tmp_path / "locales"
    locales.mkdir()
    made = ["localedef", "-i", "en_US", "-f", "ISO-8859-1", str(locales / "en_US.iso88591")]
    subprocess.run(made, check=False, capture_output=True)
    if not (locales / "en_US.iso88591").exists():
        pytest.skip("the sources of locales are not installed")
    write(sweep().isel(seed=slice(12)), tmp_path / "x")
    environment = {**os.environ, "LOCPATH": str(locales), "LC_ALL": "en_US.iso88591",
                   "PYTHONUTF8": "0", "PYTHONPATH": str(ROOT)}  # fmt: skip
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, env=environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    for name in ("a.html", "b.md"):
        assert (tmp_path / name).read_bytes().decode("utf-8") == "1.0 ± 0.1, ▲"
    assert "±" in (tmp_path / "x" / "tables" / "levels.md").read_bytes().decode("utf-8")
    assert "±" in (tmp_path / "x" / "report.html").read_bytes().decode("utf-8")


def test_no_text_file_is_read_or_written_without_its_encoding():
    for path in sorted((ROOT / "proteus").rglob("*.py")):
        if path.parts[-2] == "bench" or path.name == "machine.py":
            continue  # files of the system, which are ASCII
        text = path.read_text(encoding="utf-8")
        for call in (".read_text()", "temporary.write_text(text)"):
            assert call not in text, path
