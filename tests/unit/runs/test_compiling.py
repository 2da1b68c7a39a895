"""Which loops are compiled ahead, by how many processes, and how that ends."""

import queue
import threading
import time

import pytest

from proteus.compiler.ahead import Lowered
from proteus.plans import planner
from proteus.runs import compiling, pace

GB = 10**9


@pytest.fixture
def asked(monkeypatch):
    """The helpers of every compilation ahead; three of four mechanisms are missing."""
    helpers = []
    monkeypatch.setattr(compiling, "_compile_beside", lambda _, count, stop: helpers.append(count))
    monkeypatch.setattr(compiling, "_missing", lambda cells, is_rich: ["a", "b", "c"][: len(cells)])
    monkeypatch.setattr(compiling, "free_memory", lambda: 8 * GB)
    monkeypatch.setattr(compiling.workers, "usable_cores", lambda: 2)
    monkeypatch.setattr(pace, "are_noted", lambda cells: False)
    return helpers


@pytest.mark.parametrize(
    ("words", "helpers"),
    [
        ([], [1]),
        (["executor.workers=1"], []),
        (["executor.workers=3"], [2]),
        (["executor.workers=9"], [2]),  # no more than can be busy beside this process
        (["executor=processes", "executor.workers=2"], [1]),
        (["executor=dask"], []),
    ],
    ids=str,
)
def test_no_more_cores_than_the_executor_may_use(asked, words, helpers):
    plan = planner.from_words(["mechanism=clob,fba,rfq", *words])
    compiling.compile_ahead(plan.cells, plan.settings.executor)
    assert asked == helpers


def test_one_loop_little_memory_and_a_warm_cache_need_no_process(asked, monkeypatch):
    plan = planner.from_words(["mechanism=clob,fba,rfq"])
    compiling.compile_ahead(plan.cells[:1], plan.settings.executor)
    with monkeypatch.context() as patch:
        patch.setattr(compiling, "free_memory", lambda: GB // 10)
        compiling.compile_ahead(plan.cells, plan.settings.executor)
    monkeypatch.setattr(pace, "are_noted", lambda cells: True)
    compiling.compile_ahead(plan.cells, plan.settings.executor)
    assert asked == []


def test_cells_that_differ_in_mechanism_or_traders_have_loops_of_their_own():
    words = ["mechanism=clob,fba", "delta=100,200", "seeds.count=1"]
    assert len(compiling._distinct(planner.from_words(words).cells)) == 2
    theory = planner.from_words([*words, "+trader@population.probe=insider"])
    assert len(compiling._distinct(theory.cells)) == 2
    both = [*theory.cells, *planner.from_words(words).cells]
    assert len(compiling._distinct(both)) == 4


@pytest.fixture
def processes(monkeypatch):
    """The processes that are started."""
    started, start = [], compiling.subprocess.Popen

    def note(*arguments, **more):
        started.append(start(*arguments, **more))
        return started[-1]

    monkeypatch.setattr(compiling.subprocess, "Popen", note)
    return started


def test_who_asks_to_stop_does_not_wait_for_compilers(processes, monkeypatch):
    monkeypatch.setattr(compiling, "_compile_all", lambda _, jobs, ended: ended.wait())
    before, started = set(threading.enumerate()), time.monotonic()
    compiling._compile_beside(["a", "b"], 1, stop=lambda: True)
    assert processes[0].returncode is not None
    assert time.monotonic() - started < 5
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=5)
        assert not thread.is_alive()


def test_what_a_process_fails_at_is_left_to_others():
    jobs: queue.SimpleQueue = queue.SimpleQueue()
    job = compiling._Job((), Lowered("name", b"no code", (), (), ()))
    jobs.put(job)
    with compiling._process() as process:
        compiling._have_done(process, jobs)
    assert jobs.get_nowait() is job


def test_an_error_of_the_compiler_is_told(monkeypatch):
    def fail(signatures, jobs, ended):
        raise ValueError("no such type")

    monkeypatch.setattr(compiling, "_compile_all", fail)
    with pytest.raises(ValueError, match="no such type"):
        compiling._compile_beside(["a", "b"], 1, stop=lambda: False)
