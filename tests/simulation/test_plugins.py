"""Packages of others: installed as they are, in an environment of their own."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import proteus

ROOT = Path(proteus.__file__).parent.parent
EXAMPLES = ROOT / "examples"
CELL = (
    "+trader@population.momentum=momentum", "horizon_s=5", "metrics.tau_ms=1000",
    "seeds.count=4", "executor.workers=2",
)  # fmt: skip

pytestmark = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="a wheel has no examples")


class Environment:
    """An environment with the project's packages below its own."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=False, symlinks=True)
        self.python = folder / "bin" / "python"
        (self.site,) = (folder / "lib").glob("python*/site-packages")
        below = f"{ROOT}\n{sysconfig.get_path('purelib')}\n"
        (self.site / "below.pth").write_text(below)

    def install(self, *names: str) -> None:
        places = [str(EXAMPLES / name) for name in names]
        quiet = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation")
        pip = (sys.executable, "-m", "pip", "--python", self.python, "install", *quiet)
        subprocess.run([*pip, *places], check=True, timeout=120)

    def run(self, *words: object, plain: bool = False, check: bool = True, **more: str) -> str:
        """Run Python there and return stdout; plain: without the JIT."""
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        settings = {**kept, **more, **({"NUMBA_DISABLE_JIT": "1"} if plain else {})}
        done = subprocess.run(
            [self.python, *map(str, words)], env=settings, capture_output=True, text=True,
            timeout=600,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stderr
        return done.stdout if check else done.stderr


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    made = Environment(tmp_path_factory.mktemp("environment"))
    made.install("speed_bump", "momentum")
    return made


def test_help_and_completion_know_them(there):
    told = there.run("-m", "proteus.sweep", "--help")
    assert "mechanism: clob, dual_flow, fba, rfq, speed_bump" in told
    assert ", momentum, " in told
    line = "proteus run mechanism=sp"
    known = there.run("-m", "proteus", "--complete", COMP_LINE=line, COMP_POINT=str(len(line)))
    assert known.split() == ["mechanism=speed_bump"]
    line = "proteus run mechanism=speed_bump mechanism.allocation="
    known = there.run("-m", "proteus", "--complete", COMP_LINE=line, COMP_POINT=str(len(line)))
    assert "mechanism.allocation=pro_rata" in known.split()


def test_their_kernels_are_in_the_hash_by_content(there):
    code = "from proteus.compiler.jit import kernel_hash; print(kernel_hash())"
    before = there.run("-c", code)
    source = there.site / "proteus_momentum" / "__init__.py"
    text = source.read_text()
    try:
        source.write_text(text.replace("abs(trend) <=", "abs(trend) <"))
        edited = there.run("-c", code)
    finally:
        source.write_text(text)
    ours = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    assert len({before, edited, ours}) == 3
    assert there.run("-c", code) == before


def test_they_keep_the_contract(there):
    code = (
        "from proteus.testing import check_mechanism, check_trader;"
        "check_mechanism('speed_bump', ['noise']); check_trader('momentum', ['clob'])"
    )
    there.run("-c", code, plain=True)


def test_a_sweep_has_them_in_its_results_its_report_and_its_logs(there, tmp_path):
    """Compiled: one loop with both."""
    folder = tmp_path / "out"
    there.run(
        "-m", "proteus.sweep", "mechanism=speed_bump", "mechanism.delay_ms=1,4", *CELL,
        "record.events=seed:0", "record.report=true", f"output_dir={folder}",
    )  # fmt: skip
    assert "speed_bump" in (folder / "report.html").read_text()
    code = (
        "import sys, json, proteus;"
        "found = proteus.load(sys.argv[1]); lanes = proteus.replay_log(sys.argv[1]);"
        "events = proteus.load_events(sys.argv[1]);"
        "pnl = found['pnl_marked_by_group'];"
        "print(json.dumps([pnl['group'].values.tolist(), float(abs(pnl.sum('group')).max()),"
        "len(lanes), int((events.kind == 'wait').sum())]))"
    )
    groups, total, lanes, waits = json.loads(there.run("-c", code, folder))
    assert groups == ["maker", "informed", "noise", "sniper", "momentum"]
    assert total < 1e-9
    assert lanes == 2
    assert waits > 20


def test_a_taker_waits_exactly_as_long_as_the_bump(there):
    """The door: as the continuous book gives it, later by the delay; a cancel in time prevents."""
    code = """
import json, proteus
rows = [dict(time_ns=0, kind="limit", order_id=1, side="sell", price_ticks=500, quantity=5)]
rows += [dict(time_ns=10**7 * n, kind="limit", order_id=n + 1, side="buy", price_ticks=505,
              quantity=1) for n in (1, 2, 3)]
plain = proteus.replay(rows).fills
late = proteus.replay(rows, mechanism="speed_bump", delay_ms=3).fills
same = [name for name in plain if name != "time_ns"]
assert late[same].equals(plain[same])
assert (late.time_ns - plain.time_ns == 3 * 10**6).all()
rows += [dict(time_ns=10**7 + 3 * 10**6 - 1, kind="cancel", order_id=2)]
found = proteus.replay(rows, mechanism="speed_bump", delay_ms=3)
assert found.fills.buy_order_id.tolist() == [3, 4]
rows[-1]["time_ns"] += 1
found = proteus.replay(rows, mechanism="speed_bump", delay_ms=3)
assert found.fills.buy_order_id.tolist() == [2, 3, 4]
assert found.rejects.reason.tolist() == ["unknown_order"]
"""
    there.run("-c", code, plain=True)


def test_a_kernel_that_is_wrong_is_told_by_its_line(there, tmp_path):
    source = there.site / "proteus_momentum" / "__init__.py"
    text = source.read_text()
    wrong = text.replace("policy.weight[trader] * trend", "policy.wait[trader] * trend")
    line = wrong.splitlines().index(next(row for row in wrong.splitlines() if ".wait[" in row)) + 1
    words = ("-m", "proteus.sweep", "mechanism=clob", *CELL, f"output_dir={tmp_path / 'out'}")
    try:
        source.write_text(wrong)
        told = there.run(*words, check=False)
    finally:
        source.write_text(text)
    (sentence,) = [row for row in told.splitlines() if row.startswith("stopped: ")]
    assert sentence.startswith(f"stopped: {source}, line {line}, in decide: AttributeError: ")
    assert "--verbose" in sentence
    assert "Traceback" not in told


def test_a_package_that_cannot_be_loaded_is_named(there, tmp_path):
    source = there.site / "proteus_momentum" / "__init__.py"
    text = source.read_text()
    try:
        source.write_text("import nothing_of_this_name\n")
        told = there.run("-m", "proteus.sweep", "plan_only=true", check=False)
    finally:
        source.write_text(text)
    assert told.startswith("error: momentum of proteus.traders, from proteus-momentum, cannot be ")
    assert len(told.splitlines()) == 1
