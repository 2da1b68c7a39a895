"""Networks as makers: vector and quotes of the task, to the bit; what is no network is refused."""

import sys

import numpy as np
import pytest

import proteus
from proteus.errors import ActionError, ConfigError
from proteus.policies import SavedPolicy, saved
from tests.helpers.networks import Runtime, onnx_bytes, quoting, saved_by_numpy

pytestmark = pytest.mark.nojit
QUICK = {"horizon_s": 1, "metrics.tau_ms": 200, "record.warmup_s": 0}


@pytest.mark.parametrize("mechanism", ["clob", "rfq"])
def test_what_is_shown_and_what_is_said_are_those_of_the_task(mechanism):
    envs = proteus.make_vec("maker", mechanism=mechanism, num_envs=3, **QUICK)
    envs.reset(seed=4)
    session, task, intents = envs.session, envs.task, envs.session.world.intents
    generator, saw_fills = np.random.default_rng(1), False
    for _ in range(14):
        seen, vector = session.observe(), task.observe()
        np.testing.assert_array_equal(saved.shown(seen, session.cell), vector)
        assert seen.decides.all()
        saw_fills |= bool((vector[:, 7:9] > 0).any())
        actions = generator.uniform(-1, 1, (3, 5)).astype(np.float32)
        actions[:, :2] *= 0.2  # near enough to trade
        quotes = saved.quotes_of(actions.astype(float), seen, session.cell.n_ticks)
        assert task.take(actions)
        task.decide()
        there = quotes.lots > 0
        np.testing.assert_array_equal(intents.lots[:, :2], quotes.lots)
        np.testing.assert_array_equal(intents.price[:, :2][there], quotes.price[there])
        np.testing.assert_array_equal(intents.belief[:, 0], quotes.belief)
        session.step()
    assert saw_fills or mechanism == "rfq"
    low, high = envs.single_observation_space.low, envs.single_observation_space.high
    np.testing.assert_array_equal([saved._LOW, saved._HIGH], [low, high])


class Lanes:
    """Of a session what a network asks for."""

    lanes = 40

    def __init__(self, cell):
        self.cell = cell


def test_what_a_lane_gives_depends_on_no_other():
    """Rows that are computed beside others are those that are computed alone."""
    weights, biases = quoting()
    rows = np.random.default_rng(2).normal(size=(70, 20)).astype(np.float32)
    whole = saved.computed(lambda block: np.tanh(block @ weights + biases), rows)
    for at in (0, 31, 32, 69):
        alone = saved.computed(lambda block: np.tanh(block @ weights + biases), rows[at : at + 1])
        np.testing.assert_array_equal(alone[0], whole[at])


def test_who_says_no_number_is_told(monkeypatch):
    envs = proteus.make_vec("maker", mechanism="clob", num_envs=2, **QUICK)
    envs.reset(seed=1)
    seen = envs.session.observe()
    nothing = SavedPolicy(lambda rows: np.full((len(rows), 5), np.nan), envs.session)
    with pytest.raises(ActionError, match="actions of NaN are not allowed"):
        nothing.act(seen)
    far, most = (
        SavedPolicy(lambda rows, said=said: (np.tile(said, (len(rows), 1)), 0), envs.session)
        for said in ([0.3, 0.3, 9, 9, 0], [0.3, 0.3, 1, 1, 0])
    )
    assert (most.act(seen).lots == saved.MOST_LOTS).all()
    np.testing.assert_array_equal(far.act(seen).lots, most.act(seen).lots)


@pytest.mark.plain
def test_a_file_that_is_no_network_of_a_maker_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", Runtime)
    weights, biases = quoting()
    path = tmp_path / "mine.onnx"
    with pytest.raises(ConfigError, match=r"policy=\S+mine\.onnx does not exist"):
        saved.load(path)
    saved_by_numpy(path, weights[:, :3], biases[:3])
    with pytest.raises(ConfigError, match=r"of \[32, 20\] it makes \[32, 3\], and the task maker"):
        saved.load(path)
    saved_by_numpy(path, weights[:7], biases)
    with pytest.raises(ConfigError, match=r"cannot be loaded: ValueError: .*; it must take float"):
        saved.load(path)
    path.write_text("no network")
    with pytest.raises(ConfigError, match=r"entrants\.mine\.policy=x cannot be loaded"):
        saved.load(path, "entrants.mine.policy=x")
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(ConfigError, match=r"must end in \.onnx, \.pt, \.pt2"):
        saved.load(tmp_path / "mine.txt")


@pytest.mark.plain
@pytest.mark.parametrize(("name", "package"), [("a.onnx", "onnxruntime"), ("a.pt", "torch")])
def test_a_package_that_is_missing_is_named(tmp_path, monkeypatch, name, package):
    monkeypatch.setitem(sys.modules, package, None)
    (tmp_path / name).write_text("x")
    wanted = rf"it is read by {package}: pip install 'proteus-markets\[policies\]'"
    with pytest.raises(ConfigError, match=wanted):
        saved.load(tmp_path / name)


def said_of(path):
    """Return what the network of a file says of random rows, and what it should."""
    weights, biases = quoting()
    rows = np.random.default_rng(3).normal(size=(45, 20)).astype(np.float32)
    policy = saved.load(path)(Lanes(None))
    return saved.computed(policy._network, rows), rows @ weights + biases


@pytest.mark.plain
def test_onnxruntime_reads_a_model(tmp_path):
    pytest.importorskip("onnxruntime")
    path = tmp_path / "mine.onnx"
    path.write_bytes(onnx_bytes(*quoting()))
    found, expected = said_of(path)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.plain
@pytest.mark.parametrize("ending", [".pt", ".pt2"])
def test_torch_reads_a_program(tmp_path, ending):
    torch = pytest.importorskip("torch")
    weights, biases = quoting()
    network = torch.nn.Linear(20, 5)
    with torch.no_grad():
        network.weight.copy_(torch.from_numpy(weights.T))
        network.bias.copy_(torch.from_numpy(biases))
    path, example = tmp_path / f"mine{ending}", torch.zeros(32, 20)
    if ending == ".pt":
        torch.jit.save(torch.jit.trace(network, example), str(path))
    else:
        torch.export.save(torch.export.export(network, (example,)), str(path))
    found, expected = said_of(path)
    np.testing.assert_allclose(found, expected, atol=1e-6)
