"""The front door: the one way to the control plane's API and UI. It lets in who has the login, and nobody else."""

import asyncio
import base64
import binascii
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias

from deployments.server.admission import Refusal, Request, is_open, refusal
from deployments.server.login import Login
from deployments.server.login_pages import LoginPages
from deployments.server.page.app import is_page
from deployments.server.sessions import CODES_PATH, Codes, is_session
from deployments.server.ui_pages import is_for_page, with_script

Message: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

LOGIN_SECONDS = 10.0
"""How long a WebSocket may take to show its login."""
POLICY_VIOLATION = 1008
SUBPROTOCOL = "prefect"
"""Its first message is the login. Prefect's own clients speak it."""
PAGE_RULES = (
    (b"content-security-policy", b"frame-ancestors 'none'; connect-src 'self' data: blob:; object-src 'none'"),
    (b"x-content-type-options", b"nosniff"),
)
"""A page on another port of this machine must not show ours as its own, and Prefect's UI asks nobody but us: its
analytics would ask their maker for settings even where they are turned off."""
NOT_LOGGED_IN = Refusal(401, "Log in first. A browser: tenfold server open. A program: tenfold token.")


class FrontDoor:
    """An ASGI application around Prefect's and that of the status page. `names` are what we are called beside
    loopback's names.

    It decides in this order: the name that is asked for, the page that asks, the type of the body, the login. Prefect
    checks the login once more.
    """

    def __init__(
        self,
        inner: Application,
        status_page: Application,
        login: Login,
        names: Iterable[str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._inner = inner
        self._status_page = status_page
        self._login = login
        self._names = frozenset(names)
        self._clock = clock
        self._pages = LoginPages(login, Codes(), clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, one WebSocket, or the lifespan of the server."""
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._request(scope, receive, _with_page_rules(send))

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = _request_of(scope)
        refused = refusal(request, self._names)
        if refused is None and not is_open(request):
            text = _basic_text(request)
            # A session that could ask for another one would never expire.
            if self._is_login(text) if request.path == CODES_PATH else self._knows(text):
                _set_header(scope, b"authorization", self._login.header.encode())
            else:
                refused = NOT_LOGGED_IN
        if refused:
            await _answer(send, refused.status, {"exception_message": refused.message})
        elif is_page(request.path):
            await self._status_page(scope, receive, send)
        elif not await self._pages.serve(scope, receive, send):
            if is_for_page(request):
                # The script goes into a page that is not packed, and into one that is there.
                for name in (b"accept-encoding", b"if-none-match", b"if-modified-since"):
                    _remove_header(scope, name)
                send = with_script(send)
            await self._inner(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if refusal(_request_of(scope), self._names) or SUBPROTOCOL not in scope.get("subprotocols", ()):
            await receive()
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return
        guarded = _GuardedSocket(receive, send, self._knows, self._login)
        await self._inner(scope, guarded.receive, guarded.send)

    def _knows(self, text: str) -> bool:
        """Whether this `user:password` is the login, or a session of a browser."""
        return self._is_login(text) or is_session(self._login, text, self._clock())

    def _is_login(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self._login.text.encode())


class _GuardedSocket:
    """A WebSocket whose first message must be the login. Until then the application hears nothing from it."""

    def __init__(self, receive: Receive, send: Send, knows: Callable[[str], bool], login: Login) -> None:
        self._receive = receive
        self._send = send
        self._knows = knows
        self._login = login
        self._logged_in = False
        self._closed = False

    async def receive(self) -> Message:
        if self._logged_in or self._closed:
            return await self._receive()
        try:
            async with asyncio.timeout(LOGIN_SECONDS):
                message = await self._receive()
        except TimeoutError:
            return await self._refuse()
        if message["type"] != "websocket.receive":
            return message
        if not self._knows(_token_in(message)):
            return await self._refuse()
        self._logged_in = True
        return {"type": "websocket.receive", "text": json.dumps({"type": "auth", "token": self._login.text})}

    async def send(self, message: Message) -> None:
        if not self._closed:
            await self._send(message)

    async def _refuse(self) -> Message:
        self._closed = True
        await self._send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": NOT_LOGGED_IN.message})
        return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}


def _request_of(scope: Scope) -> Request:
    headers = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"])
    return Request(scope.get("method", ""), scope["path"], headers)


def _basic_text(request: Request) -> str:
    """The `user:password` that a request shows; empty where it shows none, or more than one."""
    shown = request.every("authorization")
    scheme, _, encoded = shown[0].partition(" ") if len(shown) == 1 else ("", "", "")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _token_in(message: Message) -> str:
    """The `user:password` of a first message; empty where it has none."""
    try:
        data = json.loads(message.get("text") or message.get("bytes") or b"")
        token = str(data["token"]) if data["type"] == "auth" else ""
        return token.encode().decode()  # JSON can hold half a character, which is no text
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _set_header(scope: Scope, name: bytes, value: bytes) -> None:
    _remove_header(scope, name)
    scope["headers"] = [*scope["headers"], (name, value)]


def _remove_header(scope: Scope, name: bytes) -> None:
    scope["headers"] = [(key, text) for key, text in scope["headers"] if key.lower() != name]


def _with_page_rules(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *PAGE_RULES]
        await send(message)

    return sent


async def _answer(send: Send, status: int, data: object) -> None:
    body = json.dumps(data).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
