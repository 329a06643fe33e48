"""A front door for tests, before an application that only says that a request came in."""

import base64
from typing import Any

import httpx

from deployments.server.front_door import FrontDoor, Message, Receive, Scope, Send
from deployments.server.login import Login

LOGIN = Login("s" * 43)
NOW = 1_700_000_000.0
PORT = 4200
URL = f"http://127.0.0.1:{PORT}"


class Inside:
    """Answers 204 to what comes in, and remembers it."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.messages: list[Message] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        while (message := await receive())["type"] != "websocket.disconnect":
            self.messages.append(message)
            if message["type"] == "websocket.connect":
                await send({"type": "websocket.accept", "subprotocol": "prefect"})

    def headers(self) -> dict[str, str]:
        """What came in with the last request."""
        return {name.decode(): value.decode() for name, value in self.scopes[-1]["headers"]}


class Door:
    """The door, and how to knock."""

    def __init__(self, *names: str) -> None:
        self.inside = Inside()
        self.now = NOW
        self.page = Inside()
        self.asgi = FrontDoor(self.inside, self.page, LOGIN, names, lambda: self.now)

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.asgi)
        async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
            return await client.request(method, path, **more)

    async def socket(self, path: str, *said: dict[str, Any], headers: Any = (), protocols: Any = ("prefect",)) -> Any:
        """What the door sends to a WebSocket that says these things and then goes."""
        waiting: list[Any] = [{"type": "websocket.connect"}, *said, {"type": "websocket.disconnect", "code": 1005}]
        sent: list[Any] = []
        host = (b"host", b"127.0.0.1:4200")
        scope = {"type": "websocket", "path": path, "headers": [host, *headers], "subprotocols": list(protocols)}

        async def receive() -> Any:
            return waiting.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        await self.asgi(scope, receive, send)
        return sent


def basic(text: str) -> dict[str, str]:
    """The header that shows this `user:password`."""
    return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}
