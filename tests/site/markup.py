"""Docstrings and words of tables as reStructuredText that says the same and means no more."""

from __future__ import annotations

import ast
import re
import textwrap

_KEPT = re.compile(r"(``.+?``|:[a-z]+:`[^`]+`)", re.DOTALL)
_SPECIAL = re.compile(r"([\\*`|_])")
_ITEM = re.compile(r"(- |\d+\. )")
_EMPTY = "(empty)"  # stands for an empty line of code until its block is whole


def escaped(text: str) -> str:
    """Return text in which nothing but double backticks and roles is markup."""
    parts = _KEPT.split(text)
    parts[::2] = [_SPECIAL.sub(r"\\\1", part) for part in parts[::2]]
    return "".join(parts)


def literal(text: str) -> str:
    """Return text as code."""
    return f"``{text}``" if text.strip() else ""


def docstring(node: ast.Module | ast.FunctionDef | ast.ClassDef) -> str:
    """Return the docstring: sections keep their heads, and what is set off is code."""
    text = ast.get_docstring(node)
    return "\n\n".join(map(_block, re.split(r"\n\s*\n", _joined(text)))) if text else ""


def _joined(text: str) -> str:
    """Return text in which a block of code has no empty lines, so that it stays one."""
    return re.sub(r"(?<=\n)(    [^\n]*)\n\n(?=    )", f"\\1\n    {_EMPTY}\n", text)


def _block(block: str) -> str:
    """Return a paragraph, a section or code."""
    lines = [line.replace(_EMPTY, "").rstrip() for line in block.strip("\n").splitlines()]
    head, rest = lines[0], lines[1:]
    is_set_off = all(line[:4] == "    " or not line for line in rest)
    if rest and is_set_off and head[:1] != " ":
        inside = textwrap.dedent("\n".join(rest))
        return f"{escaped(head)}\n{textwrap.indent(_fields(inside), '    ')}"
    if is_set_off and head[:4] == "    ":
        return "::\n\n" + "\n".join(lines)
    if _ITEM.match(head) or any(_ITEM.match(line) for line in rest):
        return _lines(lines)
    return escaped("\n".join(line.strip() for line in lines))


def _lines(lines: list[str]) -> str:
    """Return lines that were laid out by hand, each where it was."""
    return "\n".join(f"| {escaped(line.strip())}" for line in lines)


def _fields(text: str) -> str:
    """Return the lines of a section: each that names something begins one of its own."""
    said: list[str] = []
    for line in text.splitlines():
        if said and (line[:1] in ("", " ") or not re.match(r"[\w*`., ]+: |[\w]+Error", line)):
            said[-1] += f" {line.strip()}"
        else:
            said.append(line.strip())
    if len(said) == 1:
        return escaped(said[0])
    return "\n".join(f"- {escaped(each)}" for each in said)
