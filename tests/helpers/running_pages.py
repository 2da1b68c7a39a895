"""Pages whose commands and code run: found in their text, made small, and run in a folder."""

import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from proteus.commands.process import CONFIG_DIR
from proteus.configuration.locate import SEARCH_PATH
from tests.helpers.budget import is_proof

SEEDS = 2
HORIZON_S = 6
SMALL = {  # what stands in the pages -> what is run
    r"seeds\.count=\d+": f"seeds.count={SEEDS}",
    r"\bseeds=\d+": f"seeds={SEEDS}",
    r"num_envs=64": f"num_envs={SEEDS}",
    r"\(64, 1\)": f"({SEEDS}, 1)",
    r"np\.zeros\(64": f"np.zeros({SEEDS}",
    r"horizon_s=20": f"horizon_s={HORIZON_S}",
    r"range\(3000\)": "range(400)",
}
COUNTED = ("sweep", "ab", "trajectories")
DRAWN = ("report", "ab", "watch")  # their pages take most of the time: only at full counts


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """Give the language and the text of every block of code."""
    yield from re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def small(text: str) -> str:
    """Return code or a command with few seeds."""
    for pattern, value in SMALL.items():
        text = re.sub(pattern, value, text)
    return text


def command(line: str, monkeypatch) -> tuple[str, list[str]]:
    """Return the module and the words of a command, made small."""
    python, flag, module, *words = shlex.split(small(line))
    assert (python, flag) == ("python", "-m")
    monkeypatch.delenv(SEARCH_PATH, raising=False)
    if CONFIG_DIR in words:  # which the process takes out of the words
        at = words.index(CONFIG_DIR)
        monkeypatch.setenv(SEARCH_PATH, str(Path(words[at + 1]).resolve()))
        del words[at : at + 2]
    if module.rpartition(".")[2] in COUNTED:
        given = " ".join(words)
        words += [f"seeds.count={SEEDS}"] * ("seeds.count" not in given)
        words += [f"horizon_s={HORIZON_S}"] * ("horizon_s" not in given)
    return module, words


def run(page: Path, monkeypatch) -> int:
    """Run all of a page in the present folder; returns how many commands and blocks it has."""
    many, names = 0, {"__name__": page.stem}
    for language, text in blocks(page.read_text()):
        many += 1
        if language == "python":
            exec(compile(small(text), page.name, "exec"), names)
            continue
        assert language == "sh", language
        for line in text.replace("\\\n", "").splitlines():
            module, words = command(line, monkeypatch)
            if module.rpartition(".")[2] in DRAWN and not is_proof():
                continue
            found = importlib.import_module(module)
            if not hasattr(found, "main"):
                found = importlib.import_module(f"{module}.__main__")
            assert found.main(words) == 0, line
    return many
