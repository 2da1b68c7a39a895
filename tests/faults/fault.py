"""What a seeded fault is."""

from typing import NamedTuple


class Fault(NamedTuple):
    """One mistake: in the file, ``new`` stands where ``old`` should."""

    what: str
    file: str  # below proteus/
    old: str
    new: str
