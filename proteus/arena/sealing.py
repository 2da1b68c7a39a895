"""Final seeds that nobody knows before the entrants are fixed, and anybody can check afterwards.

    secret       256 bits, drawn by the machine, kept until the results are published
    commitment   SHA-256(secret), published before the season
    root         first 8 bytes of SHA-256(secret, season hash), big-endian: the root seed

The season hash has scenarios, seats, scoring and every entrant, policies by their files, so the
root is fixed only when the entrants are, and another entrant is another root. Whoever has committed
cannot choose another secret later, and nobody else can tell the seeds before it is shown.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

from proteus.errors import ConfigError, ResultsError

SECRET_BYTES = 32
_SECRET = re.compile(r"[0-9a-f]{64}")


def new_secret(path: Path) -> str:
    """Draw a secret into a file that only its owner reads; returns the commitment.

    Raises
        ConfigError: the file is there. ResultsError: it cannot be written.
    """
    secret = secrets.token_bytes(SECRET_BYTES)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{secret.hex()}\n")
    except FileExistsError:
        allowed = "the file is there, and a secret is never replaced"
        raise ConfigError(f"--commit={path} is not allowed: {allowed}") from None
    except OSError as error:
        raise ResultsError(f"{path} cannot be written: {error.strerror}") from None
    return commitment_of(secret)


def read_secret(path: Path) -> bytes:
    """Read a secret from its file.

    Raises
        ConfigError: there is none, or it is no secret.
    """
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        raise ConfigError(f"--final={path} is not allowed: it must be a file of --commit") from None
    return secret_of(text, f"--final={path}")


def secret_of(text: str, where: str) -> bytes:
    """Return a secret that is written in hexadecimal.

    Raises
        ConfigError: it is none.
    """
    if not _SECRET.fullmatch(text):
        raise ConfigError(f"{where} is not allowed: a secret has 64 hexadecimal digits")
    return bytes.fromhex(text)


def commitment_of(secret: bytes) -> str:
    """Return what is published of a secret before the season, hexadecimal."""
    return hashlib.sha256(secret).hexdigest()


def root_of(secret: bytes, season_hash: str) -> int:
    """Return the root seed of a secret and a season."""
    digest = hashlib.sha256(secret + bytes.fromhex(season_hash)).digest()
    return int.from_bytes(digest[:8], "big")
