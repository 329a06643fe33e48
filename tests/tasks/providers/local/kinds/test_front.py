"""The front: stacks share ports by host name, and see their clients' addresses; none is cut when another changes."""

import http.client
import json
import os
import signal
import socket
import ssl
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from infra_specs.catalogue.front import front
from infra_specs.catalogue.web import BEHIND, CLIENT_SETTINGS
from infra_specs.certificates.check import pair
from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource, SecretRef
from infra_specs.sharing.front import SharedPort
from infra_specs.stackfile.models.target import Local
from tasks.providers.local import LocalProvider
from tasks.providers.local.accounts import stack_accounts
from tests.support.certificates import authority
from tests.support.pebble import free_port
from tests.support.steady_load import steady_load
from tests.support.waiting import wait_until
from tests.tasks.providers.local.world import made, opened, pid, proxy, replica
from tests.tasks.providers.routes import route

pytestmark = [pytest.mark.local, pytest.mark.proof]
OURS = authority()
HOSTS = {"shop": "shop.example.com", "blog": "blog.example.com"}
ECHO = str(Path(__file__).parents[4] / "support" / "echo.py")


@dataclass
class Machine:
    """Two stacks behind a front."""

    provider: LocalProvider
    secure: int
    plain: int
    front: Instance = field(init=False)

    def ports(self, *stacks: str) -> list[SharedPort]:
        hosts = {HOSTS[stack]: stack for stack in stacks}
        return [SharedPort(self.plain, "http", hosts), SharedPort(self.secure, "https", hosts)]


def behind(stack: str, secure: int, plain: int, **changed: Any) -> Resource:
    """The proxy of a stack as the road makes it, with its certificate, behind the front at both ports."""
    usual = proxy(public=True, stack=stack)
    own = {"tls": SecretRef("tls-certificate", 1), "public_port": secure, "redirect": plain, BEHIND: [plain, secure]}
    settings = {**usual.settings, **own, "trust_proxies": [], **changed}
    resource = replace(usual, settings=settings, mutable=(*settings, *CLIENT_SETTINGS), digests={})
    return resource.resolved(lambda _: pair(*OURS.issue(HOSTS[stack])))


def wanted(ports: list[SharedPort], held: Collection[int] = ()) -> Resource:
    (resource,) = front(Local(provider="local"), ports, held)
    return resource


def serve(provider: LocalProvider, wanted: Resource) -> Instance:
    """Its proxy, and one replica that it leads to."""
    door = made(provider, wanted)
    one = made(provider, replica(0, stack=wanted.stack, command=["python3", "-S", ECHO]))
    made(provider, route(one, stack=wanted.stack, public=True, host=HOSTS[wanted.stack]))
    return door


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with opened() as provider:
        secure, plain = free_port(), free_port()
        machine = Machine(provider, secure, plain)
        machine.front = made(provider, wanted(machine.ports(*HOSTS), {secure, plain}))
        for stack in HOSTS:
            serve(provider, behind(stack, secure, plain))
        machine.front = provider.update(machine.front, wanted(machine.ports(*HOSTS)))
        wait_until(lambda: asked(machine, "shop") and asked(machine, "blog"), "both serve")
        yield machine


def asked(machine: Machine, stack: str, client: str = "127.0.0.1", **headers: str) -> dict[str, Any] | None:
    """What the app was told of a request by HTTPS from this address; None if it was not reached."""
    with suppress(OSError, http.client.HTTPException):
        plain = socket.create_connection(("127.0.0.1", machine.secure), 30, (client, 0))
        secure = OURS.trusted().wrap_socket(plain, server_hostname=HOSTS[stack])
        connection = http.client.HTTPConnection(HOSTS[stack])
        connection.sock = secure
        connection.request("GET", "/", headers={"Host": HOSTS[stack], **headers})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return dict(json.loads(body)) if answer.status == 200 else None
    return None


def told(answer: dict[str, Any] | None) -> dict[str, str]:
    assert answer is not None
    return {name.lower(): value for name, value in answer["headers"]}


