"""Another program takes a port that we remember: it is named, and never reached in place of our own."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infra_specs.errors import ProviderError
from infra_specs.plan.make_plan import make_plan
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Ref, Resource, SecretRef, Template
from tasks.providers.local import LocalProvider, ports
from tasks.providers.local.kinds import proxy as proxies
from tasks.supervisor.client import Supervisor
from tasks.supervisor.listening import can_tell
from tests.support.waiting import wait_until
from tests.tasks.providers.local.world import cache, database, dsn, get, made, pid, proxy, replica, stack, volume
from tests.tasks.providers.looks import health_of

pytestmark = [
    pytest.mark.proof,
    pytest.mark.local,
    pytest.mark.skipif(not can_tell(), reason="this system does not say who listens"),
]


@contextmanager
def robbed(home: Path, instance: Instance, port: int, address: str = "127.0.0.1") -> Iterator[socket.socket]:
    """Its process is killed and its port taken before its supervisor can start it again."""
    process, supervisor = pid(home, instance), _supervisor(home)
    own = supervisor.pid()
    os.kill(own, signal.SIGSTOP)
    try:
        os.kill(process, signal.SIGKILL)
        thief = wait_until(lambda: _bound(address, port), "the port was let go")
    finally:
        os.kill(own, signal.SIGCONT)
    with thief:
        yield thief


def _bound(address: str, port: int) -> socket.socket | None:
    with suppress(OSError):
        return socket.create_server((address, port), backlog=1000)
    return None


def _supervisor(home: Path) -> Supervisor:
    supervisor = Supervisor.find(home / "stacks" / stack / "supervisor")
    assert supervisor
    return supervisor


def _failed(provider: LocalProvider, instance: Instance) -> str:
    """Why, once it has."""
    wait_until(lambda: health_of(provider, instance).state == "failed", f"{instance} failed")
    return health_of(provider, instance).reason


@pytest.mark.parametrize("kind", ["database", "cache"])
def test_a_server_moves_and_its_apps_are_told(provider: LocalProvider, home: Path, kind: str) -> None:
    wanted = database(made(provider, volume()).outputs["path"]) if kind == "database" else cache()
    server = made(provider, wanted)
    apps = [_told(wanted.address, slot) for slot in range(2)]
    crashed, _ = (made(provider, app.resolved(lambda ref: _value(ref, server))) for app in apps)
    port = int(server.outputs["port"])
    with robbed(home, server, port):
        # Killed while a stranger is on its server's port: it is not started again with that address.
        os.kill(pid(home, crashed), signal.SIGKILL)
        assert f"port {port} is taken by another program (pid {os.getpid()}, " in _failed(provider, server)
        waits = f"waits for port {port}, which no healthy process of its stack serves"
        assert _failed(provider, crashed) == waits
        moved = made(provider, wanted)
        assert (moved.incarnation, moved.outputs["port"] == str(port)) == (2, False)
        if kind == "database":
            psycopg.connect(dsn(moved)).close()
        plan = make_plan(stack, [wanted, *apps], provider.observe(stack))
        assert {(change.address, change.reason) for change in plan.changes if change.action == "create"} == {
            (apps[0].address, waits),
            (apps[1].address, f"{wanted.address}.port moved from {port} to {moved.outputs['port']}"),
        }
        successor = made(provider, apps[0].resolved(lambda ref: _value(ref, moved)))
        assert successor.bindings[f"{wanted.address}.port"] == moved.outputs["port"]


def _told(server: str, slot: int) -> Resource:
    """A replica that is told of a server, as the catalogue does it."""
    url = Template("{port} {password}", {"port": Ref(server, "port"), "password": SecretRef("it")})
    return replica(slot, env={"NAME": "web", "SERVER": url})


def _value(ref: Any, server: Instance) -> str:
    return server.outputs[ref.output] if isinstance(ref, Ref) else "a password"


def test_a_replica_that_restarts_on_a_taken_port_fails_and_its_successor_moves(
    provider: LocalProvider, home: Path
) -> None:
    first = made(provider, replica())
    port = int(first.outputs["endpoint"].rpartition(":")[2])
    with robbed(home, first, port):
        assert f"port {port} is taken by another program (pid {os.getpid()}, " in _failed(provider, first)
        second = made(provider, replica())
        assert second.outputs["endpoint"] != first.outputs["endpoint"]


def test_a_proxys_port_is_said_and_kept(provider: LocalProvider, home: Path) -> None:
    door = made(provider, proxy())
    port = int(door.outputs["port"])
    with robbed(home, door, port):
        status = wait_until(lambda: _supervisor(home).get("proxy/main#1"), "it is listed")
        assert status.process.probe.port == port
        wait_until(lambda: health_of(provider, door).state != "healthy", "a stranger's answer does not count")
        _supervisor(home).stop("proxy/main#1")
        why = f"port {port} is taken by another program .pid {os.getpid()}, .*: stop that, or name another port"
        with pytest.raises(ProviderError, match=why):
            provider.create(proxy())
        assert ports.of_owner(home, stack, "proxy/main") == port
    assert made(provider, proxy()).outputs["port"] == str(port)


def test_a_proxys_port_moves_when_that_is_asked(provider: LocalProvider, home: Path) -> None:
    door = made(provider, proxy())
    other = ports.take(home, stack, "unused")
    ports.release(home, stack, "unused")
    with robbed(home, door, int(door.outputs["port"])):
        _supervisor(home).stop("proxy/main#1")
        assert made(provider, proxy(port=other)).outputs["port"] == str(other)


def test_a_public_port_that_is_taken_at_a_restart(
    provider: LocalProvider, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxies, "PUSH_SECONDS", 1.0)
    door = made(provider, proxy(public=True))
    port = ports.of_owner(home, stack, "proxy/main:public")
    assert port
    with robbed(home, door, port, "0.0.0.0"):
        assert _failed(provider, door) == f"port {port} is served by another program (pid {os.getpid()}, {_name()})"
        with pytest.raises(ProviderError, match=f"port {port} is taken by another program"):
            provider.create(proxy(public=True))
    again = made(provider, proxy(public=True))
    assert again.outputs["public_url"] == door.outputs["public_url"]
    assert get(str(port))[0] == 404


def _name() -> str:
    return Path("/proc/self/comm").read_text().strip()


def test_psql_sends_no_password_to_a_thief(provider: LocalProvider, home: Path) -> None:
    password = "it's a secret"
    server = made(provider, database(made(provider, volume()).outputs["path"], password))
    heard: list[bytes] = []

    def ask_in_clear(thief: socket.socket) -> None:
        while True:
            with suppress(OSError), thief.accept()[0] as client:
                client.settimeout(10)
                heard.append(client.recv(1000))
                if heard[-1][4:8] == NO_TLS:
                    client.sendall(b"N")
                    heard.append(client.recv(1000))
                client.sendall(b"R\0\0\0\x08\0\0\0\x03")  # AuthenticationCleartextPassword
                heard.append(client.recv(1000))
            if thief.fileno() < 0:
                return

    with robbed(home, server, int(server.outputs["port"])) as thief:
        thread = threading.Thread(target=ask_in_clear, args=(thief,), daemon=True)
        thread.start()
        assert provider.shell.execute(server, ["psql", "-c", "SELECT 1"], terminal=False) == 2
        thief.shutdown(socket.SHUT_RDWR)
        thief.close()
        thread.join()
    assert any(b"user" in each for each in heard), "psql asked the thief"
    assert not any(password.encode() in each for each in heard)


NO_TLS = bytes([4, 210, 22, 47])
"""What libpq sends to ask for TLS."""
