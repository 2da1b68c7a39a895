"""A small season, played: parity, forfeits, clocks, partitions, seals, files."""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from proteus.arena import board, sealing, writing
from proteus.arena.competition import CompetitionRunner
from proteus.arena.matches import Cells, matches_of
from proteus.arena.playing import draws_of, play_alone
from proteus.arena.season import read_season
from proteus.compete import main
from tests.helpers.networks import Runtime, quoting, saved_by_numpy
from tests.helpers.seasons import ALL, SMALL, small_file

GOLDEN = Path(__file__).with_name("small.golden")
KEPT = ("place", "entrant", "overall", "overall_low", "overall_high", "profitability",
        "market_quality", "robustness", "rank_first", "rank_last")  # fmt: skip
HERE = "tests.helpers.seasons"


def entering(**policies):
    """Return the entrants with some from outside."""
    outside = {name: {"policy": f"{HERE}:{one}"} for name, one in policies.items()}
    return {"plain": {"trader": "maker"}, **outside}


def played(folder, *words, **changes):
    return CompetitionRunner(read_season([small_file(folder, **changes), *words])).run()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return played(tmp_path_factory.mktemp("small"), formats=[*ALL])


def told(results):
    """Return the leaderboard to six digits, a line each."""
    table = board.leaderboard(results)[list(KEPT)]
    return "".join(
        " ".join(f"{one:.6g}" if isinstance(one, float) else str(one) for one in row) + "\n"
        for row in table.itertuples(index=False)
    )


def test_the_small_season_has_its_golden_table(small):
    """``python -m tests.golden.arena`` writes it anew."""
    assert told(small) == GOLDEN.read_text()


def test_no_number_depends_on_workers_or_on_the_rest_of_the_season(small, tmp_path):
    again = played(tmp_path, "workers=2", formats=[*ALL])
    pd.testing.assert_frame_equal(board.lanes(small), board.lanes(again))
    pd.testing.assert_frame_equal(board.leaderboard(small), board.leaderboard(again))
    fewer = {name: SMALL["entrants"][name] for name in ("wide", "plain")}
    part = board.lanes(played(tmp_path, "seeds.count=5", entrants=fewer))
    keys = ["scenario", "stress", "format", "is_scale", "seats", "seat", "seed"]
    whole = board.lanes(small).set_index(keys)["won"]
    shared = part[~part["is_scale"]].set_index(keys)["won"]
    shared = shared[shared.index.isin(whole.index)]
    assert len(shared) == 5 * (4 + 4)  # both alone, plain and stressed, and two duels of two
    np.testing.assert_array_equal(shared, whole[shared.index])


def test_all_three_formats_are_played_and_scored_in_every_seat(small):
    """Who sits where decides nothing about the seeds, and everybody has sat everywhere."""
    lanes = board.lanes(small)
    judged = lanes[~lanes["is_scale"] & (lanes["stress"] == "")]
    games = judged.groupby(["format", "entrant", "seat"])["seed"].agg(["size", "nunique"])
    for form, seats, of_a_seat in (("solo", 1, 1), ("duel", 2, 2), ("melee", 3, 1)):
        found = games.loc[form]
        assert len(found) == 3 * seats
        assert (found["size"] == 12 * of_a_seat).all()
        assert (found["nunique"] == 12).all()
        criteria = {unit.criterion for unit in small.scale if unit.format == form}
        quality = {"market_quality"} if form == "solo" else set()
        assert criteria == {"profitability", "robustness"} | quality
    profitability = small.scores.value[:, 0]
    parts = [
        (board.quantities(small).query(f"format == '{form}' and stress == ''")["pnl"].to_numpy()
         - unit.baseline) / unit.unit
        for form in ALL
        for unit in small.scale if (unit.format, unit.criterion) == (form, "profitability")
    ]  # fmt: skip
    np.testing.assert_allclose(profitability, np.mean(np.clip(parts, -1, 2), axis=0))


