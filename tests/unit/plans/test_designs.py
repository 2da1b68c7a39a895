"""Designs of seeds and controls that are refused, each in one sentence, before anything runs."""

import pytest

from proteus.errors import ConfigError
from proteus.plans.planner import from_words
from proteus.studies import ab, equilibrium

pytestmark = pytest.mark.plain

PAIRS = ("seeds.design=antithetic", "seeds.count=60")
REFUSED = [
    (("seeds.design=antithetic", "seeds.count=61"), "seeds.count=61 is not allowed: must be a "
     "multiple of 2, the seeds of a unit under design=antithetic"),
    ((*PAIRS, "seeds.first=3"), "seeds.first=3 is not allowed: must be a multiple of 2"),
    (("seeds.design=sobol", "seeds.count=1000"), "must be a multiple of 16"),
    (("seeds.design=halton",), "seeds.design=halton is not allowed: must be 'iid', 'antithetic'"),
    ((*PAIRS, "seeds.points=12"), "seeds.points=12 is not allowed: must be a power of 2"),
    ((*PAIRS, "seeds.streams=[]"), "must name news, intents or both, each once"),
    ((*PAIRS, "seeds.streams=[news,news]"), "must name news, intents or both, each once"),
    ((*PAIRS, "record.events=seed:0"), "seeds.design=antithetic is not allowed with "
     "record.events=seed:0: a lane is run again from its own seed alone"),
    ((*PAIRS, "record.traces=seed:0"), "with record.traces=seed:0"),
    ((*PAIRS, "episodes.count=3"), "is not allowed with episodes.count=3"),
    ((*PAIRS, "mechanism=clob,fba", "precision=sequential", "precision.first_look=35"),
     "precision.first_look=35 is not allowed: must be a multiple of 2"),
    ((*PAIRS, "mechanism=clob,fba", "precision=sequential", "precision.first_look=40"),
     "precision.first_look=40 is not allowed: must be at least 60, 30 units"),
    ((*PAIRS, "mechanism=clob,fba", "precision=power", "precision.pilot_seeds=41"),
     "precision.pilot_seeds=41 is not allowed: must be a multiple of 2"),
    (("seeds.controls=jumps", "latent.jump_rate_per_s=0"), "there are no jumps"),
    (("seeds.controls=jumps", "episodes.count=3"), "they know the first day only"),
    (("seeds.controls=jumps", "latent.jump_rate_per_s=1,2"), "the news differs between cells"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "sentence"), REFUSED)
def test_what_is_refused(words, sentence):
    with pytest.raises(ConfigError) as refused:
        from_words(list(words))
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("words", [PAIRS, ("seeds.controls=jumps",)])
def test_studies_that_count_seeds_refuse(words):
    key = words[0].partition("=")[0]
    with pytest.raises(ConfigError, match=f"{key}=.* is not allowed: a change of rules counts"):
        ab._plan([*words])
    with pytest.raises(ConfigError, match=f"{key}=.* is not allowed: a search for quotes counts"):
        equilibrium.find("population.maker.policy.half_spread", [*words])
    of_data_sets = pytest.importorskip("proteus.trajectories.words", exc_type=ImportError)
    with pytest.raises(ConfigError, match=f"{key}=.* is not allowed: a data set counts"):
        of_data_sets.read([*words])


def test_without_a_design_nothing_about_a_plan_changes():
    """Keys that are neutral are in no hash, so bundles of before can be compared."""
    plain, said = from_words([]), from_words(["seeds.design=iid", "seeds.streams=[intents]"])
    assert plain.config_hash != from_words(["seeds.design=antithetic"]).config_hash
    assert plain.cells == said.cells
    assert from_words(["seeds.design=iid", "seeds.points=16"]).config_hash == plain.config_hash
