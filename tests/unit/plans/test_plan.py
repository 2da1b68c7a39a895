"""From words to cells: axes, shared cells, labels, hashes, and the Python door."""

from decimal import Decimal

import numpy as np
import pytest

from proteus.configuration.compose import compose_words, hydra_session
from proteus.configuration.overrides import LIST_KEYS
from proteus.plans import planner
from tests.unit.basics.test_in_html import Reader


def test_one_cell_still_has_both_axes():
    made = planner.from_words(["mechanism=fba", "delta=250"])
    assert made.axes == {"mechanism": ("fba",), "delta": (250,)}
    assert made.cell_of.tolist() == [[0]]
    assert made.replicates.tolist() == list(range(1000))
    assert made.lanes == 1000


def test_a_cell_that_ignores_delta_runs_once_and_is_labelled_on_all():
    made = planner.from_words(["delta=50,100", "mechanism=clob,fba"])
    assert list(made.axes) == ["mechanism", "delta"]
    assert made.cell_of.tolist() == [[0, 0], [1, 2]]
    assert made.label(0) == {"mechanism": "clob", "delta": 50}
    assert [cell.delta_ns for cell in made.cells] == [0, 50_000_000, 100_000_000]


def test_any_key_can_be_swept_and_names_its_dimension():
    made = planner.from_words(
        ["population.informed.schedule.rate_per_s=1,2,4", "mechanism=fba,clob", "latent.dt=10,20"]
    )
    assert made.axes["informed_schedule_rate_per_s"] == (1, 2, 4)
    assert list(made.axes) == ["mechanism", "delta", "informed_schedule_rate_per_s", "latent_dt"]
    assert made.cell_of.shape == (2, 1, 3, 2)
    for index, number in np.ndenumerate(made.cell_of):
        cell = made.cells[number]
        assert cell.mechanism.name == ("fba", "clob")[index[0]]
        assert cell.population["informed"].schedule.rate_per_s == (1, 2, 4)[index[2]]
        assert cell.latent.dt == (10, 20)[index[3]]


def test_options_of_a_group_and_booleans_are_text():
    made = planner.from_words(
        ["latent=bayesian,log_odds", "population.sniper.schedule.on_news=true,false"]
    )
    assert made.axes["latent"] == ("bayesian", "log_odds")
    assert made.axes["sniper_schedule_on_news"] == ("true", "false")


@pytest.mark.parametrize("word", ["mechanism.dealers=3", "mechanism.dealers=3,4"])
def test_a_key_of_one_mechanism_counts_there_and_leaves_the_others_alone(word):
    made = planner.from_words(["mechanism=clob,rfq", word])
    clob, *rfq = made.cells
    assert clob == planner.from_words(["mechanism=clob"]).cells[0]
    assert [cell.mechanism.dealers for cell in rfq] == [3, 4][: len(rfq)]
    assert len(rfq) == len(word.split(","))


def test_a_list_in_python_is_the_value_of_a_key_that_takes_one_and_else_an_axis():
    made = planner.from_mapping({"metrics.elapsed_ms": [50, 100], "latent.dt": [10, 20]})
    assert [cell.metrics.elapsed_ms for cell in made.cells] == [(50, 100)] * 2
    assert made.axes["latent_dt"] == (10, 20)


def test_a_range_and_a_choice_of_one_are_axes():
    made = planner.from_words(["delta=range(50,200,50)", "latent.dt=choice(5)"])
    assert made.axes["delta"] == (50, 100, 150)
    assert made.axes["latent_dt"] == (5,)


def test_a_range_counts_as_people_write_numbers():
    """0.1 + 0.1 + 0.1 is 0.3, and 0.05 is where the range ends: decimal arithmetic."""
    made = planner.from_words(["mechanism=fba", "delta=range(0.1,0.4,0.1)"])
    assert made.axes["delta"] == (0.1, 0.2, 0.3)
    spread = "population.maker.policy.half_spread"
    made = planner.from_words([f"{spread}=range(0.01,0.05,0.01)"])
    assert made.axes["maker_policy_half_spread"] == (0.01, 0.02, 0.03, 0.04)


def test_an_axis_of_numbers_is_in_their_order_and_one_of_texts_as_written():
    made = planner.from_words(["mechanism=fba,clob", "delta=500,50,1000"])
    assert made.axes["delta"] == (50, 500, 1000)
    assert made.axes["mechanism"] == ("fba", "clob")
    in_order = planner.from_words(["mechanism=fba,clob", "delta=50,500,1000"])
    assert [cell.delta for cell in made.cells] == [cell.delta for cell in in_order.cells]
    assert made.config_hash == in_order.config_hash


