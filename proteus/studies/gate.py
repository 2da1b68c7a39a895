"""The gate of phase 4: what must have been shown before the dual-flow batch is judged."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from proteus.analysis.precision import NARROW
from proteus.configuration.study import PASSED
from proteus.errors import ConfigError, ResultsError
from proteus.plans.plan import Plan
from proteus.results import provenance
from proteus.results.dataset import MANIFEST, load
from proteus.studies.folders import OUTPUTS, newest

BEFORE = ("phase1", "phase2", "phase3")


def passed(plan: Plan, given: Mapping[str, Path]) -> Plan:
    """Let a plan of phase 4 pass, if the phases before it were finished and agree with it.

    Parameters
        plan: of phase 4. given: folder of a phase, where it is not the newest of its size.

    Returns
        The plan, whose results say that the gate was passed.

    Raises
        ConfigError: the first condition that fails, in one sentence.
    """
    for study in BEFORE:
        folder = given.get(study) or newest(study, str(plan.settings.size))
        if folder is None:
            size = plan.settings.size
            raise _refusal(
                f"there is no finished bundle in {OUTPUTS}/{study}/{size}; "
                f"run python -m proteus.phases phase={study[-1]} size={size}"
            )
        reason = next(_reasons(plan, study, folder), None)
        if reason is not None:
            raise _refusal(f"{folder} {reason}")
    return replace(plan, gate=PASSED)


def _refusal(reason: str) -> ConfigError:
    return ConfigError(f"phase=4 is refused: {reason}")


def _reasons(plan: Plan, study: str, folder: Path) -> Iterator[str]:
    """List why a bundle does not do, the plainest reason first."""
    try:
        attributes = load(folder).attrs
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (ResultsError, OSError, ValueError) as error:
        yield f"cannot be read: {str(error).splitlines()[0]}"
        return
    settings: dict[str, Any] = yaml.safe_load(attributes["config"])
    size, code = plan.settings.size, provenance.code_hash()
    if settings.get("study") != study:
        yield f"is a bundle of study={settings.get('study')}, not of {study}"
    if settings.get("size") != size:
        yield f"has size={settings.get('size')}, and phase 4 has size={size}"
    if attributes["code_hash"] != code:
        yield f"was made by other sources (code {attributes['code_hash'][:8]}, now {code[:8]})"
    if attributes.get("population_hash") != plan.population_hash:
        yield "was run with another population than phase 4 has"
    if manifest["violations"]:
        yield f"has {len(manifest['violations'])} lanes that broke an invariant"
    deliberate, differing = _unfair(manifest["parity"])
    if deliberate or differing:
        yield f"did not pass parity: {', '.join([*deliberate, *differing])} differ"
    if manifest["precision"].get("ended") != NARROW:
        yield f"did not meet its precision: {manifest['precision'].get('ended', 'none was asked')}"


def _unfair(parity: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the keys and the streams of draws in which compared cells differ."""
    return [*parity.get("deliberate", {})], [*parity.get("draws", {}).get("differing", [])]
