"""What a careless user of Python writes: one sentence, and nothing is simulated or written."""

import numpy as np
import pytest

import proteus
from proteus.errors import ConfigError
from tests.unit.commands.test_mistakes import engine as engine
from tests.unit.commands.test_mistakes import everything

ONLY_PYTHON = [
    (lambda: proteus.simulate(seeds=range(0, 10, 2)), "seeds=range(0, 10, 2)", "step 1"),
    (lambda: proteus.simulate(seeds=range(0)), "seeds.count=0", "greater than or equal to 1"),
    (lambda: proteus.simulate(seeds="10"), "seeds.count='10'", "must be a whole number"),
    (lambda: proteus.simulate(delta=10**5000), "delta is not allowed", "too many digits"),
    (lambda: proteus.simulate(delta=np.array(-5)), "delta=-5", "must be more than 0"),
    (lambda: proteus.sweep({"delta": np.array(-5)}), "delta=-5", "must be more than 0"),
    (lambda: proteus.sweep({"delta": range(1, 10**9)}), "delta lists 999999999", "at most 20000"),
    (lambda: proteus.sweep({"delta": [50, None]}), "delta=null", "must be a number"),
    (lambda: proteus.simulate(seeds=True), "seeds.count=true", "must be a whole number"),
    (lambda: proteus.simulate(seeds={"cuont": 3}), "unknown key seeds.cuont", "seeds.count?"),
    (lambda: proteus.simulate(delta=object()), "delta=<object", "cannot be written"),
    (lambda: proteus.simulate(delta=[50, 100]), "delta=[50, 100]", "must be a number"),
    (lambda: proteus.simulate(plan_only=True), "plan_only=true", "only the command line"),
    (lambda: proteus.simulate(record={"per_run": True}), "record.per_run=true", "output_dir"),
    (lambda: proteus.simulate(record={"report": True}), "record.report=true", "output_dir"),
    (lambda: proteus.simulate(record={"events": "all"}), "record.events=all", "output_dir"),
    (lambda: proteus.simulate(record={"traces": "seed:0"}), "record.traces=seed:0", "output_dir"),
    (lambda: proteus.simulate(output_dir="occupied"), "output_dir=occupied", "another folder"),
    (lambda: proteus.simulate(output_dir=""), "output_dir=", "must not be empty"),
    (lambda: proteus.sweep({"delta": []}), "delta=[]", "at least one value"),
    (lambda: proteus.sweep({"delta": [50, -1]}), "delta=-1", "must be more than 0"),
    (lambda: proteus.sweep({"mechanism": ["clob", "cda"]}), "mechanism=cda", "dual_flow, fba"),
    (lambda: proteus.sweep("delta=50"), "parameters='delta=50'", "must be a mapping"),
    (lambda: proteus.sweep({"seeds.count": 3}, seeds=4), "seeds.count is given twice", "once"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "key", "allowed"), ONLY_PYTHON)
def test_a_mistake_that_only_python_can_make(engine, tmp_path, call, key, allowed):
    before = everything(tmp_path)
    with pytest.raises(ConfigError) as caught:
        call()
    assert key in str(caught.value)
    assert allowed in str(caught.value)
    assert engine.calls == []
    assert everything(tmp_path) == before