def test_equal_entrants_are_told_from_nobody_and_widen_nothing(tmp_path):
    """Three of a kind: the same numbers to the bit in every resample, whoever sat where."""
    same = {name: {"trader": "maker"} for name in ("one", "two", "three")}
    results = played(tmp_path, "seeds.count=6", formats=[*ALL], entrants=same)
    drawn = results.scores.resampled_overall
    assert drawn.std() > 0
    assert (drawn == drawn[:, :1]).all()
    assert (results.scores.overall == results.scores.overall[0]).all()
    assert (results.differences.high == 0).all()
    assert results.ranks.place.tolist() == [1, 1, 1]
    assert results.wins[0, 1] == results.wins[1, 0]
    said = board.sentences(results)[0]
    assert "is not shown to be better than two or three" in said
    assert "The interval of their difference leaves out zero in 0 of 3 pairs." in said
    assert any("fewer than 30 seeds" in line for line in board.sentences(results))


def test_a_lane_is_the_same_in_any_block(small):
    match, one = next(
        (match, one) for match, one in zip(small.matches, small.played, strict=True)
        if match.seats == ("wide",) and not match.stress
    )  # fmt: skip
    won, wanting = play_alone(match, 7, np.arange(3, 15))
    np.testing.assert_array_equal(won, one.won)
    np.testing.assert_array_equal(wanting, one.wanting)


def test_the_baseline_outside_is_the_baseline_inside(tmp_path):
    """To the bit, alone and against each other, what noise traders pay included."""
    results = played(tmp_path, entrants=entering(mine="Careful"))
    lanes = board.lanes(results)
    assert not results.out
    assert not results.forfeits
    for form, stress in (("solo", ""), ("solo", "news")):
        mine, plain = (
            lanes.query(f"format == '{form}' and stress == '{stress}' and entrant == '{name}'")
            for name in ("mine", "plain")
        )
        np.testing.assert_array_equal(mine["won"], plain["won"])
        np.testing.assert_array_equal(mine["wanting"], plain["wanting"])
    duels = lanes.query("format == 'duel' and not is_scale").pivot_table(
        index="seed", columns=["seats", "seat"], values="won"
    )
    np.testing.assert_array_equal(duels["plain|mine"], duels["mine|plain"])


@pytest.mark.parametrize(("policy", "reason"), [
    ("Raises", "RuntimeError: too much to hold"), ("Nonsense", "actions."),
])  # fmt: skip
def test_who_fails_forfeits_that_lane_and_harms_nobody(tmp_path, policy, reason):
    """Lanes in which it does not fail are those of the policy that it is; so are its rivals'."""
    good = board.lanes(played(tmp_path, entrants=entering(mine="Careful")))
    results = played(tmp_path, entrants=entering(mine=policy))
    lanes = board.lanes(results)
    lost = lanes["forfeit"] != ""
    assert 0 < lost.sum() < (lanes["entrant"] == "mine").sum()
    assert (lanes["entrant"][lost] == "mine").all()
    assert lanes["forfeit"][lost].str.startswith(reason).all()
    assert lanes["won"][lost].isna().all()
    lane = ["stress", "seats", "seed", "is_scale"]
    is_beside = lanes.set_index(lane).index.isin(lanes[lost].set_index(lane).index)
    same = ~lost & ~is_beside
    pd.testing.assert_series_equal(lanes["won"][same], good["won"][same])
    rivals = lanes[~lost & ~same]
    assert len(rivals)
    assert rivals["won"].notna().all()  # a whole lane, against the baseline
    assert set(rivals["entrant"]) == {"plain"}
    # Here the baseline is what the policy was, so a rival's lane is the very same.
    pd.testing.assert_series_equal(rivals["won"], good["won"][rivals.index])
    said = " ".join(board.sentences(results))
    assert f"mine forfeits {lost.sum()} lanes" in said


def test_who_says_nothing_forfeits_every_lane(tmp_path):
    results = played(tmp_path, "seeds.count=3", entrants=entering(mine="Nothing"))
    table = board.leaderboard(results).set_index("entrant")
    assert table.loc["mine", "forfeits"] == 3 * 2 + 3 * 2
    assert table.loc["mine", "overall"] < table.loc["plain", "overall"]


def test_who_looks_at_other_lanes_is_out(tmp_path):
    results = played(tmp_path, entrants=entering(mine="Together", other="Careful"))
    assert results.out == {"mine": "its lanes depend on which others are played beside them"}
    assert results.scores.entrants == ("plain", "other")
    alone = played(tmp_path, entrants=entering(other="Careful"))
    np.testing.assert_array_equal(results.scores.overall, alone.scores.overall)


