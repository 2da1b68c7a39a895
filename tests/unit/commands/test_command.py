"""The console script: one name for the commands, and completion of what follows it."""

import importlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import proteus
from proteus.__main__ import _COMMANDS, commands, main

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(proteus.__file__).parents[1])}


def test_help_names_every_command(capsys):
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    for name, (_, what) in commands().items():
        assert name in printed
        assert what in printed
    assert set(commands()) >= {"run", "compare", "report", "phases", "watch", "bench"}
    folder = Path(printed.splitlines()[-1].partition(": ")[2])
    assert (folder / "metrics.md").is_file()


def test_the_version_is_that_of_the_package(capsys):
    assert main(["--version"]) == main(["run", "--version"]) == 0
    assert capsys.readouterr().out.split() == [proteus.__version__] * 2


@pytest.mark.parametrize("name", commands())
def test_a_command_gets_the_other_words_and_gives_its_exit_code(monkeypatch, name):
    given = []
    module = importlib.import_module(_COMMANDS[name][0])
    monkeypatch.setattr(module, "main", lambda words: given.append(words) or 3)
    assert main([name, "a=1", "--b"]) == 3
    assert given == [["a=1", "--b"]]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ([], "a command is missing: write proteus run|compare"),
        (["rum"], "command=rum does not exist; did you mean run?"),
        (["--completion", "tcsh"], "--completion=tcsh is not allowed: write bash, zsh, fish"),
        (["--completion"], "--completion= is not allowed"),
        (["watch"], "the following arguments are required: FOLDER, LANE"),
    ],
)
def test_a_mistake_is_one_sentence(capsys, words, part):
    assert main(words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (sentence,) = printed.err.splitlines()
    assert sentence.startswith("error: ")
    assert part in sentence


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from proteus.__main__ import main; main(['--help']); print([m for m in "
        "('numba', 'numpy', 'xarray', 'matplotlib', 'hydra', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=True,
        timeout=120,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"


TIES = ("time", "size", "random")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("proteus ", {*commands(), "--help", "--version", "--completion"}),
        ("proteus r", {"run", "report"}),
        ("proteus run mechanism=d", {"mechanism=dual_flow"}),
        ("proteus run latent=log_odds latent.mean", {"latent.mean_reversion_per_s="}),
        ("proteus run mechanism=rfq mechanism.tie=", {f"mechanism.tie={tie}" for tie in TIES}),
        (
            "proteus run seeds.count=50,100 mechanism=rfq mechanism.last_look=t",
            {"mechanism.last_look=true"},
        ),
        ("proteus run delta=x' mechanism.price_rule=l", set()),
        ("proteus watch x --f", {"--from", "--format"}),
        ("proteus report --fig", {"--figures"}),
        ("proteus run --re", {"--resume"}),
        ("proteus calibrate siz", {"size="}),
        ("proteus compare out", set()),  # folders are completed by the shell
    ],
)
def test_words_are_completed(monkeypatch, capfd, line, expected):
    monkeypatch.setenv("COMP_LINE", line + "beyond the cursor")
    monkeypatch.setenv("COMP_POINT", str(len(line)))
    assert main(["--complete"]) == 0
    assert set(capfd.readouterr().out.split()) == expected


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_with_the_script():
    program = f'proteus() {{ "{sys.executable}" -m proteus "$@"; }}\n'
    script = (
        program + 'eval "$(proteus --completion bash)"\n'
        'COMP_LINE="proteus wat"; COMP_POINT=${#COMP_LINE}; _proteus; echo "${COMPREPLY[@]}"\n'
        "complete -p proteus"
    )
    done = subprocess.run(
        ["bash", "-c", script], env=ENVIRONMENT, capture_output=True, text=True, check=True,
        timeout=120,
    )  # fmt: skip
    completed, rule = done.stdout.splitlines()
    assert completed == "watch"
    assert rule.endswith("-F _proteus proteus")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("ending", ["time.sleep(60)", "wrapped()"])
def test_whoever_asks_a_command_to_stop_is_told_and_gets_130(number, ending):
    """Also where a library makes another error of the interrupt."""
    code = f"""
import time
from proteus.commands.process import guarded, process

def wrapped():
    try:
        time.sleep(60)
    except BaseException as error:
        raise ValueError("an error of a library") from error

def work():
    print("ready", flush=True)
    {ending}

process(lambda words: guarded(work, "interrupted: go on"))
"""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdout=pipe, stderr=pipe) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        child.send_signal(number)
        _, said = child.communicate()
    assert (child.returncode, said) == (130, b"interrupted: go on\n")


def test_output_that_cannot_be_written_is_one_sentence():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "proteus.sweep", "--version"],
            stdout=full, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert done.returncode == 4
    assert done.stderr.startswith(b"stopped: stdout cannot be written: No space left on device")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("words", [
    ["--config-dir"], ["--config-dir="], ["--config-dir", "--help"], ["--config-dir", "not/there"],
])  # fmt: skip
def test_a_folder_of_configuration_that_is_not_named_is_one_sentence(words):
    """Nothing is run where a word is missing, is another flag, or names what is not there.

    The sentence has the word that was written, not the variable that hands it on.
    """
    command = [sys.executable, "-m", "proteus.sweep", *words]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=ENVIRONMENT, timeout=60
    )
    assert done.returncode == 2
    assert done.stdout == ""
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("error: --config-dir=")
