"""Everything that sweep, watch, report and compare write says its schema version."""

from proteus.basics.versions import SCHEMA_VERSION
from proteus.compare import main as compare
from proteus.report import main as report
from proteus.sweep import main as sweep
from proteus.watch import main as watch
from tests.helpers.recorded import WORDS
from tests.helpers.recorded import near_barriers as near_barriers
from tests.helpers.stamped import versions_in

EVERYTHING = (
    "record.events=seed:0", "record.traces=seed:0", "record.per_run=true", "record.report=true",
    "seeds.count=3",
)  # fmt: skip


def test_every_file_says_its_schema_version(near_barriers, tmp_path):
    folder = tmp_path / "out"
    assert sweep([*WORDS, *EVERYTHING, f"output_dir={folder}"]) == 0
    for kind in ("png", "pdf", "svg"):
        lane = "mechanism:fba/seed:0"
        assert watch([str(folder), lane, "--format", kind, "--into", str(folder / kind)]) == 0
    assert report([str(folder), "--figures", "svg", "--output", str(folder / "r.html")]) == 0
    assert compare([str(folder), "--csv", str(folder / "compared.csv")]) == 0
    found = versions_in(folder)
    written = (
        "results.nc", "runs.parquet", "events.parquet", "fills.parquet", "manifest.json",
        "summary.csv", "compared.csv", "verdict.txt", "report.html", "r.html",
        "sweep.log", "png/cell1-seed0.png", "pdf/cell1-seed0.pdf", "svg/cell1-seed0.html",
    )  # fmt: skip
    assert set(written) <= set(found)
    assert len([name for name in found if name.startswith("figures/")]) > 9
    assert {name: said for name, said in found.items() if said != {str(SCHEMA_VERSION)}} == {}
