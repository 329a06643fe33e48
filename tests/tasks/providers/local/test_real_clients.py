"""What clients of every age get through a proxy, and what the app sees of them: as if no proxy stood between."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.envoy import listener
from tasks.providers.local import LocalProvider
from tests.support.waiting import wait_until
from tests.tasks.providers.local.world import get, made, opened, patience, pid, proxy, replica, route

pytestmark = [pytest.mark.local, pytest.mark.proof]
ECHO = Path(__file__).parents[3] / "support" / "echo.py"
websocket = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n"


@dataclass
class Shop:
    provider: LocalProvider
    door: Instance
    api: Instance

    @property
    def port(self) -> str:
        return self.door.outputs["port"]


def echoing(slot: int = 0, service: str = "web") -> Resource:
    return replica(slot, service, command=["python3", "-S", str(ECHO)])


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with opened() as provider:
        door = made(provider, proxy())
        made(provider, route(made(provider, echoing())))
        api = made(provider, echoing(service="api"))
        made(provider, route(api, service="api", path="/api", request_timeout=1.0, idle_timeout=4.0))
        wait_until(lambda: get(door.outputs["port"], "/api")[0] == 200, "it is served")
        yield Shop(provider, door, api)


def asked(port: str, request: str, until: bytes = b"") -> bytes:
    """Everything that is answered until the proxy closes, or until this came."""
    with socket.create_connection(("127.0.0.1", int(port)), patience) as connection:
        connection.sendall(request.encode("latin-1"))
        answer = b""
        while (part := connection.recv(65_536)) and not (until and until in answer + part):
            answer += part
        return answer + part


def told(answer: bytes) -> dict[str, Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 200 " in head.splitlines()[0], answer
    data: dict[str, Any] = json.loads(body)
    return data


def got(port: str, path: str, more: str = "") -> bytes:
    return asked(port, f"GET {path} HTTP/1.1\r\nHost: shop.example.com\r\nConnection: close\r\n{more}\r\n")


def test_a_client_of_http_1_0_is_answered(shop: Shop) -> None:
    answer = asked(shop.port, "GET /old HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 200 OK\r\n")
    assert b"transfer-encoding" not in answer.lower()
    assert told(answer)["target"] == "/old"
    assert ["host", listener.HOST_OF_HTTP_10] in told(answer)["headers"]
    named = told(asked(shop.port, "POST /old HTTP/1.0\r\nHost: a.example\r\nContent-Length: 3\r\n\r\nabc"))
    assert (named["method"], named["length"]) == ("POST", 3)
    assert ["host", "a.example"] in named["headers"]
    kept = "GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    twice = asked(shop.port, f"{kept}GET /new HTTP/1.0\r\n\r\n")
    assert twice.count(b"HTTP/1.0 200 OK") == 2


def test_an_answer_without_an_end_of_its_own_reaches_a_client_of_http_1_0(shop: Shop) -> None:
    answer = asked(shop.port, "GET /stream?0 HTTP/1.0\r\n\r\n")
    assert answer.endswith(b"\r\n\r\nfirstsecond")


@pytest.mark.parametrize("upgrade", ["TLS/1.0", "h2c", "HTTP/2.0", "foo, bar", "websocketx", "web", "wEbsock"])
def test_an_upgrade_that_is_not_offered_is_ignored(shop: Shop, upgrade: str) -> None:
    answer = told(got(shop.port, "/tls", f"Connection: Upgrade\r\nUpgrade: {upgrade}\r\n"))
    assert not {name for name, _ in answer["headers"]} & {"upgrade", "connection"}


@pytest.mark.parametrize("upgrade", ["websocket", "WebSocket"])
def test_a_websocket_is_opened(shop: Shop, upgrade: str) -> None:
    request = f"GET /socket HTTP/1.1\r\nHost: a\r\n{websocket.replace('websocket', upgrade)}\r\n"
    assert asked(shop.port, request, until=b"second").startswith(b"HTTP/1.1 101")


@pytest.mark.parametrize(
    "path",
    [
        "/img/https://cdn.example.com//a.png",
        "//",
        "//a///b//",
        "/a%2Fb%2fc",
        "/a%5Cb\\c",
        "/%7Euser/%41%zz/%",
        "/a;b=c/d;e",
        "/a?b=//c/../d&e=%2F",
        "/...//..a/a..",
        '/"<>^`{|}',
        "/a?",
        "/?a",
    ],
)
def test_a_path_reaches_the_app_as_it_was_sent(shop: Shop, path: str) -> None:
    assert told(got(shop.port, path))["target"] == path


def test_a_whole_address_is_taken_apart(shop: Shop) -> None:
    answer = told(got(shop.port, "http://other.example//a%2Fb?c"))
    assert answer["target"] == "//a%2Fb?c"
    assert ["host", "other.example"] in answer["headers"]


@pytest.mark.parametrize(
    ("path", "name"),
    [("/api", "api-0"), ("//api//x", "api-0"), ("/%61pi", "api-0"), ("/api%2Fx", "api-0"), ("/apix", "web-0")],
)
def test_a_route_has_every_spelling_of_its_path(shop: Shop, path: str, name: str) -> None:
    answer = told(got(shop.port, path))
    assert (answer["name"], answer["target"]) == (name, path)


@pytest.mark.parametrize(
    "path",
    ["/api/../admin", "/api/%2e%2E/admin", "/api%2f..%2fadmin", "/api/..;/admin", "/api\\..\\admin", "/.", "/a/.?b"],
)
def test_a_path_that_leaves_its_route_is_refused(shop: Shop, path: str) -> None:
    for request in (path, f"http://a{path}"):
        answer = got(shop.port, request)
        assert answer.startswith(b"HTTP/1.1 400 "), answer
        assert b"A segment of the path is . or .. and that is refused." in answer


def test_a_host_is_the_same_in_capitals_and_with_a_dot_at_its_end(shop: Shop) -> None:
    named = made(shop.provider, echoing(service="named"))
    made(shop.provider, route(named, service="named", host="named.example.com"))
    for host in ("named.example.com", "NAMED.Example.com", "named.example.com.", "named.example.com.:80"):
        request = f"GET /a HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        wait_until(lambda asking=request: told(asked(shop.port, asking))["name"] == "named-0", f"{host} is served")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_app_that_does_not_begin_is_waited_for_as_long_as_its_route_says(shop: Shop, method: str) -> None:
    seconds = {"GET": 8, "POST": 9}[method]
    asking = f"{method} /api/slow?{seconds} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    answer = asked(shop.port, asking)
    assert answer.startswith(b"HTTP/1.1 504 "), answer
    assert answer.lower().count(b"retry-after: 5") == 1, answer
    assert answer.endswith(b"upstream request timeout")
    told_by_app = told(
        asked(
            shop.api.outputs["endpoint"].rpartition(":")[2],
            f"GET /api/slow?{seconds} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        )
    )
    assert told_by_app["count"] == 2, "it was sent to the app once, and once by this test"


def test_an_answer_that_has_begun_is_not_cut(shop: Shop) -> None:
    assert got(shop.port, "/api/stream?2").endswith(b"6\r\nsecond\r\n0\r\n\r\n")
    request = f"GET /api/socket?2 HTTP/1.1\r\nHost: a\r\n{websocket}\r\n"
    assert b"second" in asked(shop.port, request, until=b"second")


def test_silence_ends_what_its_route_bounds(shop: Shop) -> None:
    assert got(shop.port, "/api/stream?30").endswith(b"first\r\n")
    request = f"GET /api/socket?30 HTTP/1.1\r\nHost: a\r\n{websocket}\r\n"
    assert b"second" not in asked(shop.port, request, until=b"second")


def test_a_dead_peer_is_looked_for_on_both_sides(shop: Shop) -> None:
    for path in ("/stream?30", "/slow?30"):
        threading.Thread(target=got, args=(shop.port, path), daemon=True).start()
    proxy_pid = pid(shop.provider._home, shop.door)
    wait_until(lambda: _sides_kept_alive(proxy_pid, int(shop.port)) == {"clients", "apps"}, "both have a timer")


def _sides_kept_alive(process: int, port: int) -> set[str]:
    """Which connections of a process have TCP's keep-alive timer set, as Linux says it."""
    inodes = {
        str(link.readlink())[8:-1]
        for link in Path(f"/proc/{process}/fd").iterdir()
        if str(link.readlink()).startswith("socket:[")
    }
    sides = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[9] in inodes and fields[3] == "01" and fields[5].startswith("02:"):
            sides.add("clients" if int(fields[1].partition(":")[2], 16) == port else "apps")
    return sides


