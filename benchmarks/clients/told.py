"""What an app says that it was sent, less what every proxy must change, and how two accounts of it differ."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_OF_ONE_CONNECTION = {
    "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings",
    "expect", "content-length",
}  # fmt: skip
"""Headers of one connection, or of how a body is framed on it. The body itself is compared."""
_FORWARDED = ("x-forwarded-", "x-real-ip", "x-request-id")
_PORT = re.compile(r"(127\.0\.0\.1|localhost):\d+")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its status, 0 for none, and what the app said of the request, if the app answered."""

    status: int
    told: dict[str, Any] | None = None


def differences(straight: Answer, proxied: Answer) -> list[str]:
    """One line for each thing in which the two differ; none if the app was sent the same."""
    if straight.status != proxied.status:
        return [f"status {straight.status} became {proxied.status}"]
    if straight.told is None or proxied.told is None:
        return [] if straight.told == proxied.told else ["the app answered one of the two only"]
    lines = [
        f"{key} {straight.told[key]!r} became {proxied.told[key]!r}"
        for key in ("method", "target", "length", "hash")
        if _plain(straight.told[key]) != _plain(proxied.told[key])
    ]
    return lines + _of_headers(straight.told["headers"], proxied.told["headers"])


def _of_headers(straight: Iterable[tuple[str, str]], proxied: Iterable[tuple[str, str]]) -> list[str]:
    sent, came = _compared(straight), _compared(proxied)
    return [
        f"header {name}: {sent.get(name)} became {came.get(name)}"
        for name in sorted(sent.keys() | came.keys())
        if sent.get(name) != came.get(name)
    ]


def _compared(headers: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Name in small letters -> its values in their order; cookies as one, as HTTP/2 splits them."""
    found: dict[str, list[str]] = {}
    for key, value in headers:
        name = key.lower()
        if name not in _OF_ONE_CONNECTION and not name.startswith(_FORWARDED):
            found.setdefault(name, []).append(_plain(value))
    if "cookie" in found:
        found["cookie"] = ["; ".join(found["cookie"])]
    return found


def _plain(value: Any) -> Any:
    """A text without the port that was asked, which is another for the app and for its proxy."""
    return _PORT.sub(r"\1:PORT", value) if isinstance(value, str) else value
