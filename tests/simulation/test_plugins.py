"""Packages of others: installed as they are, in an environment of their own."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import proteus
from tests.helpers.budget import is_proof

ROOT = Path(proteus.__file__).parent.parent
EXAMPLES = ROOT / "examples"
MOMENTUM = "proteus_momentum/__init__.py"
CELL = ("+trader@population.momentum=momentum", "metrics.tau_ms=1000", "executor.workers=2")
SMALL = ("horizon_s=5", "seeds.count=4")
SMALLER = ("horizon_s=3", "seeds.count=2")  # in plain Python
LAB = ("mechanism=speed_bump", "population.maker=lab", *CELL)  # the only loop compiled here

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

    @contextmanager
    def edited(self, file: str, change: Callable[[str], str]) -> Iterator[Path]:
        """Let a file of a package be another one for a while."""
        source = self.site / file
        text = source.read_text()
        assert change(text) != text
        try:
            source.write_text(change(text))
            yield source
        finally:
            source.write_text(text)

    def run(
        self, *words: object, plain: bool = False, check: bool = True, merge: bool = False,
        **more: str,
    ) -> str:  # fmt: skip
        """Run Python there and return stdout; plain: without the JIT; merge: after stderr."""
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        settings = {**kept, **more, **({"NUMBA_DISABLE_JIT": "1"} if plain else {})}
        done = subprocess.run(
            [self.python, *map(str, words)], env=settings, capture_output=True, text=True,
            timeout=600,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout + done.stderr
        if merge:
            return done.stderr + done.stdout
        return done.stdout if check else done.stderr


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    made = Environment(tmp_path_factory.mktemp("environment"))
    made.install("speed_bump", "momentum", "protocol", "maker_parts")
    return made


def test_help_and_completion_know_them(there):
    told = there.run("-m", "proteus.sweep", "--help")
    assert "mechanism: clob, dual_flow, fba, rfq, speed_bump" in told
    assert ", momentum, " in told
    for group, name in (("costs", "capped"), ("settlement", "session"), ("incentives", "depth"),
                        ("environment", "blend"), ("channel", "oracle_blend"),
                        ("filter", "timed"), ("quoting", "log_odds")):  # fmt: skip
        (line,) = [line for line in told.splitlines() if line.strip().startswith(f"{group}: ")]
        assert name in line
    line = "proteus run mechanism=sp"
    known = there.run("-m", "proteus", "--complete", COMP_LINE=line, COMP_POINT=str(len(line)))
    assert known.split() == ["mechanism=speed_bump"]
    line = "proteus run mechanism=speed_bump mechanism.allocation="
    known = there.run("-m", "proteus", "--complete", COMP_LINE=line, COMP_POINT=str(len(line)))
    assert "mechanism.allocation=pro_rata" in known.split()
    line = "proteus run settlement=session settlement.netting="
    known = there.run("-m", "proteus", "--complete", COMP_LINE=line, COMP_POINT=str(len(line)))
    assert known.split() == ["settlement.netting=gross", "settlement.netting=net"]
    line = "proteus run settlement=se"
    known = there.run("-m", "proteus", "--complete", COMP_LINE=line, COMP_POINT=str(len(line)))
    assert known.split() == ["settlement=session"]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("proteus_momentum/__init__.py", "abs(trend) <=", "abs(trend) <"),
        ("proteus_protocol/settlement.py", "< cutoff_ns else", "<= cutoff_ns else"),
    ],
)
def test_their_kernels_are_in_the_hash_by_content(there, file, old, new):
    code = "from proteus.compiler.jit import kernel_hash; print(kernel_hash())"
    before = there.run("-c", code)
    with there.edited(file, lambda text: text.replace(old, new)):
        edited = there.run("-c", code)
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


def test_rules_keep_the_contract_by_the_tests_of_their_package(there):
    tests = EXAMPLES / "protocol" / "tests"
    told = there.run("-m", "pytest", "-q", "-p", "no:cacheprovider", tests, plain=True)
    assert re.fullmatch(r"\d+ passed in .*", told.splitlines()[-1])


RESULTS = """
import sys, json, proteus
found, lanes = proteus.load(sys.argv[1]), proteus.replay_log(sys.argv[1])
events, ledger = proteus.load_events(sys.argv[1]), proteus.load_ledger(sys.argv[1])
by_group, ruled = found["pnl_marked_by_group"], found.sel(incentives="depth")
accounts = found[["pnl_venue", "pnl_network", "pnl_proposer", "pnl_pool", "pnl_stakes"]]
total = by_group.sum("group") + accounts.to_dataarray().sum("variable")
taken = ledger[ledger.policy == "taking"]
print(json.dumps({
    "groups": by_group["group"].values.tolist(),
    "total": float(abs(total).max()),
    "lanes": len(lanes), "waits": int((events.kind == "wait").sum()),
    "fees": [float(found["fees_paid"].sel(costs=name).sum()) for name in ("none", "capped")],
    "pending": float(found["pending_value_most"].min()),
    "rewards": float(ruled["rewards_received"].sum()),
    "fined": int(taken.amount.sum()), "taken": int(taken.score.sum()),
    "reports": float(found["oracle_reports"].min()),
    "versions": sorted(len(version) for version in ledger.policy_version.cat.categories),
}))
"""


def test_a_sweep_has_them_in_its_results_its_report_and_its_logs(there, tmp_path):
    """Compiled: one loop with a mechanism, a kind of trader and rules of three packages."""
    folder = tmp_path / "out"
    there.run(
        "-m", "proteus.sweep", *LAB, *SMALL, "costs=none,capped",
        "settlement=session", "incentives=none,depth", "environment=blend",
        "record.events=seed:0", "record.report=true", f"output_dir={folder}",
    )  # fmt: skip
    page = (folder / "report.html").read_text()
    assert all(word in page for word in ("speed_bump", "capped", "depth"))
    found = json.loads(there.run("-c", RESULTS, folder))
    assert found["groups"] == ["maker", "informed", "noise", "sniper", "momentum"]
    assert found["total"] < 1e-9
    assert found["lanes"] == 4
    assert found["waits"] > 20
    assert found["fees"][0] == 0 < found["fees"][1]
    assert min(found["pending"], found["rewards"], found["reports"]) > 0
    # A fine of 0.0001 for each lot taken; a score stands at each of its entries.
    assert found["fined"] == found["taken"] * 10**5 > 0
    assert found["versions"] == [16, 16]


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


def test_parts_of_makers_keep_the_contract_by_the_tests_of_their_package(there):
    tests = EXAMPLES / "maker_parts" / "tests"
    told = there.run("-m", "pytest", "-q", "-p", "no:cacheprovider", tests, plain=True)
    assert " 4 passed" in told.splitlines()[-1].rjust(40)


PARTS = """
import sys, json, proteus
found = proteus.load(sys.argv[1])
print(json.dumps({
    "parts": sorted({row["quoting"] for row in json.loads(found.attrs["lab"])}),
    "fills": found["n_fills"].sum("seed").values.ravel().tolist(),
    "ours": found["pnl_marked_by_group"].sel(quoting="linear").values.ravel().tolist(),
}))
"""
LINEAR_ALONE = """
import sys, json, proteus
found = proteus.load(sys.argv[1])
print(json.dumps(found["pnl_marked_by_group"].values.ravel().tolist()))
"""


@pytest.mark.skipif(not is_proof(), reason="compiles for a minute")
def test_a_part_of_another_package_trades_and_moves_nobody_else(there, tmp_path):
    """Compiled, beside a cell without it, whose numbers are those of a sweep without it."""
    both, alone = tmp_path / "both", tmp_path / "alone"
    there.run("-m", "proteus.sweep", *LAB, *SMALL, "quoting=linear,log_odds", f"output_dir={both}")
    timed = ("filter=timed", f"output_dir={tmp_path / 'timed'}")
    there.run("-m", "proteus.sweep", *LAB, *SMALLER, *timed, plain=True)
    there.run("-m", "proteus.sweep", *LAB, *SMALL, f"output_dir={alone}")
    found = json.loads(there.run("-c", PARTS, both))
    assert found["parts"] == ["linear", "log_odds"]
    assert min(found["fills"]) > 0
    assert found["ours"] == json.loads(there.run("-c", LINEAR_ALONE, alone))


def test_a_part_that_cannot_be_compiled_is_refused_in_a_sentence_and_stops_no_other_cell(
    there, tmp_path
):
    """A list of strings is plain Python, and no kernel."""
    old = "level = log_odds(estimate, LEAST)"
    new = "level = {'a': 1}[str(numbers[0])[:0] + 'a'] * log_odds(estimate, LEAST)"
    file = "proteus_maker_parts/quoting.py"
    with there.edited(file, lambda text: text.replace(old, new)) as source:
        told = there.run(
            "-m", "proteus.sweep", *LAB, *SMALL, "quoting=log_odds", f"output_dir={tmp_path / 'a'}",
            check=False,
        )  # fmt: skip
        there.run("-m", "proteus.sweep", *LAB, "plan_only=true")
    (sentence,) = told.splitlines()
    about = "error: log_odds of proteus.quoting, from proteus-maker-parts, cannot be compiled: "
    assert sentence.startswith(f"{about}{source}, line ")
    assert sentence.split(": ")[2].endswith(", in quote")
    assert not (tmp_path / "a").exists()


ASKED = """
import proteus
from proteus.compiler.jit import compiled
from proteus.errors import ConfigError
from proteus.market.constraints.added import CODES, GIVEN, fits_added
from proteus.market.setup import foreign
from proteus.plans import planner
from proteus.runs import api
api.checked(planner.from_words(["costs=gas"]))
print(compiled(fits_added)(CODES["stay_near"], *GIVEN))
try:
    proteus.Session({"mechanism": "clob", "risk@population.maker.risk": "stay_near"}, 1)
