"""How the lanes of a cell are cut into tasks."""

import numpy as np
import pytest

from proteus.plans import planner
from proteus.runs.dispatch import LARGEST_BLOCK, LARGEST_TASK, _tasks
from proteus.runs.tasks import Job, Workers


@pytest.mark.plain
@pytest.mark.parametrize(("episodes", "lanes"), [
    (1, LARGEST_TASK), (4, LARGEST_TASK // 4), (100, LARGEST_BLOCK),
])  # fmt: skip
def test_a_task_that_travels_has_fewer_lanes_where_each_is_of_many_episodes(episodes, lanes):
    """What it gives back is all their episodes at once; but a block is never cut for that."""
    plan = planner.from_words(["mechanism=clob", f"episodes.count={episodes}", "seeds.count=8192"])
    nobody = np.zeros(8192, np.bool_)
    job = Job(0, plan.cells[0], 0, plan.replicates, nobody, nobody, None, None, False, {})
    workers = Workers(None, lambda: 1, None, are_remote=True)
    tasks = list(_tasks(job, workers))
    assert {len(task.replicates) for task in tasks} == {lanes}
    assert np.array_equal(np.concatenate([task.replicates for task in tasks]), plan.replicates)
