"""Questions in threads: what they return, and that one that hangs keeps no process alive."""

import subprocess
import sys
import threading
from concurrent.futures import CancelledError

import pytest

from tasks.base.daemon_pool import DaemonPool

pytestmark = pytest.mark.pure


def test_what_each_returned_in_order() -> None:
    pool = DaemonPool(3, "look")
    assert pool.map(str.upper, "abcdefgh") == list("ABCDEFGH")
    assert pool.map(str.upper, ()) == []
    assert pool.submit(int, "12", base=16).result() == 18


def test_what_was_raised_is_raised() -> None:
    pool = DaemonPool(2, "look")
    with pytest.raises(ValueError, match="invalid literal"):
        pool.map(int, ["1", "x", "2"])
    assert pool.map(int, ["3"]) == [3]


def test_no_more_than_so_many_at_a_time() -> None:
    pool, together, both = DaemonPool(2, "pair"), list[int](), threading.Barrier(2)
    names = set[str]()

    def job(number: int) -> None:
        both.wait(60)  # two at a time, or it would not go on
        names.add(threading.current_thread().name)
        together.append(sum(thread.name == "pair" for thread in threading.enumerate()))

    pool.map(job, range(8))
    assert names == {"pair"}
    assert max(together) == 2


def test_what_waits_can_be_dropped() -> None:
    pool, over, begun = DaemonPool(1, "look"), threading.Event(), threading.Event()

    def job() -> str:
        begun.set()
        over.wait()
        return "done"

    first, second = pool.submit(job), pool.submit(job)
    begun.wait()
    pool.drop()
    over.set()
    assert first.result() == "done"
    with pytest.raises(CancelledError):
        second.result()


HUNG_ENGINE = """
import time
from tasks.providers.docker import observe
from tasks.base.side_by_side import side_by_side

class Engine:
    def volumes_of(self, stack): return []
    def containers_of(self, stack): return [{"Id": "c", "Labels": {}}]
    def is_stopped(self, container): return False
    def sockets(self, container): return ""
    def inspect_container(self, identity): time.sleep(3600)

observe.is_instance = lambda labels: True
seen = observe.Observer(Engine(), None)
print(side_by_side({"hung": lambda: seen.containers("hung")}, 0.5)[1][0])
"""


def test_a_question_that_hangs_keeps_no_process_alive() -> None:
    command = [sys.executable, "-c", HUNG_ENGINE]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert (ended.stdout, ended.stderr) == ("hung: no answer within 0.5 s.\n", "")
