"""The whole of a stack: what is left after it, what is true after its supervisor died, stacks beside one another."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.local import LocalProvider
from tasks.providers.local.ports import is_free
from tasks.supervisor.client import Supervisor
from tests.support.waiting import wait_healthy, wait_until
from tests.tasks.providers.local.world import (
    cache,
    database,
    get,
    made,
    patience,
    pid,
    processes_naming,
    proxy,
    replica,
    route,
    stack,
    volume,
)
from tests.tasks.providers.looks import health_of

pytestmark = [pytest.mark.local, pytest.mark.proof]


def test_teardown_leaves_nothing(provider: LocalProvider, home: Path) -> None:
    instances = whole(provider, stack)
    taken = [
        int(instance.outputs.get("port") or instance.outputs["endpoint"].rpartition(":")[2]) for instance in instances
    ]
    assert not any(is_free(port) for port in taken)
    maps = Path(f"/proc/{pid(home, instances[0])}/maps").read_text().split()
    shared = {Path(word) for word in maps if word.startswith("/dev/shm/")}
    assert shared
    keep = [instance for instance in provider.observe(stack) if instance.kind == "volume"]
    for instance in reversed(provider.observe(stack)):
        if not instance.stateful:
            provider.destroy(instance)
            provider.destroy(instance)
    assert provider.observe(stack) == tuple(keep)
    assert provider.stacks() == (stack,)
    assert all(is_free(port) for port in taken)
    assert processes_naming(str(home)) == []
    provider.destroy(keep[0])
    assert provider.observe(stack) == ()
    assert provider.stacks() == ()
    assert list((home / "stacks").iterdir()) == []
    assert stack not in (home / "ports.json").read_text()
    assert processes_naming(str(home)) == []
    assert not any(path.exists() for path in shared)


def test_what_runs_is_adopted_after_the_supervisor_was_killed_with_its_guardian(
    provider: LocalProvider, home: Path
) -> None:
    instance, server = made(provider, replica()), made(provider, cache())
    before = {each.address: pid(home, each) for each in (instance, server)}
    kill_supervisor(home)
    os.kill(before["cache/main"], signal.SIGKILL)
    assert [instance.address for instance in LocalProvider(home).observe(stack)] == ["cache/main", "replica/web-0"]
    assert pid(home, instance) == before["replica/web-0"]
    wait_healthy(provider, server)
    assert pid(home, server) != before["cache/main"]
    assert provider.create(replica()).incarnation == 1


def test_two_stacks_at_once_from_many_threads_get_ports_of_their_own(provider: LocalProvider) -> None:
    wanted = [replica(slot, stack=name) for name in ("one", "two") for slot in range(8)]
    with ThreadPoolExecutor(8) as threads:
        instances = list(threads.map(provider.create, wanted))
        again = list(threads.map(provider.create, wanted))
    assert [instance.incarnation for instance in again] == [1] * 16
    endpoints = {instance.outputs["endpoint"] for instance in instances}
    assert len(endpoints) == 16
    for instance in instances:
        wait_healthy(provider, instance)
        assert get(instance.outputs["endpoint"].rpartition(":")[2])[1].split()[0] == instance.address[8:]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(provider.destroy, instances))
    assert provider.stacks() == ()


def test_a_command_that_is_not_there_fails_by_name(provider: LocalProvider) -> None:
    missing = provider.create(replica(0, command=["gunicornn", "app:app"]))
    astray = provider.create(replica(1, folder="/nowhere/at/all"))
    script = provider.create(replica(2, command=["./start.sh"]))

    def failed(instance: Instance) -> str | None:
        health = health_of(provider, instance)
        return health.reason if health.state == "failed" else None

    assert "its command gunicornn is not there" in wait_until(lambda: failed(missing), "it failed")
    assert "its folder /nowhere/at/all is not there" in wait_until(lambda: failed(astray), "it failed")
    assert "its command ./start.sh is not a program in /" in wait_until(lambda: failed(script), "it failed")


def test_the_log_of_a_failed_one_is_kept_beside_its_successor(provider: LocalProvider) -> None:
    crash = ["python3", "-S", "-c", "import sys; sys.exit('no database here')"]
    sick = provider.create(replica(command=crash))
    wait_until(lambda: health_of(provider, sick).state == "failed", "it failed")
    successor = made(provider, replica())
    assert successor.incarnation == 2
    assert "no database here" in provider.logs(sick, 10)
    assert "app starts" in provider.logs(successor, 10)
    assert provider.logs(sick, 0) == ""
    assert health_of(provider, sick).state == "failed"


def test_many_processes_beginning_one_stack_at_once_make_one(provider: LocalProvider, home: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tasks.providers.local import LocalProvider;"
        "from tests.tasks.providers.local.world import replica;"
        "print(LocalProvider(Path(sys.argv[1])).create(replica()).outputs['endpoint'])"
    )
    root = Path(__file__).parents[4]
    starting = [
        subprocess.Popen([sys.executable, "-c", script, str(home)], cwd=root, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    endpoints = {process.communicate(timeout=patience)[0] for process in starting}
    assert len(endpoints) == 1
    assert len(provider.observe(stack)) == 1


def whole(provider: LocalProvider, name: str) -> list[Instance]:
    """Everything that a stack can have; what has a port is returned."""
    store = provider.create(volume(name))
    instances = [
        provider.create(database(store.outputs["path"], stack=name)),
        provider.create(cache(stack=name)),
        provider.create(proxy(stack=name)),
        *(provider.create(replica(slot, stack=name)) for slot in range(3)),
    ]
    for instance in instances:
        wait_healthy(provider, instance)
    made(provider, route(*instances[3:], stack=name))
    return instances


def kill_supervisor(home: Path) -> None:
    """The supervisor and the guardian that would start it again."""
    folder = home / "stacks" / stack / "supervisor"
    for number in processes_naming(str(folder)):
        os.kill(number, signal.SIGSTOP)
    for number in processes_naming(str(folder)):
        os.kill(number, signal.SIGKILL)
    wait_until(lambda: Supervisor.find(folder) is None, "the supervisor is dead")


def test_what_could_not_be_begun_leaves_nothing(provider: LocalProvider, home: Path) -> None:
    with pytest.raises(ProviderError, match="nowhere is not there"):
        provider.create(database("/nowhere"))
    with pytest.raises(ProviderError, match="no kind bucket"):
        provider.create(Resource(stack, "bucket/main", "bucket"))
    assert list((home / "stacks").iterdir()) == []
    assert processes_naming(str(home)) == []


def test_a_supervisor_without_processes_goes_though_who_removed_the_last_was_killed(
    provider: LocalProvider, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = made(provider, replica())

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tasks.providers.local.kinds.processes.sweep", killed)
    with pytest.raises(KeyboardInterrupt):
        provider.destroy(instance)
    monkeypatch.undo()
    assert (provider.observe(stack), provider.stacks()) == ((), (stack,))
    provider.sweep(stack)
    assert provider.stacks() == ()
    assert processes_naming(str(home)) == []


def test_what_takes_long_to_end_holds_up_nothing_else_of_its_stack(provider: LocalProvider, open_folder: Path) -> None:
    go = open_folder / "go"
    slowly = f"trap 'echo ending; while [ ! -e {go} ]; do sleep 0.05; done; exit' TERM; echo begun; sleep 3600 & wait"
    slow = provider.create(replica(0, command=["sh", "-c", slowly], serves=False))
    wait_until(lambda: "begun" in provider.logs(slow, 5), "it runs")
    with ThreadPoolExecutor(1) as threads:
        destroying = threads.submit(provider.destroy, slow)
        wait_until(lambda: "ending" in provider.logs(slow, 5), "it is told to end")
        other = provider.create(replica(1))
        assert provider.look(slow) is not None, "it is still ending"
        go.touch()
        destroying.result()
    assert [instance.address for instance in provider.observe(stack)] == [other.address]
