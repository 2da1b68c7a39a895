"""What a person may write wrong in a season: one sentence, before anything runs."""

import pytest

from proteus.arena.competition import CompetitionRunner
from proteus.arena.season import read_season
from proteus.compete import main
from proteus.errors import ConfigError
from tests.helpers.seasons import Careful, small_file

pytestmark = pytest.mark.plain

MISTAKES = [
    ("seeds.cuont=5", "unknown key seeds.cuont; did you mean seeds.count?"),
    ("seeds.count=1", "seeds.count=1 is not allowed: must be greater than or equal to 2"),
    (
        "seeds.first=1099511627770",
        "seeds.first=1099511627770 is not allowed: with count=12 it reaches beyond the evaluation "
        "seeds, of which the last is 1099511627775",
    ),
    (
        "scenarios.calm.stress={'': {latent.jump_rate_per_s: 3}}",
        "its name must be small letters, digits and _, and begin with a letter",
    ),
    (
        "scenarios.calm.stress={same: {delta: 250}}",
        "scenarios.calm.stress.same is not allowed: it changes nothing of the scenario",
    ),
    ("seed.count=5", "unknown key seed.count; did you mean seeds?"),
    (
        "formats=[duel]",
        "formats=['duel'] is not allowed: must list solo, and duel and melee at most once each",
    ),
    ("formats=[solo, race]", "formats.1=race is not allowed: must be 'solo', 'duel' or 'melee'"),
    (
        "entrants.plain.filter=ewma",
        "entrants.plain.filter=ewma is not allowed: only trader: lab_maker is made of parts",
    ),
    (
        "entrants.plain.policy=x:y",
        "trader=maker is not allowed: exactly one of trader and policy must be given",
    ),
    (
        "entrants.plain.trader=makr",
        "entrants.plain: trader=makr does not exist; did you mean maker?",
    ),
    (
        "entrants.plain.trader=noise",
        "entrants.plain.trader=noise is not allowed: it must be a market maker",
    ),
    (
        "entrants.plain.keys={latency.submission.base_ms: 0}",
        "an entrant sets keys of policy, risk, knows_costs: the rest is its seat's",
    ),
    (
        "entrants.plain.keys={policy.half_sprad: 0.01}",
        "half_sprad; did you mean population.maker.policy.half_spread?",
    ),
    ("entrants={plain: {trader: maker}}", "2 .. 32 must be given, and there are 1"),
    ("entrants.Bad=1", "entrants.Bad"),
    (
        "baseline={policy: 'a:b'}",
        "baseline.policy=a:b is not allowed: the baseline is a trader of the engine",
    ),
    (
        "scenarios.calm.keys={mechanism: clop}",
        "scenarios.calm: mechanism=clop does not exist; did you mean clob?",
    ),
    (
        "common={seeds.count: 5}",
        "calm.keys.seeds.count is not allowed: it is a key of a run, and not of a market",
    ),
    (
        "common={horizon_s: 2, metrics.tau_ms: 3000, record.warmup_s: 0}",
        "metrics.tau_ms=3000 is not allowed: must be less than horizon_s=2",
    ),
    (
        "seats.keys={policy.skew: 1}",
        "policy.skew is not allowed: a seat sets keys of schedule, signal, latency, capital",
    ),
    (
        "seats.group=makers",
        "seats.group=makers is not allowed: the population of scenarios.calm has maker",
    ),
    ("seats.trader=informed", "seats.trader=informed is not allowed: it must be a market maker"),
    (
        "scoring.weights={profitability: 0, market_quality: 0, robustness: 0}",
        "at least one weight must be above 0",
    ),
    ("scoring.most=1", "scoring.least=-1 is not allowed: must be below 0, and most=1 above 1"),
    (
        "entrants.mine={policy: 'no_such_module:Maker'}",
        "no_such_module:Maker cannot be loaded: ModuleNotFoundError",
    ),
    (
        "entrants.mine={policy: 'numpy:pi'}",
        "entrants.mine.policy=numpy:pi is not allowed: it must be a class or a function",
    ),
    ("entrants.mine={policy: nobody}", "entrants.mine.policy=nobody does not exist"),
    ("title", "cannot read 'title' as key=value"),
    ("formats=solo,race", "formats.1=race is not allowed: must be 'solo', 'duel' or 'melee'"),
    (
        "reference={trader: maker}",
        "is not allowed: must be another maker than baseline: it is one unit away",
    ),
    ("entrants.mine={policy: mine.onnx}", "entrants.mine.policy=mine.onnx does not exist"),
    ("entrants.mine={policy: mine.pt2}", "entrants.mine.policy=mine.pt2 does not exist"),
]


@pytest.mark.parametrize(("word", "sentence"), MISTAKES, ids=[word for word, _ in MISTAKES])
def test_a_mistake_is_one_sentence(tmp_path, word, sentence, capfd):
    assert main([small_file(tmp_path), word]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert sentence in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == [tmp_path / "small.yaml"]


COMMANDS = [
    ([], "a season is missing: write season=NAME; allowed: demo"),
    (["season=dmo"], "season=dmo does not exist; did you mean demo?"),
    (["season=no.yaml"], "season=no.yaml does not exist"),
    (["season=demo", "seeds.count=3", "seeds.count=4"], "seeds.count is given twice"),
    (
        ["season=demo", "seeds.count=100000", "scoring.resamples=2001"],
        "scoring.resamples=2001 is not allowed: with so many seeds it must be at most 2000",
    ),
    (["season=demo", "--commit", "x"], "--commit is not allowed here: it is a command of its own"),
    (["--commitment", "ab"], "--commitment=ab is not allowed: it goes with --verify"),
    (["--verify", "no"], "no has no results of a season"),
    (["season=demo", "--final", "no"], "--final=no is not allowed: it must be a file of --commit"),
]


@pytest.mark.parametrize(("words", "sentence"), COMMANDS)
def test_a_mistake_of_the_command_is_one_sentence(words, sentence, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    err = capfd.readouterr().err
    assert sentence in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_policies_that_are_given_play_without_a_clock_and_are_all_there(tmp_path):
    """The processes of a clock could not have them; a season is read whoever will play it."""
    mine = f"entrants.mine={{policy: '{Careful.__module__}:Careful'}}"
    word = small_file(tmp_path)
    with pytest.raises(ConfigError, match=r"time_limit_s=9 is not allowed: policies that are giv"):
        CompetitionRunner(read_season([word, mine, "time_limit_s=9"]), policies={"mine": Careful})
    with pytest.raises(ConfigError, match="policies of mine are missing"):
        CompetitionRunner(read_season([word, mine]), policies={})
    assert read_season([word, "formats=solo,duel"]).formats == ("solo", "duel")


def test_a_folder_with_files_is_refused(tmp_path, capfd):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "old").write_text("")
    assert main([small_file(tmp_path), f"output_dir={tmp_path / 'x'}"]) == 2
    assert "is not empty: choose another folder" in capfd.readouterr().err


def test_the_demonstration_is_a_season():
    """Its cells are checked; every pair of eight meets in either seat, in four scenarios."""
    runner = CompetitionRunner(read_season(["season=demo"]))
    judged = [match for match in runner.matches if not match.is_scale]
    assert sum(match.format == "duel" for match in judged) == 4 * 56
    assert sum(match.format == "solo" for match in judged) == 8 * 6  # two are stressed
