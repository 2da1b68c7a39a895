"""What has an entry of its own in the site: code that is public, and what is declared in tables."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from proteus.configuration.defaults import rows
from proteus.market.book.codes import EVENT_NAMES
from proteus.market.variables import variables_of
from proteus.market.variables.base import Variable, long_name_of
from proteus.market.variables.dimensions import OPTIONAL_DIMENSIONS
from proteus.recording.columns import COLUMNS, KINDS

ROOT = Path(__file__).parents[2]
Definition = ast.FunctionDef | ast.ClassDef


class Module(NamedTuple):
    """A module as it is read: nothing of it is imported, so that kernels are functions."""

    name: str
    tree: ast.Module
    lines: list[str]

    @property
    def public(self) -> list[Definition]:
        """Return its public functions and classes; of overloads the last, which is the function."""
        found = {each.name: each for each in definitions(self.tree.body)}
        return [each for name, each in found.items() if not name.startswith("_")]


class Key(NamedTuple):
    """A key of a file of ``conf/``, or the file itself."""

    name: str  # file, then ": " and the dotted key
    default: str  # as code; empty for a file
    meaning: str


def definitions(body: list[ast.stmt]) -> list[Definition]:
    """Return the functions and classes of a body."""
    return [each for each in body if isinstance(each, Definition)]


def modules(package: Path = ROOT / "proteus") -> Iterator[Module]:
    """Read every module of the package whose name is public."""
    for path in sorted(package.rglob("*.py")):
        parts = [package.name, *path.relative_to(package).with_suffix("").parts]
        if parts[-1] == "__init__":
            parts.pop()
        text = path.read_text()
        yield Module(".".join(parts), ast.parse(text), text.splitlines())


def methods(owner: ast.ClassDef) -> list[ast.FunctionDef]:
    """Return the public methods and properties of a class."""
    return [
        each for each in owner.body
        if isinstance(each, ast.FunctionDef) and not each.name.startswith("_")
    ]  # fmt: skip


def code() -> list[str]:
    """Return the full names of all public modules, functions, classes and methods."""
    found = []
    for module in modules():
        found.append(module.name)
        for each in module.public:
            found.append(f"{module.name}.{each.name}")
            if isinstance(each, ast.ClassDef):
                found += [f"{module.name}.{each.name}.{method.name}" for method in methods(each)]
    return list(dict.fromkeys(found))  # a setter has the name of its property


def configuration(folder: Path = ROOT / "conf") -> list[Key]:
    """Return every file of the configuration, and every key in it."""
    found = []
    for path in sorted(folder.rglob("*.yaml")):
        file = path.relative_to(folder).with_suffix("").as_posix()
        found.append(Key(file, "", f"{path.relative_to(folder.parent)}"))
        found += [Key(f"{file}: {key}", value, text) for key, value, text in rows(path)]
    return list({each.name: each for each in found}.values())


def variables() -> list[Variable]:
    """Return every measured variable."""
    return sorted(variables_of(OPTIONAL_DIMENSIONS))


def variable_text(each: Variable) -> list[str]:
    """Return what the entry of a variable says, a line for each fact."""
    facts = {
        "unit": each.unit, "dims beyond the sweep's": ", ".join(each.dims), "formula": each.formula,
        "a positive value": each.sign, "may be missing": each.missing, "source": each.source,
    }  # fmt: skip
    return [long_name_of(each, ()), *(f"{name}: {text}" for name, text in facts.items() if text)]


def events() -> dict[str, list[str]]:
    """Return every kind of row of a log, as ``source: kind``, with the columns that it has."""
    (sources,) = [column.names for column in COLUMNS if column.name == "source"]
    assert sources is not None
    return {
        f"{sources[kind[0]]}: {EVENT_NAMES[kind[1]]}": [
            column.name for column in COLUMNS if kind in column.kinds
        ]
        for kind in KINDS
    }
