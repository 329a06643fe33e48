"""The world of the clients, and one row of the table for each of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.clients import programs
from benchmarks.clients.curl import curl, curl_of_each
from benchmarks.clients.debian import Missing, libraries, unpacked
from benchmarks.clients.programs import Client
from benchmarks.clients.requests import AS_STANDARDS_ASK, ODD, Request, requests
from benchmarks.clients.told import Answer, differences
from infra_specs.resources.resource import Resource
from tests.support.browser import chromium
from tests.support.certificates import authority
from tests.support.waiting import wait_until
from tests.tasks.providers.local.world import get, made, opened, proxy, replica, route

ECHO = Path(__file__).parents[2] / "tests" / "support" / "echo.py"
SHOWN = 3
"""Differences of a row that are shown."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Addresses: the app itself, its proxy, and a proxy that speaks TLS in front of an equal app."""

    app: str
    plain: str
    secure: str


@dataclass
class Row:
    """What one client was told, and in how many requests of all that it sent it was something else."""

    name: str
    sent: int = 0
    other: int = 0
    differences: list[str] = field(default_factory=list)
    reason: str = ""
    """Why it may be something else."""

    def add(self, straight: Answer, proxied: Answer, what: str) -> None:
        self.sent += 1
        if found := differences(straight, proxied):
            self.other += 1
            if len(self.differences) < SHOWN:
                self.differences.append(f"{what}: {', '.join(found)}"[:300])


@contextmanager
def world() -> Iterator[Doors]:
    """An app behind a proxy, and another behind one with TLS, on the local target."""
    with opened() as provider:
        echo = replica(command=["python3", "-S", str(ECHO)])
        app = made(provider, echo)
        door = made(provider, proxy())
        made(provider, route(app))
        secure = made(provider, _with_tls(proxy(stack="secure")))
        made(provider, route(made(provider, replace(echo, stack="secure")), stack="secure"))
        wait_until(lambda: get(door.outputs["port"])[0] == 200, "it is served")
        https = f"https://127.0.0.1:{secure.outputs['port']}"
        wait_until(lambda: curl("http2")(https, [Request("GET", "/")])[0].status == 200, "it is served over TLS")
        yield Doors(f"http://{app.outputs['endpoint']}", f"http://127.0.0.1:{door.outputs['port']}", https)


def _with_tls(plain: Resource) -> Resource:
    certificate, key = authority().issue("127.0.0.1", "shop.example.com")
    return replace(plain, settings={**plain.settings, "tls": certificate + key}, digests={})


def usual_rows(doors: Doors, count: int, seed: int) -> list[Row]:
    """Every client with its share of the requests: straight to the app, and through the proxy."""
    known = list(_clients(doors))
    share = max(1, count // len(known))
    rows = []
    for name, client, straight, door, allowed in known:
        sent = [request for request in requests(20 * share, seed) if allowed(request)][:share]
        row = Row(name)
        pairs = zip(sent, straight(doors.app, sent), client(door, sent), strict=True)
        for request, from_app, through_proxy in pairs:
            row.add(from_app, through_proxy, f"{request.method} {request.target[:60]}")
        rows.append(row)
    return rows


def _every(_: Request) -> bool:
    return True


def _of_a_browser(request: Request) -> bool:
    """A browser writes some headers itself, and sets the dots and marks of an address right."""
    own = any(name in ("Cookie", "Via", "Range") for name, _ in request.headers)
    return not own and request.target.startswith("/") and not request.target.startswith(("//", "/..."))


def _of_a_websocket(request: Request) -> bool:
    names = [name for name, _ in request.headers]
    return request.method == "GET" and len(names) == len(set(names)) and "?" not in request.target


def _clients(doors: Doors) -> Iterator[tuple[str, Client, Client, str, Callable[[Request], bool]]]:
    """Name, client, the same client as the app can be asked, its door, and which requests it can send."""
    first = curl("http1.1")
    yield "Python's http.client", programs.python, programs.python, doors.plain, _every
    yield "curl, HTTP/1.0", curl("http1.0"), curl("http1.0"), doors.plain, _every
    yield "curl, HTTP/1.1", first, first, doors.plain, _every
    yield "curl, HTTP/1.1 over TLS", first, first, doors.secure, _every
    yield "curl, HTTP/2 without TLS", curl_of_each("http2-prior-knowledge"), first, doors.plain, _every
    yield "curl, HTTP/2 by upgrade", curl("http2"), first, doors.plain, _every
    yield "curl, HTTP/2 over TLS", curl("http2"), first, doors.secure, _every
    yield "websockets", programs.websocket, programs.websocket, doors.plain, _of_a_websocket
    try:
        program = unpacked("ab", "apache2-utils", "libapr1", "libaprutil1")
        bench = programs.apache_bench(program, libraries(program))
        yield "ab -k", bench, bench, doors.plain, _every
    except Missing as missing:
        print(missing)
    if chromium():
        yield "Chromium", programs.browser, programs.browser, doors.plain, _of_a_browser


def odd_rows(doors: Doors, door: str | None = None) -> list[Row]:
    """One row for each odd request that is written by hand."""
    rows = []
    for name, (sent, count) in ODD.items():
        row = Row(name)
        straight, proxied = (programs.by_hand(url, sent, count) for url in (doors.app, door or doors.plain))
        for from_app, through_proxy in zip(straight, proxied, strict=True):
            row.add(from_app, through_proxy, "by hand")
        row.reason = AS_STANDARDS_ASK.get(name, "")
        rows.append(row)
    return rows
