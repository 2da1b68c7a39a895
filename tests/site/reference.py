"""The pages of reference: every room with what is public in it, keys, variables and events."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable

from tests.site import names
from tests.site.markup import docstring, escaped, literal
from tests.site.names import Definition, Module

_KERNELS = ("kernel", "inline_kernel", "cold_kernel", "interface")


def pages() -> dict[str, str]:
    """Return the pages, by file name below the folder ``reference``."""
    rooms: dict[str, list[Module]] = {}
    for module in names.modules():
        rooms.setdefault(_room(module), []).append(module)
    made = {f"{room}.rst": _page(room, held) for room, held in rooms.items()}
    return {**made, "keys.rst": _keys(), "variables.rst": _variables(), "events.rst": _events()}


def _room(module: Module) -> str:
    """Return the folder that a module is in; doors and errors are with the package itself."""
    parts = module.name.split(".")
    deep = 3 if parts[1:2] == ["market"] else 2
    room = ".".join(parts[:deep])
    is_folder = (names.ROOT / room.replace(".", "/")).is_dir()
    return room if is_folder else ".".join(parts[: min(deep, len(parts)) - 1])


def _title(text: str, line: str = "=") -> str:
    return f"{text}\n{line * len(text)}\n"


def _page(room: str, modules: Iterable[Module]) -> str:
    return "\n".join([_title(room), *map(_module, modules)])


def _module(module: Module) -> str:
    parts = [
        _title(module.name, "-"), f".. py:module:: {module.name}\n", docstring(module.tree) + "\n",
        *(_definition(each, module) for each in module.public),
    ]  # fmt: skip
    return "\n".join(parts)


def _definition(node: Definition, module: Module) -> str:
    """Return the entry of a function or class."""
    is_error = isinstance(node, ast.ClassDef) and node.name.endswith("Error")
    if isinstance(node, ast.FunctionDef):
        return _entry("function", "", node, _signature(node), _compiled(node))
    body = [_fields(node, module)]
    seen = set()
    for each in names.methods(node):
        if each.name not in seen:
            words = {word for each in each.decorator_list for word in ast.unparse(each).split(".")}
            kind = "property" if words & {"property", "cached_property"} else "method"
            signature = "" if kind == "property" else _signature(each)
            body.append(_entry(kind, f"{node.name}.", each, signature, ""))
        seen.add(each.name)
    kind = "exception" if is_error else "class"
    return _entry(kind, "", node, "", "\n".join(body))


def _entry(kind: str, owner: str, node: Definition, signature: str, body: str) -> str:
    inside = f"\n{docstring(node)}\n\n{body}"
    return f".. py:{kind}:: {owner}{node.name}{signature}\n{textwrap.indent(inside, '   ')}\n"


def _signature(node: ast.FunctionDef) -> str:
    """Return the parameters and what is returned, as they are written."""
    arguments = ast.unparse(node.args)
    returned = f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""
    return f"({arguments}){returned}"


def _compiled(node: ast.FunctionDef) -> str:
    """Say by which decorator a function is compiled, where it is."""
    found = [ast.unparse(each) for each in node.decorator_list]
    kinds = [name for name in found if name.split(".")[0] in _KERNELS]
    return "".join(f"Compiled: {literal('@' + name)}.\n" for name in kinds)


def _fields(node: ast.ClassDef, module: Module) -> str:
    """Return the declared fields of a class as they are written, with the notes beside them."""
    lines = [
        line
        for each in node.body
        if isinstance(each, ast.AnnAssign)
        and not (isinstance(each.target, ast.Name) and each.target.id.startswith("_"))
        for line in module.lines[each.lineno - 1 : each.end_lineno]
    ]
    if not lines:
        return ""
    shown = textwrap.indent(textwrap.dedent("\n".join(lines)), "   ")
    return f".. code-block:: python\n\n{shown}\n"


def _keys() -> str:
    made = [_title("Configuration: groups and keys")]
    made.append("A key of a group is ``group.key=value``; of a trader ``population.NAME.key``.\n")
    for key in names.configuration():
        default = f". Default {literal(key.default.strip('`'))}" if key.default else ""
        made.append(f".. key:: {key.name}\n\n   {escaped(key.meaning)}{default}.\n")
    return "\n".join(made)


def _variables() -> str:
    made = [_title("Measured variables")]
    for each in names.variables():
        said = "\n".join(f"   - {escaped(line)}" for line in names.variable_text(each))
        made.append(f".. variable:: {each.name}\n\n{said}\n")
    return "\n".join(made)


def _events() -> str:
    made = [_title("Events: kinds of rows of a log")]
    made.append("What each says is in :doc:`/docs/events`.\n")
    for name, columns in names.events().items():
        made.append(f".. event:: {name}\n\n   {', '.join(map(literal, columns))}\n")
    return "\n".join(made)
