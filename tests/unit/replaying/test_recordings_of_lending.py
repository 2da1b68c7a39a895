"""Recordings of running contracts through the door: K9, and what is said of wrong files."""

import copy
import json

import pytest

from proteus.errors import ConfigError
from proteus.validation.lending.__main__ import main
from proteus.validation.lending.comparing import validate
from tests.helpers.lending import FIXTURES, RECORDINGS

pytestmark = pytest.mark.plain

WIDE = str(10**20)


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_every_step_of_a_recording_is_reproduced_to_the_unit(path):
    """Aave's as well, where K9 would allow 1e-9."""
    outcome = validate(path)
    assert outcome.refused is None
    assert [each.sentence() for each in outcome.differences] == []
    assert outcome.steps == len(json.loads(path.read_text())["steps"])
    assert outcome.compared > 50 * outcome.steps


def changed(tmp_path, path, change):
    """A copy of a recording, of its first steps, with a change."""
    found = json.loads((FIXTURES / path).read_text())
    found["steps"] = found["steps"][:12]
    change(found)
    copied = tmp_path / "changed.json"
    copied.write_text(json.dumps(found))
    return copied


def put(*keys, value):
    def change(found):
        for key in keys[:-1]:
            found = found[key]
        found[keys[-1]] = value

    return change


MORPHO, AAVE = "morpho/morpho_fee_1.json", "aave/aave_dust_1.json"
VENUS = "venus/venus_heal_1.json"


@pytest.mark.parametrize(
    ("path", "change", "sentence"),
    [
        (MORPHO, put("more", value={"irm": "x"}), "changed.json: unknown key more; allowed: "),
        (MORPHO, put("format", value=["x"]), "format=['x'] is not allowed: must be morpho-seq"),
        (MORPHO, put("steps", 3, "who", value=["l0"]), "step 3: who=['l0'] is not allowed"),
        (MORPHO, put("steps", 0, "result", value=["x", "1"]), "step 0: result='x' is not allowed"),
        (MORPHO, put("initial", "positions", value=[]), "initial, positions is not allowed"),
        (VENUS, put("steps", 2, "state", "users", value=None), "step 2, users is not allowed"),
        (MORPHO, put("steps", 3, "gas", value="1"), "changed.json, step 3: unknown key gas"),
        (MORPHO, put("steps", 3, "args", "to", value="l0"), "step 3, args: unknown key to"),
        (MORPHO, put("steps", 3, "action", value="flash"), "step 3: action=flash is not allowed"),
        (MORPHO, put("steps", 4, "who", value="zz"), "agent='zz' in row 4 is not allowed"),
        (MORPHO, put("config", "irm", value="curve"), "config: irm='curve' is not allowed"),
        (MORPHO, put("config", "lltv", value="0.8"), "config: lltv='0.8' is not allowed"),
        (MORPHO, put("format", value="x/2"), "format='x/2' is not allowed: must be morpho-seq"),
        (MORPHO, put("steps", 3, "i", value=7), "step 3: i=7 is not allowed"),
        (MORPHO, put("steps", 5, "t", value="1"), "time_s=1 in row 5 is not allowed"),
        (MORPHO, put("initial", "market", "totalSupplyAssets", value="5"), "supply_assets=5"),
        (AAVE, put("config", "eMode", value="1"), "config: unknown key eMode"),
        (AAVE, put("steps", 2, "state", "reserves", "E", value={}), "unknown key E"),
        (AAVE, put("steps", 2, "state", "users", "l0", "vC", value="1"), "l0: unknown key vC"),
        (VENUS, put("config", "cap", value="1"), "config: unknown key cap"),
        (VENUS, put("steps", 2, "revert", value="no"), "step 2: ok=True is not allowed"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_refused_by_file_step_and_key(tmp_path, path, change, sentence):
    with pytest.raises(ConfigError) as caught:
        validate(changed(tmp_path, path, change))
    assert sentence in str(caught.value)
    assert "changed.json" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "change"),
    [
        (MORPHO, put("initial", "positions", "l0", "loanBalance", value=WIDE)),
        (MORPHO, put("steps", 6, "state", "market", "totalSupplyShares", value=WIDE)),
        (MORPHO, put("config", "startPrice", value="1")),
        (AAVE, put("initial", "users", "l0", "D", value=WIDE)),
        (AAVE, put("steps", 6, "state", "users", "l0", "aD", value=WIDE)),
        (VENUS, put("steps", 6, "state", "markets", "D", "getCash", value=WIDE)),
    ],
)
def test_amounts_beyond_64_bits_are_refused_in_a_sentence(tmp_path, capsys, path, change):
    wide = changed(tmp_path, path, change)
    assert main([str(wide)]) == 2
    printed = capsys.readouterr().out
    assert "not replayed" in printed
    assert "changed.json" in printed.splitlines()[-1]
    assert main([str(wide), str(FIXTURES / VENUS)]) == 0


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        (MORPHO, ("state", "positions", "l0", "supplyShares")),
        (MORPHO, ("state", "contractLoan")),
        (VENUS, ("state", "users", "b0", "shortfall")),
        (VENUS, ("state", "markets", "D", "borrowIndex")),
    ],
)
def test_one_unit_is_noticed_in_the_exact_formats(tmp_path, capsys, path, keys):
    def change(found):
        place = found["steps"][9]
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = str(int(place[keys[-1]]) + 1)

    assert main([str(changed(tmp_path, path, change))]) == 1
    assert "step 9" in capsys.readouterr().out