def test_a_proxy_of_an_earlier_version_takes_it_in_and_loses_no_connection(
    provider: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_before = listener.listeners

    def of_before(*given: Any) -> dict[str, Any]:
        file = told_before(*given)
        for resource in file["resources"]:
            resource.pop("tcp_keepalive", None)
            for chain in resource["filter_chains"]:
                manager = chain["filters"][1]["typed_config"]
                for key in ("http_protocol_options", "local_reply_config", "stream_idle_timeout"):
                    manager.pop(key)
                manager |= {"normalize_path": True, "merge_slashes": True}
                manager["http_filters"].pop(0)
                manager["http_filters"][-1]["typed_config"]["upstream_http_filters"].pop(0)
        return file | {"version_info": "before"}

    monkeypatch.setattr("tasks.providers.local.kinds.proxy.listeners", of_before)
    door = made(provider, proxy())
    made(provider, route(made(provider, echoing())))
    port = door.outputs["port"]
    wait_until(lambda: get(port)[0] == 200, "it is served")
    assert asked(port, "GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 426")
    stream = _begun(port, "GET /stream?5 HTTP/1.1\r\nHost: a\r\n\r\n", b"first")
    kept = _begun(port, "GET /kept HTTP/1.1\r\nHost: a\r\n\r\n", b"}")
    monkeypatch.undo()
    process = pid(provider._home, door)
    plain = proxy()
    edition = replace(plain, settings={**plain.settings, "edition": 2}, mutable=(*plain.mutable, "edition"), digests={})
    provider.update(door, edition)
    assert asked(port, "GET //x HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.0 200")
    assert got(port, "/a/../b").startswith(b"HTTP/1.1 400")
    assert got(port, "/tls", "Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n").startswith(b"HTTP/1.1 200")
    kept.sendall(b"GET /kept HTTP/1.1\r\nHost: a\r\n\r\n")
    assert kept.recv(65_536).startswith(b"HTTP/1.1 200"), "a kept connection is answered once more"
    _until(stream, b"second")
    assert pid(provider._home, door) == process


def _begun(port: str, request: str, until: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", int(port)), patience)
    connection.sendall(request.encode())
    _until(connection, until)
    return connection


def _until(connection: socket.socket, until: bytes) -> None:
    answer = b""
    while until not in answer:
        part = connection.recv(65_536)
        assert part, answer
        answer += part