def redirected(machine: Machine, host: str, client: str = "127.0.0.1") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", machine.plain, 30, (client, 0))
    try:
        connection.request("GET", "/a?b", headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.headers["Location"] or ""
    finally:
        connection.close()


def test_each_stack_answers_for_its_host_and_is_told_its_clients_address(machine: Machine) -> None:
    for stack, host in HOSTS.items():
        headers = told(asked(machine, stack, "127.0.0.9", **{"X-Forwarded-For": "203.0.113.9"}))
        assert headers["host"] == host
        assert headers["x-forwarded-for"] == headers["x-real-ip"] == "127.0.0.9"
        assert headers["x-forwarded-proto"] == "https"
        assert headers["x-forwarded-port"] == str(machine.secure)
        assert redirected(machine, host) == (308, f"https://{host}:{machine.secure}/a?b")


def test_a_host_that_no_stack_has_is_answered_by_none(machine: Machine) -> None:
    assert redirected(machine, "other.example.com")[0] == 404
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for name in ("other.example.com", None):
        with (
            socket.create_connection(("127.0.0.1", machine.secure), 30) as plain,
            pytest.raises((ssl.SSLError, ConnectionError)),
        ):
            context.wrap_socket(plain, server_hostname=name)


def test_a_trusted_network_is_believed_through_the_front_and_nobody_else(machine: Machine) -> None:
    provider = machine.provider
    (door,) = [each for each in provider.observe("shop") if each.kind == "proxy"]
    provider.update(door, behind("shop", machine.secure, machine.plain, trust_proxies=["127.128.0.0/16"]))
    claim = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    headers = told(asked(machine, "shop", "127.128.0.5", **claim))
    assert headers["x-forwarded-for"] == "203.0.113.9,127.128.0.5"
    assert headers["x-real-ip"] == "203.0.113.9"
    assert told(asked(machine, "shop", "127.0.0.1", **claim))["x-forwarded-for"] == "127.0.0.1"
    assert told(asked(machine, "blog", "127.128.0.5", **claim))["x-forwarded-for"] == "127.128.0.5"
    (door,) = [each for each in provider.observe("shop") if each.kind == "proxy"]
    provider.update(door, behind("shop", machine.secure, machine.plain))


def test_nobody_but_the_front_can_knock_at_a_door(machine: Machine) -> None:
    home = machine.provider._home
    for stack in HOSTS:
        folder = home / "stacks" / stack / "doors"
        assert {path.name for path in folder.iterdir()} == {f"{machine.plain}.sock", f"{machine.secure}.sock"}
        assert not folder.stat().st_mode & stat.S_IRWXO
        if stack_accounts.are_possible():
            own, front = (stack_accounts.find(home, name) for name in (stack, "front_local"))
            assert own is not None
            assert front is not None
            for path in (folder, *folder.iterdir()):
                assert (path.stat().st_uid, path.stat().st_gid) == (own.uid, front.gid)


def test_a_stack_that_comes_and_goes_costs_the_other_nothing(machine: Machine) -> None:
    provider = machine.provider
    with steady_load(machine.secure, HOSTS["shop"], OURS.pem, per_second=100, sockets=4) as met:
        for _ in range(3):
            machine.front = provider.update(machine.front, wanted(machine.ports("shop")))
            assert asked(machine, "blog") is None
            machine.front = provider.update(machine.front, wanted(machine.ports("shop", "blog")))
            wait_until(lambda: asked(machine, "blog"), "it is led to again")
        (door,) = [each for each in provider.observe("blog") if each.kind == "proxy"]
        os.kill(pid(provider._home, door), signal.SIGKILL)
        wait_until(lambda: asked(machine, "blog"), "its proxy is back")
        goal = met.answered + 100
        wait_until(lambda: met.answered > goal, "more requests")
    assert met.failed == []
    assert met.echoed >= 4


def test_one_that_is_killed_is_back_and_a_foreign_program_at_its_port_is_named(machine: Machine) -> None:
    provider, taken = machine.provider, free_port()
    os.kill(pid(provider._home, machine.front), signal.SIGKILL)
    wait_until(lambda: asked(machine, "shop") and asked(machine, "blog"), "both serve again")
    more = SharedPort(taken, "http", {HOSTS["shop"]: "shop"})
    with socket.create_server(("0.0.0.0", taken)), pytest.raises(ProviderError, match=f"port {taken} is taken by"):
        provider.update(machine.front, wanted([*machine.ports("shop", "blog"), more]))
    assert asked(machine, "shop")


def test_a_proxy_that_moves_behind_gives_its_ports_up(machine: Machine) -> None:
    """Last, for it makes a stack of its own."""
    provider, port = machine.provider, free_port()
    HOSTS["wiki"] = "wiki.example.com"
    door = serve(provider, behind("wiki", port, machine.plain, redirect=None, behind=[]))
    assert provider.held_ports("wiki") == {port}
    door = provider.update(door, behind("wiki", port, machine.plain, redirect=None, behind=[port]))
    assert provider.held_ports("wiki") == frozenset()
    assert door.incarnation == 1
    shared = [*machine.ports("shop", "blog"), SharedPort(port, "https", {HOSTS["wiki"]: "wiki"})]
    machine.front = provider.update(machine.front, wanted(shared))
    other = replace(machine, secure=port)
    wait_until(lambda: asked(other, "wiki"), "it is reached through the front")
    assert {each.health.state for each in provider.observe("front_local")} == {"healthy"}