def test_aave_may_be_off_by_a_unit_an_action_and_no_more(tmp_path):
    def off_by(units):
        def change(found):
            user = found["steps"][9]["state"]["users"]["l0"]
            user["aDBal"] = str(int(user["aDBal"]) + units)

        outcome = validate(changed(tmp_path, AAVE, change))
        return len(outcome.differences), outcome.beyond, outcome.largest

    assert off_by(10) == (1, 0, 10)
    assert off_by(-10) == (1, 0, 10)
    assert off_by(10**6)[1] == 1


def test_another_decision_is_a_difference(tmp_path, capsys):
    def change(found):
        step = copy.deepcopy(found["steps"][0])
        found["steps"][0] = {**step, "ok": False, "revert": "Panic(0x11)"}

    assert main([str(changed(tmp_path, MORPHO, change))]) == 1
    printed = capsys.readouterr().out
    assert "step 0 supply: decision is accepted, recorded Panic(0x11)" in printed


def test_files_that_cannot_be_read_exit_2(tmp_path, capsys):
    torn = tmp_path / "torn.json"
    torn.write_text("{")
    for path in (torn, tmp_path / "none.json"):
        assert main([str(path)]) == 2
        assert "cannot be read" in capsys.readouterr().err


def test_what_a_recorder_notes_beside_the_format_changes_nothing(tmp_path):
    def change(found):
        found.update(recorded="2026-11-28", tool="a", chain=1)

    path = changed(tmp_path, MORPHO, change)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())  # some editors begin a file so
    assert validate(path).differences == ()


def test_a_result_of_another_length_is_a_difference(tmp_path):
    for path, value in ((MORPHO, "12"), (AAVE, ["1", "2"])):

        def change(found, value=value):
            next(step for step in found["steps"] if step["result"])["result"] = value

        assert validate(changed(tmp_path, path, change)).beyond == 1


def test_a_file_that_cannot_be_read_keeps_no_other_from_being_replayed(tmp_path, capsys):
    torn, good = tmp_path / "torn.json", str(FIXTURES / MORPHO)
    torn.write_text("{")
    assert main([str(torn), good]) == 2
    out, err = capsys.readouterr()
    assert "agrees" in out
    assert err == f"error: {torn} cannot be read: it is no JSON\n"
    wrong = changed(tmp_path, MORPHO, put("steps", 0, "result", value=["1", "1"]))
    assert main([good, str(torn), str(wrong)]) == 1
