"""Seeds added in looks, by the compiled engine: the same bits as one run of that many."""

import json

import xarray as xr

import proteus

KEYS = {
    "mechanism": ["clob", "fba"], "delta": 100, "horizon_s": 3, "metrics.tau_ms": 1000,
    "record.warmup_s": 0.5,
}  # fmt: skip
LOOKS = {
    "precision": "sequential", "precision.first_look": 30, "precision.look_every": 7,
    "precision.half_width_share": 0.1,
}  # fmt: skip


def test_looks_give_the_bits_of_one_run():
    grown = proteus.sweep({**KEYS, **LOOKS}, seeds=150)
    record = json.loads(grown.attrs["precision"])
    assert record["ended"] == "narrow"
    assert record["seeds"] > 30  # it has looked more than once
    once = proteus.sweep(KEYS, seeds=record["seeds"])
    xr.testing.assert_identical(grown.drop_attrs(deep=False), once.drop_attrs(deep=False))
    for name, values in once.data_vars.items():
        assert values.to_numpy().tobytes() == grown[name].to_numpy().tobytes(), name
    assert grown.attrs["config_hash"] == once.attrs["config_hash"]
