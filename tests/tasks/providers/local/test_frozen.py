"""What a stack leans on is frozen (SIGSTOP), as a hung one stands: it is back in its place, with all that it held."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from infra_specs.resources.instance import Instance
from tasks.providers.local import LocalProvider
from tasks.providers.local.stack_folder import stack_folder_of
from tasks.supervisor.client import Supervisor
from tasks.supervisor.family import descendants
from tests.support.waiting import wait_until
from tests.tasks.providers.local.world import cache, database, dsn, made, pid, proxy, replica, volume

pytestmark = [pytest.mark.local, pytest.mark.proof]


def freeze(home: Path, instance: Instance, *, children: bool = False) -> int:
    leader = pid(home, instance)
    for process in [*(descendants(leader) if children else ()), leader]:
        os.kill(process, signal.SIGSTOP)
    return leader


def await_restart(provider: LocalProvider, home: Path, instance: Instance, before: int) -> None:
    def back() -> bool:
        seen = provider.look(instance)
        return seen is not None and seen.health.state == "healthy" and pid(home, instance) != before

    wait_until(back, f"{instance} is started again")
    (seen,) = [other for other in provider.observe(instance.stack) if other.address == instance.address]
    assert (seen.incarnation, seen.outputs) == (1, instance.outputs), "in its place"


@pytest.mark.parametrize("children", [False, True], ids=["postmaster", "every process of it"])
def test_a_frozen_database_is_started_again_and_keeps_every_row(
    provider: LocalProvider, home: Path, children: bool, outcome: Callable[[str, str], None]
) -> None:
    server = made(provider, database(made(provider, volume()).outputs["path"]))
    with psycopg.connect(dsn(server), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
        began = time.monotonic()
        before = freeze(home, server, children=children)
        await_restart(provider, home, server, before)
    with psycopg.connect(dsn(server)) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
    outcome("frozen database", f"back after {time.monotonic() - began:.1f} s")


def test_a_frozen_cache_is_started_again(
    provider: LocalProvider, home: Path, outcome: Callable[[str, str], None]
) -> None:
    server = made(provider, cache())
    began = time.monotonic()
    await_restart(provider, home, server, freeze(home, server))
    outcome("frozen cache", f"back after {time.monotonic() - began:.1f} s")


def test_a_frozen_proxy_is_started_again(
    provider: LocalProvider, home: Path, outcome: Callable[[str, str], None]
) -> None:
    server = made(provider, proxy())
    began = time.monotonic()
    await_restart(provider, home, server, freeze(home, server))
    outcome("frozen proxy", f"back after {time.monotonic() - began:.1f} s")


def test_a_frozen_replica_is_not_started_again_by_its_supervisor(provider: LocalProvider, home: Path) -> None:
    """It may be busy, or be looked at with a debugger: what becomes of it, plans decide."""
    server = made(provider, replica())
    before = freeze(home, server)
    wait_until(lambda: (seen := provider.look(server)) is not None and seen.failed, "it has failed")
    assert pid(home, server) == before
    os.kill(before, signal.SIGCONT)
    supervisor = Supervisor(stack_folder_of(home, server.stack).supervisor)
    assert all(status.restarts == 0 for status in supervisor.list())
