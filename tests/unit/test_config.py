"""The configuration tree: what it accepts, what it refuses, and in which words."""

import copy
import re

import pytest
import yaml

from proteus import plan
from proteus.compose import compose_words, conf_folder, hydra_session
from proteus.config import SweepConfig
from proteus.errors import ConfigError
from proteus.reading import read_config


@pytest.fixture(scope="module")
def tree():
    with hydra_session():
        return compose_words([]).tree


def changed(tree, key, value):
    """Return a deep copy with one dotted key set; a value of KeyError deletes it."""
    copied = copy.deepcopy(tree)
    *parents, leaf = key.split(".")
    branch = copied
    for part in parents:
        branch = branch[part]
    if value is KeyError:
        del branch[leaf]
    else:
        branch[leaf] = value
    return copied


def test_the_defaults_give_the_integers_of_the_model(tree):
    config = read_config(tree)
    assert config.delta_ns == 250_000_000
    assert config.horizon_ns == 20_000_000_000
    assert config.tau_ns == 5_000_000_000
    assert config.markout_horizons_ns == (0, 100_000_000, 1_000_000_000)
    assert config.settle_ns == 21_000_000_000
    assert config.warmup_ns == 2_000_000_000
    assert (config.n_ticks, config.tick_nano, config.initial_ticks) == (1000, 10**6, 500)
    assert config.seeds.count == 1000


def test_a_configuration_survives_its_own_dump(tree):
    config = read_config(tree)
    again = read_config(config.model_dump())
    assert again.canonical() == config.canonical()
    assert again == config
    assert read_config(yaml.safe_load(yaml.safe_dump(config.model_dump(mode="json")))) == config


def test_a_configuration_is_frozen(tree):
    with pytest.raises(ValueError, match="frozen"):
        read_config(tree).horizon_s = 3  # type: ignore[misc]


def test_equal_numbers_make_equal_cells(tree):
    other = changed(tree, "delta", 250.0)
    assert read_config(other).canonical() == read_config(tree).canonical()


def test_delta_does_not_matter_where_it_is_not_used():
    small, large = (plan.from_words(["mechanism=clob", f"delta={d}"]).cells[0] for d in (50, 100))
    assert small.canonical() == large.canonical()
    assert small.delta_ns == 0


REFUSED = [
    ("delta", 0.0000001, "delta=1e-07 is not allowed: .*multiple of 0.000001"),
    ("delta", -1, "delta=-1 .*more than 0"),
    ("delta", 0, "delta=0 .*more than 0"),
    ("delta", float("nan"), "delta=nan .*finite"),
    ("delta", True, "delta=true .*must be a number"),
    ("delta", "abc", "delta=abc .*must be a number"),
    ("delta", 5000, r"delta=5000 .*less than metrics.tau_ms=5000"),
    ("horizon_s", 5, r"metrics.tau_ms=5000 .*less than horizon_s=5"),
    ("horizon_s", float("inf"), "horizon_s=inf .*finite"),
    ("record.warmup_s", 20, r"record.warmup_s=20 .*less than horizon_s=20"),
    ("latent.dt", 30_000, r"latent.dt=30000 .*at most horizon_s=20"),
    ("contract.tick", 0.003, "contract.tick=0.003 .*divide 1"),
    ("contract.tick", 0.000001, "contract.tick=1e-06 .*at least 0.00001"),
    ("contract.initial_probability", 0.0005, "initial_probability=0.0005 .*multiple of the tick"),
    ("contract.initial_probability", 1.0, "initial_probability=1.0 .*between 0 and 1"),
    ("metrics.horizons_ms", [1, 2], r"horizons_ms=\[1, 2\] .*start with 0"),
    ("metrics.horizons_ms", [0, 5, 5], "start with 0 and increase"),
    ("metrics.horizons_ms", [], "start with 0 and increase"),
    ("metrics.horizons_ms", [0, "x"], "metrics.horizons_ms.1=x .*must be a number"),
    ("metrics.horizons_ms", 3, "metrics.horizons_ms=3 is not allowed"),
    ("metrics.tau", 3, "unknown key metrics.tau; did you mean metrics.tau_ms"),
    ("horizon", 3, "unknown key horizon; did you mean horizon_s"),
    ("seeds.count", 0, "seeds.count=0 .*greater than or equal to 1"),
    ("seeds.count", 1.5, "seeds.count=1.5 .*integer"),
    ("seeds.count", KeyError, "seeds.count is missing"),
    ("seeds.root", 2**64, "seeds.root="),
    ("seeds.first", -1, "seeds.first=-1"),
    ("mechanism.name", "fbb", "mechanism.name=fbb does not exist; did you mean fba"),
    ("mechanism.price_rule", "t8", "mechanism.price_rule=t8 .*'t7'"),
    ("mechanism.random_close", 1.5, "mechanism.random_close=1.5 .*less than or equal to 1"),
    ("mechanism", "fba", "mechanism=fba .*group of keys"),
    ("latent.sigma", 0.1, "latent.sigma=0.1 .*exactly one"),
    ("latent.total_variance", None, "latent.sigma=null .*exactly one"),
    ("latent.jump_accuracy", 1.0, "jump_accuracy=1.0 .*less than 1"),
    ("latent.model", "brownian", "latent.model=brownian does not exist; allowed: bayesian"),
    ("population", None, "population=null"),
    ("population.maker", None, "population.maker=None .*group of keys"),
    ("population.maker.kind", "makr", "population.maker.kind=makr .*did you mean maker"),
    ("population.maker.kind", "noise", "unknown key population.maker.policy.half_spread"),
    ("population.maker.count", -1, "population.maker.count=-1"),
    ("population.maker.policy.half_spread", float("nan"), "half_spread=nan .*finite"),
    ("population.maker.policy.at_limit", "push", "at_limit=push .*'pull' or 'widen'"),
    ("population.maker.policy.belief_gain_fill", 1.1, "belief_gain_fill=1.1"),
    ("population.maker.schedule.law", "poisson", "schedule.jitter=0.2 .*0 when law=poisson"),
    ("population.maker.schedule.law", "none", "schedule.rate_per_s=20 .*must be 0 when law=none"),
    ("population.noise.schedule.rate_per_s", 0, "rate_per_s=0 .*greater than 0 otherwise"),
    ("population.maker.schedule.cluster_probability", 0.1, "cluster_probability=0.1 .*periodic"),
    ("population.maker.schedule.on_news", 1, "on_news=1 .*boolean"),
    ("population.maker.latency.submission.law", "constant", "submission.spread_ms=1 .*must be 0"),
    ("population.maker.latency.submission.shape", 0.1, "submission.shape=0.1 .*law=uniform"),
    ("population.maker.latency.submission.base_ms", 1e-7, "submission.base_ms=1e-07 .*multiple"),
    ("population.informed.signal", None, "population.informed.signal=null .*informed"),
    ("population.noise.policy.offset_high_ticks", -1, "offset_high_ticks=-1 .*offset_low_ticks=0"),
    ("population.Extra", {}, "population.Extra is not allowed"),
    ("executor.workers", 0, "executor.workers=0"),
    ("executor.name", "dask", "executor.name=dask .*threads"),
    ("output_dir", 3, "output_dir=3"),
    ("plan_only", "yes", "plan_only=yes .*boolean"),
]