def test_a_group_can_be_added_and_removed():
    made = planner.from_words(["+trader@population.extra=noise", "~population.sniper"])
    assert list(made.cells[0].population) == ["maker", "informed", "noise", "extra"]


def test_an_experiment_is_overridden_by_the_command_line():
    made = planner.from_words(["+experiment=bench", "horizon_s=7"])
    assert made.axes["mechanism"] == ("clob",)
    assert made.cells[0].horizon_s == 7


def test_the_hash_follows_what_is_simulated_and_nothing_else():
    base = planner.from_words([]).config_hash
    assert planner.from_words(["delta=250.0", "executor.workers=1"]).config_hash == base
    assert planner.from_words(["output_dir=x", "plan_only=true"]).config_hash == base
    others = ["delta=251", "seeds.count=999", "seeds.root=8", "mechanism=clob", "horizon_s=21"]
    assert len({base, *(planner.from_words([word]).config_hash for word in others)}) == 6


@pytest.mark.parametrize(
    ("parameters", "seeds", "words"),
    [
        ({"mechanism": "fba", "delta": 250}, 1000, ["mechanism=fba", "delta=250"]),
        (
            {"mechanism": ["clob", "fba"], "delta": np.array([50, 100])},
            range(10, 30),
            ["mechanism=clob,fba", "delta=50,100", "seeds.first=10", "seeds.count=20"],
        ),
        (
            {"contract": {"tick": Decimal("0.01")}, "population.maker.count": (1, 2)},
            {"count": 5, "root": 3},
            ["contract.tick=0.01", "population.maker.count=1,2", "seeds={count:5,root:3,first:0}"],
        ),
        ({"experiment": "bench"}, None, ["+experiment=bench"]),
        (
            {"latent": "log_odds", "latent.jumps": [[{"weight": 1.0, "mean": 0.0, "sd": 0.5}]]},
            None,
            ["latent=log_odds", "latent.jumps=choice([{weight:1.0,mean:0.0,sd:0.5}])"],
        ),
        ({"population.maker.signal": None}, None, ["population.maker.signal=null"]),
    ],
)  # fmt: skip
def test_python_values_and_words_make_the_same_plan(parameters, seeds, words):
    python, command = planner.from_mapping(parameters, seeds), planner.from_words(words)
    assert python.axes == command.axes
    assert python.config_hash == command.config_hash


def test_a_single_cell_takes_lists_as_values():
    made = planner.from_mapping({"metrics": {"horizons_ms": [0, 50]}}, 3, grid=False)
    assert made.cells[0].metrics.horizons_ms == (0, 50)
    assert made.cell_of.size == 1


def test_every_key_that_has_a_list_in_conf_takes_a_list_from_python():
    def listed(tree, above=""):
        for key, value in tree.items():
            if isinstance(value, dict):
                yield from listed(value, f"{above}{key}.")
            elif isinstance(value, list) and key != "defaults":
                yield f"{above}{key}"

    with hydra_session():
        trees = [compose_words(words).tree for words in (["latent=log_odds"], ["design=grid"])]
    found = {key for tree in trees for key in listed(tree)}
    assert found > {"parity.exceptions", "latent.jumps"}
    assert found <= {*LIST_KEYS}
    made = planner.from_mapping({"parity.exceptions": ["record.warmup_s"], "delta": [50, 100]})
    assert made.settings.parity.exceptions == ("record.warmup_s",)


def test_text_with_spaces_commas_and_quotes_survives():
    made = planner.from_mapping({"output_dir": "a folder, it's mine\\x"}, grid=False)
    assert made.settings.output_dir == "a folder, it's mine\\x"


def test_planning_leaves_the_hydra_state_of_the_caller_alone():
    from hydra.core.global_hydra import GlobalHydra

    planner.from_words([])
    assert not GlobalHydra.instance().is_initialized()


def test_a_notebook_shows_axes_seeds_lanes_and_hash():
    made = planner.from_words(["mechanism=clob,fba", "delta=50,100", "seeds.count=20"])
    shown = Reader(made._repr_html_()).texts
    assert [text for text in shown if text] == [
        f"Plan {made.config_hash[:8]}", "mechanism", "clob, fba", "delta", "50, 100",
        "seeds", "20, from 0 to 19", "lanes", "60, of 3 cells",
    ]  # fmt: skip
