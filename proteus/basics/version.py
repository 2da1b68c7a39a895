"""The version of Proteus, in one place: the build reads it here."""

from __future__ import annotations

VERSION = "0.1.0"
