"""Prefect's pages, as a browser gets them: with a script that keeps its login while nobody has refused that.

Each page checks the login when it is loaded, and forgets it whatever comes of the question but 200. So a page that was
left before it had its answer, or a server that was starting again, logged a person out. The script asks that question
again until there is an answer: 401 is one, and logs out as before.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from deployments.server.admission import Request

Message: TypeAlias = MutableMapping[str, Any]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

CHECK_PATH = "/admin/version"
"""What a page asks for with its login, to check it."""
_SCRIPT = """
const asked = window.fetch;
window.fetch = async (what, how) => {
  const isCheck = new URL(what.url ?? what, location).pathname.endsWith("CHECK_PATH");
  for (;;) {
    const answer = await asked(what, how).catch((fault) => { if (!isCheck) throw fault; });
    if (!isCheck || answer?.status < 500) return answer;
    await new Promise((again) => setTimeout(again, 500));
  }
};
""".replace("CHECK_PATH", CHECK_PATH)
_HEAD = b"<head>"
_OF_THE_FILE = (b"content-length", b"etag", b"last-modified", b"accept-ranges")
"""Headers that are true of Prefect's own file alone."""


def is_for_page(request: Request) -> bool:
    """Whether a browser asks for something to show, and not a page for data or a file."""
    return request.method == "GET" and any("text/html" in accepted for accepted in request.every("accept"))


def with_script(send: Send) -> Send:
    """The same, with the script at the beginning of a page. What is no page, or is packed, passes as it is."""
    start: Message | None = None
    page = b""

    async def sent(message: Message) -> None:
        nonlocal start, page
        if message["type"] == "http.response.start" and _is_page(message):
            start = message
        elif start is None or message["type"] != "http.response.body":
            await send(message)
        else:
            page += message.get("body", b"")
            if not message.get("more_body", False):
                await _send_page(send, start, page)

    return sent


async def _send_page(send: Send, start: Message, page: bytes) -> None:
    whole = page.replace(_HEAD, _HEAD + f"<script>{_SCRIPT}</script>".encode(), 1)
    kept = [(name, value) for name, value in start["headers"] if name.lower() not in _OF_THE_FILE]
    headers = [*kept, (b"content-length", str(len(whole)).encode()), (b"cache-control", b"no-cache")]
    await send({**start, "headers": headers})
    await send({"type": "http.response.body", "body": whole})


def _is_page(message: Message) -> bool:
    headers = {name.lower(): value for name, value in message.get("headers", ())}
    is_html = headers.get(b"content-type", b"").startswith(b"text/html")
    return message["status"] == 200 and is_html and b"content-encoding" not in headers
