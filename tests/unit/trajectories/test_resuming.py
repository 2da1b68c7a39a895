"""A collection that is killed goes on, and gives the files that it would have given."""

import json
import os
import signal

import pytest

import proteus
from proteus.errors import ConfigError, ResultsError
from proteus.trajectories import api, parts
from proteus.trajectories.__main__ import main
from tests.unit.trajectories.helping import SHORT

WORDS = [*SHORT, "mechanism=clob,fba", "policy=random", "seeds.count=4", "executor.block_lanes=2"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "data"
    assert main([*WORDS, f"output_dir={folder}"]) == 0
    return folder


def killed(folder, *, in_the_middle=True):
    """Collect in a fork that is killed while its third file of four is written."""
    child = os.fork()
    if child == 0:
        written, write_table = [0], parts._table

        def die(*arguments):
            written[0] += 1
            if written[0] == 3:
                if in_the_middle:
                    (folder / "steps" / ".left.parquet.tmp").write_bytes(b"PAR1")
                os.kill(os.getpid(), signal.SIGKILL)
            return write_table(*arguments)

        parts._table = die
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        main([*WORDS, f"output_dir={folder}"])
        os._exit(99)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def contents(folder):
    return {path.name: path.read_bytes() for path in (folder / "steps").iterdir()}


def about(folder):
    found = json.loads((folder / "manifest.json").read_text())
    return {key: value for key, value in found.items() if key not in ("created", "overrides")}


def test_killed_in_the_middle_and_resumed_it_gives_the_same_bytes(tmp_path, whole, capsys):
    folder = tmp_path / "data"
    killed(folder)
    left = {name for name in contents(folder) if not name.startswith(".")}
    assert len(left) == 2
    assert not (folder / "manifest.json").exists()
    with pytest.raises(ResultsError, match=r"is not finished: go on with: python -m proteus.traj"):
        proteus.load_trajectories(folder)
    assert main([*WORDS, f"output_dir={folder}"]) == 2
    assert "holds an unfinished data set: go on with: python -m" in capsys.readouterr().err
    assert main(["--resume", str(folder)]) == 0
    assert capsys.readouterr().out == f"{folder}\n"
    assert contents(folder) == contents(whole)
    assert about(folder) == about(whole)
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "steps"]
    assert main(["--resume", str(folder)]) == 0
    assert "there is nothing to resume" in capsys.readouterr().err


def test_other_words_or_code_do_not_go_on(tmp_path, capsys):
    folder = tmp_path / "data"
    killed(folder, in_the_middle=False)
    assert main(["--resume", str(folder), "delta=200"]) == 2
    said = capsys.readouterr().err
    assert said == "error: delta=200 is not allowed with --resume: only executor.workers is\n"
    begun = json.loads((folder / "collecting.json").read_text())
    (folder / "collecting.json").write_text(
        json.dumps({**begun, "words": [w.replace("random", "baseline") for w in begun["words"]]})
    )
    with pytest.raises(
        ResultsError, match=r"cannot be resumed: policy was .*random.* and is .*base"
    ):
        api.resume(folder, [])
    code = {**begun["code"], "trajectories/parts.py": "00000000"}
    (folder / "collecting.json").write_text(json.dumps({**begun, "code": code}))
    with pytest.raises(ResultsError, match=r"other code began it: trajectories/parts.py was 00000"):
        api.resume(folder, [])
    with pytest.raises(ResultsError, match=r"it has no collecting.json of an unfinished data set"):
        api.resume(tmp_path, [])


def test_a_person_stops_it_and_it_says_what_is_saved(tmp_path, whole, monkeypatch):
    folder = tmp_path / "data"
    write_part = parts.write_part

    def write(*arguments):
        os.kill(os.getpid(), signal.SIGINT)
        return write_part(*arguments)

    monkeypatch.setattr("proteus.trajectories.running.write_part", write)
    request, plan = api.planned([*WORDS])
    with pytest.raises(KeyboardInterrupt, match="interrupted: 1 file is saved; go on with: python"):
        api.collect(request, plan, folder)
    monkeypatch.undo()
    api.resume(folder, [])
    assert contents(folder) == contents(whole)


def test_a_folder_with_files_is_refused_and_stays(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    request, plan = api.planned([*WORDS])
    with pytest.raises(ConfigError, match="is not empty: choose another folder"):
        api.collect(request, plan, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
