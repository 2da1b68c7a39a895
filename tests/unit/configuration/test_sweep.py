"""The configuration tree: what it accepts, what it refuses, and in which words."""

import copy
import itertools
import re
import shutil

import pytest
import yaml

from proteus.configuration.compose import compose_words, hydra_session
from proteus.configuration.locate import conf_folder
from proteus.configuration.reading import read_config
from proteus.configuration.sweep import SweepConfig
from proteus.plans import planner


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
    small, large = (
        planner.from_words(["mechanism=clob", f"delta={d}"]).cells[0] for d in (50, 100)
    )
    assert small.canonical() == large.canonical()
    assert small.delta_ns == 0


def test_weights_do_not_matter_without_jumps():
    weights = "latent.jumps=[{weight:0.5,mean:1.0,sd:0.0}]"
    planner.from_words(["latent=log_odds", weights, "latent.jump_rate_per_s=0"])


def test_a_maker_may_do_without_a_signal(tree):
    config = read_config(changed(tree, "population.maker.signal", None))
    assert config.population["maker"].signal is None


LENT = [
    "credit=pool", "population.informed.capital=5", "population.informed.target_leverage=2",
    "+risk@population.informed.risk=capital", "+trader@population.lender=lender",
]  # fmt: skip
BESIDE = {  # words that are refused alone, and what goes with them
    "population=spoofed": ["execution=depth"],
    "population=leveraged": ["credit=pool"],
    "+trader@population.extra=spoofer": ["population=spoofed", "execution=depth"],
    "+trader@population.extra=lender": LENT,
    "+trader@population.extra=liquidator": LENT,
    "+trader@population.extra=treasury": [*LENT, "credit.keeper=auto"],
}


def test_every_option_of_every_group_composes():
    folder = conf_folder()
    words = [
        f"{group}={path.stem}"
        for group in ("mechanism", "latent", "population", "execution", "record", "executor")
        for path in sorted((folder / group).glob("*.yaml"))
    ]
    words += [f"+trader@population.extra={path.stem}" for path in (folder / "trader").glob("*")]
    assert len(words) >= 13
    studies = {path.stem: yaml.safe_load(path.read_text()) for path in folder.glob("experiment/*")}
    lines = [[word, *BESIDE.get(word, [])] for word in words]
    lines += [
        [f"+experiment={name}", *(["size=quick"] if "sizes" in study else [])]
        for name, study in studies.items()
    ]
    with hydra_session():
        for line in lines:
            assert isinstance(read_config(compose_words(line).tree), SweepConfig), line


def test_a_file_of_the_configuration_that_is_edited_between_two_plans_is_read_again(
    monkeypatch, tmp_path
):
    shutil.copytree(conf_folder(), tmp_path / "conf")
    monkeypatch.setattr("proteus.configuration.locate.conf_folder", lambda: tmp_path / "conf")
    before = planner.from_words([]).settings.horizon_s
    file = tmp_path / "conf" / "sweep.yaml"
    file.write_text(file.read_text().replace("\nhorizon_s: 20 ", "\nhorizon_s: 250 ", 1))
    assert (before, planner.from_words([]).settings.horizon_s) == (20, 250)


# ms, seconds, a price, a size, a count, a rate, or a pure number with its range or "1"
UNITS = re.compile(
    r"\b(ms|seconds?|per second|a year|currency|ppm|units|ticks|lots|number of|index of|root seed"
    r"|1$|1;|0 \.\. 1|0\.5 \.\. 1)"
)


def keys_with_comments(path):
    """List key, value and comment of a yaml file; the comment is beside a key or just above it."""
    lines = path.read_text().split("\nhydra:\n")[0].splitlines()
    in_defaults = False
    for above, line in itertools.pairwise(["", *lines]):
        found = re.match(r"^ *(?:- )?(?P<key>[a-z_]+): *(?P<value>[^#]*)(?P<comment>#.*)?$", line)
        in_defaults = line == "defaults:" or (in_defaults and line.startswith("  - "))
        if found and not in_defaults:
            comment = found["comment"] or (above if above.startswith("#") else "")
            yield found["key"], found["value"].strip(), comment


def test_every_key_of_every_yaml_has_a_comment_and_every_number_its_unit():
    keys = numbers = 0
    for path in sorted(conf_folder().rglob("*.yaml")):
        for key, value, comment in keys_with_comments(path):
            keys += bool(value)
            assert comment, f"{path.name}: {key} has no comment"
            if re.match(r"[-\d\[]", value):
                numbers += 1
                assert UNITS.search(comment), f"{path.name}: {key}={value} has no unit: {comment}"
    assert (keys, numbers) > (150, 100)
