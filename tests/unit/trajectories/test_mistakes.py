"""What is refused, in one sentence, before anything is written."""

import pytest

import proteus
from proteus.errors import ConfigError, ResultsError, RunError, ViolationError
from proteus.trajectories import api, collecting, parts
from proteus.trajectories.__main__ import main
from tests.unit.trajectories.helping import SHORT, collected

MINE = "tests.unit.trajectories.policies_of_a_user"

ONE = "is not allowed: a data set has one; axes are keys of the market"
WRONG_WORDS = [  # and what is said of them
    ("task=makers", "is not allowed; did you mean maker?"),
    ("policy=baselin", "is not allowed; did you mean baseline? one of yours is module:object"),
    ("policy=no_such:P", "cannot be loaded: ModuleNotFoundError: No module named 'no_such'"),
    (f"policy={MINE}:Nobody",
     f"cannot be loaded: AttributeError: module '{MINE}' has no attribute 'Nobody'"),
    (f"policy={MINE}:NUMBER", "is not allowed: it is a int, and cannot be called"),
    ("policy=random,baseline", ONE),
    ("max_steps=0", "is not allowed: must be a whole number of at least 1"),
    ("step_ms=-1", "is not allowed: must be greater than 0"),
    ("options={a: 3}", "options is not allowed alone: write options.most_lots=10"),
    ("endpoint.variable=pnl_maker", "is not allowed here: a data set has no verdict"),
    ("precision=power", "is not allowed here: seeds.count says how many episodes there are"),
    ("episodes.count=3",
     "is not allowed here: an episode begins afresh; seeds.episode chooses which"),
    ("record.events=all", "is not allowed here: a sweep records, see proteus.sweep"),
    ("+experiment=phase2", "is not allowed here: it is of sweeps"),
    ("executor=dask", "is not allowed: parts are collected by processes of this machine"),
    ("mecanism=clob", "unknown key mecanism; did you mean mechanism?"),
]  # fmt: skip


@pytest.mark.plain
@pytest.mark.parametrize(("word", "said"), WRONG_WORDS, ids=[word for word, _ in WRONG_WORDS])
def test_wrong_words(tmp_path, capsys, word, said):
    folder = tmp_path / "data"
    words = [each for each in SHORT if not word.startswith("executor=")]
    assert main([*words, word, f"output_dir={folder}"]) == 2
    told = capsys.readouterr()
    sentence = said if said.startswith(("options ", "unknown ")) else f"{word} {said}"
    assert (told.err, told.out) == (f"error: {sentence}\n", "")
    assert not folder.exists()


WRONG_TASKS = [
    ({"options": {"most_lot": 3}}, "most_lot=3 is not allowed; did you mean most_lots?"),
    ({"options": {"most_lots": -3}}, "most_lots=-3 is not allowed: must be a whole number, 1 .. "),
    ({"control": "nobody"}, "control=nobody is not allowed"),
    ({"decisions": "requests"}, "decisions=requests is not allowed: it needs mechanism=rfq"),
    ({"decisions": "sometimes"}, "decisions='sometimes' is not allowed"),
    ({"end": "never"}, "end='never' is not allowed"),
    ({"task": "taker"}, "policy=baseline is not allowed with task=taker: it needs task=maker or"),
    ({"control": "noise"}, "policy=baseline is not allowed for a noise: the trader outside must"),
    ({"policy": f"{MINE}:narrow"}, "gave float32 [2, 3] at step 0: must be floats [2, 5]"),
    ({"policy": f"{MINE}:whole"}, "gave int64 [2, 5] at step 0: must be floats [2, 5]"),
    ({"policy": f"{MINE}:missing"}, "gave nan as number 0 of an action at step 0: must be -1 .. 1"),
    ({"policy": f"{MINE}:loud"}, "gave 1.5 as number 0 of an action at step 0: must be -1 .. 1"),
    ({"policy": f"{MINE}:broken"}, "raised IndexError: index 99 is out of bounds for axis 1 with "
     "size 20 (policies_of_a_user.py:"),
    ({"policy": f"{MINE}:Shy"}, "raised TypeError: Shy.__init__() takes 1 positional argument"),
    ({"policy": f"{MINE}:restless"}, "restless is not allowed: asked again it gave another action"),
    ({"policy": f"{MINE}:still", "task": "maker_grid"}, "must be integers [2, 2]"),
    ({"plan_only": True}, "plan_only=true is not allowed: only the command line prints plans"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "sentence"), WRONG_TASKS, ids=[text[:40] for _, text in WRONG_TASKS]
)
def test_wrong_tasks_and_policies(tmp_path, more, sentence):
    folder = tmp_path / "data"
    with pytest.raises(ConfigError) as refused:
        collected(folder, **more)
    assert sentence in str(refused.value)
    assert not folder.exists()


