"""A volume's files as every target must serve them: what is in the volume, and what each request is answered with."""

import http.client
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource, Setting

HEALTH_PATH = "/.well"
BYTES = "application/octet-stream"
BIG = bytes(range(256)) * 4096
"""1 MB."""


def files_server(stack: str, volume: str, **changed: Setting) -> Resource:
    settings: dict[str, Setting] = {
        "service": "web",
        "volume": volume,
        "memory": 2**26,
        "health": HEALTH_PATH,
        **changed,
    }
    return Resource(stack, "files/web", "files", settings, drain_seconds=5.0)


def files_route(server: Instance, path: str = "/media", **changed: Setting) -> Resource:
    settings: dict[str, Setting] = {
        "service": "web",
        "files": True,
        "host": "*",
        "path": path,
        "public": False,
        "health": HEALTH_PATH,
        "endpoints": [server.outputs["endpoint"]],
        **changed,
    }
    address = "route/web.files"
    return Resource(server.stack, address, "route", settings, mutable=tuple(settings), after=("proxy/main",))


def fill(volume: Path) -> None:
    """What an app may have written. A file of its owner alone is one of them, and links that lead in and out."""
    (volume / "a" / ".hidden").mkdir(parents=True)
    for name, text in {
        "a/b.png": "picture",
        "page.html": "<script>1</script>",
        "drawing.svg": "<svg/>",
        "notes.txt": "0123456789",
        "noending": "x",
        "a b ü.txt": "spaces",
        "own.txt": "mine",
        ".env": "SECRET=1",
        "a/.hidden/x.txt": "hidden",
        "a/index.html": "index",
    }.items():
        (volume / name).write_text(text)
    (volume / "big.bin").write_bytes(BIG)
    (volume / "own.txt").chmod(0o600)
    (volume / "link.txt").symlink_to("/etc/passwd")
    (volume / "folder").symlink_to("/etc")
    (volume / "within.txt").symlink_to("notes.txt")
    os.mkfifo(volume / "pipe")


@dataclass(frozen=True)
class Answer:
    """The status of an answer, its headers in small letters, and its body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def asked(address: str, path: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Answer:
    """The answer to a request for exactly this path, at `host:port`."""
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        told = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, told, response.read())
    finally:
        connection.close()


SERVED = {
    "/media/a/b.png": ("image/png", b"picture"),
    "/media/notes.txt": ("text/plain", b"0123456789"),
    "/media/own.txt": ("text/plain", b"mine"),
    "/media/noending": (BYTES, b"x"),
    "/media/page.html": ("text/html", b"<script>1</script>"),
    "/media/drawing.svg": ("image/svg+xml", b"<svg/>"),
    "/media/a%20b%20%C3%BC.txt": ("text/plain", b"spaces"),
    "/media/big.bin": (BYTES, BIG),
    "/media//a//b.png": ("image/png", b"picture"),
    "/%6dedia/a%2Fb.png": ("image/png", b"picture"),
    "/media/notes.txt?v=2": ("text/plain", b"0123456789"),
}
"""Path -> type and body."""

REFUSED = (
    "/media",
    "/media/",
    "/media/nothing.txt",
    "/media/a",
    "/media/a/",
    "/media/a/b.png/",
    "/media/a/b.png/c",
    "/media/.env",
    "/media/%2eenv",
    "/media/a/.hidden/x.txt",
    "/media/a%2f.hidden%2fx.txt",
    "/media/link.txt",
    "/media/folder/passwd",
    "/media/within.txt",
    "/media/pipe",
    "/media/.well",
    "/media/NOTES.TXT",
    "/media/notes.txt%2f",
)
"""Answered with 404."""

TRAVERSALS = tuple(
    f"{beginning}{up}{slash}{up}{slash}{up}{slash}{up}{slash}etc{slash}passwd"
    for beginning in ("/media/", "/media/a/", "//media/", "/media%2f")
    for up in ("..", "%2e%2e", ".%2e", "%252e%252e", "%c0%ae%c0%ae", "..%00", "..;", "%u002e%u002e")
    for slash in ("/", "%2f", "\\", "%5c", "%252f", "%c0%af", "//")
)
"""None may be answered with 200, whoever refuses it."""


def assert_as_promised(proxy: str, server: str) -> None:
    """Everything above, asked through the proxy at `host:port`, and the traversals of the `server` itself, too."""
    for path, (kind, body) in SERVED.items():
        answer = asked(proxy, path)
        assert (answer.status, answer.headers["content-type"], answer.body) == (200, kind, body), path
        assert (answer.headers["x-content-type-options"], "etag" in answer.headers) == ("nosniff", True), path
    for path in REFUSED:
        assert asked(proxy, path).status == 404, path
    for path in TRAVERSALS:
        for address, asked_path in ((proxy, path), (server, path.removeprefix("/media"))):
            answer = asked(address, asked_path)
            assert answer.status in (400, 404), (address, asked_path, answer)
            assert b"root:" not in answer.body
    _assert_conditions(proxy)
    _assert_ranges(proxy)


def _assert_conditions(proxy: str) -> None:
    whole = asked(proxy, "/media/notes.txt")
    head = asked(proxy, "/media/notes.txt", "HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "10")
    for condition in ({"If-None-Match": whole.headers["etag"]}, {"If-Modified-Since": whole.headers["last-modified"]}):
        same = asked(proxy, "/media/notes.txt", headers=condition)
        assert (same.status, same.body) == (304, b"")
    assert asked(proxy, "/media/notes.txt", headers={"If-None-Match": '"other"'}).body == b"0123456789"
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        assert asked(proxy, "/media/notes.txt", method).status == 405, method
    # A page that a user uploaded is not a page of the app: none of its scripts runs.
    for path in ("/media/page.html", "/media/drawing.svg"):
        assert asked(proxy, path).headers["content-security-policy"] == "sandbox", path
    assert "content-security-policy" not in whole.headers


def _assert_ranges(proxy: str) -> None:
    whole = asked(proxy, "/media/notes.txt")
    for asked_range, status, body in (
        ("bytes=0-3", 206, b"0123"),
        ("bytes=-2", 206, b"89"),
        ("bytes=8-", 206, b"89"),
        ("bytes=5-99", 206, b"56789"),
        ("lines=1-2", 200, b"0123456789"),
    ):
        answer = asked(proxy, "/media/notes.txt", headers={"Range": asked_range})
        assert (answer.status, answer.body) == (status, body), asked_range
    assert asked(proxy, "/media/notes.txt", headers={"Range": "bytes=10-"}).status == 416
    resumed = asked(proxy, "/media/big.bin", headers={"Range": "bytes=1048000-"})
    assert (resumed.status, resumed.body) == (206, BIG[1048000:])
    changed = {"Range": "bytes=0-3", "If-Range": '"other"'}
    assert asked(proxy, "/media/notes.txt", headers=changed).body == b"0123456789"
    assert asked(proxy, "/media/notes.txt", headers={**changed, "If-Range": whole.headers["etag"]}).status == 206
