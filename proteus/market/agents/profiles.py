"""What is said of agents wherever they are named: a versioned profile per group, with their uids.

A profile says who (cohort, group, uids of its members in order), what for (strategy family and
class), within which limits (risk envelope) and with how much (capital baseline). It is made from
the configuration, so the same agents have the same profile in every replicate and command.

Version 0: files named a trader's group alone, its configuration said the rest; every agent was of
the cohort ``default`` and its limits were those of its strategy.
Version 1: profiles.

``python -m proteus.market.agents.profiles`` prints the JSON schema, ``docs/profile.schema.json``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from proteus.basics.schema import requirement
from proteus.market.agents.group import Group
from proteus.market.agents.identity import DEFAULT_COHORT, Cohort, agent_uid
from proteus.market.agents.kinds import KINDS
from proteus.market.agents.traders import ROLE_NAMES

PROFILE_VERSION = 1
_NO_LIMIT = ("kind", "place")  # of a constraint: where it stands, not what it allows


class Profile(BaseModel):
    """Describe the agents of one group."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")

    profile_version: int = Field(ge=1, le=PROFILE_VERSION, description="of this schema")
    cohort: Cohort = Field(description="whom the agents belong with")
    group: str = Field(description="their group in the population")
    agent_uids: tuple[int, ...] = Field(
        description="63 bits of a hash of cohort, group and number, in order of the numbers"
    )
    strategy_family: str = Field(description="kind of the trader, as in conf/trader")
    trader_class: str = Field(description="class that PnL is split by")
    risk_envelope: dict[str, dict[str, Any]] = Field(
        description="constraint to what it allows, as in conf/risk"
    )
    capital_baseline: float | None = Field(
        description="currency of each agent at the start of an episode 0; null: unlimited"
    )

    @model_validator(mode="after")
    def _check_uids(self) -> Self:
        for member, uid in enumerate(self.agent_uids):
            if uid != agent_uid(self.cohort, self.group, member):
                who = f"number {member} of group {self.group} in cohort {self.cohort}"
                raise requirement("agent_uids", f"agent_uid={uid} is not that of {who}")
        return self


def profile_of(cohort: str, name: str, group: Group) -> Profile:
    """Return the profile of a group of the population."""
    return Profile(
        profile_version=PROFILE_VERSION,
        cohort=cohort,
        group=name,
        agent_uids=tuple(agent_uid(cohort, name, member) for member in range(group.count)),
        strategy_family=group.kind,
        trader_class=ROLE_NAMES[KINDS[group.kind].role],
        risk_envelope={
            kind: each.model_dump(mode="json", exclude={*_NO_LIMIT})
            for kind, each in group.risk.items()
        },
        capital_baseline=group.capital,
    )


def read_profile(written: Mapping[str, Any]) -> Profile:
    """Return a profile as a file has it, of any version up to this one.

    Raises
        ValueError: a newer version, or what no version has; the text says what and why.
    """
    version = written.get("profile_version", 0)
    if type(version) is not int or not 0 <= version <= PROFILE_VERSION:
        raise ValueError(
            f"profile_version={version} is not allowed: this Proteus reads 0 to {PROFILE_VERSION}"
        )
    found = dict(written)
    for step in range(version, PROFILE_VERSION):
        found = _MIGRATIONS[step](found)
    try:
        return Profile.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{where} {first['msg']}".strip()) from None


def _from_configuration(written: dict[str, Any]) -> dict[str, Any]:
    """Return version 1 of a group's name and configuration, which is all that version 0 had."""
    group, config = written["group"], written["config"]
    policy = config.get("policy") or {}
    limit = policy.get("inventory_limit_lots")
    limits = {"inventory_limit": {"on_limit": "clip", "lots": limit}} if limit else {}
    kind = config["kind"]
    return {
        "profile_version": 1,
        "cohort": DEFAULT_COHORT,
        "group": group,
        "agent_uids": [agent_uid(DEFAULT_COHORT, group, at) for at in range(config["count"])],
        "strategy_family": kind,
        "trader_class": ROLE_NAMES[KINDS[kind].role],
        "risk_envelope": config.get("risk", limits),
        "capital_baseline": config.get("capital"),
    }


_MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {0: _from_configuration}


def main() -> None:
    """Print the JSON schema."""
    print(json.dumps(Profile.model_json_schema(), indent=2))


if __name__ == "__main__":
    main()
