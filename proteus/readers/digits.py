"""Lines of whole numbers behind a time, as LOBSTER writes them, from bytes to columns."""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import inline_kernel, kernel

TIME_DIGITS = 9  # behind the point: seconds become ns
_MOST = 18  # digits of a number that surely fits 64 signed bits
_COMMA, _POINT, _MINUS, _ZERO, _RETURN, _NEWLINE = 44, 46, 45, 48, 13, 10
_WRONG = -1


@kernel
def read_lines(text, rows):
    """Read whole lines, until one is written in another way or there is no room.

    A line is a time in seconds with at most nine digits behind the point and no sign, then whole
    numbers of at most 18 digits with a minus or no sign, with commas between and nothing else.

    Parameters
        text: uint8 [B]. rows: int64 [columns, N], written; the time in ns.

    Returns
        How many lines were read, and the byte at which the next one begins.
    """
    count, start = 0, 0
    while count < rows.shape[1]:
        at = _read_time(text, start, rows, count)
        for column in range(1, rows.shape[0]):
            if at == _WRONG or at >= text.shape[0] or text[at] != _COMMA:
                at = _WRONG
                break
            at = _read_number(text, at + 1, rows, column, count)
        if at != _WRONG and at < text.shape[0] and text[at] == _RETURN:
            at += 1
        if at == _WRONG or at >= text.shape[0] or text[at] != _NEWLINE:
            break
        count += 1
        start = at + 1
    return count, start


@inline_kernel
def _read_time(text, at, rows, row):
    """Read a time; returns the byte behind it, or _WRONG."""
    first, value = at, np.int64(0)
    while at < text.shape[0] and _ZERO <= text[at] <= _ZERO + 9 and at - first < TIME_DIGITS:
        value = value * 10 + (text[at] - _ZERO)
        at += 1
    if at == first:
        return _WRONG
    missing = TIME_DIGITS
    if at < text.shape[0] and text[at] == _POINT:
        at += 1
        while at < text.shape[0] and _ZERO <= text[at] <= _ZERO + 9 and missing > 0:
            value = value * 10 + (text[at] - _ZERO)
            missing -= 1
            at += 1
        if missing == TIME_DIGITS:
            return _WRONG
    while missing > 0:
        value *= 10
        missing -= 1
    rows[0, row] = value
    return at


@inline_kernel
def _read_number(text, at, rows, column, row):
    """Read a whole number; returns the byte behind it, or _WRONG."""
    is_negative = at < text.shape[0] and text[at] == _MINUS
    at += is_negative
    first, value = at, np.int64(0)
    while at < text.shape[0] and _ZERO <= text[at] <= _ZERO + 9 and at - first < _MOST:
        value = value * 10 + (text[at] - _ZERO)
        at += 1
    if at == first:
        return _WRONG
    rows[column, row] = -value if is_negative else value
    return at
