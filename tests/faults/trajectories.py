"""Faults of data sets of episodes."""

from tests.faults.fault import Fault

COLLECTING, PARTS = "trajectories/collecting.py", "trajectories/parts.py"
CHECKING, EXPORTS = "trajectories/checking.py", "trajectories/exports.py"
POLICIES, READING = "trajectories/policies.py", "trajectories/reading.py"

TRAJECTORIES = (
    Fault(
        "an episode loses its last observation",
        COLLECTING,
        "there = step[None, :] <= last[:, None]",
        "there = step[None, :] < last[:, None]",
    ),
    Fault(
        "a reward stands with the step after",
        COLLECTING,
        "reward = (after[place] - before[place]) / NANO",
        "reward = (before[place] - before[np.maximum(place - lanes, 0)]) / NANO",
    ),
    Fault(
        "the first equity of a row group is that of the group before",
        COLLECTING,
        "self.equity[0] = self.equity[count]",
        "self.equity[0] = self.equity[count - 1]",
    ),
    Fault(
        "an episode that is cut off ends as one that is over",
        COLLECTING,
        "terminated = ends & session.ended[lane] & ~stopped",
        "terminated = ends & ~stopped",
    ),
    Fault(
        "penalties are added to the reward",
        COLLECTING,
        "/ NANO - self.penalty.reshape(-1)[place]",
        "/ NANO + self.penalty.reshape(-1)[place]",
    ),
    Fault(
        "draws of a policy are by replicate alone",
        POLICIES,
        "zip(session.replicates, session.episodes, strict=True)",
        "zip(session.replicates, session.replicates, strict=True)",
    ),
    Fault(
        "a policy of the user writes into the observations that are kept",
        POLICIES,
        "self._policy(observation.copy())",
        "self._policy(observation)",
    ),
    Fault(
        "the baseline asks for prices beside the tick",
        POLICIES,
        "offset = (away - 0.5) / self._ticks",
        "offset = (away + 0.5) / self._ticks",
    ),
    Fault(
        "the baseline hears of no fill between two decisions",
        "trajectories/kernels.py",
        "while fill < fills or price < prices:",
        "while price < prices:",
    ),
    Fault(
        "files of another number of seeds have other seeds",
        PARTS,
        "bounds = [request.first + request.seeds * at // count",
        "bounds = [request.first + request.lanes * at",
    ),
    Fault(
        "steps of all seeds are read before the next of any",
        READING,
        "np.lexsort((step, seed))",
        "np.lexsort((seed, step))",
    ),
    Fault(
        "a last row may have a step",
        CHECKING,
        "missing != is_last, said",
        "missing > is_last, said",
    ),
    Fault(
        "d3rlpy gets what was seen after each step",
        EXPORTS,
        '"observations": arrays["observations"], "actions"',
        '"observations": arrays["next_observations"], "actions"',
    ),
)
