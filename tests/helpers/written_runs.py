"""A run of a continuous book as the file that its venue would have written."""

from pathlib import Path

import pandas as pd

from proteus.sweep import main

MAPPING = """columns: {time: t, kind: k, order_id: i, side: s, price: p, lots: q}
kinds: {A: add, D: delete, E: execute}
"""
COLUMNS = ["event", "time_ns", "source", "kind", "order_id", "other_id", "side", "price_ticks",
           "lots", "lifetime"]  # fmt: skip


def run(folder: Path, words: list[str]) -> pd.DataFrame:
    """Run one lane by the words of a command and return its log."""
    assert main([*words, "seeds.count=1", "record.events=all", f"output_dir={folder}"]) == 0
    return pd.read_parquet(folder / "events.parquet", columns=COLUMNS)


def write(folder: Path, log: pd.DataFrame, tick: float = 0.001) -> tuple[Path, Path]:
    """Write what rests, what is cancelled and what trades, as a CSV file with its mapping."""
    lines = ["t,k,i,s,p,q"]
    resting: dict[int, list] = {}
    coming: list | None = None  # event, id, side, price, lots left, whether it may rest

    def say(time: int, kind: str, order: int, side: str, price: int, lots: int) -> None:
        lines.append(f"{time},{kind},{order + 1},{side},{price * tick:.3f},{lots}")

    def settle(time: int) -> None:
        nonlocal coming
        if coming is not None and coming[4] and coming[5]:
            _, order, side, price, lots, _ = coming
            resting[order] = [side, price, lots]
            say(coming_at, "A", order, side, price, lots)
        coming = None

    coming_at = 0
    for row in log.to_dict("records"):
        if coming is not None and row["event"] != coming[0]:
            settle(coming_at)
        what = (row["source"], row["kind"])
        if what == ("trader", "order"):
            coming_at = int(row["time_ns"])
            coming = [row["event"], int(row["order_id"]), row["side"], int(row["price_ticks"]),
                      int(row["lots"]), row["lifetime"] == "gtc"]  # fmt: skip
        elif what == ("venue", "fill"):
            order, lots = int(row["order_id"]), int(row["lots"])
            side, price, _ = resting[order]
            say(int(row["time_ns"]), "E", order, side, price, lots)
            resting[order][2] -= lots
            assert coming is not None
            coming[4] -= lots
        elif what == ("venue", "cancel"):
            order = int(row["order_id"])
            if order in resting and resting[order][2]:
                side, price, lots = resting[order]
                say(int(row["time_ns"]), "D", order, side, price, lots)
                resting[order][2] = 0
            elif coming is not None and coming[1] == order:
                coming[4] = 0
    path, mapping = folder / "run.csv", folder / "run.yaml"
    path.write_text("\n".join(lines) + "\n")
    mapping.write_text(MAPPING)
    return path, mapping