except ConfigError as error:
    print(error)
foreign.why_not = lambda *_: "the reason"
for words in (
    "", "costs=gas population.maker=lab", "population.maker=lab filter=timed",
    "population.maker=lab quoting=log_odds", "settlement=session", "incentives=depth",
    "environment=blend", "risk@population.maker.risk=stay_near",
    "+trader@population.idle=maker population.idle.count=0 risk@population.idle.risk=stay_near",
):
    try:
        api.checked(planner.from_words([*words.split()]))
        print("nothing")
    except ConfigError as error:
        print(str(error).partition(",")[0])
"""
USED = [  # by these words
    "nothing", "nothing", "timed of proteus.filters", "log_odds of proteus.quoting",
    "session of proteus.settlement", "linear_depth of proteus.incentives",
    "blend of proteus.channels", "stay_near of proteus.constraints", "nothing",
]  # fmt: skip


def test_a_constraint_that_cannot_be_compiled_is_refused_and_stops_nobody_without_it(
    there, tmp_path
):
    """Loops with rules know the constraints of all packages, but none that is no kernel."""
    with there.edited(
        "proteus_protocol/constraints.py", lambda text: text.replace("numbers[", "numbers.first[")
    ):
        words = ("-m", "proteus.sweep", "seeds.count=2", "mechanism=clob")
        into = (f"output_dir={tmp_path / 'a'}", "risk@population.maker.risk=stay_near")
        told = there.run(*words, *into, check=False)
        fits, in_session, *used = there.run("-c", ASKED).splitlines()
        if is_proof():  # compiles the loop
            there.run(*words, "costs=gas", f"output_dir={tmp_path / 'b'}")
    (sentence,) = [row for row in told.splitlines() if row.startswith("error: ")]
    assert "stay_near of proteus.constraints, from proteus-protocol, cannot be comp" in sentence
    assert "Unknown attribute 'first' of type array(int64, 1d, C)" in sentence
    assert not (tmp_path / "a").exists()
    assert fits == "0"
    assert f"error: {in_session}" == sentence
    assert used == USED


def test_a_kernel_that_is_wrong_is_told_by_its_line(there, tmp_path):
    words = (
        "-m",
        "proteus.sweep",
        "mechanism=clob",
        *CELL,
        *SMALL,
        f"output_dir={tmp_path / 'out'}",
    )
    old, new = "policy.weight[trader] * trend", "policy.wait[trader] * trend"
    with there.edited(MOMENTUM, lambda text: text.replace(old, new)) as source:
        told = there.run(*words, check=False)
        rows = source.read_text().splitlines()
    line = rows.index(next(row for row in rows if ".wait[" in row)) + 1
    (sentence,) = [row for row in told.splitlines() if row.startswith("stopped: ")]
    assert sentence.startswith(f"stopped: {source}, line {line}, in decide: AttributeError: ")
    assert "--verbose" in sentence
    assert "Traceback" not in told


# --- a package that is broken ---------------------------------------------------------------------

PLAN = ("-m", "proteus.sweep", "plan_only=true")
BROKEN = {
    "a module that is missing": (
        "\nimport nothing_of_this_name\n", "line 2, in <module>: ModuleNotFoundError: No module",
    ),
    "no Python": ("x = (\n", "line 1: SyntaxError: '(' was never closed"),
    "no such name": ("", "proteus_momentum:KIND: AttributeError: module 'proteus_momentum' has no"),
    "another thing": ("KIND = 5\n", "it must be a TraderKind, and is of type int"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_package_that_is_broken_stops_only_who_names_it(there, text, reason):
    """Others get a sentence; `momentum` is known by the file of its package, and refused."""
    with there.edited(MOMENTUM, lambda _: text):
        ran = there.run(*PLAN, merge=True)
        refused = there.run(*PLAN, CELL[0], check=False)
    warned, *rest = ran.splitlines()
    about = "momentum of proteus.traders, from proteus-momentum, is left out: "
    assert warned.startswith(f"warning: {about}")
    assert reason in warned
    assert len(rest) > 0
    assert not any("momentum" in line for line in rest)
    (sentence,) = [line for line in refused.splitlines() if line.startswith("error: ")]
    assert "population.momentum.kind=momentum does not exist; " + about in sentence
    assert reason in sentence
    assert len(refused.splitlines()) == 2  # it was warned of, and is named


def test_a_package_with_several_entries_is_warned_of_once(there):
    with there.edited("proteus_protocol/__init__.py", lambda _: "raise OSError('gone')\n"):
        ran = there.run(*PLAN, merge=True)
        refused = there.run(*PLAN, "incentives=depth", check=False)
        other = there.run(*PLAN, "environment=blend", check=False)
    (warned,) = [line for line in ran.splitlines() if line.startswith("warning: ")]
    assert "from proteus-protocol, is left out: it cannot be loaded: " in warned
    assert "proteus_protocol/__init__.py, line 1, in <module>: OSError: gone" in warned
    assert "score.name=linear_depth does not exist; linear_depth of proteus.inc" in refused
    assert "oracle.source=blend is not allowed: " in other
    assert "OSError: gone" in other


def test_python_warns_as_well_and_goes_on(there):
    code = (
        "import warnings\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    import proteus\n"
        "    about = dict(horizon_s=1, metrics={'tau_ms': 500}, record={'warmup_s': 0})\n"
        "    found = proteus.simulate(mechanism='clob', seeds=1, **about)\n"
        "print(int(found['n_fills'].sum() > 0), [type(w.message).__name__ for w in caught\n"
        "    if 'momentum' in str(w.message)])"
    )
    with there.edited(MOMENTUM, lambda _: "import nothing_of_this_name\n"):
        assert there.run("-c", code, plain=True).split("\n")[0] == "1 ['PluginWarning']"