def test_a_clock_takes_out_whole_entrants_and_moves_no_number(tmp_path):
    """What processes play is what this one plays, and as if who is out had not entered."""
    words = ("seeds.count=3", "formats=[solo]")
    rest = entering(other="Careful", bad="Raises", quits="Quits", breaks="Breaks")
    gone = entering(slow="Slow", leaves="Leaves", alone="Alone")
    del gone["plain"]
    there = played(tmp_path, "time_limit_s=3", *words, entrants=gone | rest)
    assert there.out == {
        "slow": "it took longer than the 3 s that it may",
        "leaves": "it ended its process, with code 7",
        "alone": "it ended its process, with code 8",
    }
    assert "slow is out: it took longer than the 3 s that it may." in board.sentences(there)
    _check_told(there, tmp_path / "written")
    here = played(tmp_path, *words, entrants=rest | {"breaks": {"policy": f"{HERE}:Quits"}})
    one, other = (board.lanes(each).drop(columns="forfeit") for each in (here, there))
    pd.testing.assert_frame_equal(one, other)
    np.testing.assert_array_equal(here.scores.overall, there.scores.overall)


def _check_told(results, folder):
    """Forfeits are told of the matches that they were in, though others were taken away."""
    said = writing.write(results, folder, "command")
    assert any(
        line.startswith("quits forfeits 6 lanes, as seed 3 of quits in calm: SystemExit: 3.")
        for line in said
    )
    assert "breaks forfeits 6 lanes, as seed 3 of breaks in calm: KeyboardInterrupt." in said
    told = json.loads((folder / "results.json").read_text())["forfeits"]
    assert {each["entrant"] for each in told} == {"bad", "quits", "breaks"}
    for each in told:
        assert each["match"].startswith(f"{each['entrant']} in calm")


def test_final_seeds_are_those_of_the_secret_and_anybody_can_check(tmp_path, capfd):
    secret, folder = tmp_path / "secret", tmp_path / "out"
    assert main(["--commit", str(secret)]) == 0
    commitment = capfd.readouterr().out.split()[1]
    assert secret.stat().st_mode & 0o777 == 0o600
    assert main(["--commit", str(secret)]) == 2  # never replaced
    word = small_file(tmp_path)
    assert main([word, "seeds.count=3", f"output_dir={folder}", "--final", str(secret)]) == 0
    out = capfd.readouterr().out
    assert "3 final seeds" in out
    assert out.splitlines()[-1] == str(folder)
    assert main(["--verify", str(folder), "--commitment", commitment]) == 0
    said = capfd.readouterr().out
    assert "as published" in said
    assert "Its scenarios and entrants are composed here as there." in said
    content = json.loads((folder / "results.json").read_text())
    text = bytes.fromhex(secret.read_text().strip()) + bytes.fromhex(content["season_hash"])
    assert content["root"] == int.from_bytes(hashlib.sha256(text).digest()[:8], "big")
    page = (folder / "leaderboard.html").read_text()
    assert "http" not in page.replace("http://www.w3.org", "")
    assert len(pd.read_parquet(folder / "leaderboard.parquet")) == 3
    _check_tampering(folder, content, commitment, capfd)


def _check_tampering(folder, content, commitment, capfd):
    """Another secret, season, seed or score is found."""
    other = sealing.commitment_of(bytes(32))
    assert main(["--verify", str(folder), "--commitment", other]) == 2
    assert "was not committed to" in capfd.readouterr().err
    path = folder / "results.json"
    changed = {
        "was changed": {"season": {**content["season"], "title": "x"}},
        "is not that of the secret": {"root": 5},
        "commitment=ab is not that of the secret": {"commitment": "ab"},
        "a match that is not of the season": {"out": {"wide": "no"}},
        "root of": {"root": "5"},
        "has another duels_won.0.0 than": {"duels_won": [[9, 0, 0], *content["duels_won"][1:]]},
        "has another forfeits than": {"forfeits": [{}]},
    }
    for key in ("place", "overall", "profitability_low", "what"):
        rows = [{**content["leaderboard"][0], key: 9}, *content["leaderboard"][1:]]
        who = rows[0]["entrant"]
        changed[f"has another leaderboard.0.{key} of {who} than"] = {"leaderboard": rows}
    for sentence, change in changed.items():
        path.write_text(json.dumps({**content, **change}))
        assert main(["--verify", str(folder), "--commitment", commitment]) == 2
        assert sentence in capfd.readouterr().err
    path.write_text(json.dumps(content))
    _check_tables(folder, capfd)


