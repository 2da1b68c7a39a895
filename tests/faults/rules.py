"""Faults of what is said of seasons and of changed rules: who is better, who pays, and why."""

from tests.faults.fault import Fault

SAID = (
    Fault(
        "differences are judged one by one",
        "analysis/statistics/ranking.py",
        "critical = np.quantile(off.max(axis=(1, 2)), level) if len(scores) > 1 else 0.0",
        "critical = np.quantile(off, level, axis=0) if len(scores) > 1 else 0.0",
    ),
    Fault(
        "equal entrants differ by the order of their games",
        "arena/scoring.py",
        "np.sort(np.stack([won for won, _ in games], axis=1), axis=1)",
        "np.stack([won for won, _ in games], axis=1)",
    ),
    Fault(
        "a saved network says another side's distance",
        "policies/saved.py",
        "ask = np.ceil(middle + away[:, 1] * ticks - _ROUNDING)",
        "ask = np.ceil(middle + away[:, 0] * ticks - _ROUNDING)",
    ),
    Fault(
        "numbers of a network beyond their bounds stay",
        "policies/saved.py",
        "return quotes_of(said.clip(-1.0, 1.0), seen, self._cell.n_ticks)",
        "return quotes_of(said, seen, self._cell.n_ticks)",
    ),
    Fault(
        "the hash of a season leaves a network's file out",
        "arena/policies.py",
        "return [path.read_bytes() for path in saved.files_of(Path(written))]",
        "return [written.encode()]",
    ),
    Fault(
        "every look sees the seeds of the first one",
        "studies/ab.py",
        "plan = with_seeds(_fixed(plans[one]), seeds.first, seeds.count)",
        "plan = with_seeds(_fixed(plans[one]), seeds.first, min(seeds.count, 30))",
    ),
    Fault(
        "a look is as wide as one side",
        "studies/ab.py",
        "contrast(endpoint_arm(declared, after.data), endpoint_arm(declared, before.data))",
        "contrast(endpoint_arm(declared, after.data), endpoint_arm(declared, after.data))",
    ),
    Fault(
        "a change is shared among rules in one order",
        "analysis/change.py",
        "weight = math.factorial(size) * math.factorial(k - size - 1)",
        "weight = math.factorial(k) if sum(chosen) == rule == sum(chosen[:rule]) else 0",
    ),
    Fault(
        "in a clear everybody buys all that is sold",
        "studies/transfers.py",
        'met["lots_bought"] * met["lots_sold"] / met["volume"] * met["worth"]',
        'met["lots_sold"] * met["worth"]',
    ),
    Fault(
        "fills that both lanes have are said to be in one",
        "studies/why.py",
        "        if left[key] > 0:\n            left[key] -= 1\n            alone[at] = False",
        "        if left[key] > 1:\n            left[key] -= 1\n            alone[at] = False",
    ),
    Fault(
        "events that differ in a value alone are the same",
        "studies/why.py",
        '"slot", "fill", "policy", "checksum",',
        '"slot", "fill", "policy", "checksum", "value_nano",',
    ),
    Fault(
        "a season is that of its own file, whatever other yaml files say",
        "arena/competition.py",
        "CONFIGURATION: self._cells.hash}",
        'CONFIGURATION: ""}',
    ),
    Fault(
        "who decides is written before since when",
        "arena/clock.py",
        "        self.now[1] = since  # before who it is: read in between, "
        "it must not be counted from 0 on\n"
        "        self.now[0] = float(at)\n",
        "        self.now[0] = float(at)\n        self.now[1] = since\n",
    ),
)
