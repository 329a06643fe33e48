"""After a reboot one call brings everything back: stale sockets, pid files and pids that others have by now."""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import psycopg
import pytest

from tasks.providers.local import LocalProvider
from tasks.providers.local.accounts import stack_accounts
from tasks.providers.local.revive import revive
from tasks.supervisor.client import Supervisor
from tasks.supervisor.identity import parent_of
from tests.support.strangers import running
from tests.support.waiting import wait_healthy, wait_until
from tests.tasks.providers.local.world import cache, database, dsn, get, made, proxy, replica, route, stack, volume

pytestmark = [
    pytest.mark.local,
    pytest.mark.proof,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows whose process is whose"),
]


def _below(pids: set[int]) -> set[int]:
    """These and all that they started, as the kernel tells it now."""
    while True:
        stats = {int(path.parent.name): path for path in Path("/proc").glob("[0-9]*/stat")}
        more = {pid for pid in stats if parent_of(pid) in pids} | pids
        if more == pids:
            return pids
        pids = more


def _power_off(home: Path) -> None:
    """Kill everything of the home at once; each file stays as it is."""
    supervisor = Supervisor(home / "stacks" / stack / "supervisor").pid()
    doomed = _below({parent_of(supervisor), supervisor})
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in doomed:
            os.kill(pid, number)
    wait_until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in doomed), "all are gone")


def test_everything_comes_back_beside_strangers_with_the_old_pids(provider: LocalProvider, home: Path) -> None:
    store = made(provider, volume())
    server = made(provider, database(store.outputs["path"]))
    kept = [server, made(provider, cache()), made(provider, proxy()), made(provider, replica())]
    made(provider, route(kept[-1]))
    with psycopg.connect(dsn(server)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    _power_off(home)
    state = home / "stacks" / stack / "supervisor" / "state.json"
    account = stack_accounts.find(home, stack)
    with running(["sleep", "1000"], user=account.uid if account else None, cwd="/") as stranger:
        data = json.loads(state.read_text())
        for record in data["processes"]:
            record["leader"]["pid"] = record["owner"]["pid"] = stranger.pid
        state.write_text(json.dumps(data))
        lock = Path(store.outputs["path"]) / "data" / "postmaster.pid"
        lock.write_text(f"{stranger.pid}\n{lock.read_text().partition(chr(10))[2]}")
        assert state.with_name("supervisor.sock").is_socket()

        assert revive(home) == ((stack,), ())
        for instance in kept:
            wait_healthy(provider, instance)
        with psycopg.connect(dsn(server)) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        wait_until(lambda: get(kept[2].outputs["port"])[0] == 200, "the app answers through the proxy")
        assert stranger.poll() is None, "another's process is left alone"
        assert revive(home) == ((), ()), "nothing is to be done twice"


def test_one_stacks_fault_keeps_no_other_down(tmp_path: Path) -> None:
    for name in ("broken", "well"):
        folder = tmp_path / "stacks" / name / "supervisor"
        folder.mkdir(parents=True, mode=0o700)
        (folder / "state.json").write_text('{"forgetting": false, "processes": []}')
    (tmp_path / "stacks" / "broken" / "supervisor" / "supervisor.log").mkdir()
    try:
        started, faults = revive(tmp_path)
        assert started == ("well",)
        assert [fault.partition(" was not started again: ")[0] for fault in faults] == ["broken"]
    finally:
        shutil.rmtree(tmp_path / "stacks" / "broken")
        Supervisor.start(tmp_path / "stacks" / "well" / "supervisor").shutdown()
