"""The manner of the code: short functions, short files, lines of at most 100 columns."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LONGEST_FUNCTION, LONGEST_FILE, LONGEST_LINE = 70, 400, 100
FOLDERS = ("proteus", "tests")
HOMEPAGE = "https://pypi.org/project/proteus-markets/"  # ours; an index is nobody's business

FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def too_long(path: Path, text: str) -> list[str]:
    """List what breaks a limit in one file."""
    name = path.relative_to(ROOT).as_posix()
    lines = text.splitlines()
    found = [f"{name} has {len(lines)} lines"] if len(lines) > LONGEST_FILE else []
    found += [
        f"{name}:{number} has {len(line)} columns"
        for number, line in enumerate(lines, start=1)
        if len(line) > LONGEST_LINE
    ]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                found.append(f"{name}:{node.name} has {length} lines")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_functions_and_lines_are_short(path):
    assert too_long(path, path.read_text()) == []


def test_the_limits_would_be_noticed():
    body = "".join(f"    x = {n}\n" for n in range(LONGEST_FUNCTION))
    long_line = "y = '" + "a" * LONGEST_LINE + "'\n"
    text = "def f():\n" + body + long_line + "z = 1\n" * LONGEST_FILE
    found = too_long(ROOT / "tests" / "example.py", text)
    assert [line.split(" has ")[0] for line in found] == [
        "tests/example.py", "tests/example.py:72", "tests/example.py:f",
    ]  # fmt: skip


def test_only_one_file_configures_numba():
    for path in FILES:
        if path.is_relative_to(ROOT / "proteus") and path.name != "jit.py":
            assert "njit" not in path.read_text(), path


def test_no_file_names_an_index_or_a_machine():
    for name in ("requirements.lock", "pyproject.toml", "Makefile", ".ci/run"):
        text = (ROOT / name).read_text()
        assert "/opt/" not in text, name
        assert "/root/" not in text, name
        assert "http" not in text.replace(HOMEPAGE, ""), name
        assert "file:/" not in text, name


def without_a_type(path: Path, text: str) -> list[str]:
    """List public functions that say no types, but for those that a decorator gives one."""
    found = []
    for holder in ast.walk(ast.parse(text)):
        is_class = isinstance(holder, ast.ClassDef) and not holder.name.startswith("_")
        for node in holder.body if isinstance(holder, ast.Module) or is_class else []:
            if not isinstance(node, ast.FunctionDef) or node.decorator_list:
                continue
            some = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            said = [each.annotation for each in some if each.arg not in ("self", "cls")]
            if node.name != "__init__":
                said.append(node.returns)
            if None in said and (node.name.startswith("__") or not node.name.startswith("_")):
                found.append(f"{path.name}:{node.name}")
    return found


def test_public_functions_say_their_types():
    """Which ``make types`` asks of pyright, with a network; types of kernels are not said."""
    for path in FILES:
        if path.is_relative_to(ROOT / "proteus"):
            assert without_a_type(path, path.read_text()) == [], path
    text = "def f(a): pass\ndef _g(a): pass\n@kernel\ndef k(a): pass\ndef h(a: int) -> int: pass\n"
    method = "class C:\n    def m(self): pass\n    def __init__(self): pass\n"
    assert without_a_type(Path("x.py"), text + method) == ["x.py:f", "x.py:m"]
