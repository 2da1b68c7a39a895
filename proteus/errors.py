"""The errors a user meets, and the help they give. Imports nothing heavy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class _SentenceError(Exception):
    """An error of one line, whatever a person wrote."""

    def __init__(self, sentence: str) -> None:
        shown = (char if char.isprintable() else repr(char)[1:-1] for char in sentence)
        super().__init__("".join(shown))


class ConfigError(_SentenceError, ValueError):
    """Say in one sentence which key is wrong, its value, and what is allowed.

    Raised for wrong input, by commands as exit code 2; also a ``ValueError``.
    """


class ResultsError(_SentenceError, ValueError):
    """Say in one sentence why files of results cannot be read or written.

    Raised for files, and for datasets that are none of a sweep; also a ``ValueError``.
    """


class ViolationError(ResultsError):
    """Say in one sentence which lane broke an invariant, so that there are no results.

    Raised by commands that save nothing of such a run, as exit code 3.
    """


class RunError(_SentenceError, RuntimeError):
    """Say in one sentence what stopped a run that was under way, and how to go on.

    Raised when memory, the disk or a worker fails, by commands as exit code 4; also a
    ``RuntimeError``.
    """


class MessageError(_SentenceError, ValueError):
    """Say in one sentence which column and row of a table of messages cannot be read, and why.

    Raised by ``proteus.replay``; also a ``ValueError``.
    """


class ActionError(_SentenceError, ValueError):
    """Say in one sentence what is wrong with the actions of traders who are decided for outside.

    Raised by ``proteus.Session`` before anything is sent; also a ``ValueError``.
    """


class SessionError(_SentenceError, RuntimeError):
    """Say in one sentence why a session cannot be stepped now; also a ``RuntimeError``."""


def nearest(name: str, names: Iterable[str], prefix: str = "") -> str:
    """Return "; did you mean X?" for the nearest valid name, or the list when none is near.

    Parameters
        name: what was written. names: what is allowed there. prefix: goes before every name shown.
    """
    known = sorted(names)
    close = difflib.get_close_matches(str(name), known, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {prefix}{close[0]}?"
    return (
        f"; allowed: {', '.join(prefix + name for name in known)}" if 0 < len(known) <= 30 else ""
    )
