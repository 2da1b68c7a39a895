"""Profiles: the schema that is published, and what older files become."""

import gzip
import json
from pathlib import Path

import pytest

import proteus
from proteus.market.agents.profiles import PROFILE_VERSION, Profile, read_profile

pytestmark = pytest.mark.nojit
ROOT = Path(__file__).parents[4]
PUBLISHED = ROOT / "docs" / "profile.schema.json"
OF_MAKER_0 = 0x7FFFFFFFFFFFFFFF  # largest uid there can be


def test_the_published_schema_is_that_of_the_model():
    assert json.loads(PUBLISHED.read_text()) == Profile.model_json_schema()


def test_version_0_gets_the_cohort_default_and_the_limit_of_its_strategy():
    older = {"group": "maker", "config": {
        "kind": "maker", "count": 1, "policy": {"inventory_limit_lots": 100},
    }}  # fmt: skip
    found = read_profile(older)
    assert found.profile_version == PROFILE_VERSION
    assert found.cohort == "default"
    assert found.capital_baseline is None
    assert found.risk_envelope == {"inventory_limit": {"on_limit": "clip", "lots": 100}}
    assert found.trader_class == "maker"
    assert 0 <= found.agent_uids[0] <= OF_MAKER_0
    assert read_profile(found.model_dump(mode="json")) == found


@pytest.mark.parametrize("name", sorted(
    path.name for path in (ROOT / "tests" / "fixtures").glob("schema-*")
))  # fmt: skip
def test_agents_of_files_that_older_code_wrote(name, tmp_path):
    for path in (ROOT / "tests" / "fixtures" / name).iterdir():
        (tmp_path / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    dataset = proteus.load(tmp_path)
    table = proteus.agents(dataset).set_index("trader")
    assert set(table["cohort_id"]) == {"default"}
    assert table.loc["maker0", "strategy_family"] == "maker"
    assert json.loads(table.loc["maker0", "risk_envelope"])["inventory_limit"]["lots"] > 0


@pytest.mark.parametrize(("version", "why"), [
    (PROFILE_VERSION + 1, "reads 0 to"), (-1, "reads 0 to"), ("1", "reads 0 to"), (True, "reads 0"),
])  # fmt: skip
def test_versions_that_are_none_are_refused(version, why):
    with pytest.raises(ValueError, match=why):
        read_profile({"profile_version": version})


def test_a_key_that_no_version_has_is_refused():
    with pytest.raises(ValueError, match="Field required"):
        read_profile({"profile_version": 1, "mood": "good"})
