"""The laboratory's words, and what a study of one part may differ in."""

from dataclasses import replace

import pytest

from proteus.configuration.compose import keys_of
from proteus.configuration.treatments import is_treated
from proteus.errors import ConfigError
from proteus.market.agents.lab_maker import LabMakerPolicy
from proteus.plans import parity
from proteus.plans.planner import from_mapping, from_words


def part_of(words, group="maker"):
    policy = from_words(words).cells[0].population[group].policy
    return policy.filter.name, policy.quoting.name


def test_common_words_choose_the_parts():
    assert part_of(["population.maker=lab"]) == ("tape", "linear")
    assert part_of(["population.maker=lab", "filter=kalman", "quoting=glft"]) == ("kalman", "glft")


def test_they_are_those_in_full():
    short = from_words(["population.maker=lab", "filter=ewma"])
    full = from_words([
        "trader@population.maker=lab_maker", "filter@population.maker.policy.filter=ewma",
    ])  # fmt: skip
    assert short.cells == full.cells


def test_they_are_those_of_python():
    said = from_mapping({"population.maker": "lab", "quoting": ["fixed", "glft"]})
    assert said.axes["quoting"] == ("fixed", "glft")


def test_every_lab_group_gets_the_part_and_no_other():
    words = ["+population.extra=lab", "population.maker=lab", "filter=ewma"]
    assert part_of(words, "extra") == part_of(words) == ("ewma", "linear")
    (only,) = from_words(["+population.extra=lab", "filter=ewma"]).cells
    assert isinstance(only.population["extra"].policy, LabMakerPolicy)
    assert only.population["maker"].kind == "maker"


def test_any_kind_can_be_the_option_of_a_group():
    kinds = [
        cell.population["maker"].kind for cell in from_words(["population.maker=maker,lab"]).cells
    ]
    assert kinds == ["maker", "lab_maker"]


def test_a_lab_maker_has_every_key_of_the_ordinary_one_outside_its_policy():
    ours, ordinary = (
        {key for key in keys_of("trader", name) if not key.startswith("trader.policy")}
        for name in ("lab_maker", "maker")
    )
    assert ours - {"trader.defaults"} == ordinary - {"trader.defaults"}
    assert "trader.schedule.lead_ms" in ours


