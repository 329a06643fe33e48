"""What the clients send: usual requests and odd ones, in an order that a seed gives."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

TARGETS = (
    "/", "/a", "/a/b/c.html", "/a//b", "//a", "/img/https://cdn.example.com//a.png", "/a%2Fb", "/a%2fb%20c",
    "/%7Euser/%41", "/caf%C3%A9", "/a;b=c;d", "/a?b=c&d=%26&e=+%2B", "/?", "/a?b=//c/../d", "/a?b?c", "/...",
    "/.well-known/x", "/a+b", "/a:b@c", "/a'b(c)*d!", "/" + "long/" * 300, "/a?" + "q=" + "x" * 3000,
)  # fmt: skip
HEADERS: tuple[tuple[tuple[str, str], ...], ...] = (
    (),
    (("X-Empty", ""),),
    (("X-Twice", "1"), ("X-Twice", "2")),
    (("Cookie", 'a=1; b=2; c="d e"'),),
    (("X-Long", "x" * 6000),),
    (("Accept", "text/html, */*;q=0.1"), ("Accept-Language", "de, en;q=0.5")),
    (("Authorization", "Basic dGVzdGVyOm9wZW4="), ("If-None-Match", '"a", W/"b"')),
    (("Range", "bytes=0-99"), ("X-Odd", "a;b,c\"d'e\\f")),
    (("X-HTTP-Method-Override", "PUT"), ("Via", "1.1 other")),
    tuple((f"X-{number}", str(number)) for number in range(40)),
)
BODIES = (b"", b"a", b"a=1&b=2", b'{"a": "\xc3\xa9"}', bytes(range(256)) * 8, b"x" * 200_000)


@dataclass(frozen=True, slots=True)
class Request:
    """One request. A body makes it a POST, PUT or PATCH."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None


def requests(count: int, seed: int) -> Iterator[Request]:
    """So many, the same for the same seed."""
    chosen = random.Random(seed)
    for _ in range(count):
        method = chosen.choice(("GET", "GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
        body = chosen.choice(BODIES) if method in ("POST", "PUT", "PATCH") else None
        yield Request(method, chosen.choice(TARGETS), chosen.choice(HEADERS), body)


def head(request: Request, version: str = "1.1", host: str = "shop.example.com") -> bytes:
    """Its head as bytes, with the blank line at its end."""
    length = [("Content-Length", str(len(request.body)))] if request.body is not None else []
    lines = [f"{request.method} {request.target} HTTP/{version}", *_lines([("Host", host), *request.headers, *length])]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _lines(headers: Sequence[tuple[str, str]]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers]


_GET = "GET /odd HTTP/1.1\r\nHost: shop.example.com\r\n"
_POST = "POST /odd HTTP/1.1\r\nHost: shop.example.com\r\n"
ODD: dict[str, tuple[str, int]] = {
    "chunked body": (f"{_POST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n", 1),
    "chunked, with trailers": (
        f"{_POST}Transfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n",
        1,
    ),
    "chunked and empty": (f"{_POST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1),
    "Expect: 100-continue": (f"{_POST}Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", 1),
    "Content-Length: 0": (f"{_POST}Content-Length: 0\r\n\r\n", 1),
    "POST without a length": (f"{_POST}\r\n", 1),
    "GET with a body": (f"{_GET}Content-Length: 3\r\n\r\nabc", 1),
    "DELETE with a body": (f"{_GET.replace('GET', 'DELETE')}Content-Length: 3\r\n\r\nabc", 1),
    "OPTIONS *": ("OPTIONS * HTTP/1.1\r\nHost: shop.example.com\r\n\r\n", 1),
    "HEAD": (f"{_GET.replace('GET', 'HEAD')}\r\n", 1),
    "three in a row": (f"{_GET}\r\n{_GET}X-Second: 2\r\n\r\n{_POST}Content-Length: 1\r\n\r\nz", 3),
    "Connection: close": (f"{_GET}Connection: close\r\n\r\n", 1),
    "header of the connection": (f"{_GET}Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\n\r\n", 1),
    "whole address": ("GET http://other.example/odd?a HTTP/1.1\r\nHost: shop.example.com\r\n\r\n", 1),
    "HTTP/1.0": ("GET /odd HTTP/1.0\r\nHost: shop.example.com\r\n\r\n", 1),
    "HTTP/1.0 without a host": ("GET /odd HTTP/1.0\r\n\r\n", 1),
    "HTTP/1.0, kept": (
        "GET /odd HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\nGET /b HTTP/1.0\r\nHost: a\r\n\r\n",
        2,
    ),
    "HTTP/1.0, POST": ("POST /odd HTTP/1.0\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 1),
    "empty line before": (f"\r\n{_GET}\r\n", 1),
    "no space after the colon": (f"{_GET}X-Tight:1\r\nX-Wide:  \t 2 \t\r\n\r\n", 1),
    "UTF-8 in a header": (f"{_GET}X-Name: Jos\xc3\xa9\r\n\r\n", 1),
    "UTF-8 in a path": ("GET /caf\xc3\xa9 HTTP/1.1\r\nHost: shop.example.com\r\n\r\n", 1),
    "marks in a path": ('GET /"<>^`{|}\\ HTTP/1.1\r\nHost: shop.example.com\r\n\r\n', 1),
    "host in capitals, with a port": ("GET /odd HTTP/1.1\r\nHost: SHOP.Example.com:8080\r\n\r\n", 1),
    "method of WebDAV": (f"{_GET.replace('GET', 'PROPFIND')}\r\n", 1),
    "method of its own": (f"{_GET.replace('GET', 'PURGE')}\r\n", 1),
    "upgrade to TLS": (f"{_GET}Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n\r\n", 1),
    "upgrade to h2c": (
        f"{_GET}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
        1,
    ),
    "two cookies": (f"{_GET}Cookie: a=1\r\nCookie: b=2\r\n\r\n", 1),
    "header of 16 KB": (f"{_GET}X-Long: {'x' * 16_000}\r\n\r\n", 1),
    "90 headers": (_GET + "".join(f"X-{number}: {number}\r\n" for number in range(90)) + "\r\n", 1),
    "path of 7 KB": (f"GET /{'x' * 7_000} HTTP/1.1\r\nHost: shop.example.com\r\n\r\n", 1),
}
"""Name -> what is sent over one connection, as latin-1, and how many requests it is."""
AS_STANDARDS_ASK = {
    "header of the connection": "what `Connection` names is of one connection (RFC 9110, 7.6.1)",
    "whole address": "the host of a whole address is the one that counts (RFC 9112, 3.2.2)",
    "HTTP/1.0 without a host": "a request of HTTP/1.1 needs a host (RFC 9112, 3.2)",
    "OPTIONS *": "it asks the server itself, and no route leads there (RFC 9110, 9.3.7); nginx answers 400",
    "UTF-8 in a path": "a path is ASCII (RFC 3986, 3.3); the proxy refuses it",
}
"""Odd requests of which the app is told something else, or nothing, and why that is right."""
