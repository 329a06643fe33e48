"""The table of who may ask what of the control plane, from its own routes: `python -m docs.authorisation`.

Every operation of Prefect's API and every WebSocket is asked at our front door by every kind of caller. Behind the door
stands an application that only remembers what came in, so nothing is changed.
"""

import asyncio
import base64
import functools
import re
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

from fastapi.routing import APIWebSocketRoute
from prefect.server.api.server import create_app
from starlette.routing import Mount, WebSocketRoute

from deployments.server.admission import CHANGES, CLOSED, LOOKS, Request, is_open
from deployments.server.front_door import FrontDoor, Message, Receive, Scope, Send
from deployments.server.login import Login
from deployments.server.page.app import METRICS_PATH
from deployments.server.page.files import OPEN_PATHS, PAGE_PATH, TYPES
from deployments.server.sessions import SESSION_PATH, session_text

PAGE = Path(__file__).parent / "security.md"
BEGIN, END = "<!-- made by docs/authorisation.py -->", "<!-- until here -->"
LOGIN = Login("s" * 43)
HOST = "127.0.0.1:4200"


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked. `method` is empty for a WebSocket."""

    method: str
    path: str

    @property
    def kind(self) -> str:
        """The row of the table that it is in."""
        if not self.method:
            return "WebSockets"
        if self.path == SESSION_PATH:
            return "a browser's session, for a code and not for a login"
        if is_open(Request(self.method, self.path, ())):
            return "open to all"
        owner = "Tenfold's own" if self in OURS else "Prefect's API"
        return f"{owner}, {'changes' if self.method in CHANGES else 'reads'}"


@dataclass(frozen=True, slots=True)
class Caller:
    """A kind of caller: what it sends beside the operation."""

    name: str
    text: str = ""
    """`user:password` that it logs in with."""
    headers: dict[str, str] = field(default_factory=dict)
    body_type: str | None = "application/json"


CALLERS = (
    Caller("nobody"),
    Caller("a wrong secret", "tenfold:wrong"),
    Caller("the login", LOGIN.text),
    Caller("a browser's session", session_text(LOGIN, time.time())),
    Caller("the login, from a foreign page", LOGIN.text, {"origin": "http://evil.example"}),
    Caller("the login, for a foreign name", LOGIN.text, {"host": "evil.example"}),
    Caller("the login, as `text/plain`", LOGIN.text, body_type="text/plain"),
    Caller("the login, as a form", LOGIN.text, body_type="application/x-www-form-urlencoded"),
    Caller("the login, without a type", LOGIN.text, body_type=None),
)


OURS = (
    Operation("GET", "/tenfold/proof"),
    Operation("GET", "/tenfold/login"),
    Operation("POST", "/tenfold/session"),
    Operation("POST", "/tenfold/codes"),
    Operation("GET", METRICS_PATH),
    *(Operation("GET", f"{PAGE_PATH}/{name}") for name in ("data", "series", "report")),
    *(Operation("GET", path) for path in OPEN_PATHS),
)


@functools.cache
def operations() -> tuple[Operation, ...]:
    """All of them, ours included; what a path's placeholders stand for is `x`."""
    app = create_app()
    described = {
        Operation(method.upper(), f"/api{path}")
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if method.upper() in LOOKS | CHANGES
    }
    found = described | _undescribed(app.routes, "") | set(OURS)
    return tuple(sorted((Operation(one.method, re.sub(r"{[^}]*}", "x", one.path)) for one in found), key=astuple))


def _undescribed(routes: Iterable[Any], prefix: str) -> set[Operation]:
    """What OpenAPI leaves out: WebSockets, and the pages that describe the API."""
    found: set[Operation] = set()
    for route in routes:
        path = prefix + getattr(route, "path", "")
        if isinstance(route, Mount):
            found |= _undescribed(route.routes, path)
        elif router := getattr(route, "original_router", None):  # as FastAPI keeps an included router
            sockets = (inner for inner in router.routes if isinstance(inner, WebSocketRoute | APIWebSocketRoute))
            found |= {Operation("", prefix + inner.path) for inner in sockets}
        elif isinstance(route, WebSocketRoute | APIWebSocketRoute):
            found.add(Operation("", path))
        else:
            found |= {Operation(method, path) for method in getattr(route, "methods", None) or () if method in LOOKS}
    return found


async def outcome(operation: Operation, caller: Caller) -> str:
    """`comes in`, or the status that it is refused with."""
    came_in = False
    status = 0

    async def inside(scope: Scope, receive: Receive, _send: Send) -> None:
        nonlocal came_in
        if scope["type"] == "websocket":
            await receive()
            came_in = (await receive())["type"] == "websocket.receive"
        else:
            came_in = True

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", message.get("code", status))

    waiting = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": f'{{"type": "auth", "token": "{caller.text}"}}'},
    ]

    async def receive() -> Any:
        return waiting.pop(0) if not operation.method else {"type": "http.request", "body": b"{}"}

    await FrontDoor(inside, inside, LOGIN, ())(_scope(operation, caller), receive, send)
    return "comes in" if came_in or status == 200 else str(status)


def _scope(operation: Operation, caller: Caller) -> Scope:
    headers = {"host": HOST, **caller.headers}
    if caller.text:
        headers["authorization"] = f"Basic {base64.b64encode(caller.text.encode()).decode()}"
    if operation.method in CHANGES:
        headers |= {"content-length": "2"} | ({"content-type": caller.body_type} if caller.body_type else {})
    return {
        "type": "http" if operation.method else "websocket",
        "method": operation.method,
        "path": operation.path,
        "query_string": b"nonce=1",
        "server": ("127.0.0.1", 4200),
        "subprotocols": ["prefect"],
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }


async def table() -> str:
    """The table: a row for each kind of operation, a column for each kind of caller."""
    kinds = Counter(operation.kind for operation in operations())
    rows = []
    for kind, count in sorted(kinds.items(), key=lambda item: -item[1]):
        cells = []
        for caller in CALLERS:
            found = {await outcome(operation, caller) for operation in operations() if operation.kind == kind}
            cells.append(" or ".join(sorted(found)))
        rows.append(f"| {kind} ({count}) | " + " | ".join(cells) + " |")
    head = f"| | {' | '.join(caller.name for caller in CALLERS)} |"
    others = (one for one in operations() if one.kind == "open to all" and one.path not in OPEN_PATHS)
    opened = ", ".join(f"{one.method} `{one.path}`" for one in others)
    opened = f"{opened}, GET and HEAD of `{PAGE_PATH}` and its {len(TYPES)} files, which hold no data"
    closed = ", ".join(f"`/{first}`" for first in sorted(CLOSED))
    rest = f"and GET and HEAD of every path outside {closed}: the UI's files"
    return "\n".join([head, "|---" * (len(CALLERS) + 1) + "|", *rows, "", f"Open to all are {opened}, {rest}."])


async def with_table(text: str) -> str:
    """The page with its table as it is now."""
    before, _, after = text.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{await table()}\n\n{END}{after.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(asyncio.run(with_table(PAGE.read_text(encoding="utf-8"))), encoding="utf-8")
