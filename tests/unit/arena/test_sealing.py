"""What the season hash hangs on, so that nobody changes an entrant once the seeds can be known."""

import hashlib

import pytest

from proteus.arena.competition import CompetitionRunner
from proteus.arena.season import read_season
from proteus.compete import main
from proteus.configuration.locate import SEARCH_PATH
from proteus.policies.saved import files_of
from tests.helpers.networks import onnx_bytes, quoting
from tests.helpers.seasons import small_file

pytestmark = pytest.mark.plain
OWN = """\
defaults: [maker, _self_]
policy: {{half_spread: {half_spread}}}
"""


@pytest.fixture
def own_trader(tmp_path, monkeypatch):
    """Enter a trader of one's own yaml; the fixture writes it with a half-spread."""
    monkeypatch.setenv(SEARCH_PATH, str(tmp_path / "conf"))
    (tmp_path / "conf" / "trader").mkdir(parents=True)
    entrants = {"plain": {"trader": "maker"}, "mine": {"trader": "own"}}

    def enter(half_spread):
        path = tmp_path / "conf" / "trader" / "own.yaml"
        path.write_text(OWN.format(half_spread=half_spread))
        return CompetitionRunner(
            read_season([small_file(tmp_path, entrants=entrants)]), secret=bytes(32)
        )

    return enter


def test_another_yaml_of_an_entrant_is_another_season_and_root(own_trader):
    """Its words are the same: only what the file says has changed."""
    one, again, other = (own_trader(half_spread) for half_spread in (0.01, 0.01, 0.02))
    assert one.season == other.season
    assert (one.season_hash, one.root) == (again.season_hash, again.root)
    assert one.season_hash != other.season_hash
    assert one.root != other.root


def external(name):
    """Return an entry of a protocol buffer: the weights are in that file."""
    data = name.encode()
    entry = b"\x0a\x08location\x12" + bytes([len(data)]) + data
    return b"\x6a" + bytes([len(entry)]) + entry


def test_weights_beside_a_network_are_part_of_it(tmp_path):
    """As ``torch.onnx.export`` writes them: mine.onnx, and mine.onnx.data with the numbers."""
    path, weights = tmp_path / "mine.onnx", tmp_path / "mine.onnx.data"
    path.write_bytes(onnx_bytes(*quoting()))
    assert files_of(path) == [path]
    path.write_bytes(path.read_bytes() + external("mine.onnx.data") + external("gone"))
    weights.write_bytes(b"1234")
    assert files_of(path) == [path, weights]
    entrants = {"plain": {"trader": "maker"}, "mine": {"policy": str(path)}}
    season, hashes = read_season([small_file(tmp_path, entrants=entrants)]), set()
    for written, content in ((weights, b"1234"), (weights, b"1235"), (path, b"another")):
        written.write_bytes(content)
        hashes.add(CompetitionRunner(season, policies={"mine": object}).season_hash)
    assert len(hashes) == 3


def test_a_policy_without_a_file_plays_no_final_seeds(tmp_path):
    """As one that is written in a cell of a notebook: nothing would say which one it was."""
    made = type("Mine", (), {"__module__": "nowhere"})
    word = small_file(tmp_path, entrants={"plain": {"trader": "maker"}, "mine": {"policy": "x:y"}})
    season = read_season([word])
    runner = CompetitionRunner(season, policies={"mine": made})
    assert runner._sources["mine"] == hashlib.sha256(b"").hexdigest()
    with pytest.raises(Exception, match=r"mine\.policy=x:y is not allowed: final seeds hang on"):
        CompetitionRunner(season, bytes(32), {"mine": made})


def test_a_secret_that_is_none_is_refused(tmp_path, capfd):
    (tmp_path / "secret").write_text("ab\n")
    assert main([small_file(tmp_path), "--final", str(tmp_path / "secret")]) == 2
    assert "is not allowed: a secret has 64 hexadecimal digits" in capfd.readouterr().err