def test_a_policy_that_fails_later_stops_it_and_nothing_half_stays(tmp_path):
    folder = tmp_path / "data"
    with pytest.raises(RunError) as stopped:
        collected(folder, policy=f"{MINE}:Late")
    assert str(stopped.value) == (
        f"policy={MINE}:Late gave 2.0 as number 0 of an action at step 3: must be -1 .. 1; nothing "
        "was written; run the same command to start again: it gives the same rows"
    )
    assert not folder.exists()


def test_a_full_disk_stops_it_and_says_how_to_go_on(tmp_path, monkeypatch):
    folder, write_table = tmp_path / "data", parts._table
    written = []

    def full(*arguments):
        written.append(1)
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        return write_table(*arguments)

    monkeypatch.setattr(parts, "_table", full)
    with pytest.raises(RunError) as stopped:
        collected(folder, **{"executor.block_lanes": 2})
    assert str(stopped.value) == (
        f"output_dir={folder} cannot be written: No space left on device; 1 file is saved; "
        f"go on with: python -m proteus.trajectories --resume {folder}"
    )
    saved = next((folder / "steps").iterdir())
    assert [path.name for path in (folder / "steps").iterdir()] == [saved.name]
    whole = saved.read_bytes()
    saved.write_bytes(whole[:100])
    with pytest.raises(
        ResultsError, match=r"is damaged \(.*\): remove it, and it is written again"
    ):
        api.resume(folder, [])
    saved.unlink()
    api.resume(folder, [])
    assert saved.read_bytes() == whole
    assert len(proteus.load_trajectories(folder)) == 3


def test_more_than_the_machine_has(monkeypatch):
    monkeypatch.setattr("proteus.trajectories.running.free_memory", lambda: 2**20)
    request, plan = api.planned([*SHORT])
    with pytest.raises(
        ConfigError, match=r"executor.workers=1 is not allowed: it takes 0.\d GiB, "
    ):
        api._ready(request, plan)


def test_a_lane_that_breaks_is_truncated_named_and_the_others_are_whole(tmp_path, monkeypatch):
    start = collecting.start

    def broken(task, seeds, episode):
        start(task, seeds, episode)
        if len(seeds) == 3:  # but for those on which the policy is tried
            task.session.world.progress.fault[1] = 10
            task.session.world.progress.stage[1] = 1
            task.session.resume()

    monkeypatch.setattr(collecting, "start", broken)
    folder = tmp_path / "data"
    with pytest.raises(ViolationError) as told:
        collected(folder)
    assert str(told.value) == (
        "1 episode was stopped and is truncated; first: cell=0, seed=1, "
        "reason=pnl_does_not_decompose"
    )
    found = proteus.load_trajectories(folder).episodes
    assert found["fault"].tolist() == [0, 10, 0]
    assert found["terminated"].tolist() == [True, False, True]


def test_a_plan_is_printed_and_nothing_is_written(tmp_path, capsys):
    folder = tmp_path / "data"
    words = [*SHORT, "mechanism=clob,fba", "seeds.count=300", "plan_only=true"]
    assert main([*words, f"output_dir={folder}"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["cell 0: mechanism=clob, delta=100", "cell 1: mechanism=fba, delta=100"]
    assert said[2].startswith("2 x 300 episodes in 10 files, 1 workers, ")
    assert said[3] == f"into {folder}"
    assert not folder.exists()