def _check_tables(folder, capfd):
    """A row, a column or a number of either table is found."""
    lanes, table = (
        pd.read_parquet(folder / f"{name}.parquet") for name in ("lanes", "leaderboard")
    )
    seed = np.where(np.arange(len(lanes)) == 0, lanes["seed"] + 1, lanes["seed"])
    better = np.where(lanes["entrant"] == "plain", lanes["won"] + 1, lanes["won"])
    changed = [
        ("lanes", lanes.assign(seed=seed), "other seeds"),
        ("lanes", lanes[lanes["seats"] != "plain|wide"], "other seeds of plain v wide in calm"),
        ("lanes", lanes[~lanes["is_scale"]], "other seeds of (baseline) in calm"),
        ("lanes", lanes.assign(entrant="wide"), "another entrant in the seat of (baseline)"),
        ("lanes", lanes.assign(won=better), "has another"),
        ("lanes", lanes.assign(won=np.nan), "neither won nor forfeited"),
        ("lanes", lanes.assign(won="1"), "won of"),
        ("lanes", lanes.drop(columns="wanting"), "has no column wanting"),
        ("leaderboard", table[::-1], "leaderboard.parquet has another leaderboard.0"),
    ]
    for name, frame, sentence in changed:
        frame.to_parquet(folder / f"{name}.parquet", index=False)
        assert main(["--verify", str(folder)]) == 2
        assert sentence in capfd.readouterr().err
        for kept, whole in (("lanes", lanes), ("leaderboard", table)):
            whole.to_parquet(folder / f"{kept}.parquet", index=False)
    assert main(["--verify", str(folder)]) == 0
    (folder / "leaderboard.parquet").unlink()
    assert main(["--verify", str(folder)]) == 2
    assert "has no results of a season" in capfd.readouterr().err


@pytest.mark.plain
def test_another_entrant_is_another_root(tmp_path):
    secret, roots = bytes(range(32)), set()
    for entrants in (SMALL["entrants"], dict(reversed(SMALL["entrants"].items()))):
        season = read_season([small_file(tmp_path, entrants=entrants)])
        roots.add(sealing.root_of(secret, season.hash_with({})))
        roots.add(sealing.root_of(secret, season.hash_with({"mine": "ab"})))
    assert len(roots) == 4


@pytest.mark.plain
def test_seats_are_alike_and_rotated(tmp_path):
    season = read_season([small_file(tmp_path, formats=["solo", "duel", "melee"])])
    matches = [match for match in matches_of(season, Cells(season)) if not match.is_scale]
    seats = [match.seats for match in matches]
    assert sorted(seats) == sorted([
        *2 * [("plain",), ("wide",), ("lean",)],
        ("plain", "wide"), ("wide", "plain"), ("plain", "lean"), ("lean", "plain"),
        ("wide", "lean"), ("lean", "wide"),
        ("plain", "wide", "lean"), ("wide", "lean", "plain"), ("lean", "plain", "wide"),
    ])  # fmt: skip
    for match in matches:
        groups = [match.cell.population[f"seat_{at + 1}"] for at in range(len(match.seats))]
        assert len({str((g.latency, g.signal, g.schedule, g.capital)) for g in groups}) == 1
        assert all(group.count == 1 for group in groups)
    draws = draws_of(season, 7)
    assert not {*draws[True].replicates.tolist()} & {*draws[False].replicates.tolist()}


def test_a_saved_network_plays_and_its_file_is_in_the_hash(tmp_path, monkeypatch):
    """Another weight is another season; lanes are those of the network in any company."""
    monkeypatch.setitem(sys.modules, "onnxruntime", Runtime)
    weights, biases = quoting()
    path = saved_by_numpy(tmp_path / "mine.onnx", weights, biases)
    entrants = entering() | {"mine": {"policy": str(path)}}
    words = ("seeds.count=4", "formats=[solo]")
    results = played(tmp_path, *words, entrants=entrants)
    assert not results.out
    assert not results.forfeits
    made = board.lanes(results).query("entrant == 'mine'")["won"]
    assert (made != 0).any()
    assert results.sources["mine"] == hashlib.sha256(path.read_bytes()).hexdigest()
    saved_by_numpy(path, weights, biases + 0.01)
    other = CompetitionRunner(read_season([small_file(tmp_path, entrants=entrants), *words]))
    assert other.season_hash != results.season_hash
