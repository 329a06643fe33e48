"""Clients that come at a fixed rate, whatever becomes of them, and wait for as long as it takes."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

LONGEST_SECONDS = 900.0
Ending = Literal["answered", "overload", "overload without Retry-After", "reset", "another code"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request by its number: its code (0 for none), how it ended, and which process answered."""

    number: int
    code: int
    ending: Ending
    process: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """All requests of one run, and what the app itself says."""

    asked: tuple[Asked, ...]
    read: frozenset[int]
    """The requests that the app began to read."""
    processes: frozenset[int]
    """The processes that read any."""

    @property
    def read_and_not_answered(self) -> frozenset[int]:
        """The requests that the app began to read and that got no 200."""
        return self.read - {request.number for request in self.asked if request.code == 200}

    def count(self, ending: Ending) -> int:
        """How many requests ended so."""
        return sum(request.ending == ending for request in self.asked)

    def __str__(self) -> str:
        codes = Counter(str(request.code or request.ending) for request in self.asked)
        return (
            f"{len(self.asked)} requests: {', '.join(f'{count} x {code}' for code, count in sorted(codes.items()))}; "
            f"{self.count('overload')} of 503/504 with Retry-After; "
            f"read by the app {len(self.read)}, of these without a 200: {len(self.read_and_not_answered)}; "
            f"{len(self.processes)} process{'es' if len(self.processes) != 1 else ''}"
        )


async def ask_at(url: str, rate: float, seconds: float, read: Path) -> Outcome:
    """Ask `/work` so often a second for so long, each over a connection of its own, and wait for every end."""
    began = asyncio.get_running_loop().time()

    async def due(number: int) -> Asked:
        await asyncio.sleep(began + number / rate - asyncio.get_running_loop().time())
        return await _ask(url, number)

    asked = await asyncio.gather(*(due(number) for number in range(int(rate * seconds))))
    return Outcome(tuple(asked), *_read(read.read_text().splitlines() if read.exists() else ()))


def _read(lines: Iterable[str]) -> tuple[frozenset[int], frozenset[int]]:
    pairs = [tuple(map(int, line.split())) for line in lines]
    return frozenset(number for number, _ in pairs), frozenset(process for _, process in pairs)


async def _ask(url: str, number: int) -> Asked:
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            try:
                line = f"GET /work?n={number} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
                writer.write(line.encode())
                head, _, body = (await reader.read()).partition(b"\r\n\r\n")
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return Asked(number, 0, "reset")
    words = head.split(b" ", 2)
    if len(words) < 2 or not words[1].isdigit():
        return Asked(number, 0, "reset")
    code = int(words[1])
    if code in (503, 504):
        kind: Ending = "overload" if b"\r\nretry-after:" in head.lower() else "overload without Retry-After"
        return Asked(number, code, kind)
    return Asked(number, code, "answered", int(body)) if code == 200 else Asked(number, code, "another code")
