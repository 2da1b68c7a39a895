"""What is used of numba beyond its interface stands in one module, for versions that have it."""

import ast
import inspect
import re
import tomllib
from pathlib import Path

import pytest
from numba.core import codegen, compiler, compiler_machinery, dispatcher

import proteus
from proteus.compiler import private
from proteus.compiler.private import check_version
from proteus.errors import ConfigError

ROOT = Path(proteus.__file__).parent
INTERFACE = {"numba", "numba.extending"}


def _imports(path):
    """The modules, with the names from them, that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((each.name, "") for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from ((node.module, each.name) for each in node.names)


def test_nobody_else_imports_private_modules_of_numba():
    for path in ROOT.rglob("*.py"):
        if path == Path(private.__file__):
            continue
        for module, name in _imports(path):
            if module.split(".")[0] == "numba":
                assert module in INTERFACE, f"{path}: {module}"
                assert not name.startswith("_"), f"{path}: {name}"


def test_private_names_are_really_private_and_each_is_used():
    users = "".join(path.read_text() for path in ROOT.rglob("*.py") if path.name != "private.py")
    for module, name in _imports(Path(private.__file__)):
        if module.split(".")[0] == "numba" and name:
            assert module not in INTERFACE or name.startswith("_"), name
            assert name in users, f"nobody uses {name}"


def _private_attributes(path):
    """The attributes that a file uses, and the methods and fields that its classes define."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ClassDef):
            yield from (each.name for each in node.body if isinstance(each, ast.FunctionDef))
            assigned = (each for each in node.body if isinstance(each, ast.Assign))
            yield from (target.id for each in assigned for target in each.targets)


def test_private_attributes_of_its_objects_are_listed():
    sources = map(inspect.getsource, (codegen, compiler, compiler_machinery, dispatcher))
    theirs = set(re.findall(r"(?:\.|def |^    )(_[a-z]\w+)", "".join(sources), re.MULTILINE))
    ours = {name for path in (ROOT / "compiler").glob("*.py") for name in _private_attributes(path)}
    listed = {name for names in private.ATTRIBUTES.values() for name in names}
    assert ours & theirs == listed


@pytest.mark.parametrize("version", ["0.62.0", "0.65.1", "0.68.1", "0.68.0rc1"])
def test_versions_that_work(version):
    check_version(version)


@pytest.mark.parametrize("version", ["0.61.2", "0.69.0", "1.0.0", "0.9.9", "unknown"])
def test_other_versions_are_told_in_one_sentence(version):
    with pytest.raises(ConfigError, match=rf"^numba {version} is not allowed: .*0\.62 to 0\.68"):
        check_version(version)


def test_the_range_is_that_of_the_package():
    text = (ROOT.parent / "pyproject.toml").read_text()
    (found,) = (each for each in tomllib.loads(text)["project"]["dependencies"] if "numba" in each)
    oldest, newest = private.OLDEST, private.NEWEST
    assert found == f"numba>={oldest[0]}.{oldest[1]},<{newest[0]}.{newest[1] + 1}"