def test_keys_of_a_part_can_be_set_beside_its_word():
    words = ["population.maker=lab", "filter=ewma", "population.maker.policy.filter.gain=0.7"]
    assert from_words(words).cells[0].population["maker"].policy.filter.gain == 0.7


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["filter=kalman"], "filter=kalman is not allowed: no group of the population is a lab "
         "maker; write population.maker=lab"),
        (["population.maker=lab", "filter=kalmn"],
         "filter=kalmn does not exist; did you mean kalman?"),
        (["population.maker=lab", "quoting=gltf"],
         "quoting=gltf does not exist; did you mean glft?"),
        (["lab.vary=filter"], "lab.vary=filter is not allowed: must be null: no group of the "
         "population is a lab maker"),
        (["population.maker=lab", "population.maker.policy.filter.gain=0.5"],
         "unknown key population.maker.policy.filter.gain"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_in_a_sentence(words, sentence):
    with pytest.raises(ConfigError) as error:
        from_words(words)
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize(
    ("key", "treatment", "wanted"),
    [
        ("population.maker.policy.filter.name", ("filter",), True),
        ("population.maker.policy.filter", ("filter",), True),
        ("population.maker.policy.quoting.skew", ("filter",), False),
        ("population.maker.policy.quoting.skew", ("filter", "quoting"), True),
        ("population.other.risk", ("risk",), True),
        ("population.maker.policy.min_half_spread", ("filter", "quoting", "risk"), False),
        ("mechanism.name", ("filter",), False),
        ("delta", ("mechanism", "delta"), True),
    ],
)
def test_a_part_is_treated_with_all_its_keys_and_no_others(key, treatment, wanted):
    assert is_treated(key, treatment) == wanted


def test_a_study_of_one_part_compares_all_cells():
    plan = from_words(["population.maker=lab", "quoting=fixed,glft,linear", "lab.vary=quoting"])
    assert plan.fairness["treatment"] == ["quoting"]
    assert [*parity.compared(plan)] == [[0, 1, 2]]


@pytest.mark.parametrize(
    ("part", "varied", "other", "key"),
    [
        ("quoting", "fixed,glft", "filter=tape,ewma", "population.maker.policy.filter."),
        ("filter", "tape,ewma", "quoting=fixed,glft", "population.maker.policy.quoting."),
        ("risk", "none,inventory_limit", "filter=tape,ewma", "population.maker.policy.filter."),
        ("quoting", "fixed,glft", "risk=none,inventory_limit", "population.maker.risk"),
        ("quoting", "fixed,glft", "mechanism=clob,fba", "mechanism.name (clob and fba)"),
        ("risk", "none,inventory_limit", "population.noise.count=2,4",
         "population.noise.count (2 and 4)"),
    ],
)  # fmt: skip
def test_and_refuses_an_axis_elsewhere_and_names_its_key(part, varied, other, key):
    """An axis beside the part is no group of cells: whoever means it names it as an exception."""
    with pytest.raises(ConfigError) as error:
        from_words(["population.maker=lab", f"{part}={varied}", other, f"lab.vary={part}"])
    assert f"cannot be compared: they differ in {key}" in str(error.value)
    assert f"only {part} may, or keys named in parity.exceptions" in str(error.value)


def test_what_is_named_as_an_exception_may_differ():
    plan = from_words(["population.maker=lab", "quoting=fixed,glft", "lab.vary=quoting",
                       "population.noise.count=2,4",
                       "parity.exceptions=[population.noise.count]"])  # fmt: skip
    assert plan.fairness["deliberate"] == {"population.noise.count": [2, 4]}


def test_all_parts_may_be_varied_together():
    plan = from_words(["population.maker=lab", "quoting=fixed,glft", "filter=tape,ewma",
                       "risk=none,inventory_limit", "lab.vary=all"])  # fmt: skip
    assert plan.fairness["treatment"] == ["filter", "quoting", "risk"]


LITERAL = ["population.maker=lab", "filter=kalman", "quoting=glft", "risk=capital"]


def test_risk_is_a_common_word():
    group = from_words(LITERAL).cells[0].population["maker"]
    assert ([*group.risk], group.policy.filter.name) == (["capital"], "kalman")
    with pytest.raises(ConfigError, match=r"^population.maker.capital=null is not allowed: must"):
        from_words([*LITERAL, "population.maker.capital=null"])


@pytest.mark.parametrize(
    ("words", "capital"),
    [
        ([], None),
        (["risk=capital"], 20),
        (["risk=[leverage,inventory_limit]"], 20),
        (["risk@population.maker.risk=capital"], 20),
        (["risk=capital", "population.maker.capital=60"], 60),
        (["risk=[capital,order_size]", "population.maker.risk.capital=null"], None),
        (["population.maker.capital=5"], 5),
    ],
)
def test_a_lab_maker_has_capital_by_itself_only_where_its_chain_counts_it(words, capital):
    group = from_words(["population.maker=lab", *words]).cells[0].population["maker"]
    assert group.capital == capital


def test_a_study_of_chains_has_equal_capital_only_if_it_is_given():
    words = ["population.maker=lab", "risk=inventory_limit,capital", "lab.vary=risk"]
    with pytest.raises(ConfigError, match=r"they differ in population.maker.capital \(null and 20"):
        from_words(words)
    assert len(from_words([*words, "population.maker.capital=20"]).cells) == 2


@pytest.mark.parametrize("words", [["filter=ewma,kalman"], [], ["quoting=glft", "delta=50,100"]])
def test_a_part_that_is_the_same_everywhere_is_not_varied(words):
    with pytest.raises(ConfigError, match=r"^lab.vary=quoting changes nothing: .*; sweep quoting$"):
        from_words(["population.maker=lab", "lab.vary=quoting", "mechanism=fba", *words])


def test_and_refuses_those_that_differ_elsewhere():
    plan = from_words(["population.maker=lab", "quoting=fixed,glft", "lab.vary=quoting"])
    group = plan.cells[1].population["maker"]
    policy = group.policy.model_copy(update={"min_half_spread": 0.01})
    other = plan.cells[1].model_copy(update={
        "population": {"maker": group.model_copy(update={"policy": policy})}
        | {k: v for k, v in plan.cells[1].population.items() if k != "maker"},
    })  # fmt: skip
    with pytest.raises(ConfigError) as error:
        parity.check(replace(plan, cells=(plan.cells[0], other)))
    assert "they differ in population.maker.policy.min_half_spread (0.0 and 0.01)" in str(
        error.value
    )
    assert "only quoting may" in str(error.value)