@pytest.mark.parametrize(("key", "value", "sentence"), REFUSED)
def test_a_wrong_value_is_refused_in_one_sentence(tree, key, value, sentence):
    with pytest.raises(ConfigError, match=sentence) as caught:
        read_config(changed(tree, key, value))
    assert "\n" not in str(caught.value)


def test_log_odds_weights_must_sum_to_one():
    words = ["latent=log_odds", "latent.jumps=[{weight:0.5,mean:1.0,sd:0.0}]"]
    with pytest.raises(ConfigError, match=r"latent.jumps=.* weights must sum to 1, not 0.5"):
        plan.from_words(words)
    plan.from_words([*words, "latent.jump_rate_per_s=0"])


def test_a_maker_may_do_without_a_signal(tree):
    config = read_config(changed(tree, "population.maker.signal", None))
    assert config.population["maker"].signal is None


def test_every_option_of_every_group_composes():
    folder = conf_folder()
    words = [
        f"{group}={path.stem}"
        for group in ("mechanism", "latent", "population", "execution", "record", "executor")
        for path in sorted((folder / group).glob("*.yaml"))
    ]
    words += [f"+trader@population.extra={path.stem}" for path in (folder / "trader").glob("*")]
    words += [f"+experiment={path.stem}" for path in (folder / "experiment").glob("*")]
    assert len(words) >= 13
    for word in words:
        assert isinstance(plan.from_words([word]).settings, SweepConfig), word


def test_every_key_of_every_yaml_has_a_comment():
    key = re.compile(r"^\s*(- )?[a-z_]+:( |$)")
    for path in conf_folder().rglob("*.yaml"):
        lines = path.read_text().split("\nhydra:\n")[0].splitlines()
        for number, line in enumerate(lines):
            is_group = path.stem in ("sweep", "bench", "baseline") and line.endswith(":")
            explained = "#" in line or lines[number - 1].startswith("# ")
            listed = line.strip().startswith("- /trader") or line == "defaults:"
            overridden = line.strip().startswith("- override")
            if key.match(line) and not (is_group or listed or overridden):
                assert explained, f"{path.name}: {line}"


def test_groups_with_the_same_random_addresses_are_refused() -> None:
    # Found by search: both names hash to the same 20 bits.
    words = [f"+trader@population.{name}=noise" for name in ("g1168", "g1221")]
    with pytest.raises(ConfigError, match=r"population\.g1221 is not allowed"):
        plan.from_words(words)
