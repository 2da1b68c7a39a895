"""Who an agent is, beyond one run: the same number in every replicate, sweep and command."""

from __future__ import annotations

import hashlib

DEFAULT_COHORT = "default"


def agent_uid(cohort: str, group: str, member: int) -> int:
    """Return the identity of an agent: 63 bits of a hash, so that it is an int64 from 0.

    Parameters
        cohort: whom it belongs with. group: its group in the population. member: its number there.
    """
    digest = hashlib.sha256(f"{cohort}/{group}/{member}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
